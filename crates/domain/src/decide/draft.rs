//! A job that is being changed: keeps the books that every move keeps, and lets no move pass that the table does not know.

use std::sync::Arc;

use super::{Answer, Decision, JobWrite};
use crate::event::{EventKind, NewEvent};
use crate::job::{Attempt, Held, Job, JobError, Ticked, Wish, WishKind};
use crate::status::{Cause, is_allowed};
use crate::{Json, Refusal, Status, Text, Timestamp};

pub(super) struct Draft {
    pub(super) job: Job,
    pub(super) now: Timestamp,
    /// When what is told now happened: now, or earlier by the word of a source.
    pub(super) moment: Timestamp,
    /// Tags that the job no longer carries; the next event tells.
    pub(super) removed_tags: Vec<Text>,
    by: Option<Text>,
    events: Vec<NewEvent>,
    attempts: Vec<Attempt>,
    is_new: bool,
    is_touched: bool,
    pub(super) input: Option<Json>,
    pub(super) result: Option<Json>,
    pub(super) answer: Option<Json>,
}

impl Draft {
    pub(super) fn open(job: Job, now: Timestamp, by: Option<Text>) -> Draft {
        Draft {
            job,
            now,
            moment: now,
            removed_tags: Vec::new(),
            by,
            events: Vec::new(),
            attempts: Vec::new(),
            is_new: false,
            is_touched: false,
            input: None,
            result: None,
            answer: None,
        }
    }

    /// A job that does not exist yet: it carries the status of its submit already.
    pub(super) fn create(job: Job, now: Timestamp, by: Option<Text>) -> Draft {
        let mut draft = Draft::open(job, now, by);
        draft.is_new = true;
        draft.emit(EventKind::Submitted, None);
        draft
    }

    pub(super) fn by_holder(&mut self) {
        self.by = self.job.lease.as_ref().map(|lease| lease.holder.clone());
    }

    pub(super) fn take_progress(&mut self, ticked: &Ticked) {
        if ticked.tick > self.job.tick {
            self.job.tick = ticked.tick;
            self.job.progress = ticked.progress.clone();
            self.is_touched = true;
        }
    }

    /// Marks the row as changed without an event.
    pub(super) fn touch(&mut self) {
        self.is_touched = true;
    }

    /// Adds an event: the next revision.
    pub(super) fn emit(&mut self, kind: EventKind, from: Option<Status>) {
        self.job.rev += 1;
        self.job.updated_at = self.now;
        let removed_tags = std::mem::take(&mut self.removed_tags);
        let job = Arc::new(self.job.clone());
        self.events.push(NewEvent { kind, at: self.now, by: self.by.clone(), from, removed_tags, job });
    }

    /// The refusal for what the present status does not allow.
    pub(super) fn wrong_status(&self) -> Refusal {
        Refusal::WrongStatus { status: self.job.status, rev: self.job.rev, allowed: super::allowed_verbs(&self.job) }
    }

    /// Moves to another status, keeps its books, and emits the event.
    pub(super) fn go(&mut self, to: Status, cause: Cause, kind: EventKind, reason: Option<&str>) -> Result<(), Refusal> {
        let from = self.job.status;
        if !is_allowed(Some(from), to, cause) {
            return Err(self.wrong_status());
        }
        let was_open = self.job.is_attempt_open();
        self.stop_running_clock();
        self.job.status = to;
        self.job.reason = reason.map(Text::from);
        if to != Status::Paused {
            self.job.held = None;
        }
        if to != Status::Waiting {
            self.job.waiting = None;
        }
        match to {
            Status::Running => self.job.running_since = Some(self.now),
            Status::Pending => self.job.queued_at = self.now,
            _ => {}
        }
        if was_open && !self.job.is_attempt_open() {
            self.close_attempt(to, reason);
            self.job.wish = Wish { kind: WishKind::None, ..self.job.wish.clone() };
        }
        self.emit(kind, Some(from));
        Ok(())
    }

    /// Reaches an end. Only the first in a settlement is `settled`.
    pub(super) fn settle(
        &mut self,
        to: Status,
        cause: Cause,
        reason: Option<&str>,
        error: Option<JobError>,
    ) -> Result<(), Refusal> {
        let kind = if self.job.settled { EventKind::Corrected } else { EventKind::Settled };
        if !is_allowed(Some(self.job.status), to, cause) {
            return Err(self.wrong_status());
        }
        self.job.settled = true;
        self.job.ended_at = Some(self.end());
        self.job.due_at = None;
        self.job.error = error;
        let was_open = self.job.is_attempt_open();
        self.go(to, cause, kind, reason)?;
        if !was_open && cause == Cause::LateWord {
            self.close_attempt(to, reason);
        }
        Ok(())
    }

    /// Ends the attempt and times the next one. Who was paused stays held: nobody asked it to go on.
    pub(super) fn retry_later(&mut self, cause: Cause, reason: &str, error: Option<JobError>, wait_ms: u64) -> Result<(), Refusal> {
        self.job.error = error;
        self.job.due_at = Some(self.now.plus_ms(wait_ms));
        self.job.start_by = self.job.policy.start_within_ms.map(|within| self.now.plus_ms(wait_ms.saturating_add(within)));
        let is_held = self.job.is_suspended() && self.job.wish.kind != WishKind::Resume;
        self.go(Status::Retrying, cause, EventKind::Retrying, Some(reason))?;
        if is_held {
            self.job.held = Some(Held { status: Status::Retrying });
            self.go(Status::Paused, Cause::Hold, EventKind::Paused, Some("before_start"))?;
        }
        Ok(())
    }

    /// The wait that the policy gives after this try.
    pub(super) fn back_off_ms(&self) -> u64 {
        self.job.policy.retry.wait_ms(self.job.tries, (self.job.id.0 as u64) ^ u64::from(self.job.attempt))
    }

    /// Puts a new wish beside the status.
    pub(super) fn wish(&mut self, kind: WishKind) {
        let number = self.job.wish.number + 1;
        self.job.wish = Wish { kind, number, at: self.now, by: self.by.clone() };
        self.emit(EventKind::Wished, Some(self.job.status));
    }

    /// The wish was done, or no longer matters; its number stays.
    pub(super) fn clear_wish(&mut self) {
        self.job.wish.kind = WishKind::None;
    }

    /// Opens the row of the attempt that starts now.
    pub(super) fn open_attempt(&mut self) {
        let holder = self.job.holder().cloned().unwrap_or_else(|| Text::from(""));
        self.attempts.push(Attempt {
            job: self.job.id,
            number: self.job.attempt,
            holder,
            started_at: self.job.started_at.unwrap_or(self.moment),
            ended_at: None,
            outcome: None,
            error: None,
        });
    }

    fn close_attempt(&mut self, to: Status, reason: Option<&str>) {
        self.correct_attempt(match to {
            Status::Retrying => reason.unwrap_or("failed"),
            other => other.as_str(),
        });
    }

    /// Writes the row of the newest attempt as ended now, with this outcome and the job's error.
    pub(super) fn correct_attempt(&mut self, outcome: &str) {
        let ended_at = self.end();
        self.open_attempt();
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.ended_at = Some(ended_at);
            attempt.outcome = Some(Text::from(outcome));
            attempt.error = self.job.error.clone();
        }
    }

    /// When what ends now ended. A clock that went back makes nothing end before it started.
    fn end(&self) -> Timestamp {
        self.job.started_at.map_or(self.moment, |started| self.moment.max(started))
    }

    fn stop_running_clock(&mut self) {
        self.job.ran_ms = self.job.ran_ms_at(self.now);
        self.job.running_since = None;
    }

    /// What was changed, with the answer that names the job. The last event shows the job exactly as it is written.
    pub(super) fn finish(mut self, answer: impl FnOnce(Arc<Job>) -> Answer) -> Decision {
        let job = Arc::new(self.job);
        if let Some(last) = self.events.last_mut() {
            last.job = job.clone();
        }
        let has_payload = self.input.is_some() || self.result.is_some() || self.answer.is_some();
        let is_written = !self.events.is_empty() || self.is_touched || has_payload;
        let write = JobWrite { job: job.clone(), is_new: self.is_new, input: self.input, result: self.result, answer: self.answer };
        Decision {
            writes: if is_written { vec![write] } else { Vec::new() },
            events: self.events,
            attempts: self.attempts,
            deleted: Vec::new(),
            answer: answer(job),
        }
    }
}
