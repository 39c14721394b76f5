//! What time brings: due jobs, passed deadlines and limits, leases that ran out.

use super::draft::Draft;
use super::report::end_without_result;
use super::{Answer, Decision, is_current};
use crate::event::EventKind;
use crate::job::{JobError, LeaseProof, WishKind};
use crate::policy::{Mode, Rescue};
use crate::status::Cause;
use crate::{Refusal, Status, Text};

pub(super) fn clock(mut draft: Draft, judge_leases: bool) -> Decision {
    // Each step moves the job by a line of the table or leaves it; what the table does not know stays as it was.
    let frees_place = draft.job.slot_until.is_some_and(|until| until <= draft.now);
    if frees_place {
        draft.job.slot_until = None;
        draft.touch();
    }
    let moved =
        if draft.job.is_attempt_open() { open_attempt(&mut draft, judge_leases) } else { before_start_or_waiting(&mut draft) };
    match moved {
        Ok(true) => draft.finish(Answer::Changed),
        _ if frees_place => draft.finish(Answer::Changed),
        Ok(false) | Err(_) => draft.finish(Answer::Unchanged),
    }
}

fn before_start_or_waiting(draft: &mut Draft) -> Result<bool, Refusal> {
    let now = draft.now;
    let passed = |at: Option<crate::Timestamp>| at.is_some_and(|at| at <= now);
    if draft.job.status.is_before_start() && passed(draft.job.start_by) {
        let error = JobError { kind: "start_deadline".into(), message: "did not start before its deadline".into() };
        draft.settle(Status::TimedOut, Cause::StartDeadline, Some("start_deadline"), Some(error))?;
        return Ok(true);
    }
    match draft.job.status {
        Status::Scheduled | Status::Retrying if passed(draft.job.due_at) => {
            draft.go(Status::Pending, Cause::Clock, EventKind::Due, Some("queued"))?;
            Ok(true)
        }
        Status::Waiting if passed(draft.job.waiting.as_ref().and_then(|waiting| waiting.until)) => {
            let error = JobError { kind: "deadline".into(), message: "was not answered before its deadline".into() };
            draft.settle(Status::TimedOut, Cause::Deadline, Some("deadline"), Some(error))?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn open_attempt(draft: &mut Draft, judge_leases: bool) -> Result<bool, Refusal> {
    let now = draft.now;
    if judge_leases && draft.job.lease.as_ref().is_some_and(|lease| lease.expires_at <= now) {
        let why = match draft.job.mode {
            Mode::Tracked => "reporter_gone",
            Mode::Worker => "worker_gone",
            Mode::Process | Mode::Mirrored => "server_gone",
        };
        lose(draft, why)?;
        return Ok(true);
    }
    if draft.job.grace_ends_at().is_some_and(|at| at <= now) {
        draft.job.slot_until = draft.job.lease.as_ref().map(|lease| lease.expires_at).filter(|until| *until > now);
        let error = JobError { kind: "unconfirmed".into(), message: "did not confirm that it stopped".into() };
        match draft.job.is_stopped_by_limit() {
            true => end_without_result(draft, None, false, false)?,
            false => draft.settle(Status::Aborted, Cause::Abort, Some("unconfirmed"), Some(error))?,
        }
        draft.job.lease = None;
        return Ok(true);
    }
    let limit = draft.job.policy.time_limit_ms;
    if draft.job.status == Status::Running
        && !draft.job.limit_enforced
        && limit.is_some_and(|limit| draft.job.ran_ms_at(now) >= limit)
    {
        draft.job.limit_enforced = true;
        if draft.job.wish.is_stop() {
            draft.touch();
            return Ok(false);
        }
        draft.wish(WishKind::Abort);
        return Ok(true);
    }
    Ok(false)
}

/// Nobody holds the attempt any more. Its lease is kept for a late word.
fn lose(draft: &mut Draft, why: &str) -> Result<(), Refusal> {
    let job = &draft.job;
    if job.wish.is_stop() || job.limit_enforced {
        let error = JobError { kind: why.into(), message: "stopped answering after it was asked to stop".into() };
        return end_without_result(draft, Some(error), false, false);
    }
    let error = JobError { kind: why.into(), message: words_for(why).into() };
    if job.mode == Mode::Tracked || job.policy.rescue == Rescue::Lost || !job.has_attempt_left() {
        return draft.settle(Status::Lost, Cause::LeaseExpired, Some(why), Some(error));
    }
    let wait = draft.back_off_ms();
    draft.retry_later(Cause::LeaseExpired, why, Some(error), wait)
}

fn words_for(why: &str) -> &'static str {
    match why {
        "reporter_gone" => "its reporter stopped answering; how the work went is not known",
        "worker_gone" => "its worker stopped answering; how the work went is not known",
        "server_gone" => "the server that ran it ended; its processes were ended with it",
        "shim_gone" => "the process that watched over it ended; its other processes were ended",
        _ => "whoever ran it is gone; how the work went is not known",
    }
}

pub(super) fn rescue(mut draft: Draft, proof: LeaseProof, why: &Text) -> Result<Decision, Refusal> {
    if !draft.job.is_attempt_open() || !is_current(&draft.job, proof) {
        return Ok(draft.finish(Answer::Unchanged));
    }
    lose(&mut draft, why)?;
    // Nothing of it is left running: no late word can come.
    draft.job.lease = None;
    Ok(draft.finish(Answer::Changed))
}
