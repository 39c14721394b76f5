//! The store: rows, the log, and the one place where requests are decided and committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::job::{Attempt, Job};
use domain::query::{Counts, JobQuery};
use domain::topic::View;
use domain::{Answer, JobId, Refusal, Request, Text, Timestamp, Topic};
use wire::LoggedEvent;
use wire::convert::Payloads;

/// What the store was made with; the same for the life of the log, but for the epoch after a restore.
#[derive(Clone)]
pub struct Identity {
    /// Names one unbroken life of the log.
    pub epoch: Text,
    /// Names this data folder or database, so that two servers on one machine never take each other's processes for theirs.
    pub host: Text,
    /// 32 random bytes from which tokens of our own are derived. Never shown.
    pub secret: [u8; 32],
}

/// Where the log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Place of the newest event; 0 while there is none.
    pub place: u64,
    /// Events at or below are no longer kept.
    pub floor: u64,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    /// Nothing of it was written; it may be tried again.
    #[error("the store cannot write: {0}")]
    Unavailable(String),
    /// Nothing of it was written, for want of room; it may be tried again once there is some.
    #[error("the disk has no room: {0}")]
    DiskFull(String),
    /// Whether it was written is not known.
    #[error("the outcome of the commit is not known: {0}")]
    OutcomeUnknown(String),
    #[error("the store is closed")]
    Closed,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    #[error("the store cannot read: {0}")]
    Failed(String),
    #[error("the store is closed")]
    Closed,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone)]
pub struct Page {
    pub jobs: Vec<Job>,
    /// Where the next page begins, if rows may be left.
    pub next: Option<JobId>,
    /// Place of the log that the page was read at.
    pub place: u64,
}

/// The state of a topic, read in one transaction.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Active jobs (at most [`domain::limits::SNAPSHOT_ACTIVE`]) and the newest ends (at most [`domain::limits::SNAPSHOT_ENDED`]).
    pub jobs: Vec<Job>,
    /// Place of the log that it was read at.
    pub place: u64,
    /// Whether more ended or active jobs exist than it holds.
    pub truncated: bool,
}

/// What the clock has to look at.
#[derive(Debug, Clone, Default)]
pub struct Due {
    pub jobs: Vec<JobId>,
    /// When the next one after these is due, if any.
    pub next: Option<Timestamp>,
}

/// Rows and the log. `commit` is the only way to change anything.
///
/// A commit loads what [`Request::reads`] names, calls [`domain::decide()`] with the store's time, writes what comes back in one
/// transaction, hands the events to the bus in the order of the log, and then answers. Requests that wait are committed together; a
/// refusal of one harms no other. The idempotency row of [`Request::key`] is read before and written with the jobs.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    fn identity(&self) -> Identity;

    /// Head and floor of the log as of now, without a query.
    fn head(&self) -> Head;

    async fn commit(&self, request: Request) -> Result<Answer, CommitError>;

    /// Up to `limit` events after a place, in order. The caller has compared the place with the floor.
    async fn events(&self, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError>;

    /// One job, of any tenant; rights are checked by the caller.
    async fn job(&self, id: JobId) -> Result<Option<Job>, ReadError>;

    /// These jobs, in this order, where they exist.
    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, ReadError>;

    async fn payloads(&self, id: JobId) -> Result<Payloads, ReadError>;

    /// Oldest first.
    async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, ReadError>;

    /// A job's own events, oldest first, after one of its revisions. A job that was deleted has none.
    async fn history(&self, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError>;

    async fn list(&self, query: JobQuery) -> Result<Page, ReadError>;

    /// The state of a topic that holds jobs, as far as the view sees it.
    async fn snapshot(&self, view: &View, topic: &Topic) -> Result<Snapshot, ReadError>;

    /// Kept incrementally; costs the same whatever the history.
    async fn counts(&self, view: &View) -> Result<Counts, ReadError>;

    /// Counts by task, of what the view sees. Kept incrementally.
    async fn counts_by_task(&self, view: &View) -> Result<BTreeMap<Text, Counts>, ReadError>;

    /// Jobs whose [`Job::wake_at`] is at or before `now`, at most `limit`.
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Due, ReadError>;

    /// Jobs whose attempt is open, by id: what a server that starts must rescue, or tell the newest progress of.
    async fn open_attempts(&self) -> Result<Vec<Job>, ReadError>;

    /// Removes kept idempotency answers and events that are older than their time, in small steps; answers how many rows.
    async fn sweep(&self, now: Timestamp) -> Result<u64, CommitError>;

    /// Waits for what was accepted, closes cleanly. Later calls are refused.
    async fn close(&self);
}

/// A store as everybody holds it.
pub type SharedStore = Arc<dyn Store>;
