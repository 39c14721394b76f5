//! Changes that move no status: descriptions, progress, leases, removal.

use super::draft::Draft;
use super::{Answer, Decision, JobWrite, is_current};
use crate::event::EventKind;
use crate::job::{Job, LeaseProof};
use crate::policy::Mode;
use crate::request::{Patch, SavedProgress};
use crate::{JobId, Refusal, Text, Timestamp};
use std::sync::Arc;

pub(super) fn patch(mut draft: Draft, patch: &Patch) -> Result<Decision, Refusal> {
    let before = draft.job.clone();
    if let Some(run_at) = patch.run_at {
        if draft.job.mode == Mode::Mirrored {
            return Err(Refusal::NotHere);
        }
        let is_timed = matches!(draft.job.status, crate::Status::Scheduled | crate::Status::Retrying);
        if !is_timed && draft.job.held.is_none() {
            return Err(draft.wrong_status());
        }
        draft.job.due_at = Some(run_at);
        draft.job.start_by = draft.job.policy.start_within_ms.map(|within| run_at.plus_ms(within));
        if let Some(held) = &mut draft.job.held
            && held.status == crate::Status::Pending
        {
            held.status = crate::Status::Scheduled;
        }
    }
    let job = &mut draft.job;
    if let Some(title) = &patch.title {
        job.title = title.clone();
    }
    if let Some(link) = &patch.link {
        job.link = link.clone();
    }
    if let Some(priority) = patch.priority {
        job.priority = priority;
    }
    if let Some(metadata) = &patch.metadata {
        job.metadata = metadata.clone();
    }
    if let Some(tags) = &patch.tags {
        let mut tags: Vec<Text> = tags.clone();
        tags.sort();
        tags.dedup();
        draft.removed_tags = job.tags.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
        job.tags = tags.into();
    }
    if draft.job == before {
        return Ok(draft.finish(Answer::Unchanged));
    }
    if let Some(mirror) = &mut draft.job.mirror {
        // It comes right after what was said last, and is older than whatever its source says next.
        mirror.word_us = mirror.word_us.saturating_add(1);
    }
    let status = draft.job.status;
    draft.emit(EventKind::Changed, Some(status));
    Ok(draft.finish(Answer::Changed))
}

pub(super) fn delete(mut draft: Draft) -> Result<Decision, Refusal> {
    if draft.job.status.is_active() {
        return Err(draft.wrong_status());
    }
    let status = draft.job.status;
    draft.emit(EventKind::Deleted, Some(status));
    let id = draft.job.id;
    let mut decision = draft.finish(|_| Answer::Deleted);
    decision.writes.clear();
    decision.deleted.push(id);
    Ok(decision)
}

pub(super) fn save_progress(jobs: Vec<Job>, entries: &[SavedProgress]) -> Decision {
    let mut decision = Decision::only(Answer::Saved);
    for mut job in jobs {
        let newest = entries.iter().filter(|entry| entry.id == job.id).max_by_key(|entry| entry.ticked.tick);
        if let Some(entry) = newest
            && entry.attempt == job.attempt
            && entry.ticked.tick > job.tick
        {
            job.tick = entry.ticked.tick;
            job.progress = entry.ticked.progress.clone();
            decision.writes.push(rewrite(job));
        }
    }
    decision
}

pub(super) fn renew_leases(jobs: Vec<Job>, entries: &[(JobId, LeaseProof)], now: Timestamp) -> Decision {
    let mut decision = Decision::only(Answer::Saved);
    let mut renewed = Vec::with_capacity(entries.len());
    for mut job in jobs {
        let is_ours = entries.iter().any(|(id, proof)| *id == job.id && is_current(&job, *proof));
        if !is_ours || !job.is_attempt_open() {
            continue;
        }
        renewed.push(job.id);
        if let Some(lease) = &mut job.lease {
            lease.expires_at = now.plus_ms(lease.length_ms);
        }
        decision.writes.push(rewrite(job));
    }
    let stale = entries.iter().map(|(id, _)| *id).filter(|id| !renewed.contains(id)).collect();
    decision.answer = Answer::Renewed { stale };
    decision
}

fn rewrite(job: Job) -> JobWrite {
    JobWrite { job: Arc::new(job), is_new: false, input: None, result: None, answer: None }
}
