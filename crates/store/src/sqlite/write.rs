//! The statements of the writer: what a decision becomes in tables.

use domain::decide::JobWrite;
use domain::job::{Attempt, Job};
use domain::{JobId, Status, Timestamp};
use rusqlite::{Connection, params};
use wire::LoggedEvent;

use super::row;
use crate::books::{Leaf, Mark};

type Done = rusqlite::Result<()>;

/// Writes a job's row, its tags and its payloads. `before` is how it stood; `None` for a new one.
pub(super) fn job(conn: &Connection, write: &JobWrite, before: Option<&Mark>) -> Done {
    let job = &*write.job;
    match before {
        Some(before) if !write.is_new => update_job(conn, job, before)?,
        _ => insert_job(conn, job)?,
    }
    for (kind, json) in [("input", &write.input), ("result", &write.result), ("answer", &write.answer)] {
        if let Some(json) = json {
            conn.prepare_cached("INSERT OR REPLACE INTO payload (job, kind, json) VALUES (?1, ?2, ?3)")?.execute(params![
                job.id.to_bytes(),
                kind,
                json.as_str()
            ])?;
        }
    }
    Ok(())
}

fn insert_job(conn: &Connection, job: &Job) -> Done {
    let (subject_type, subject_id) = match &job.subject {
        Some(subject) => (Some(&*subject.kind), Some(&*subject.id)),
        None => (None, None),
    };
    conn.prepare_cached(
        "INSERT INTO job (id, tenant, owner, task, mode, session, subject_type, subject_id, batch, root, external_id, status, ended, \
         priority, queued_at, wake_at, created_at, ended_at, metadata, body) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    )?
    .execute(params![
        job.id.to_bytes(),
        job.tenant,
        job.owner,
        job.task,
        job.mode.as_str(),
        job.session,
        subject_type,
        subject_id,
        job.batch,
        (job.root != job.id).then(|| job.root.to_bytes()),
        job.external_id,
        job.status.as_str(),
        job.status.is_end(),
        job.priority,
        job.queued_at.0,
        job.wake_at().map(|at| at.0),
        job.created_at.0,
        job.ended_at.map(|at| at.0),
        job.metadata.as_ref().map(|metadata| metadata.as_str()),
        row::body(job),
    ])?;
    insert_tags(conn, job)
}

/// SQLite rewrites every index that names a column which the statement sets, so that `ended` is only set when it changes.
fn update_job(conn: &Connection, job: &Job, before: &Mark) -> Done {
    let is_end = job.status.is_end();
    let changes_end = before.status.is_end() != is_end;
    let id = job.id.to_bytes();
    let (status, priority, queued) = (job.status.as_str(), job.priority, job.queued_at.0);
    let (wake, ended_at) = (job.wake_at().map(|at| at.0), job.ended_at.map(|at| at.0));
    let metadata = job.metadata.as_ref().map(|metadata| metadata.as_str());
    let body = row::body(job);
    if changes_end {
        conn.prepare_cached(
            "UPDATE job SET status = ?2, ended = ?3, priority = ?4, queued_at = ?5, wake_at = ?6, ended_at = ?7, metadata = ?8, \
             body = ?9 WHERE id = ?1",
        )?
        .execute(params![id, status, is_end, priority, queued, wake, ended_at, metadata, body])?;
    } else {
        conn.prepare_cached(
            "UPDATE job SET status = ?2, priority = ?3, queued_at = ?4, wake_at = ?5, ended_at = ?6, metadata = ?7, body = ?8 \
             WHERE id = ?1",
        )?
        .execute(params![id, status, priority, queued, wake, ended_at, metadata, body])?;
    }
    if changes_end || before.tags != job.tags {
        delete_tags(conn, job, before)?;
        insert_tags(conn, job)?;
    }
    Ok(())
}

fn insert_tags(conn: &Connection, job: &Job) -> Done {
    for tag in job.tags.iter() {
        conn.prepare_cached("INSERT INTO job_tag (tenant, tag, ended, job) VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            job.tenant,
            tag,
            job.status.is_end(),
            job.id.to_bytes()
        ])?;
    }
    Ok(())
}

fn delete_tags(conn: &Connection, job: &Job, before: &Mark) -> Done {
    for tag in before.tags.iter() {
        conn.prepare_cached("DELETE FROM job_tag WHERE tenant = ?1 AND tag = ?2 AND ended = ?3 AND job = ?4")?.execute(params![
            job.tenant,
            tag,
            before.status.is_end(),
            job.id.to_bytes()
        ])?;
    }
    Ok(())
}

/// Removes a job and all that stands beside it. Its events stay.
pub(super) fn delete_job(conn: &Connection, job: &Job, before: &Mark) -> Done {
    delete_tags(conn, job, before)?;
    let id = job.id.to_bytes();
    conn.prepare_cached("DELETE FROM payload WHERE job = ?1")?.execute([id])?;
    conn.prepare_cached("DELETE FROM attempt WHERE job = ?1")?.execute([id])?;
    conn.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([id])?;
    Ok(())
}

pub(super) fn event(conn: &Connection, event: &LoggedEvent) -> Done {
    conn.prepare_cached(
        "INSERT INTO event (place, job, rev, kind, at, by, from_status, summary, extra) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        event.place as i64,
        event.job.to_bytes(),
        event.rev as i64,
        event.kind.as_str(),
        event.at.0,
        event.by,
        event.from.map(Status::as_str),
        &event.summary[..],
        event.extra(),
    ])?;
    Ok(())
}

pub(super) fn attempt(conn: &Connection, attempt: &Attempt) -> Done {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO attempt (job, number, holder, started_at, ended_at, outcome, error_kind, error_message) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        attempt.job.to_bytes(),
        attempt.number,
        attempt.holder,
        attempt.started_at.0,
        attempt.ended_at.map(|at| at.0),
        attempt.outcome,
        attempt.error.as_ref().map(|error| &*error.kind),
        attempt.error.as_ref().map(|error| &*error.message),
    ])?;
    Ok(())
}

pub(super) fn kept_answer(conn: &Connection, scope: &str, fingerprint: &[u8; 32], jobs: &[JobId], now: Timestamp) -> Done {
    let ids: Vec<u8> = jobs.iter().flat_map(|id| id.to_bytes()).collect();
    conn.prepare_cached("INSERT OR REPLACE INTO kept_answer (scope, fingerprint, jobs, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![scope, fingerprint, ids, now.0])?;
    Ok(())
}

pub(super) fn counter(conn: &Connection, leaf: &Leaf, status: Status, by: i64) -> Done {
    let params = params![leaf.tenant, leaf.owner, leaf.task, status.as_str(), by];
    let changed = conn
        .prepare_cached("UPDATE counter SET n = n + ?5 WHERE tenant = ?1 AND owner = ?2 AND task = ?3 AND status = ?4")?
        .execute(params)?;
    if changed == 0 {
        conn.prepare_cached("INSERT INTO counter (tenant, owner, task, status, n) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params)?;
    }
    Ok(())
}
