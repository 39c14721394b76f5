//! A subscription of a connection and how far it is.

use std::sync::Arc;

use domain::topic::View;
use domain::{JobId, Text, Topic};
use tokio::time::Instant;

use crate::output_follow::Follow;
use crate::snapshot_cache::Pages;

pub(crate) struct Sub {
    /// The client's number.
    pub(crate) id: u32,
    /// The connection's own number: tells a subscription from an earlier one with the same id, and from itself before a join began anew.
    pub(crate) generation: u32,
    pub(crate) topic: Topic,
    pub(crate) view: Arc<View>,
    /// Whether the shard's index knows it.
    pub(crate) is_indexed: bool,
    pub(crate) phase: Phase,
}

pub(crate) enum Phase {
    /// `None` while a step of the join is being taken.
    Joining(Option<Box<Join>>),
    Live,
    Counts(Paced),
    Tasks(Paced),
    /// `follow` is `None` while a step is being taken.
    Output {
        follow: Option<Box<Follow>>,
        /// Whether there may be something to read.
        is_due: bool,
    },
}

/// What is sent at most every so often.
pub(crate) struct Paced {
    pub(crate) is_due: bool,
    /// Whether it is being read; a change meanwhile makes it due again.
    pub(crate) is_being_read: bool,
    pub(crate) not_before: Instant,
    /// Place of the log that the client's newest covers.
    pub(crate) covered: u64,
    /// Whether the client has none at all.
    pub(crate) is_owed: bool,
}

/// A join under way: what is still to be done before the subscription is live.
pub(crate) struct Join {
    /// The log's head when it was asked for: what was committed by then must be sent before `live`.
    pub(crate) target: u64,
    /// Whether the client had it already and lost it by a change of its rights.
    pub(crate) is_narrowed: bool,
    pub(crate) stage: Stage,
}

pub(crate) enum Stage {
    /// Nothing was read yet.
    Start { after: Option<Text>, reason: &'static str },
    /// Pages are being sent, from this one.
    Pages { pages: Arc<Pages>, next: usize, reason: &'static str },
    /// Events after the cursor are being sent.
    Catch(Catch),
}

pub(crate) struct Catch {
    pub(crate) cursor: u64,
    /// The snapshot that went before, and why; `None` for a resume.
    pub(crate) reset: Option<(Arc<Pages>, &'static str)>,
    /// Whether the job that the topic names was not found: then only its end in the log may be told.
    pub(crate) is_missing: bool,
    pub(crate) has_sent: bool,
    pub(crate) has_read_log: bool,
}

impl Sub {
    pub(crate) fn is_joining(&self) -> bool {
        matches!(self.phase, Phase::Joining(_))
    }

    /// Whether there is something to read for it now.
    pub(crate) fn has_work(&self, now: Instant) -> bool {
        match &self.phase {
            Phase::Joining(join) => join.is_some(),
            Phase::Live => false,
            Phase::Counts(paced) | Phase::Tasks(paced) => paced.is_due && paced.not_before <= now,
            Phase::Output { follow, is_due } => follow.is_some() && *is_due,
        }
    }

    /// Whether a poll that ended now would leave the client without its state.
    pub(crate) fn is_owed(&self) -> bool {
        match &self.phase {
            Phase::Joining(_) => true,
            Phase::Counts(paced) | Phase::Tasks(paced) => paced.is_owed,
            _ => false,
        }
    }

    /// Lets what is due be read now, whatever its pace; answers whether something is due or being read.
    pub(crate) fn hasten(&mut self) -> bool {
        match &mut self.phase {
            Phase::Counts(paced) | Phase::Tasks(paced) if paced.is_due => {
                paced.not_before = Instant::now();
                true
            }
            Phase::Counts(paced) | Phase::Tasks(paced) => paced.is_being_read,
            _ => false,
        }
    }

    /// Place of the log beyond which a change was not told yet.
    pub(crate) fn untold_after(&self) -> Option<u64> {
        match &self.phase {
            Phase::Counts(paced) | Phase::Tasks(paced) => (paced.is_due || paced.is_being_read).then_some(paced.covered),
            _ => None,
        }
    }

    /// When it has work that must not be done yet.
    pub(crate) fn work_at(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Counts(paced) | Phase::Tasks(paced) => paced.is_due.then_some(paced.not_before),
            _ => None,
        }
    }

    /// Marks that there may be something to read; answers whether that is news.
    pub(crate) fn mark_due(&mut self) -> bool {
        match &mut self.phase {
            Phase::Counts(paced) | Phase::Tasks(paced) => !std::mem::replace(&mut paced.is_due, true),
            Phase::Output { is_due, .. } => !std::mem::replace(is_due, true),
            Phase::Joining(_) | Phase::Live => false,
        }
    }
}

impl Join {
    pub(crate) fn new(after: Option<Text>, reason: &'static str, target: u64) -> Box<Join> {
        Box::new(Join { target, is_narrowed: false, stage: Stage::Start { after, reason } })
    }
}

/// The job that a topic names, which must exist and be seen.
pub(crate) fn named_job(topic: &Topic) -> Option<JobId> {
    match topic {
        Topic::Job(id) | Topic::Root(id) | Topic::Output(id) => Some(*id),
        _ => None,
    }
}
