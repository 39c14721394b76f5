//! The statements of the writer: what a decision becomes in tables. Prepared once, for the life of the writer.

use domain::decide::JobWrite;
use domain::job::{Attempt, Job};
use domain::{JobId, Status, Timestamp};
use rusqlite::{Connection, PrepFlags, Statement, params};
use wire::LoggedEvent;

use super::chain::ANCHOR_REVS;
use super::row::{self, RowError};
use crate::books::{Leaf, Mark};

type Done = rusqlite::Result<()>;

pub(super) struct Statements<'c> {
    conn: &'c Connection,
    begin: Statement<'c>,
    commit: Statement<'c>,
    insert_job: Statement<'c>,
    /// Of a job that stays active, or stays ended.
    move_job: Statement<'c>,
    /// Of a job that ends, or is opened again.
    cross_job: Statement<'c>,
    payload: Statement<'c>,
    event: Statement<'c>,
    attempt: Statement<'c>,
    count: Statement<'c>,
    /// The bytes of a job's body while it is written.
    body: Vec<u8>,
}

impl<'c> Statements<'c> {
    pub(super) fn prepare(conn: &'c Connection) -> rusqlite::Result<Statements<'c>> {
        // Persistent statements leave the small, fast memory of the connection to what comes and goes.
        let prepare = |sql: &str| conn.prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT);
        Ok(Statements {
            conn,
            begin: prepare("BEGIN IMMEDIATE")?,
            commit: prepare("COMMIT")?,
            insert_job: prepare(
                "INSERT INTO job (id, tenant, owner, task, mode, session, subject_type, subject_id, batch, root, external_id, status, \
                 ended, priority, queued_at, wake_at, created_at, ended_at, metadata, body, last_event, source) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
            )?,
            // SQLite rewrites every index that names a column which the statement sets, so that `ended` is only set when it changes.
            move_job: prepare(
                "UPDATE job SET status = ?2, priority = ?3, queued_at = ?4, wake_at = ?5, ended_at = ?6, metadata = ?7, body = ?8, \
                 last_event = ?9 WHERE id = ?1",
            )?,
            cross_job: prepare(
                "UPDATE job SET status = ?2, priority = ?3, queued_at = ?4, wake_at = ?5, ended_at = ?6, metadata = ?7, body = ?8, \
                 last_event = ?9, ended = ?10 WHERE id = ?1",
            )?,
            payload: prepare("INSERT OR REPLACE INTO payload (job, kind, json) VALUES (?1, ?2, ?3)")?,
            event: prepare(
                "INSERT INTO event (place, job, rev, kind, at, by, from_status, summary, extra, prev) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            attempt: prepare(
                "INSERT OR REPLACE INTO attempt (job, number, holder, started_at, ended_at, outcome, error_kind, error_message) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            count: prepare("UPDATE counter SET n = n + ?5 WHERE tenant = ?1 AND owner = ?2 AND task = ?3 AND status = ?4")?,
            body: Vec::new(),
        })
    }

    pub(super) fn begin(&mut self) -> Done {
        self.begin.execute([]).map(drop)
    }

    pub(super) fn commit(&mut self) -> Done {
        self.commit.execute([]).map(drop)
    }

    /// Writes a job's row, its tags and its payloads. `before` is how it stood, `None` for a new one; `last_event` is the place of its
    /// newest event.
    pub(super) fn job(&mut self, write: &JobWrite, before: Option<&Mark>, last_event: u64) -> Result<(), RowError> {
        let job = &*write.job;
        row::write_body(job, &mut self.body)?;
        match before {
            Some(before) if !write.is_new => self.update_job(job, before, last_event)?,
            _ => self.insert_job(job, last_event)?,
        }
        for (kind, json) in [("input", &write.input), ("result", &write.result), ("answer", &write.answer)] {
            if let Some(json) = json {
                self.payload.execute(params![job.id.to_bytes(), kind, json.as_str()])?;
            }
        }
        Ok(())
    }

    fn insert_job(&mut self, job: &Job, last_event: u64) -> Done {
        let (subject_type, subject_id) = match &job.subject {
            Some(subject) => (Some(&*subject.kind), Some(&*subject.id)),
            None => (None, None),
        };
        self.insert_job.execute(params![
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
            self.body,
            last_event as i64,
            job.mirror.as_ref().map(|mirror| &*mirror.source),
        ])?;
        insert_tags(self.conn, job)
    }

    fn update_job(&mut self, job: &Job, before: &Mark, last_event: u64) -> Done {
        let is_end = job.status.is_end();
        let crosses = before.status.is_end() != is_end;
        let id = job.id.to_bytes();
        let (status, priority, queued) = (job.status.as_str(), job.priority, job.queued_at.0);
        let (wake, ended_at) = (job.wake_at().map(|at| at.0), job.ended_at.map(|at| at.0));
        let metadata = job.metadata.as_ref().map(|metadata| metadata.as_str());
        let (body, last_event) = (&self.body, last_event as i64);
        if crosses {
            let values = params![id, status, priority, queued, wake, ended_at, metadata, body, last_event, is_end];
            self.cross_job.execute(values)?;
        } else {
            self.move_job.execute(params![id, status, priority, queued, wake, ended_at, metadata, body, last_event])?;
        }
        if crosses || before.tags != job.tags {
            delete_tags(self.conn, job, before)?;
            insert_tags(self.conn, job)?;
        }
        Ok(())
    }

    /// Removes a job and all that stands beside it. Its events stay in the log.
    pub(super) fn delete_job(&mut self, job: &Job, before: &Mark) -> Done {
        delete_tags(self.conn, job, before)?;
        let id = job.id.to_bytes();
        for table in ["payload", "attempt", "event_anchor"] {
            self.conn.prepare_cached(&format!("DELETE FROM {table} WHERE job = ?1"))?.execute([id])?;
        }
        self.conn.prepare_cached("DELETE FROM job WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Writes an event; `prev` is the place of the job's event before, 0 if none. Events at or below `floor` are no longer kept.
    pub(super) fn event(&mut self, event: &LoggedEvent, prev: u64, floor: u64) -> Done {
        let job = event.job.to_bytes();
        self.event.execute(params![
            event.place as i64,
            job,
            event.rev as i64,
            event.kind.as_str(),
            event.at.0,
            event.by,
            event.from.map(Status::as_str),
            &event.summary[..],
            event.extra(),
            prev as i64,
        ])?;
        if event.rev.is_multiple_of(ANCHOR_REVS) {
            let (place, rev, floor) = (event.place as i64, event.rev as i64, floor as i64);
            self.conn.prepare_cached("DELETE FROM event_anchor WHERE job = ?1 AND place <= ?2")?.execute(params![job, floor])?;
            self.conn
                .prepare_cached("INSERT INTO event_anchor (job, place, rev) VALUES (?1, ?2, ?3)")?
                .execute(params![job, place, rev])?;
        }
        Ok(())
    }

    pub(super) fn attempt(&mut self, attempt: &Attempt) -> Done {
        self.attempt.execute(params![
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

    pub(super) fn kept_answer(&mut self, scope: &str, fingerprint: &[u8; 32], jobs: &[JobId], now: Timestamp) -> Done {
        let ids: Vec<u8> = jobs.iter().flat_map(|id| id.to_bytes()).collect();
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO kept_answer (scope, fingerprint, jobs, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![scope, fingerprint, ids, now.0])?;
        Ok(())
    }

    pub(super) fn counter(&mut self, leaf: &Leaf, status: Status, by: i64) -> Done {
        let params = params![leaf.tenant, leaf.owner, leaf.task, status.as_str(), by];
        if self.count.execute(params)? == 0 {
            self.conn
                .prepare_cached("INSERT INTO counter (tenant, owner, task, status, n) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params)?;
        }
        Ok(())
    }
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
