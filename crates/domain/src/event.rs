//! What the log holds: one entry per committed transition, tag change or deletion of a job.

use std::sync::Arc;

use crate::{Job, Status, Text, Timestamp, named};

named! {
    /// What happened.
    pub enum EventKind {
        Submitted = "submitted",
        /// A scheduled or retrying job may start now.
        Due = "due",
        Claimed = "claimed",
        /// Somebody asked something of the attempt, or a wish was fulfilled without another change.
        Wished = "wished",
        Paused = "paused",
        Resumed = "resumed",
        Waiting = "waiting",
        Answered = "answered",
        Retrying = "retrying",
        /// It reached an end: exactly one for each settlement.
        Settled = "settled",
        /// A word came after the end of a settlement, and changed what is known of it.
        Corrected = "corrected",
        /// `retry` after an end: the next settlement begins.
        Reopened = "reopened",
        /// Tags, priority, due time, metadata or reason changed.
        Changed = "changed",
        Deleted = "deleted",
    }
}

/// An event as decided, before it has its place in the log.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub kind: EventKind,
    pub at: Timestamp,
    /// Who caused it: a subject, a holder, or `None` for the clock.
    pub by: Option<Text>,
    /// The status before; `None` for a submit.
    pub from: Option<Status>,
    /// Tags that the job no longer carries.
    pub removed_tags: Vec<Text>,
    /// The job as of this event.
    pub job: Arc<Job>,
}
