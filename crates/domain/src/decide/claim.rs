//! Giving pending jobs to a holder: by priority, then first in, first out, within the places of each task and of all.

use super::draft::Draft;
use super::{Answer, Decision, Loaded};
use crate::event::EventKind;
use crate::job::{Lease, Progress, Wish, WishKind};
use crate::request::{ClaimJobs, LeaseGrant};
use crate::status::Cause;
use crate::{Refusal, Status, Timestamp};

pub(super) fn claim(loaded: Loaded, asked: &ClaimJobs, now: Timestamp) -> Result<Decision, Refusal> {
    let mut running = loaded.running;
    let mut running_total = loaded.running_total;
    let mut offered = asked.leases.iter();
    let mut decision = Decision::only(Answer::Claimed(Vec::new()));
    decision.writes.reserve(loaded.jobs.len());
    decision.events.reserve(loaded.jobs.len());
    decision.attempts.reserve(loaded.jobs.len());
    let mut claimed = Vec::with_capacity(loaded.jobs.len());
    for job in loaded.jobs {
        let Some(task) = asked.slots.iter().find(|slots| slots.task == job.task) else { continue };
        let taken = running.entry(job.task.clone()).or_default();
        if !asked.is_for(&job) || *taken >= task.limit || running_total >= asked.total {
            continue;
        }
        let Some(grant) = offered.next() else { break };
        *taken += 1;
        running_total += 1;
        let one = start(Draft::open(job, now, Some(grant.holder.clone())), grant)?;
        decision.writes.extend(one.writes);
        decision.events.extend(one.events);
        decision.attempts.extend(one.attempts);
        claimed.extend(one.answer.job().cloned());
    }
    decision.answer = Answer::Claimed(claimed);
    Ok(decision)
}

fn start(mut draft: Draft, grant: &LeaseGrant) -> Result<Decision, Refusal> {
    let now = draft.now;
    let job = &mut draft.job;
    job.attempt += 1;
    job.tries += 1;
    job.ran_ms = 0;
    job.limit_enforced = false;
    job.wish = Wish { kind: WishKind::None, ..job.wish.clone() };
    job.lease = Some(Lease {
        proof: grant.proof,
        holder: grant.holder.clone(),
        length_ms: grant.length_ms,
        expires_at: now.plus_ms(grant.length_ms),
    });
    job.started_at = Some(now);
    job.due_at = None;
    job.start_by = None;
    job.progress = Progress::default();
    job.tick += 1;
    job.error = None;
    draft.go(Status::Running, Cause::Claim, EventKind::Claimed, None)?;
    draft.open_attempt();
    Ok(draft.finish(Answer::Changed))
}
