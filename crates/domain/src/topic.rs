//! What a watcher can follow, and which events fall under it.

use crate::job::Subject;
use crate::{Job, JobId, Text};

/// A set of jobs, or one of the things beside them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    Job(JobId),
    Owner(Text),
    Session(Text),
    Subject(Subject),
    Task(Text),
    Tag(Text),
    Batch(Text),
    /// A job and all that descend from it.
    Root(JobId),
    Tenant,
    /// Counts of what the caller may see. Holds no jobs.
    Stats,
    /// The output of one job. Holds no jobs.
    Output(JobId),
    /// The tasks that can be started. Holds no jobs.
    Tasks,
}

impl Topic {
    /// Whether it is a set of jobs, joined by snapshot and tail.
    pub fn holds_jobs(&self) -> bool {
        !matches!(self, Topic::Stats | Topic::Output(_) | Topic::Tasks)
    }

    /// Whether the job belongs to it.
    pub fn matches(&self, job: &Job) -> bool {
        match self {
            Topic::Job(id) => job.id == *id,
            Topic::Owner(owner) => job.owner == *owner,
            Topic::Session(session) => job.session.as_ref() == Some(session),
            Topic::Subject(subject) => job.subject.as_ref() == Some(subject),
            Topic::Task(task) => job.task == *task,
            Topic::Tag(tag) => job.tags.contains(tag),
            Topic::Batch(batch) => job.batch.as_ref() == Some(batch),
            Topic::Root(root) => job.root == *root,
            Topic::Tenant => true,
            Topic::Stats | Topic::Output(_) | Topic::Tasks => false,
        }
    }
}

/// Whose jobs somebody may see within a tenant. Part of every topic key and cache key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everybody's.
    Tenant,
    /// Those of this owner.
    Owner(Text),
}

impl Visibility {
    pub fn sees_owner(&self, owner: &str) -> bool {
        match self {
            Visibility::Tenant => true,
            Visibility::Owner(own) => &**own == owner,
        }
    }
}

/// A tenant and what may be seen in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    pub tenant: Text,
    pub visibility: Visibility,
}

impl View {
    pub fn sees(&self, job: &Job) -> bool {
        self.tenant == job.tenant && self.visibility.sees_owner(&job.owner)
    }
}
