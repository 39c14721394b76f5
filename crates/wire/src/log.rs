//! An event as the log keeps it, the bus carries it and frames show it: encoded once, at commit.

use bytes::Bytes;
use domain::event::{EventKind, NewEvent};
use domain::job::{Job, Subject};
use domain::{JobId, Status, Text, Timestamp, Topic};
use serde::{Deserialize, Serialize};

use crate::convert::{summary_json, to_json};
use crate::record::{self, EventRecord};
use crate::{Position, time};

/// One entry of the log.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// Its number in the log, from 1, without holes.
    pub place: u64,
    pub kind: EventKind,
    pub at: Timestamp,
    pub by: Option<Text>,
    pub job: JobId,
    pub rev: u64,
    /// The status before; `None` for a submit.
    pub from: Option<Status>,
    pub status: Status,
    pub keys: Keys,
    /// Tags that the job lost with this event: who watched them is told that it left.
    pub removed_tags: Vec<Text>,
    /// The job as of this event: JSON of a [`record::JobSummary`].
    pub summary: Bytes,
}

/// What decides who sees an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub tenant: Text,
    pub owner: Text,
    pub task: Text,
    pub session: Option<Text>,
    pub subject: Option<Subject>,
    pub batch: Option<Text>,
    pub root: JobId,
    pub tags: Vec<Text>,
}

/// What the stored row holds beside the summary, where the summary cannot tell it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Extra {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removed: Vec<Text>,
    /// All tags, when the summary leaves some out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Text>>,
}

/// Why a stored event cannot be read: the log was written by something else, or is damaged.
#[derive(Debug, thiserror::Error)]
#[error("event {place} of the log cannot be read: {problem}")]
pub struct Unreadable {
    pub place: u64,
    pub problem: String,
}

impl Keys {
    pub fn of(job: &Job) -> Keys {
        Keys {
            tenant: job.tenant.clone(),
            owner: job.owner.clone(),
            task: job.task.clone(),
            session: job.session.clone(),
            subject: job.subject.clone(),
            batch: job.batch.clone(),
            root: job.root,
            tags: job.tags.to_vec(),
        }
    }
}

impl LoggedEvent {
    /// Gives a decided event its place, and encodes it.
    pub fn new(place: u64, event: &NewEvent) -> LoggedEvent {
        let job = &event.job;
        LoggedEvent {
            place,
            kind: event.kind,
            at: event.at,
            by: event.by.clone(),
            job: job.id,
            rev: job.rev,
            from: event.from,
            status: job.status,
            keys: Keys::of(job),
            removed_tags: event.removed_tags.clone(),
            // As long as it is: the ring keeps many.
            summary: Bytes::copy_from_slice(summary_json(job).as_bytes()),
        }
    }

    /// What must be stored beside the summary; usually nothing.
    pub fn extra(&self) -> Option<String> {
        if self.keys.tags.is_empty() && self.removed_tags.is_empty() {
            return None;
        }
        let is_cut = memmem(&self.summary, b"\"tagsOmitted\":");
        let extra = Extra { removed: self.removed_tags.clone(), tags: is_cut.then(|| self.keys.tags.clone()) };
        (extra != Extra::default()).then(|| to_json(&extra))
    }

    /// Reads a stored row back. `head` holds the columns, `summary` and `extra` what was written with it.
    pub fn read(head: EventHead, summary: Bytes, extra: Option<&str>) -> Result<LoggedEvent, Unreadable> {
        let unreadable = |problem: String| Unreadable { place: head.place, problem };
        let shown: record::JobSummary = serde_json::from_slice(&summary).map_err(|error| unreadable(error.to_string()))?;
        let extra: Extra = match extra {
            Some(text) => serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?,
            None => Extra::default(),
        };
        let status = Status::parse(&shown.status).ok_or_else(|| unreadable(format!("unknown status {}", shown.status)))?;
        let root = shown.root_id.as_deref().and_then(JobId::parse).unwrap_or(head.job);
        Ok(LoggedEvent {
            place: head.place,
            kind: head.kind,
            at: head.at,
            by: head.by,
            job: head.job,
            rev: shown.rev,
            from: head.from,
            status,
            keys: Keys {
                tenant: shown.tenant,
                owner: shown.owner,
                task: shown.task,
                session: shown.session,
                subject: shown.subject.map(|subject| crate::convert::subject_in(&subject)),
                batch: shown.batch_id,
                root,
                tags: extra.tags.unwrap_or(shown.tags),
            },
            removed_tags: extra.removed,
            summary,
        })
    }

    /// Whether the job, as of this event, belongs to the topic.
    pub fn matches(&self, topic: &Topic) -> bool {
        match topic {
            Topic::Job(id) => self.job == *id,
            Topic::Owner(owner) => self.keys.owner == *owner,
            Topic::Session(session) => self.keys.session.as_ref() == Some(session),
            Topic::Subject(subject) => self.keys.subject.as_ref() == Some(subject),
            Topic::Task(task) => self.keys.task == *task,
            Topic::Tag(tag) => self.keys.tags.contains(tag),
            Topic::Batch(batch) => self.keys.batch.as_ref() == Some(batch),
            Topic::Root(root) => self.keys.root == *root,
            Topic::Tenant => true,
            Topic::Stats | Topic::Output(_) | Topic::Tasks => false,
        }
    }

    /// Whether the job left the topic with this event.
    pub fn left(&self, topic: &Topic) -> bool {
        match topic {
            Topic::Tag(tag) if self.removed_tags.contains(tag) => true,
            _ => self.kind == EventKind::Deleted && self.matches(topic),
        }
    }

    /// The entry for a job's history.
    pub fn record(&self, epoch: &Text) -> EventRecord {
        let shown: Option<record::JobSummary> = serde_json::from_slice(&self.summary).ok();
        EventRecord {
            position: Position { epoch: epoch.clone(), place: self.place }.to_string(),
            kind: self.kind.as_str().into(),
            rev: self.rev,
            status: self.status.as_str().into(),
            wish: shown
                .as_ref()
                .filter(|_| self.kind == EventKind::Wished)
                .and_then(|shown| Some(shown.wish.as_ref()?.kind.clone())),
            reason: shown.and_then(|shown| shown.reason),
            at: time::show(self.at),
            by: self.by.clone(),
        }
    }
}

/// The columns of a stored event.
#[derive(Debug, Clone)]
pub struct EventHead {
    pub place: u64,
    pub kind: EventKind,
    pub at: Timestamp,
    pub by: Option<Text>,
    pub job: JobId,
    pub from: Option<Status>,
}

fn memmem(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
