//! Who of a shard follows what: from a view and a topic to connections and their subscriptions.

use std::collections::HashMap;

use domain::event::EventKind;
use domain::topic::{View, Visibility};
use domain::{JobId, Topic};
use wire::LoggedEvent;
use wire::log::Keys;

/// One subscription of one connection of the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) slot: u32,
    pub(crate) sub: u32,
}

/// A subscription that an event concerns. Sorts by connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub(crate) slot: u32,
    /// The job no longer belongs to the topic.
    pub(crate) is_left: bool,
    pub(crate) sub: u32,
}

#[derive(Default)]
struct Watched {
    topics: HashMap<Topic, Vec<Member>>,
    /// Whether an event was seen since the last look, for whoever follows counts.
    is_touched: bool,
}

#[derive(Default)]
pub(crate) struct TopicIndex {
    views: HashMap<View, Watched>,
    /// Followers of a job's output, whatever their view: their rights were checked against the job.
    outputs: HashMap<JobId, Vec<Member>>,
}

impl TopicIndex {
    pub(crate) fn add(&mut self, view: &View, topic: &Topic, member: Member) {
        if let Topic::Output(job) = topic {
            self.outputs.entry(*job).or_default().push(member);
            return;
        }
        let watched = self.views.entry(view.clone()).or_default();
        match watched.topics.get_mut(topic) {
            Some(members) => members.push(member),
            None => {
                watched.topics.insert(topic.clone(), vec![member]);
            }
        }
    }

    pub(crate) fn remove(&mut self, view: &View, topic: &Topic, member: Member) {
        if let Topic::Output(job) = topic {
            if let Some(members) = self.outputs.get_mut(job) {
                members.retain(|known| *known != member);
                if members.is_empty() {
                    self.outputs.remove(job);
                }
            }
            return;
        }
        let Some(watched) = self.views.get_mut(view) else { return };
        if let Some(members) = watched.topics.get_mut(topic) {
            if let Some(at) = members.iter().position(|known| *known == member) {
                members.swap_remove(at);
            }
            if members.is_empty() {
                watched.topics.remove(topic);
            }
        }
        if watched.topics.is_empty() {
            self.views.remove(view);
        }
    }

    pub(crate) fn followers_of_output(&self, job: JobId) -> &[Member] {
        self.outputs.get(&job).map_or(&[], Vec::as_slice)
    }

    /// All that an event concerns, sorted by connection.
    pub(crate) fn hits(&mut self, event: &LoggedEvent, hits: &mut Vec<Hit>) {
        hits.clear();
        let is_deleted = event.kind == EventKind::Deleted;
        for view in views_of(&event.keys) {
            let Some(watched) = self.views.get_mut(&view) else { continue };
            watched.is_touched = true;
            let mut add = |topic: &Topic, is_left: bool| {
                for member in watched.topics.get(topic).into_iter().flatten() {
                    hits.push(Hit { slot: member.slot, sub: member.sub, is_left });
                }
            };
            topics_of(event.job, &event.keys, |topic| add(topic, is_deleted));
            for tag in &event.removed_tags {
                add(&Topic::Tag(tag.clone()), true);
            }
        }
        hits.sort_unstable();
        hits.dedup();
    }

    /// All that a job's progress concerns, sorted by connection.
    pub(crate) fn progress_hits(&self, job: JobId, keys: &Keys, hits: &mut Vec<Hit>) {
        hits.clear();
        for view in views_of(keys) {
            let Some(watched) = self.views.get(&view) else { continue };
            topics_of(job, keys, |topic| {
                for member in watched.topics.get(topic).into_iter().flatten() {
                    hits.push(Hit { slot: member.slot, sub: member.sub, is_left: false });
                }
            });
        }
        hits.sort_unstable();
    }

    /// Followers of counts and tasks whose view saw an event since the last call.
    pub(crate) fn take_touched(&mut self, members: &mut Vec<Member>) {
        for watched in self.views.values_mut().filter(|watched| watched.is_touched) {
            watched.is_touched = false;
            for topic in [Topic::Stats, Topic::Tasks] {
                members.extend(watched.topics.get(&topic).into_iter().flatten());
            }
        }
    }

    pub(crate) fn followers_of_tasks(&self) -> Vec<Member> {
        self.views.values().filter_map(|watched| watched.topics.get(&Topic::Tasks)).flatten().copied().collect()
    }
}

fn views_of(keys: &Keys) -> [View; 2] {
    [
        View { tenant: keys.tenant.clone(), visibility: Visibility::Tenant },
        View { tenant: keys.tenant.clone(), visibility: Visibility::Owner(keys.owner.clone()) },
    ]
}

fn topics_of(job: JobId, keys: &Keys, mut each: impl FnMut(&Topic)) {
    each(&Topic::Tenant);
    each(&Topic::Job(job));
    each(&Topic::Root(keys.root));
    each(&Topic::Owner(keys.owner.clone()));
    each(&Topic::Task(keys.task.clone()));
    if let Some(session) = &keys.session {
        each(&Topic::Session(session.clone()));
    }
    if let Some(subject) = &keys.subject {
        each(&Topic::Subject(subject.clone()));
    }
    if let Some(batch) = &keys.batch {
        each(&Topic::Batch(batch.clone()));
    }
    for tag in &keys.tags {
        each(&Topic::Tag(tag.clone()));
    }
}
