//! What a subscription was told of its jobs: who hears that one was deleted wants to know which. Only the newest are kept.

use std::collections::BTreeMap;

use domain::{Text, Timestamp};
use wire::record::JobSummary;

/// Jobs that are held at most, the newest.
const HELD_JOBS: usize = 1_000;

#[derive(Default)]
pub(super) struct Held(BTreeMap<Text, JobSummary>);

impl Held {
    pub(super) fn hold(&mut self, job: &JobSummary) {
        if self.0.get(&job.id).is_some_and(|held| held.rev >= job.rev) {
            return;
        }
        self.0.insert(job.id.clone(), job.clone());
        if self.0.len() > HELD_JOBS {
            // Ids sort by age.
            self.0.pop_first();
        }
    }

    pub(super) fn let_go(&mut self, id: &str) -> Option<JobSummary> {
        self.0.remove(id)
    }

    /// What changed since then, oldest change first; of many, the newest changes.
    pub(super) fn changed_since(&self, since: Timestamp, most: usize) -> Vec<JobSummary> {
        let is_recent = |job: &&JobSummary| wire::time::parse(&job.updated_at).is_some_and(|at| at >= since);
        let mut recent: Vec<JobSummary> = self.0.values().filter(is_recent).cloned().collect();
        recent.sort_by(|one, other| one.updated_at.cmp(&other.updated_at));
        recent.split_off(recent.len().saturating_sub(most))
    }
}
