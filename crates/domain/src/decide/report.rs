//! Words of whoever holds the lease, in time or late.

use super::draft::Draft;
use super::{Answer, Decision, is_current};
use crate::event::EventKind;
use crate::job::{JobError, LeaseProof, Waiting, WishKind};
use crate::policy::Mode;
use crate::request::Report;
use crate::status::Cause;
use crate::{Refusal, Status, limits};

pub(super) fn report(mut draft: Draft, proof: LeaseProof, report: &Report) -> Result<Decision, Refusal> {
    if !is_current(&draft.job, proof) {
        return Err(Refusal::StaleLease);
    }
    if draft.job.mode == Mode::Tracked && matches!(report, Report::Wait { .. }) && !draft.job.wish.is_stop() {
        // It would be pending once it is answered, and nobody could take it up.
        return Err(Refusal::NobodyToRun { rev: draft.job.rev });
    }
    draft.by_holder();
    if draft.job.is_attempt_open() {
        return in_time(draft, report);
    }
    match draft.job.status {
        Status::Lost | Status::Retrying | Status::Pending => late(draft, report),
        _ if repeats(&draft, report) => Ok(draft.finish(Answer::Unchanged)),
        _ => Err(draft.wrong_status()),
    }
}

/// Whether the job is at the very end that the report brings: a reporter that missed our answer says it again.
fn repeats(draft: &Draft, report: &Report) -> bool {
    matches!(
        (report, draft.job.status),
        (Report::Complete { .. }, Status::Completed)
            | (Report::Fail { .. }, Status::Failed | Status::Aborted | Status::TimedOut)
            | (Report::Stopped { .. } | Report::Acknowledge { .. }, Status::Aborted | Status::TimedOut)
    )
}

fn in_time(mut draft: Draft, report: &Report) -> Result<Decision, Refusal> {
    renew(&mut draft, None);
    match report {
        Report::Heartbeat { extend_ms } => {
            renew(&mut draft, *extend_ms);
            Ok(draft.finish(Answer::Unchanged))
        }
        Report::Acknowledge { wish } => acknowledge(draft, *wish),
        Report::Complete { result } => {
            draft.result = result.clone();
            let reason = partial(&draft);
            draft.settle(Status::Completed, Cause::Report, reason, None)?;
            Ok(draft.finish(Answer::Changed))
        }
        Report::Fail { error, again, interrupted } => {
            end_without_result(&mut draft, Some(error.clone()), *again, *interrupted)?;
            Ok(draft.finish(Answer::Changed))
        }
        Report::Stopped { error } => {
            match draft.job.wish.is_stop() {
                true => end_without_result(&mut draft, error.clone(), false, false)?,
                false => draft.settle(Status::Aborted, Cause::Abort, Some("by_itself"), error.clone())?,
            }
            Ok(draft.finish(Answer::Changed))
        }
        Report::Wait { on, until } => {
            if draft.job.wish.is_stop() {
                end_without_result(&mut draft, None, false, false)?;
                return Ok(draft.finish(Answer::Changed));
            }
            draft.go(Status::Waiting, Cause::Wait, EventKind::Waiting, Some(on))?;
            draft.job.waiting = Some(Waiting { on: on.clone(), until: *until });
            draft.job.lease = None;
            Ok(draft.finish(Answer::Changed))
        }
    }
}

fn renew(draft: &mut Draft, extend_ms: Option<u64>) {
    let now = draft.now;
    if let Some(lease) = &mut draft.job.lease {
        let (least, most) = limits::LEASE_RANGE_MS;
        lease.length_ms = extend_ms.map_or(lease.length_ms, |ms| ms.clamp(least, most));
        lease.expires_at = now.plus_ms(lease.length_ms);
    }
    draft.touch();
}

fn acknowledge(mut draft: Draft, number: u64) -> Result<Decision, Refusal> {
    if draft.job.wish.number != number {
        return Ok(draft.finish(Answer::Unchanged));
    }
    match (draft.job.wish.kind, draft.job.status) {
        (WishKind::None, _) => return Ok(draft.finish(Answer::Unchanged)),
        (WishKind::Pause, Status::Running) => {
            draft.clear_wish();
            let reason = draft.job.policy.pause.as_str();
            draft.go(Status::Paused, Cause::Acknowledge, EventKind::Paused, Some(reason))?;
        }
        (WishKind::Resume, Status::Paused) => {
            draft.clear_wish();
            draft.go(Status::Running, Cause::Acknowledge, EventKind::Resumed, None)?;
        }
        (WishKind::Pause | WishKind::Resume, status) => {
            draft.clear_wish();
            draft.emit(EventKind::Wished, Some(status));
        }
        (WishKind::Abort | WishKind::Kill, _) => end_without_result(&mut draft, None, false, false)?,
    }
    Ok(draft.finish(Answer::Changed))
}

/// An attempt ended and brought no result. While an abort or kill stands the job is `aborted`; once a limit was enforced it is
/// `timed_out`; else it failed, and may be tried again.
pub(super) fn end_without_result(
    draft: &mut Draft,
    error: Option<JobError>,
    again: bool,
    interrupted: bool,
) -> Result<(), Refusal> {
    let job = &draft.job;
    let may_repeat = job.mode != Mode::Tracked && job.has_attempt_left();
    if job.wish.is_stop() && !job.is_stopped_by_limit() {
        let reason = if job.wish.kind == WishKind::Kill { "killed" } else { "asked" };
        return draft.settle(Status::Aborted, Cause::Abort, Some(reason), error);
    }
    if job.limit_enforced {
        if job.policy.retry.on_timeout && may_repeat {
            let wait = draft.back_off_ms();
            return forget_lease(draft.retry_later(Cause::TimeLimit, "time_limit", error, wait), draft);
        }
        let error = error.or_else(|| time_limit_error(draft));
        return draft.settle(Status::TimedOut, Cause::TimeLimit, Some("time_limit"), error);
    }
    if interrupted && job.mode != Mode::Tracked && job.interruptions < limits::FREE_INTERRUPTIONS {
        draft.job.interruptions += 1;
        draft.job.tries = draft.job.tries.saturating_sub(1);
        return forget_lease(draft.retry_later(Cause::Report, "interrupted", error, 0), draft);
    }
    if again && may_repeat {
        let wait = draft.back_off_ms();
        return forget_lease(draft.retry_later(Cause::Report, "error", error, wait), draft);
    }
    let reason = error.as_ref().map(|error| error.kind.clone());
    draft.settle(Status::Failed, Cause::Report, reason.as_deref(), error)
}

/// A reported end leaves no later word to be heard.
fn forget_lease(moved: Result<(), Refusal>, draft: &mut Draft) -> Result<(), Refusal> {
    moved?;
    draft.job.lease = None;
    Ok(())
}

fn time_limit_error(draft: &Draft) -> Option<JobError> {
    let limit = draft.job.policy.time_limit_ms?;
    Some(JobError {
        kind: "time_limit".into(),
        message: format!("ran longer than its time limit of {}", crate::time::in_words(limit)).into(),
    })
}

/// `partial` when some items failed or were skipped.
fn partial(draft: &Draft) -> Option<&'static str> {
    let progress = &draft.job.progress;
    let some = |count: Option<u64>| count.is_some_and(|count| count > 0);
    (some(progress.failed) || some(progress.skipped)).then_some("partial")
}

/// The loss of the attempt was only presumed: what its holder says is what happened.
fn late(mut draft: Draft, report: &Report) -> Result<Decision, Refusal> {
    renew(&mut draft, None);
    match report {
        Report::Complete { result } => {
            draft.result = result.clone();
            let reason = partial(&draft);
            draft.settle(Status::Completed, Cause::LateWord, reason, None)?;
        }
        Report::Fail { error, again, interrupted } if draft.job.status != Status::Lost && (*again || *interrupted) => {
            // The next attempt is on its way already: what is known now is why it is needed.
            draft.job.error = Some(error.clone());
            draft.job.lease = None;
            draft.correct_attempt("error");
            let status = draft.job.status;
            draft.emit(EventKind::Changed, Some(status));
        }
        Report::Fail { error, .. } => {
            draft.settle(Status::Failed, Cause::LateWord, Some(&error.kind.clone()), Some(error.clone()))?
        }
        Report::Stopped { error } => draft.settle(Status::Aborted, Cause::LateWord, Some("by_itself"), error.clone())?,
        Report::Heartbeat { .. } | Report::Acknowledge { .. } | Report::Wait { .. } => {
            let kind = if draft.job.settled { EventKind::Corrected } else { EventKind::Resumed };
            draft.job.ended_at = None;
            draft.job.due_at = None;
            draft.job.start_by = None;
            draft.job.error = None;
            draft.go(Status::Running, Cause::LateWord, kind, Some("late_word"))?;
            draft.open_attempt();
            if matches!(report, Report::Wait { .. }) {
                return in_time(draft, report);
            }
        }
    }
    Ok(draft.finish(Answer::Changed))
}
