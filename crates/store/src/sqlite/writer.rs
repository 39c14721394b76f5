//! The one thread that changes the database. Takes all requests that wait, decides each, commits them together, tells the bus, answers.
//!
//! A group that fails as a whole is answered as a whole. A request that contradicts a rule of the tables is found by committing each
//! of its group alone, so that it harms no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;

use domain::job::Attempt;
use domain::request::Report;
use domain::{Answer, Decision, JobId, Refusal, Request, Timestamp};
use engine::clock::SharedClock;
use engine::port::{Bus, CommitError, Published};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use wire::LoggedEvent;

use super::cache::{Cache, Cached};
use super::chain;
use super::checkpoint;
use super::failure::Failure;
use super::handle::Shared;
use super::open::SyncFailure;
use super::read;
use super::row::{self, RowError};
use super::rows::SqlRows;
use super::sweep::{self, Swept};
use super::write::Statements;
use crate::books::{Changes, Seen, Slots};
use crate::load::{self, Marks};

mod jump;
mod way_back;

/// Requests of one group at most.
pub(super) const GROUP: usize = 512;

/// What the writer is told.
pub(super) enum Message {
    Commit(Box<Call>),
    Sweep(Timestamp, oneshot::Sender<Result<Swept, CommitError>>),
    /// Pages that the database may have; zero is without bound.
    Bound(u32, oneshot::Sender<()>),
    Close,
}

pub(super) struct Call {
    pub(super) request: Request,
    pub(super) reply: oneshot::Sender<Result<Answer, CommitError>>,
}

/// What the writer knows and reaches beside the tables.
pub(super) struct Desk {
    pub(super) shared: Arc<Shared>,
    pub(super) clock: SharedClock,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) slots: Slots,
    pub(super) wake_checkpoint: SyncSender<()>,
    /// Pages by which the write-ahead log grows before the checkpointer is woken again.
    pub(super) wal_pages: u32,
    /// Pages of the write-ahead log when the checkpointer was woken last: each part of it is carried over once, since every time costs
    /// two syncs beside those of the commits. Zero while the log is shorter than its measure.
    pub(super) wal_woken: u32,
    pub(super) on_sync_failure: SyncFailure,
    pub(super) cache: Cache,
    /// Whether the last fault left it unknown what the tables hold: they are read again before anything else.
    pub(super) is_astray: bool,
    /// Whether commits wait for the disk at present; `None` before the first.
    pub(super) waits_for_disk: Option<bool>,
    /// As far as the clock had jumped when the rows were last carried over to it, in milliseconds.
    pub(super) jumped_ms: i64,
}

/// The writer at work on its connection.
pub(super) struct Writer<'c> {
    conn: &'c Connection,
    statements: Statements<'c>,
    desk: Desk,
}

/// What a group did, before it is told to anybody.
struct Group {
    answers: Vec<Result<Answer, CommitError>>,
    events: Vec<LoggedEvent>,
    changes: Changes,
    place: u64,
    has_written: bool,
}

impl Group {
    /// One that has done nothing yet; `place` is the head of the log.
    fn begin(place: u64) -> Group {
        Group { answers: Vec::new(), events: Vec::new(), changes: Changes::default(), place, has_written: false }
    }
}

impl<'c> Writer<'c> {
    pub(super) fn new(conn: &'c Connection, desk: Desk) -> rusqlite::Result<Writer<'c>> {
        Ok(Writer { conn, statements: Statements::prepare(conn)?, desk })
    }

    /// Works until it is told to close or nobody can ask any more.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut messages = Vec::with_capacity(GROUP);
        let mut calls = Vec::with_capacity(GROUP);
        while inbox.blocking_recv_many(&mut messages, GROUP) > 0 {
            for message in messages.drain(..) {
                match message {
                    Message::Commit(call) => calls.push(*call),
                    Message::Sweep(now, reply) => {
                        self.commit(&mut calls);
                        let swept = self.sweep(now);
                        let _ = reply.send(swept);
                    }
                    Message::Bound(pages, reply) => {
                        self.commit(&mut calls);
                        self.bound(pages);
                        let _ = reply.send(());
                    }
                    // What comes after is refused; what came before is in this group or done.
                    Message::Close => inbox.close(),
                }
            }
            self.commit(&mut calls);
            self.look_after_log();
        }
        if let Err(error) = checkpoint::truncate(self.conn) {
            tracing::warn!(%error, "the write-ahead log was left beside the database; the next start reads it");
        }
    }

    /// Commits and answers all of `calls`.
    fn commit(&mut self, calls: &mut Vec<Call>) {
        if calls.is_empty() {
            return;
        }
        let requests: Vec<&Request> = calls.iter().map(|call| &call.request).collect();
        let answers = match self.attempt(&requests) {
            Ok(answers) => answers,
            Err(Failure::Constraint { .. }) if requests.len() > 1 => {
                let alone = |request| self.attempt(&[request]).unwrap_or_else(|failure| vec![Err(told(failure))]);
                requests.iter().copied().flat_map(alone).collect()
            }
            Err(failure) => {
                let error = told(failure);
                requests.iter().map(|_| Err(error.clone())).collect()
            }
        };
        for (call, answer) in calls.drain(..).zip(answers) {
            let _ = call.reply.send(answer);
        }
    }

    /// One transaction for these requests, told to the bus when it is committed.
    fn attempt(&mut self, requests: &[&Request]) -> Result<Vec<Result<Answer, CommitError>>, Failure> {
        self.find_way_back().map_err(Failure::RolledBack)?;
        let reading = self.desk.clock.read();
        self.follow_jump(reading)?;
        let now = reading.now;
        let waits_for_disk = !requests.iter().all(|request| is_light(request));
        let group = match self.transact(requests, waits_for_disk, now) {
            Err(Failure::NeedsDisk) => self.transact(requests, true, now),
            other => other,
        };
        self.told(group)
    }

    /// Tells of what a group did.
    fn told(&mut self, group: Result<Group, Failure>) -> Result<Vec<Result<Answer, CommitError>>, Failure> {
        let group = group.inspect_err(|failure| self.after_failure(failure))?;
        if group.has_written {
            self.release(group.place, &group.changes, group.events);
        }
        Ok(group.answers)
    }

    fn transact(&mut self, requests: &[&Request], waits_for_disk: bool, now: Timestamp) -> Result<Group, Failure> {
        self.in_transaction(waits_for_disk, |writer| writer.decide_all(requests, waits_for_disk, now))
    }

    fn in_transaction(
        &mut self,
        waits_for_disk: bool,
        decide: impl FnOnce(&mut Self) -> Result<Group, Failure>,
    ) -> Result<Group, Failure> {
        if self.desk.waits_for_disk != Some(waits_for_disk) {
            self.conn.pragma_update(None, "synchronous", if waits_for_disk { "FULL" } else { "NORMAL" })?;
            self.desk.waits_for_disk = Some(waits_for_disk);
        }
        self.statements.begin()?;
        let group = decide(self).and_then(|group| {
            self.statements.commit().map_err(|error| Failure::of_commit(&error))?;
            Ok(group)
        });
        if group.is_err() {
            self.desk.cache.clear();
            if !self.conn.is_autocommit()
                && let Err(error) = self.conn.execute_batch("ROLLBACK")
            {
                self.desk.is_astray = true;
                tracing::error!(%error, "a transaction could not be rolled back");
            }
        }
        group
    }

    fn decide_all(&mut self, requests: &[&Request], waits_for_disk: bool, now: Timestamp) -> Result<Group, Failure> {
        let shared = self.desk.shared.clone();
        let counters = shared.counters();
        let mut group = Group::begin(shared.head().place);
        group.answers.reserve(requests.len());
        group.events.reserve(requests.iter().map(|request| most_events(request)).sum());
        for request in requests {
            let mut rows = SqlRows { conn: self.conn, cache: &mut self.desk.cache };
            let seen = Seen { counters: &counters, slots: &self.desk.slots, changes: &group.changes };
            let loaded = load::load(request, &mut rows, &seen, now)?;
            let marks = load::marks(&loaded);
            match domain::decide(loaded, request, now) {
                Err(refusal) => group.answers.push(Err(CommitError::Refused(refusal))),
                Ok(decision) if decision.is_durable() && !waits_for_disk => return Err(Failure::NeedsDisk),
                Ok(decision) => {
                    self.write(&decision, &marks, &mut group)?;
                    if let (Some(key), false) = (request.key(), matches!(decision.answer, Answer::Replayed(_))) {
                        self.statements.kept_answer(&key.scope, &key.fingerprint, &load::kept_jobs(&decision), now)?;
                    }
                    group.answers.push(Ok(decision.answer));
                }
            }
        }
        for (leaf, status, by) in group.changes.differences() {
            self.statements.counter(leaf, status, by)?;
        }
        Ok(group)
    }

    fn write(&mut self, decision: &Decision, marks: &Marks, group: &mut Group) -> Result<(), Failure> {
        let floor = self.desk.shared.head().floor;
        // A decision may be larger than the cache.
        let mut told: HashMap<JobId, u64> = HashMap::new();
        for event in &decision.events {
            group.place += 1;
            let logged = LoggedEvent::new(group.place, event);
            let prev = match told.insert(event.job.id, group.place) {
                Some(prev) => prev,
                None if event.from.is_none() => 0,
                None => self.last_event(event.job.id)?,
            };
            self.statements.event(&logged, prev, floor)?;
            self.desk.cache.put(Cached { job: event.job.clone(), last_event: group.place });
            group.events.push(logged);
            group.has_written = true;
        }
        for change in &decision.writes {
            let before = marks.get(&change.job.id);
            let last_event = match told.get(&change.job.id) {
                Some(place) => *place,
                None => self.last_event(change.job.id)?,
            };
            self.statements.job(change, before, last_event)?;
            group.changes.record(before, &change.job, false);
            self.desk.cache.put(Cached { job: change.job.clone(), last_event });
            group.has_written = true;
        }
        for attempt in &decision.attempts {
            if !self.is_told(attempt, marks) {
                self.statements.attempt(attempt)?;
            }
        }
        for id in &decision.deleted {
            let event = decision.events.iter().rev().find(|event| event.job.id == *id);
            if let (Some(event), Some(before)) = (event, marks.get(id)) {
                self.statements.delete_job(&event.job, before)?;
                group.changes.record(Some(before), &event.job, true);
            }
            self.desk.cache.remove(*id);
        }
        Ok(())
    }

    /// Place of a job's newest event as of now, this group's included.
    fn last_event(&mut self, id: JobId) -> Result<u64, RowError> {
        match self.desk.cache.get(id) {
            Some(cached) => Ok(cached.last_event),
            None => chain::last_event(self.conn, id),
        }
    }

    /// Whether the job's row tells all of an attempt: it is under way and has no row of its own yet.
    fn is_told(&mut self, attempt: &Attempt, marks: &Marks) -> bool {
        let is_fresh = marks.get(&attempt.job).is_none_or(|before| before.attempt < attempt.number);
        is_fresh
            && attempt.ended_at.is_none()
            && self.desk.cache.get(attempt.job).and_then(|cached| row::open_attempt(&cached.job)).as_ref() == Some(attempt)
    }

    /// Tells of what is committed: the head first, then the counts, then the bus.
    fn release(&mut self, place: u64, changes: &Changes, events: Vec<LoggedEvent>) {
        self.desk.shared.set_place(place);
        changes.apply(&mut self.desk.shared.counters_to_change(), &mut self.desk.slots);
        if !events.is_empty() {
            self.desk.bus.publish(Published::Events(events.into()));
        }
    }

    fn sweep(&mut self, now: Timestamp) -> Result<Swept, CommitError> {
        self.find_way_back().map_err(CommitError::Unavailable)?;
        let swept = sweep::step(self.conn, now).map_err(|failure| {
            self.after_failure(&failure);
            told(failure)
        })?;
        if let Some(floor) = swept.floor {
            self.desk.shared.set_floor(floor);
        }
        Ok(swept)
    }

    fn bound(&self, pages: u32) {
        let pages = if pages == 0 { u32::MAX - 1 } else { pages };
        let set = self.conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()));
        if let Err(error) = set {
            tracing::warn!(%error, "the size of the database could not be bounded");
        }
    }

    fn look_after_log(&mut self) {
        let pages = self.desk.shared.wal_pages.load(Ordering::Relaxed);
        if pages < self.desk.wal_woken {
            // The log began anew.
            self.desk.wal_woken = 0;
        }
        if pages >= self.desk.wal_woken.saturating_add(self.desk.wal_pages) && self.desk.wake_checkpoint.try_send(()).is_ok() {
            self.desk.wal_woken = pages;
        }
        if pages >= self.desk.wal_pages.saturating_mul(checkpoint::PATIENCE) {
            checkpoint::passive(self.conn, &self.desk.on_sync_failure);
        }
    }
}

/// How many events a request usually brings at most.
fn most_events(request: &Request) -> usize {
    match request {
        Request::Submit { jobs, .. } => jobs.len(),
        Request::Claim(claim) => claim.leases.len(),
        Request::SaveProgress { .. } | Request::RenewLeases { .. } => 0,
        _ => 1,
    }
}

/// Whether nobody is promised that it is kept: it moves no revision, as far as can be said before it is decided.
fn is_light(request: &Request) -> bool {
    match request {
        Request::SaveProgress { .. } | Request::RenewLeases { .. } => true,
        Request::Report { report, .. } => matches!(report, Report::Heartbeat { .. }),
        _ => false,
    }
}

fn told(failure: Failure) -> CommitError {
    match failure {
        Failure::RolledBack(why) => CommitError::Unavailable(why),
        Failure::Full(why) => CommitError::DiskFull(why),
        Failure::Unknown(why) | Failure::Sync(why) => CommitError::OutcomeUnknown(why),
        Failure::Constraint { is_taken: true, why } => {
            let field = if why.contains("external_id") { "externalId" } else { "id" };
            CommitError::Refused(Refusal::Invalid { field, problem: format!("exists already ({why})") })
        }
        Failure::Constraint { is_taken: false, why } => CommitError::Unavailable(why),
        Failure::NeedsDisk => CommitError::Unavailable("the group was not written".into()),
    }
}

#[cfg(test)]
mod tests;
