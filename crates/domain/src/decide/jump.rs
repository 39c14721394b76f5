//! A clock that jumped, or stood still while the machine slept: what was left of each length of time is left of it still.
//!
//! Lengths are leases, the silence of a source, running time, the wait before a retry, the time to start, the grace of a stop, and the place that an unconfirmed stop
//! keeps. Moments that somebody named (`runAt`, the deadline of an answer) follow the clock, and what was recorded stays.

use super::draft::Draft;
use super::{Answer, Decision};
use crate::event::EventKind;
use crate::job::Job;
use crate::{Status, Timestamp};

/// What to write for `jobs`, all that wait for a time, when the clock went `by_ms` ahead of the time that passed, or back behind it.
pub fn follow_jump(jobs: Vec<Job>, by_ms: i64, now: Timestamp) -> Decision {
    let mut all = Decision::only(Answer::Saved);
    for job in jobs {
        let mut draft = Draft::open(job, now, None);
        move_lengths(&mut draft, by_ms);
        let one = draft.finish(Answer::Changed);
        all.writes.extend(one.writes);
        all.events.extend(one.events);
    }
    all
}

fn move_lengths(draft: &mut Draft, by_ms: i64) {
    let moved = |at: Timestamp| Timestamp(at.0.saturating_add(by_ms));
    let job = &mut draft.job;
    if job.is_attempt_open() {
        if let Some(lease) = &mut job.lease {
            lease.expires_at = moved(lease.expires_at);
        }
        if job.wish.is_stop() {
            job.wish.at = moved(job.wish.at);
        }
    }
    if let Some(mirror) = &mut job.mirror {
        mirror.heard_at = moved(mirror.heard_at);
    }
    job.running_since = job.running_since.map(moved);
    job.slot_until = job.slot_until.map(moved);
    if matches!(job.status, Status::Pending | Status::Retrying) {
        job.start_by = job.start_by.map(moved);
    }
    draft.touch();
    let status = draft.job.status;
    if status == Status::Retrying {
        draft.job.due_at = draft.job.due_at.map(moved);
    }
    // What everybody is shown of it has moved: its due time, how long it ran, when a stop was asked.
    if matches!(status, Status::Retrying | Status::Running) || (draft.job.is_attempt_open() && draft.job.wish.is_stop()) {
        draft.emit(EventKind::Changed, Some(status));
    }
}
