//! What a list asks for, and what it answers.

use crate::job::Subject;
use crate::topic::View;
use crate::{JobId, Status, Text, Timestamp};

/// A filter over jobs, newest first. Filters apply before the limit.
#[derive(Debug, Clone)]
pub struct JobQuery {
    pub view: View,
    /// Empty is every status.
    pub status: Vec<Status>,
    pub task: Option<Text>,
    pub owner: Option<Text>,
    pub session: Option<Text>,
    pub subject: Option<Subject>,
    pub tag: Option<Text>,
    pub batch: Option<Text>,
    pub root: Option<JobId>,
    pub external_id: Option<Text>,
    pub created_after: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
    /// Found in title, task, tags or the id's beginning, without regard to case.
    pub text: Option<Text>,
    /// Only jobs older than this one: where the last page ended.
    pub before: Option<JobId>,
    /// Most rows to answer.
    pub limit: usize,
}

impl JobQuery {
    pub fn all(view: View, limit: usize) -> JobQuery {
        JobQuery {
            view,
            status: Vec::new(),
            task: None,
            owner: None,
            session: None,
            subject: None,
            tag: None,
            batch: None,
            root: None,
            external_id: None,
            created_after: None,
            created_before: None,
            text: None,
            before: None,
            limit,
        }
    }
}

/// Counts by status, of whatever somebody may see. Every status has one; they add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    counts: [u64; Status::ALL.len()],
}

impl Counts {
    pub fn of(&self, status: Status) -> u64 {
        self.counts[status as usize]
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub fn active(&self) -> u64 {
        Status::ALL.iter().filter(|status| status.is_active()).map(|status| self.of(*status)).sum()
    }

    /// Adds to one count; never goes below zero.
    pub fn add(&mut self, status: Status, by: i64) {
        let count = &mut self.counts[status as usize];
        *count = count.saturating_add_signed(by);
    }
}
