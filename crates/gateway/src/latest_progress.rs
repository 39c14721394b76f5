//! The newest progress that passed through the hub, for whoever joins later. Forgotten when the job ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::job::{Job, Progress};
use domain::topic::View;
use domain::{JobId, Topic};
use wire::log::Keys;

use crate::limits::PROGRESS_JOBS;
use crate::lock;

#[derive(Debug, Clone)]
pub(crate) struct Newest {
    pub(crate) job: JobId,
    pub(crate) rev: u64,
    pub(crate) tick: u64,
    pub(crate) progress: Progress,
    keys: Arc<Keys>,
}

#[derive(Default)]
pub(crate) struct LatestProgress {
    jobs: Mutex<HashMap<JobId, Newest>>,
}

impl LatestProgress {
    pub(crate) fn keep(&self, job: JobId, keys: &Arc<Keys>, rev: u64, tick: u64, progress: &Progress) {
        let mut jobs = lock(&self.jobs);
        let is_known = jobs.get(&job).is_some_and(|known| (known.rev, known.tick) >= (rev, tick));
        if !is_known && (jobs.len() < PROGRESS_JOBS || jobs.contains_key(&job)) {
            jobs.insert(job, Newest { job, rev, tick, progress: progress.clone(), keys: keys.clone() });
        }
    }

    /// Keeps what the row of a job holds.
    pub(crate) fn keep_row(&self, job: &Job) {
        if job.tick > 0 {
            self.keep(job.id, &Arc::new(Keys::of(job)), job.rev, job.tick, &job.progress);
        }
    }

    pub(crate) fn forget(&self, job: JobId) {
        lock(&self.jobs).remove(&job);
    }

    pub(crate) fn clear(&self) {
        lock(&self.jobs).clear();
    }

    /// That of the jobs of a topic, as far as the view sees them.
    pub(crate) fn of(&self, view: &View, topic: &Topic) -> Vec<Newest> {
        let jobs = lock(&self.jobs);
        let is_seen = |newest: &Newest| newest.keys.tenant == view.tenant && view.visibility.sees_owner(&newest.keys.owner);
        if let Topic::Job(job) = topic {
            return jobs.get(job).filter(|newest| is_seen(newest)).cloned().into_iter().collect();
        }
        jobs.values().filter(|newest| is_seen(newest) && belongs(&newest.keys, newest.job, topic)).cloned().collect()
    }
}

fn belongs(keys: &Keys, job: JobId, topic: &Topic) -> bool {
    match topic {
        Topic::Job(id) => job == *id,
        Topic::Owner(owner) => keys.owner == *owner,
        Topic::Session(session) => keys.session.as_ref() == Some(session),
        Topic::Subject(subject) => keys.subject.as_ref() == Some(subject),
        Topic::Task(task) => keys.task == *task,
        Topic::Tag(tag) => keys.tags.contains(tag),
        Topic::Batch(batch) => keys.batch.as_ref() == Some(batch),
        Topic::Root(root) => keys.root == *root,
        Topic::Tenant => true,
        Topic::Stats | Topic::Output(_) | Topic::Tasks => false,
    }
}
