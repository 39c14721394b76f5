//! A job as the rules hold it: one row, without its input and result, which no rule reads.

use std::sync::Arc;

use crate::policy::{Mode, Policy};
use crate::{JobId, Json, Status, Text, Timestamp, named};

/// What a job is about, so that a page can ask whether something runs for this document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    pub kind: Text,
    pub id: Text,
}

/// How far the work is. Not in the log; see [`Job::tick`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// 0 to 100; `None` when the work cannot tell.
    pub percentage: Option<f64>,
    /// Items done and items in all, in the work's own unit.
    pub current: Option<u64>,
    pub total: Option<u64>,
    pub message: Option<Text>,
    /// Items by how they went.
    pub ok: Option<u64>,
    pub failed: Option<u64>,
    pub skipped: Option<u64>,
}

impl Progress {
    /// This progress with what `newer` says put over it; what it leaves out stays.
    pub fn updated_by(&self, newer: Progress) -> Progress {
        Progress {
            percentage: newer.percentage.or(self.percentage),
            current: newer.current.or(self.current),
            total: newer.total.or(self.total),
            message: newer.message.or_else(|| self.message.clone()),
            ok: newer.ok.or(self.ok),
            failed: newer.failed.or(self.failed),
            skipped: newer.skipped.or(self.skipped),
        }
    }
}

/// Progress as it was when a request was made, to be written with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticked {
    pub tick: u64,
    pub progress: Progress,
}

/// Why an attempt or a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// A stable word for the class of error, for example `exit_code` or the app's own.
    pub kind: Text,
    pub message: Text,
}

named! {
    /// What somebody asked of an attempt. Abort beats pause, kill beats abort.
    pub enum WishKind {
        None = "none",
        Pause = "pause",
        Resume = "resume",
        Abort = "abort",
        Kill = "kill",
    }
}

/// The newest wish. It is not a status: it stands beside it until acknowledged or overtaken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub kind: WishKind,
    /// Grows with each wish of this job; an acknowledgement names it.
    pub number: u64,
    pub at: Timestamp,
    /// Who asked: a subject, or `None` for the clock that enforces a limit.
    pub by: Option<Text>,
}

impl Wish {
    pub const fn none() -> Wish {
        Wish { kind: WishKind::None, number: 0, at: Timestamp(0), by: None }
    }

    /// Whether the attempt is to stop for good.
    pub fn is_stop(&self) -> bool {
        matches!(self.kind, WishKind::Abort | WishKind::Kill)
    }
}

/// What a lease is known by: the first 128 bits of the SHA-256 of its token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseProof(pub u128);

impl std::fmt::Debug for LeaseProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeaseProof(…)")
    }
}

/// The right to run one attempt until a time. Kept after `lost`, a rescue and an end, to know a late or repeated word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub proof: LeaseProof,
    /// Who holds it: a server's node, a worker, a reporter.
    pub holder: Text,
    pub length_ms: u64,
    pub expires_at: Timestamp,
}

/// What a job that is held before its start goes back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub status: Status,
}

/// What a waiting job waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// A word: `input`, `child`, `timer`, `callback`, or the app's own.
    pub on: Text,
    pub until: Option<Timestamp>,
}

/// What is known of a mirrored job's source. It is the source's word that counts, in the order of the source's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The source that tells of it; with the tenant and the external id it names the job.
    pub source: Text,
    /// The source's time of the newest word, in microseconds since 1970. An older word, and the same one again, change nothing.
    pub word_us: i64,
    /// When the newest word was heard here.
    pub heard_at: Timestamp,
    /// Whether it is shown as `stale`: it runs, and nothing was heard of it for too long.
    pub is_stale: bool,
    /// `None`: it may be silent for ever.
    pub silence: Option<Silence>,
}

/// What silence means while a mirrored job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// From then on it is shown as `stale`, in milliseconds after the last word.
    pub stale_after_ms: u64,
    /// From then on it is `lost`, in milliseconds after the last word.
    pub lost_after_ms: u64,
}

/// One run of a task, for one owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    // What it is. None of this ever changes after the first event.
    pub id: JobId,
    pub tenant: Text,
    pub owner: Text,
    pub task: Text,
    pub mode: Mode,
    pub subject: Option<Subject>,
    pub session: Option<Text>,
    pub parent: Option<JobId>,
    /// The job that its chain of parents starts from; itself when it has none.
    pub root: JobId,
    pub batch: Option<Text>,
    /// Its name in another system; of a mirrored job, at its source.
    pub external_id: Option<Text>,
    /// Of a mirrored job: how its source is heard. Boxed, since most jobs have none and all are copied often.
    pub mirror: Option<Box<Mirror>>,
    /// The job whose input it took over.
    pub rerun_of: Option<JobId>,
    pub policy: Arc<Policy>,
    pub created_at: Timestamp,

    // How it is described.
    pub title: Option<Text>,
    pub link: Option<Text>,
    /// Sorted, without doubles.
    pub tags: Arc<[Text]>,
    pub metadata: Option<Json>,
    /// Higher starts first; 0 unless told.
    pub priority: i16,

    // Where it stands.
    pub status: Status,
    /// Explains the status; never drives logic.
    pub reason: Option<Text>,
    pub rev: u64,
    /// Which of its ends it is on the way to, or at; from 1.
    pub settlement: u32,
    /// Whether this settlement's one `settled` was emitted.
    pub settled: bool,
    pub wish: Wish,
    /// Number of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// Attempts of this settlement that count against the budget.
    pub tries: u32,
    /// Attempts of this settlement that an interruption ended.
    pub interruptions: u32,
    pub lease: Option<Lease>,
    /// Set while it is held before its start.
    pub held: Option<Held>,
    pub waiting: Option<Waiting>,
    /// Whether its time limit passed in this attempt and is being enforced.
    pub limit_enforced: bool,
    /// Until when an ended job still takes a place, because nobody confirmed that its work stopped.
    pub slot_until: Option<Timestamp>,
    /// When it may start (`scheduled`, `retrying`), or was due.
    pub due_at: Option<Timestamp>,
    /// Until when it must have started.
    pub start_by: Option<Timestamp>,
    /// Start of the newest attempt.
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// Running time of this attempt up to its last pause, in milliseconds.
    pub ran_ms: u64,
    /// Since when it runs without a break; `None` unless `running`.
    pub running_since: Option<Timestamp>,
    pub progress: Progress,
    /// Grows with each progress of this job; never goes back.
    pub tick: u64,
    pub error: Option<JobError>,
    /// Place of the event that made it pending last: first in, first out.
    pub queued_at: Timestamp,
}

impl Job {
    /// Whether an attempt is suspended, rather than held before its start.
    pub fn is_suspended(&self) -> bool {
        self.status == Status::Paused && self.held.is_none()
    }

    /// Whether an attempt is under way, running or suspended.
    pub fn is_attempt_open(&self) -> bool {
        self.status == Status::Running || self.is_suspended()
    }

    /// Whether the stop wish that stands is the clock's own, which enforces the time limit, and nobody's besides.
    pub fn is_stopped_by_limit(&self) -> bool {
        self.limit_enforced && self.wish.is_stop() && self.wish.by.is_none()
    }

    /// Whether it takes a place of its task. What runs elsewhere takes none.
    pub fn takes_slot(&self) -> bool {
        self.mode != Mode::Mirrored && (self.is_attempt_open() || self.slot_until.is_some())
    }

    /// Who runs, or ran, the newest attempt; of a mirrored job its source.
    pub fn holder(&self) -> Option<&Text> {
        self.lease.as_ref().map(|lease| &lease.holder).or(self.mirror.as_ref().map(|mirror| &mirror.source))
    }

    /// Whether another attempt is in the budget.
    pub fn has_attempt_left(&self) -> bool {
        self.tries < self.policy.retry.attempts
    }

    /// Running time of the newest attempt as of `now`, paused time not counted, in milliseconds.
    pub fn ran_ms_at(&self, now: Timestamp) -> u64 {
        self.ran_ms + self.running_since.map_or(0, |since| now.since_ms(since))
    }

    /// When the clock has to look at it next, if ever. Of a mirrored job nothing is due here but what the silence of its source means.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.mode == Mode::Mirrored {
            return self.silence_ends_at();
        }
        let due = match self.status {
            Status::Scheduled | Status::Retrying => self.due_at,
            Status::Waiting => self.waiting.as_ref().and_then(|waiting| waiting.until),
            _ => None,
        };
        let start = if self.status.is_before_start() { self.start_by } else { None };
        let (lease, limit, grace) = if self.is_attempt_open() {
            let lease = self.lease.as_ref().map(|lease| lease.expires_at);
            let limit = match (self.limit_enforced, self.policy.time_limit_ms, self.running_since) {
                (false, Some(limit), Some(since)) => Some(since.plus_ms(limit.saturating_sub(self.ran_ms))),
                _ => None,
            };
            (lease, limit, self.grace_ends_at())
        } else {
            (None, None, None)
        };
        [due, start, lease, limit, grace, self.slot_until].into_iter().flatten().min()
    }

    /// When the silence of its source means something new.
    pub fn silence_ends_at(&self) -> Option<Timestamp> {
        let mirror = self.mirror.as_ref().filter(|_| self.status == Status::Running)?;
        let silence = mirror.silence?;
        Some(mirror.heard_at.plus_ms(if mirror.is_stale { silence.lost_after_ms } else { silence.stale_after_ms }))
    }

    /// When an unanswered stop is enforced on a holder that we cannot kill. The runner enforces its own.
    pub fn grace_ends_at(&self) -> Option<Timestamp> {
        let remote = matches!(self.mode, Mode::Tracked | Mode::Worker);
        (remote && self.wish.is_stop()).then(|| match self.wish.kind {
            WishKind::Kill => self.wish.at,
            _ => self.wish.at.plus_ms(self.policy.abort_grace_ms),
        })
    }
}

/// One execution of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub job: JobId,
    /// From 1.
    pub number: u32,
    pub holder: Text,
    pub started_at: Timestamp,
    /// `None` while it is under way.
    pub ended_at: Option<Timestamp>,
    /// How it went: `completed`, `failed`, `aborted`, `timed_out`, `lost`, `waiting`, `interrupted`; `None` while under way.
    pub outcome: Option<Text>,
    pub error: Option<JobError>,
}
