//! The statements that read: one row, the log, what is due. Each runs inside a transaction of its caller.

use std::sync::Arc;

use domain::decide::KeptAnswer;
use domain::job::{Attempt, Job};
use domain::policy::Mode;
use domain::{JobId, Json, Text, Timestamp};
use engine::port::Due;
use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::LoggedEvent;
use wire::convert::Payloads;

use super::cache::Cached;
use super::chain;
use super::row::{self, EVENT_COLUMNS, JOB_COLUMNS, RowError};
use crate::books::{Counters, Leaf, Slots};

type Found<T> = Result<T, RowError>;

fn collect<T>(mut rows: rusqlite::Rows<'_>, read: impl Fn(&Row<'_>) -> Found<T>) -> Found<Vec<T>> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

pub(super) fn job(conn: &Connection, id: JobId) -> Found<Option<Job>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {JOB_COLUMNS} FROM job WHERE id = ?1"))?;
    let mut rows = statement.query([id.to_bytes()])?;
    rows.next()?.map(row::read_job).transpose()
}

pub(super) fn jobs(conn: &Connection, ids: &[JobId]) -> Found<Vec<Job>> {
    ids.iter().filter_map(|id| job(conn, *id).transpose()).collect()
}

/// Ids of pending jobs in the order of their claim.
pub(super) fn candidates(conn: &Connection, mode: Mode, tenant: Option<&Text>, task: &Text, limit: usize) -> Found<Vec<JobId>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM job INDEXED BY job_to_claim WHERE status = 'pending' AND mode = ?1 AND task = ?2 \
         AND (?3 IS NULL OR tenant = ?3) ORDER BY priority DESC, queued_at, id LIMIT ?4",
    )?;
    collect(statement.query(params![mode.as_str(), task, tenant, limit as i64])?, |row| Ok(row::id(row, 0)?))
}

pub(super) fn kept(conn: &Connection, scope: &str, not_before: Timestamp) -> Found<Option<KeptAnswer>> {
    let mut statement = conn.prepare_cached("SELECT fingerprint, jobs FROM kept_answer WHERE scope = ?1 AND at > ?2")?;
    let kept = statement.query_row(params![scope, not_before.0], |row| {
        let jobs: Vec<u8> = row.get(1)?;
        let (ids, _) = jobs.as_chunks::<16>();
        Ok(KeptAnswer { fingerprint: row.get(0)?, jobs: ids.iter().map(|id| JobId::from_bytes(*id)).collect() })
    });
    Ok(kept.optional()?)
}

pub(super) fn payloads(conn: &Connection, id: JobId) -> Found<Payloads> {
    let mut statement = conn.prepare_cached("SELECT kind, json FROM payload WHERE job = ?1")?;
    let mut rows = statement.query([id.to_bytes()])?;
    let mut payloads = Payloads::default();
    while let Some(row) = rows.next()? {
        let json = Some(Json::from_valid(row.get::<_, Text>(1)?));
        match row.get::<_, String>(0)?.as_str() {
            "input" => payloads.input = json,
            "result" => payloads.result = json,
            _ => payloads.answer = json,
        }
    }
    Ok(payloads)
}

pub(super) fn attempts(conn: &Connection, id: JobId) -> Found<Vec<Attempt>> {
    let mut statement = conn.prepare_cached(
        "SELECT number, holder, started_at, ended_at, outcome, error_kind, error_message FROM attempt WHERE job = ?1 ORDER BY number",
    )?;
    let mut attempts = collect(statement.query([id.to_bytes()])?, |row| row::read_attempt(id, row))?;
    // An attempt under way has no row before it ends: the job tells it.
    let open = job(conn, id)?.and_then(|job| row::open_attempt(&job));
    if let Some(open) = open
        && attempts.last().is_none_or(|last| last.number < open.number)
    {
        attempts.push(open);
    }
    Ok(attempts)
}

pub(super) fn events(conn: &Connection, after: u64, limit: usize) -> Found<Vec<LoggedEvent>> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {EVENT_COLUMNS} FROM event WHERE place > ?1 ORDER BY place LIMIT ?2"))?;
    collect(statement.query(params![signed(after), signed(limit as u64)])?, row::read_event)
}

/// SQLite's integers are signed; what is beyond them is as good as their largest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn due(conn: &Connection, now: Timestamp, limit: usize) -> Found<Due> {
    let mut statement = conn.prepare_cached(
        "SELECT id, wake_at FROM job INDEXED BY job_to_wake WHERE wake_at IS NOT NULL ORDER BY wake_at, id LIMIT ?1",
    )?;
    let mut rows = statement.query([signed((limit as u64).saturating_add(1))])?;
    let mut due = Due::default();
    while let Some(row) = rows.next()? {
        let at = Timestamp(row.get(1)?);
        if at > now || due.jobs.len() >= limit {
            due.next = Some(at);
            break;
        }
        due.jobs.push(row::id(row, 0)?);
    }
    Ok(due)
}

/// Jobs that wait for a time, whichever. One that cannot be read is left out: it must not keep the others from it.
pub(super) fn waiting_for_time(conn: &Connection) -> Found<Vec<Job>> {
    let sql = format!("SELECT {JOB_COLUMNS} FROM job INDEXED BY job_to_wake WHERE wake_at IS NOT NULL ORDER BY wake_at, id");
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        match row::read_job(row) {
            Ok(job) => jobs.push(job),
            Err(RowError::Damaged(why)) => tracing::error!(%why, "a job that waits for a time was left out of a jump of the clock"),
            Err(error) => return Err(error),
        }
    }
    Ok(jobs)
}

/// Jobs whose attempt is open.
pub(super) fn open_attempts(conn: &Connection) -> Found<Vec<Job>> {
    let sql = format!("SELECT {JOB_COLUMNS} FROM job INDEXED BY job_by_status WHERE status IN ('running', 'paused') ORDER BY id");
    let mut statement = conn.prepare(&sql)?;
    let mut jobs = collect(statement.query([])?, row::read_job)?;
    jobs.retain(Job::is_attempt_open);
    Ok(jobs)
}

/// Newest place and floor of the log. The floor stands in for the newest place once no event is left.
pub(super) fn head(conn: &Connection) -> Found<(u64, u64)> {
    let newest: Option<i64> = conn.prepare_cached("SELECT max(place) FROM event")?.query_row([], |row| row.get(0))?;
    let floor = floor(conn)?;
    Ok((newest.map_or(floor, i64::unsigned_abs), floor))
}

/// Events at or below are no longer kept.
pub(super) fn floor(conn: &Connection) -> Found<u64> {
    Ok(conn.prepare_cached("SELECT value FROM meta WHERE key = 'floor'")?.query_row([], |row| row::number(row, 0))?)
}

/// The counters and the places taken, as the tables have them.
pub(super) fn books(conn: &Connection) -> Found<(Counters, Slots)> {
    let mut counters = Counters::default();
    let mut statement = conn.prepare("SELECT tenant, owner, task, status, n FROM counter WHERE n > 0")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let leaf = Leaf { tenant: row.get(0)?, owner: row.get(1)?, task: row.get(2)? };
        counters.add(&leaf, row::status(&row.get::<_, String>(3)?)?, row.get(4)?);
    }
    let mut slots = Slots::default();
    for job in open_attempts(conn)?.iter().filter(|job| job.takes_slot()) {
        slots.take(job);
    }
    // Jobs that still take the place of an attempt whose end nobody confirmed.
    let sql =
        format!("SELECT {JOB_COLUMNS} FROM job WHERE wake_at IS NOT NULL AND instr(body, CAST('\"slot_until\"' AS BLOB)) > 0");
    let mut statement = conn.prepare(&sql)?;
    for job in collect(statement.query([])?, row::read_job)? {
        if !job.is_attempt_open() {
            slots.take(&job);
        }
    }
    Ok((counters, slots))
}

/// The job that its source calls so.
pub(super) fn mirrored(conn: &Connection, tenant: &str, source: &str, external_id: &str) -> Found<Option<JobId>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM job INDEXED BY job_by_source WHERE external_id = ?1 AND source = ?2 AND tenant = ?3 AND source IS NOT NULL",
    )?;
    Ok(statement.query_row([external_id, source, tenant], |row| row::id(row, 0)).optional()?)
}

/// A job with this external id that runs here.
pub(super) fn own_called(conn: &Connection, tenant: &str, external_id: &str) -> Found<Option<JobId>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM job INDEXED BY job_by_external WHERE tenant = ?1 AND external_id = ?2 AND source IS NULL LIMIT 1",
    )?;
    Ok(statement.query_row([tenant, external_id], |row| row::id(row, 0)).optional()?)
}

/// A job as the writer keeps it.
pub(super) fn cached(conn: &Connection, id: JobId) -> Found<Option<Cached>> {
    let Some(job) = job(conn, id)? else { return Ok(None) };
    Ok(Some(Cached { job: Arc::new(job), last_event: chain::last_event(conn, id)? }))
}
