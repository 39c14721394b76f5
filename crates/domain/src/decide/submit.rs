//! Making jobs, all of a request or none.

use std::collections::HashMap;
use std::sync::Arc;

use super::draft::Draft;
use super::{Answer, Decision, Loaded};
use crate::job::{Job, Lease, Progress, Wish};
use crate::policy::Mode;
use crate::request::{Asked, NewJob, TaskSlots};
use crate::status::Cause;
use crate::{JobId, Refusal, Status, Text, Timestamp, limits};

pub(super) fn submit(
    loaded: &Loaded,
    jobs: &[NewJob],
    slots: &[TaskSlots],
    total: u32,
    asked: &Asked,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let mut decision = Decision::only(Answer::Made(Vec::with_capacity(jobs.len())));
    decision.writes.reserve(jobs.len());
    decision.events.reserve(jobs.len());
    let mut made = Vec::with_capacity(jobs.len());
    let mut waiting_here: HashMap<(Text, Text), u64> = HashMap::new();
    for new in jobs {
        let owner = (new.tenant.clone(), new.owner.clone());
        let here = waiting_here.entry(owner.clone()).or_default();
        let waiting = loaded.pending_of_owner.get(&owner).copied().unwrap_or(0) + *here;
        if new.mode != Mode::Tracked && waiting >= limits::PENDING_PER_OWNER {
            return Err(Refusal::TooManyPending { owner: new.owner.clone(), limit: limits::PENDING_PER_OWNER });
        }
        *here += 1;
        let reason = wait_reason(loaded, new, slots, total);
        let one = make(loaded, new, reason, asked, now)?;
        decision.writes.extend(one.writes);
        decision.events.extend(one.events);
        decision.attempts.extend(one.attempts);
        made.extend(one.answer.job().cloned());
    }
    decision.answer = Answer::Made(made);
    Ok(decision)
}

fn make(loaded: &Loaded, new: &NewJob, reason: Text, asked: &Asked, now: Timestamp) -> Result<Decision, Refusal> {
    let root = match new.parent {
        None => new.id,
        Some(parent) => match loaded.parents.get(&parent) {
            Some((tenant, root)) if *tenant == new.tenant => *root,
            _ => return Err(Refusal::NoParent { parent }),
        },
    };
    let job = first_row(new, root, Some(reason), now);
    let is_running = job.status == Status::Running;
    let mut draft = Draft::create(job, now, asked.by.clone());
    draft.input = new.input.clone();
    if is_running {
        draft.open_attempt();
    }
    if let Some(error) = &new.cannot_start
        && !is_running
    {
        let reason = error.kind.clone();
        draft.settle(Status::Failed, Cause::CannotStart, Some(&reason), Some(error.clone()))?;
    }
    Ok(draft.finish(Answer::Changed))
}

/// The job as its first event shows it.
pub(super) fn first_row(new: &NewJob, root: JobId, reason: Option<Text>, now: Timestamp) -> Job {
    let lease = new.lease.as_ref().filter(|_| new.mode == Mode::Tracked).map(|grant| Lease {
        proof: grant.proof,
        holder: grant.holder.clone(),
        length_ms: grant.length_ms,
        expires_at: now.plus_ms(grant.length_ms),
    });
    let due = new.run_at.filter(|at| *at > now);
    let status = match (&lease, due) {
        (Some(_), _) => Status::Running,
        (None, Some(_)) => Status::Scheduled,
        (None, None) => Status::Pending,
    };
    let is_running = status == Status::Running;
    let mut tags = new.tags.clone();
    tags.sort();
    tags.dedup();
    Job {
        id: new.id,
        tenant: new.tenant.clone(),
        owner: new.owner.clone(),
        task: new.task.clone(),
        mode: new.mode,
        subject: new.subject.clone(),
        session: new.session.clone(),
        parent: new.parent,
        root,
        batch: new.batch.clone(),
        external_id: new.external_id.clone(),
        mirror: None,
        rerun_of: new.rerun_of,
        policy: new.policy.clone(),
        created_at: now,
        title: new.title.clone(),
        link: new.link.clone(),
        tags: tags.into(),
        metadata: new.metadata.clone(),
        priority: new.priority,
        status,
        reason: reason.filter(|_| status == Status::Pending),
        rev: 0,
        settlement: 1,
        settled: false,
        wish: Wish::none(),
        attempt: u32::from(is_running),
        tries: u32::from(is_running),
        interruptions: 0,
        lease,
        held: None,
        waiting: None,
        limit_enforced: false,
        slot_until: None,
        due_at: due,
        start_by: new.policy.start_within_ms.filter(|_| !is_running).map(|within| due.unwrap_or(now).plus_ms(within)),
        started_at: is_running.then_some(now),
        ended_at: None,
        updated_at: now,
        ran_ms: 0,
        running_since: is_running.then_some(now),
        progress: Progress::default(),
        tick: 0,
        error: None,
        queued_at: now,
    }
}

/// Why a job that is due does not start at once, as far as this commit can see.
fn wait_reason(loaded: &Loaded, new: &NewJob, slots: &[TaskSlots], total: u32) -> Text {
    if let Some(reason) = &new.wait_reason {
        return reason.clone();
    }
    let task_is_full = slots
        .iter()
        .find(|slots| slots.task == new.task)
        .is_some_and(|slots| loaded.running.get(&new.task).copied().unwrap_or(0) >= slots.limit);
    let word = match (new.mode, task_is_full) {
        (Mode::Process, true) => "task_limit",
        (Mode::Process, false) if loaded.running_total >= total => "total_limit",
        _ => "queued",
    };
    Arc::from(word)
}
