//! The verbs of a person or an app: what they change at once, what they only ask, and which may be asked now.

use super::draft::Draft;
use super::{Answer, Decision};
use crate::event::EventKind;
use crate::job::{Held, Job, WishKind};
use crate::policy::{Mode, Pause};
use crate::refusal::Verb;
use crate::request::Ask;
use crate::status::Cause;
use crate::{Json, Refusal, Status};

pub(super) fn ask(draft: Draft, what: Ask) -> Result<Decision, Refusal> {
    if draft.job.mode == Mode::Mirrored {
        return Err(Refusal::NotHere);
    }
    match what {
        Ask::Pause => pause(draft),
        Ask::Resume => resume(draft),
        Ask::Abort => stop(draft, WishKind::Abort),
        Ask::Kill => stop(draft, WishKind::Kill),
        Ask::Retry => retry(draft),
        Ask::RunNow => run_now(draft),
    }
}

fn pause(mut draft: Draft) -> Result<Decision, Refusal> {
    let job = &draft.job;
    match job.status {
        Status::Paused if job.is_suspended() && job.wish.kind == WishKind::Resume => {
            draft.wish(WishKind::Pause);
            Ok(draft.finish(Answer::Wished))
        }
        Status::Paused => Ok(draft.finish(Answer::Unchanged)),
        status if status.is_before_start() => {
            draft.job.held = Some(Held { status });
            draft.go(Status::Paused, Cause::Hold, EventKind::Paused, Some("before_start"))?;
            Ok(draft.finish(Answer::Changed))
        }
        Status::Running if job.policy.pause == Pause::None => {
            Err(Refusal::NotPausable { rev: job.rev, allowed: allowed_verbs(job) })
        }
        Status::Running if job.wish.is_stop() => Err(Refusal::StopAsked { rev: job.rev, allowed: allowed_verbs(job) }),
        Status::Running if job.wish.kind == WishKind::Pause => Ok(draft.finish(Answer::Wished)),
        Status::Running => {
            draft.wish(WishKind::Pause);
            Ok(draft.finish(Answer::Wished))
        }
        _ => Err(draft.wrong_status()),
    }
}

fn resume(mut draft: Draft) -> Result<Decision, Refusal> {
    let job = &draft.job;
    if let (Status::Paused, Some(held)) = (job.status, job.held) {
        let kind = EventKind::Resumed;
        draft.go(held.status, Cause::Release, kind, (held.status == Status::Pending).then_some("queued"))?;
        return Ok(draft.finish(Answer::Changed));
    }
    match job.status {
        Status::Running | Status::Paused if job.wish.is_stop() => {
            Err(Refusal::StopAsked { rev: job.rev, allowed: allowed_verbs(job) })
        }
        Status::Running | Status::Paused if job.wish.kind == WishKind::Resume => Ok(draft.finish(Answer::Wished)),
        Status::Running if job.wish.kind == WishKind::None => Ok(draft.finish(Answer::Unchanged)),
        Status::Running | Status::Paused => {
            draft.wish(WishKind::Resume);
            Ok(draft.finish(Answer::Wished))
        }
        _ => Err(draft.wrong_status()),
    }
}

fn stop(mut draft: Draft, kind: WishKind) -> Result<Decision, Refusal> {
    let job = &draft.job;
    if job.status == Status::Aborted {
        return Ok(draft.finish(Answer::Unchanged));
    }
    if job.status.is_end() {
        return Err(draft.wrong_status());
    }
    if !job.is_attempt_open() {
        draft.settle(Status::Aborted, Cause::Abort, Some("asked"), None)?;
        draft.job.lease = None;
        return Ok(draft.finish(Answer::Changed));
    }
    let stands = job.wish.kind == WishKind::Kill || job.wish.kind == kind;
    if stands && !job.is_stopped_by_limit() {
        return Ok(draft.finish(Answer::Wished));
    }
    let kind = if job.wish.kind == WishKind::Kill { WishKind::Kill } else { kind };
    draft.wish(kind);
    Ok(draft.finish(Answer::Wished))
}

fn retry(mut draft: Draft) -> Result<Decision, Refusal> {
    let job = &draft.job;
    let is_reopened = job.status == Status::Pending && job.settlement > 1 && job.tries == 0;
    if is_reopened {
        return Ok(draft.finish(Answer::Unchanged));
    }
    if job.status == Status::Retrying {
        draft.job.due_at = None;
        draft.go(Status::Pending, Cause::Retry, EventKind::Due, Some("queued"))?;
        return Ok(draft.finish(Answer::Changed));
    }
    if !job.status.is_end() || job.status == Status::Completed {
        return Err(draft.wrong_status());
    }
    if job.mode == Mode::Tracked {
        return Err(Refusal::NobodyToRun { rev: job.rev });
    }
    let now = draft.now;
    let job = &mut draft.job;
    job.settlement += 1;
    job.settled = false;
    job.tries = 0;
    job.interruptions = 0;
    job.lease = None;
    job.ended_at = None;
    job.error = None;
    job.limit_enforced = false;
    job.start_by = job.policy.start_within_ms.map(|within| now.plus_ms(within));
    draft.go(Status::Pending, Cause::Retry, EventKind::Reopened, Some("queued"))?;
    Ok(draft.finish(Answer::Changed))
}

fn run_now(mut draft: Draft) -> Result<Decision, Refusal> {
    if draft.job.status == Status::Pending {
        return Ok(draft.finish(Answer::Unchanged));
    }
    draft.job.due_at = None;
    draft.go(Status::Pending, Cause::RunNow, EventKind::Due, Some("queued"))?;
    Ok(draft.finish(Answer::Changed))
}

pub(super) fn answer(mut draft: Draft, value: &Json) -> Result<Decision, Refusal> {
    if draft.job.mode == Mode::Mirrored {
        return Err(Refusal::NotHere);
    }
    draft.go(Status::Pending, Cause::Answer, EventKind::Answered, Some("queued"))?;
    // What the next attempt does is the same work going on: it costs no further try.
    draft.job.tries = draft.job.tries.saturating_sub(1);
    draft.answer = Some(value.clone());
    Ok(draft.finish(Answer::Changed))
}

/// The verbs that would not be refused now, by status alone. `rerun` and `delete` are among them.
pub fn allowed_verbs(job: &Job) -> Vec<Verb> {
    let mut verbs = Vec::new();
    let is_here = job.mode != Mode::Mirrored;
    let is_stopping = job.wish.is_stop();
    let is_open = job.is_attempt_open();
    let can_suspend = job.status == Status::Running && job.policy.pause != Pause::None && !is_stopping;
    let can_unpause = job.is_suspended() && job.wish.kind == WishKind::Resume;
    let is_pausing = job.status == Status::Running && job.wish.kind == WishKind::Pause;
    if is_here {
        if job.status.is_before_start() || (can_suspend && !is_pausing) || can_unpause {
            verbs.push("pause");
        }
        if job.held.is_some() || (job.is_suspended() && !is_stopping && job.wish.kind != WishKind::Resume) || is_pausing {
            verbs.push("resume");
        }
        if job.status.is_active() && !(is_open && is_stopping && !job.is_stopped_by_limit()) {
            verbs.push("abort");
        }
        if job.status.is_active() && job.wish.kind != WishKind::Kill {
            verbs.push("kill");
        }
        let is_reopenable = job.status.is_end() && job.status != Status::Completed && job.mode != Mode::Tracked;
        if is_reopenable || job.status == Status::Retrying {
            verbs.push("retry");
        }
        if matches!(job.status, Status::Scheduled | Status::Retrying) {
            verbs.push("run-now");
        }
        if job.status == Status::Waiting {
            verbs.push("answer");
        }
        if job.mode != Mode::Tracked {
            verbs.push("rerun");
        }
    }
    if job.status.is_end() {
        verbs.push("delete");
    }
    verbs
}
