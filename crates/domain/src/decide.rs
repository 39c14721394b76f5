//! What follows from a request: one pure function from what was loaded, the request and the time to new rows, events and an answer.
//!
//! The store loads what [`Request::reads`] names, calls [`decide`], and writes what comes back in one transaction, or nothing at all
//! when it is a refusal. Everything that moves a job passes through [`draft::Draft`], which knows the table of statuses.

mod ask;
mod claim;
mod clock;
mod draft;
mod edit;
mod jump;
mod observe;
mod report;
mod submit;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::event::NewEvent;
use crate::job::{Attempt, Job, LeaseProof};
use crate::{JobId, Json, Refusal, Request, Text, Timestamp};

pub use ask::allowed_verbs;
pub use jump::follow_jump;

/// What the store read for a request.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// For `Reads::Job` and `Reads::Mirrored`: the job, if it exists.
    pub job: Option<Job>,
    /// For `Reads::Jobs` and `Reads::Candidates`: in the order asked, or of the claim.
    pub jobs: Vec<Job>,
    /// For `Reads::Counts` and `Reads::Candidates`: places taken, by task.
    pub running: BTreeMap<Text, u32>,
    /// Places taken by jobs of any task.
    pub running_total: u32,
    /// For `Reads::Counts` and `Reads::Mirrored`: jobs that wait to start, by tenant and owner.
    pub pending_of_owner: HashMap<(Text, Text), u64>,
    /// For `Reads::Mirrored`, when there is no such job: the revision of one that runs here and goes by that name, as its id or its external id.
    pub runs_here: Option<u64>,
    /// For `Reads::Counts`: the named parents that exist, with their tenant and root.
    pub parents: HashMap<JobId, (Text, JobId)>,
    /// The answer kept for the request's idempotency key, if there is one.
    pub kept: Option<KeptAnswer>,
}

/// What a repeated request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    pub fingerprint: [u8; 32],
    pub jobs: Vec<JobId>,
}

/// A row to be written.
#[derive(Debug, Clone)]
pub struct JobWrite {
    pub job: Arc<Job>,
    pub is_new: bool,
    /// Payloads to be written with it; `None` leaves what is stored.
    pub input: Option<Json>,
    pub result: Option<Json>,
    pub answer: Option<Json>,
}

/// What is to be written, and what the caller is told.
#[derive(Debug, Clone)]
pub struct Decision {
    pub writes: Vec<JobWrite>,
    /// In the order of the log.
    pub events: Vec<NewEvent>,
    /// Rows to be inserted or replaced, by (job, number).
    pub attempts: Vec<Attempt>,
    pub deleted: Vec<JobId>,
    pub answer: Answer,
}

impl Decision {
    pub(crate) fn only(answer: Answer) -> Decision {
        Decision { writes: Vec::new(), events: Vec::new(), attempts: Vec::new(), deleted: Vec::new(), answer }
    }

    /// Whether its commit must reach the disk before anybody is told. What hands out a revision does.
    pub fn is_durable(&self) -> bool {
        !self.events.is_empty() || !self.deleted.is_empty()
    }
}

#[derive(Debug, Clone)]
pub enum Answer {
    /// The jobs that were made, in the order of the request.
    Made(Vec<Arc<Job>>),
    /// The request was answered before with these.
    Replayed(Vec<JobId>),
    /// Claimed jobs; the first took the first lease offered, and so on.
    Claimed(Vec<Arc<Job>>),
    /// The job changed.
    Changed(Arc<Job>),
    /// It was only asked: the wish stands in the job.
    Wished(Arc<Job>),
    /// It already was as asked.
    Unchanged(Arc<Job>),
    /// Of the leases to be renewed, those that are no longer current.
    Renewed {
        stale: Vec<JobId>,
    },
    Saved,
    Deleted,
}

impl Answer {
    /// The one job it tells of, if it does.
    pub fn job(&self) -> Option<&Arc<Job>> {
        match self {
            Answer::Changed(job) | Answer::Wished(job) | Answer::Unchanged(job) => Some(job),
            _ => None,
        }
    }
}

/// Decides a request at `now`. The same arguments give the same decision.
pub fn decide(loaded: Loaded, request: &Request, now: Timestamp) -> Result<Decision, Refusal> {
    if let (Some(key), Some(kept)) = (request.key(), &loaded.kept) {
        return match kept.fingerprint == key.fingerprint {
            true => Ok(Decision::only(Answer::Replayed(kept.jobs.clone()))),
            false => Err(Refusal::KeyReused),
        };
    }
    match request {
        Request::Submit { jobs, slots, total, asked } => submit::submit(&loaded, jobs, slots, *total, asked, now),
        Request::Claim(asked) => claim::claim(loaded, asked, now),
        Request::SaveProgress { entries } => Ok(edit::save_progress(loaded.jobs, entries)),
        Request::RenewLeases { entries } => Ok(edit::renew_leases(loaded.jobs, entries, now)),
        Request::Ask { id: _, tenant: _, what, asked } => ask::ask(open(loaded, asked, now)?, *what),
        Request::Answer { value, asked, .. } => ask::answer(open(loaded, asked, now)?, value),
        Request::Report { proof, report, asked, .. } => report::report(open(loaded, asked, now)?, *proof, report),
        Request::Patch { patch, asked, .. } => edit::patch(open(loaded, asked, now)?, patch),
        Request::Delete { asked, .. } => edit::delete(open(loaded, asked, now)?),
        Request::Observe { about, word, asked } => observe::observe(loaded, about, word, asked, now),
        Request::Clock { judge_leases, listening, .. } => {
            let job = loaded.job.ok_or(Refusal::NotFound)?;
            let draft = draft::Draft::open(job, now, None);
            Ok(match draft.job.mirror {
                Some(_) => observe::silence(draft, *judge_leases, listening),
                None => clock::clock(draft, *judge_leases),
            })
        }
        Request::Rescue { proof, why, .. } => {
            let job = loaded.job.ok_or(Refusal::NotFound)?;
            clock::rescue(draft::Draft::open(job, now, None), *proof, why)
        }
    }
}

/// Opens the loaded job for a request that was asked by somebody.
fn open(loaded: Loaded, asked: &crate::request::Asked, now: Timestamp) -> Result<draft::Draft, Refusal> {
    let job = loaded.job.ok_or(Refusal::NotFound)?;
    if let Some(expected) = asked.expected_rev
        && expected != job.rev
    {
        return Err(Refusal::RevisionChanged { rev: job.rev });
    }
    let mut draft = draft::Draft::open(job, now, asked.by.clone());
    // After an end it would change what was told of it, without an event. A lost job may still be told of.
    let is_open = draft.job.status.is_active() || draft.job.status == crate::Status::Lost;
    if let Some(ticked) = asked.ticked.as_ref().filter(|_| is_open) {
        draft.take_progress(ticked);
    }
    Ok(draft)
}

/// Whether a word under this lease is heard: the attempt is open, or its loss was only presumed and no newer attempt was claimed.
fn is_current(job: &Job, proof: LeaseProof) -> bool {
    job.lease.as_ref().is_some_and(|lease| lease.proof == proof)
}
