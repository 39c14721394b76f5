//! Between a job and its row: columns that are searched, the rest as JSON in `body`. The only file that knows the twins.

use std::sync::Arc;

use domain::job::{Attempt, Held, Job, JobError, Lease, LeaseProof, Mirror, Progress, Silence, Subject, Waiting, Wish, WishKind};
use domain::policy::{Mode, Pause, Policy, Rescue, Retry};
use domain::{EventKind, JobId, Json, Status, Text, Timestamp};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use wire::LoggedEvent;
use wire::log::EventHead;

/// Why a row cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    #[error("the row of a job cannot be read: {0}")]
    Damaged(String),
    #[error(transparent)]
    Event(#[from] wire::log::Unreadable),
}

/// What [`read_job`] reads, in its order.
pub(super) const JOB_COLUMNS: &str = "id, tenant, owner, task, mode, session, subject_type, subject_id, batch, root, external_id, \
     status, priority, queued_at, created_at, ended_at, metadata, body";

/// Where `status` stands in [`JOB_COLUMNS`].
pub(super) const STATUS_COLUMN: usize = 11;

/// What [`read_event`] reads, in its order.
pub(super) const EVENT_COLUMNS: &str = "place, kind, at, by, job, from_status, summary, extra";

type PolicyTwin<T> = (T, T, u32, u64, u64, bool, Option<u64>, u64, Option<u64>);

/// `T` is a text: borrowed to be written, owned when it was read.
#[derive(Serialize, Deserialize)]
struct Body<T> {
    rev: u64,
    settlement: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    settled: bool,
    updated: i64,
    policy: PolicyTwin<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<u128>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rerun_of: Option<u128>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<T>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<T>,
    /// Kind, number, at, by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wish: Option<(T, u64, i64, Option<T>)>,
    #[serde(default, skip_serializing_if = "is_default")]
    attempt: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    tries: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    interruptions: u32,
    /// Proof, holder, length, expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<(u128, T, u64, i64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<(T, Option<i64>)>,
    #[serde(default, skip_serializing_if = "is_default")]
    limit_enforced: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot_until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_by: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started: Option<i64>,
    #[serde(default, skip_serializing_if = "is_default")]
    ran_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    running_since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressTwin<T>>,
    #[serde(default, skip_serializing_if = "is_default")]
    tick: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<(T, T)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mirror: Option<MirrorTwin<T>>,
}

/// Source, time of the newest word in microseconds, when it was heard, whether it is stale, when its silence makes it stale and lost.
type MirrorTwin<T> = (T, i64, i64, bool, Option<(u64, u64)>);

#[derive(Serialize, Deserialize)]
struct ProgressTwin<T> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percentage: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<T>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ok: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<u64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn ms(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.0)
}

/// Writes the part of a job that no column holds over `bytes`.
pub(super) fn write_body(job: &Job, bytes: &mut Vec<u8>) -> Result<(), RowError> {
    let policy = &job.policy;
    let progress = &job.progress;
    let body = Body::<&str> {
        rev: job.rev,
        settlement: job.settlement,
        settled: job.settled,
        updated: job.updated_at.0,
        policy: (
            policy.pause.as_str(),
            policy.rescue.as_str(),
            policy.retry.attempts,
            policy.retry.base_ms,
            policy.retry.max_ms,
            policy.retry.on_timeout,
            policy.time_limit_ms,
            policy.abort_grace_ms,
            policy.start_within_ms,
        ),
        parent: job.parent.map(|id| id.0),
        rerun_of: job.rerun_of.map(|id| id.0),
        title: job.title.as_deref(),
        link: job.link.as_deref(),
        tags: job.tags.iter().map(|tag| &**tag).collect(),
        reason: job.reason.as_deref(),
        wish: (job.wish != Wish::none()).then(|| (job.wish.kind.as_str(), job.wish.number, job.wish.at.0, job.wish.by.as_deref())),
        attempt: job.attempt,
        tries: job.tries,
        interruptions: job.interruptions,
        lease: job.lease.as_ref().map(|lease| (lease.proof.0, &*lease.holder, lease.length_ms, lease.expires_at.0)),
        held: job.held.map(|held| held.status.as_str()),
        waiting: job.waiting.as_ref().map(|waiting| (&*waiting.on, ms(waiting.until))),
        limit_enforced: job.limit_enforced,
        slot_until: ms(job.slot_until),
        due: ms(job.due_at),
        start_by: ms(job.start_by),
        started: ms(job.started_at),
        ran_ms: job.ran_ms,
        running_since: ms(job.running_since),
        progress: (*progress != Progress::default()).then_some(ProgressTwin {
            percentage: progress.percentage,
            current: progress.current,
            total: progress.total,
            message: progress.message.as_deref(),
            ok: progress.ok,
            failed: progress.failed,
            skipped: progress.skipped,
        }),
        tick: job.tick,
        error: job.error.as_ref().map(|error| (&*error.kind, &*error.message)),
        mirror: job.mirror.as_ref().map(|mirror| {
            let silence = mirror.silence.map(|silence| (silence.stale_after_ms, silence.lost_after_ms));
            (&*mirror.source, mirror.word_us, mirror.heard_at.0, mirror.is_stale, silence)
        }),
    };
    bytes.clear();
    serde_json::to_writer(bytes, &body).map_err(|error| RowError::Damaged(error.to_string()))
}

fn word<T>(found: Option<T>, word: &str) -> Result<T, RowError> {
    found.ok_or_else(|| RowError::Damaged(format!("unknown word {word}")))
}

pub(super) fn status(text: &str) -> Result<Status, RowError> {
    word(Status::parse(text), text)
}

/// A number that is never negative. SQLite's integers are signed.
pub(crate) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<JobId> {
    Ok(JobId::from_bytes(row.get(column)?))
}

fn text_at<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, RowError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|error| RowError::Damaged(error.to_string()))
}

/// Reads a row of [`JOB_COLUMNS`].
pub(super) fn read_job(row: &Row<'_>) -> Result<Job, RowError> {
    let damaged = |error: String| RowError::Damaged(error);
    let bytes = row.get_ref(17)?.as_blob().map_err(|error| damaged(error.to_string()))?;
    let body: Body<Text> = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
    let id = id(row, 0)?;
    let mode = text_at(row, 4)?;
    let subject = match (row.get::<_, Option<Text>>(6)?, row.get::<_, Option<Text>>(7)?) {
        (Some(kind), Some(id)) => Some(Subject { kind, id }),
        _ => None,
    };
    let root: Option<[u8; 16]> = row.get(9)?;
    let (pause, rescue, attempts, base_ms, max_ms, on_timeout, time_limit_ms, abort_grace_ms, start_within_ms) = body.policy;
    let wish = match body.wish {
        None => Wish::none(),
        Some((kind, number, at, by)) => Wish { kind: word(WishKind::parse(&kind), &kind)?, number, at: Timestamp(at), by },
    };
    Ok(Job {
        id,
        tenant: row.get(1)?,
        owner: row.get(2)?,
        task: row.get(3)?,
        mode: word(Mode::parse(mode), mode)?,
        subject,
        session: row.get(5)?,
        parent: body.parent.map(JobId),
        root: root.map_or(id, JobId::from_bytes),
        batch: row.get(8)?,
        external_id: row.get(10)?,
        mirror: body.mirror.map(|(source, word_us, heard_at, is_stale, silence)| {
            let silence = silence.map(|(stale_after_ms, lost_after_ms)| Silence { stale_after_ms, lost_after_ms });
            Box::new(Mirror { source, word_us, heard_at: Timestamp(heard_at), is_stale, silence })
        }),
        rerun_of: body.rerun_of.map(JobId),
        policy: Arc::new(Policy {
            pause: word(Pause::parse(&pause), &pause)?,
            rescue: word(Rescue::parse(&rescue), &rescue)?,
            retry: Retry { attempts, base_ms, max_ms, on_timeout },
            time_limit_ms,
            abort_grace_ms,
            start_within_ms,
        }),
        created_at: Timestamp(row.get(14)?),
        title: body.title,
        link: body.link,
        tags: body.tags.into(),
        metadata: row.get::<_, Option<Text>>(16)?.map(Json::from_valid),
        priority: row.get(12)?,
        status: status(text_at(row, STATUS_COLUMN)?)?,
        reason: body.reason,
        rev: body.rev,
        settlement: body.settlement,
        settled: body.settled,
        wish,
        attempt: body.attempt,
        tries: body.tries,
        interruptions: body.interruptions,
        lease: body.lease.map(|(proof, holder, length_ms, expires_at)| Lease {
            proof: LeaseProof(proof),
            holder,
            length_ms,
            expires_at: Timestamp(expires_at),
        }),
        held: body.held.map(|held| status(&held)).transpose()?.map(|status| Held { status }),
        waiting: body.waiting.map(|(on, until)| Waiting { on, until: until.map(Timestamp) }),
        limit_enforced: body.limit_enforced,
        slot_until: body.slot_until.map(Timestamp),
        due_at: body.due.map(Timestamp),
        start_by: body.start_by.map(Timestamp),
        started_at: body.started.map(Timestamp),
        ended_at: row.get::<_, Option<i64>>(15)?.map(Timestamp),
        updated_at: Timestamp(body.updated),
        ran_ms: body.ran_ms,
        running_since: body.running_since.map(Timestamp),
        progress: body.progress.map_or_else(Progress::default, |twin| Progress {
            percentage: twin.percentage,
            current: twin.current,
            total: twin.total,
            message: twin.message,
            ok: twin.ok,
            failed: twin.failed,
            skipped: twin.skipped,
        }),
        tick: body.tick,
        error: body.error.map(|(kind, message)| JobError { kind, message }),
        queued_at: Timestamp(row.get(13)?),
    })
}

/// Reads a row of [`EVENT_COLUMNS`].
pub(super) fn read_event(row: &Row<'_>) -> Result<LoggedEvent, RowError> {
    let kind = text_at(row, 1)?;
    let from = match row.get_ref(5)?.as_str_or_null().map_err(|error| RowError::Damaged(error.to_string()))? {
        Some(word) => Some(status(word)?),
        None => None,
    };
    let head = EventHead {
        place: number(row, 0)?,
        kind: word(EventKind::parse(kind), kind)?,
        at: Timestamp(row.get(2)?),
        by: row.get(3)?,
        job: id(row, 4)?,
        from,
    };
    let summary: Vec<u8> = row.get(6)?;
    let extra: Option<String> = row.get(7)?;
    Ok(LoggedEvent::read(head, summary.into(), extra.as_deref())?)
}

/// Reads `number, holder, started_at, ended_at, outcome, error_kind, error_message`.
pub(super) fn read_attempt(job: JobId, row: &Row<'_>) -> Result<Attempt, RowError> {
    let error = match (row.get::<_, Option<Text>>(5)?, row.get::<_, Option<Text>>(6)?) {
        (Some(kind), Some(message)) => Some(JobError { kind, message }),
        _ => None,
    };
    Ok(Attempt {
        job,
        number: row.get(0)?,
        holder: row.get(1)?,
        started_at: Timestamp(row.get(2)?),
        ended_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
        outcome: row.get(4)?,
        error,
    })
}

/// The attempt of a job that is under way, as the job itself tells it.
pub(super) fn open_attempt(job: &Job) -> Option<Attempt> {
    let started_at = job.started_at.filter(|_| job.is_attempt_open())?;
    let holder = job.holder()?.clone();
    Some(Attempt { job: job.id, number: job.attempt, holder, started_at, ended_at: None, outcome: None, error: None })
}
