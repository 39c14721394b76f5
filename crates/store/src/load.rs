//! Loads what a request reads, and names what its answer is kept by. The same for every store; only the rows come from elsewhere.

use std::sync::Arc;

use domain::decide::{KeptAnswer, Loaded};
use domain::policy::Mode;
use domain::request::{ClaimJobs, Reads};
use domain::{Answer, Decision, Job, JobId, Request, Text, Timestamp};

use crate::books::{ById, Mark, Seen};

/// Where rows come from, the writes of earlier requests of the group included.
pub(crate) trait Rows {
    type Error;

    fn job(&mut self, id: JobId) -> Result<Option<Arc<Job>>, Self::Error>;

    /// The mirrored job that its source calls so.
    fn mirrored(&mut self, tenant: &Text, source: &Text, external_id: &Text) -> Result<Option<Arc<Job>>, Self::Error>;

    /// A job with this external id that runs here.
    fn own_called(&mut self, tenant: &Text, external_id: &Text) -> Result<Option<Arc<Job>>, Self::Error>;

    /// Pending jobs of a task: by priority, then by when they were queued, then by id.
    fn candidates(&mut self, mode: Mode, tenant: Option<&Text>, task: &Text, limit: usize) -> Result<Vec<Arc<Job>>, Self::Error>;

    /// The answer kept for a key, if it is not older than its time at `now`.
    fn kept(&mut self, scope: &str, now: Timestamp) -> Result<Option<KeptAnswer>, Self::Error>;
}

/// What is known of the jobs that a request may change, as they were before.
pub(crate) type Marks = ById<Mark>;

pub(crate) fn load<R: Rows>(request: &Request, rows: &mut R, seen: &Seen<'_>, now: Timestamp) -> Result<Loaded, R::Error> {
    let mut loaded = Loaded::default();
    if let Some(key) = request.key() {
        loaded.kept = rows.kept(&key.scope, now)?;
        if loaded.kept.is_some() {
            return Ok(loaded);
        }
    }
    match (request.reads(), request) {
        (Reads::Job(tenant, id), _) => {
            let job = rows.job(id)?.filter(|job| tenant.is_none_or(|tenant| job.tenant == *tenant));
            loaded.job = job.map(Arc::unwrap_or_clone);
        }
        (Reads::Mirrored { tenant, source, external_id, owner }, _) => {
            loaded.job = rows.mirrored(tenant, source, external_id)?.map(Arc::unwrap_or_clone);
            if loaded.job.is_none() {
                loaded.runs_here = own(rows, tenant, external_id)?.map(|job| job.rev);
            }
            loaded.pending_of_owner.insert((tenant.clone(), owner.clone()), seen.waiting_of(tenant, owner));
        }
        (Reads::Jobs, Request::SaveProgress { entries }) => load_each(&mut loaded, rows, entries.iter().map(|entry| entry.id))?,
        (Reads::Jobs, Request::RenewLeases { entries }) => load_each(&mut loaded, rows, entries.iter().map(|(id, _)| *id))?,
        (_, Request::Submit { jobs, slots, .. }) => {
            loaded.running = slots.iter().map(|slots| (slots.task.clone(), seen.running_of(&slots.task))).collect();
            loaded.running_total = seen.running_total();
            for job in jobs {
                let owner = (job.tenant.clone(), job.owner.clone());
                let waiting = seen.waiting_of(&owner.0, &owner.1);
                loaded.pending_of_owner.insert(owner, waiting);
                if let Some(parent) = job.parent
                    && let Some(found) = rows.job(parent)?
                {
                    loaded.parents.insert(parent, (found.tenant.clone(), found.root));
                }
            }
        }
        (_, Request::Claim(ClaimJobs { mode, tenant, slots, total, leases })) => {
            loaded.running_total = seen.running_total();
            let free_in_all = total.saturating_sub(loaded.running_total) as usize;
            let mut found = Vec::new();
            for slots in slots {
                let running = seen.running_of(&slots.task);
                loaded.running.insert(slots.task.clone(), running);
                let free = slots.limit.saturating_sub(running) as usize;
                let wanted = leases.len().min(free).min(free_in_all);
                if wanted > 0 {
                    found.extend(rows.candidates(*mode, tenant.as_ref(), &slots.task, wanted)?);
                }
            }
            found.sort_by_key(|job| claim_order(job));
            found.dedup_by_key(|job| job.id);
            found.truncate(leases.len());
            loaded.jobs = found.into_iter().map(Arc::unwrap_or_clone).collect();
        }
        _ => {}
    }
    Ok(loaded)
}

/// The job that runs here and goes by this name: its id or its external id.
fn own<R: Rows>(rows: &mut R, tenant: &Text, name: &Text) -> Result<Option<Arc<Job>>, R::Error> {
    let by_id = match JobId::parse(name) {
        Some(id) => rows.job(id)?.filter(|job| job.tenant == *tenant && job.mode != Mode::Mirrored),
        None => None,
    };
    match by_id {
        Some(job) => Ok(Some(job)),
        None => rows.own_called(tenant, name),
    }
}

/// The order in which pending jobs are given out.
pub(crate) fn claim_order(job: &Job) -> (std::cmp::Reverse<i16>, Timestamp, JobId) {
    (std::cmp::Reverse(job.priority), job.queued_at, job.id)
}

fn load_each<R: Rows>(loaded: &mut Loaded, rows: &mut R, ids: impl Iterator<Item = JobId>) -> Result<(), R::Error> {
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        if seen.insert(id)
            && let Some(job) = rows.job(id)?
        {
            loaded.jobs.push(Arc::unwrap_or_clone(job));
        }
    }
    Ok(())
}

/// How the loaded jobs stand before anything is decided.
pub(crate) fn marks(loaded: &Loaded) -> Marks {
    loaded.job.iter().chain(&loaded.jobs).map(|job| (job.id, Mark::of(job))).collect()
}

/// The jobs that a repeated request is answered with.
pub(crate) fn kept_jobs(decision: &Decision) -> Vec<JobId> {
    match &decision.answer {
        Answer::Made(jobs) | Answer::Claimed(jobs) => jobs.iter().map(|job| job.id).collect(),
        Answer::Changed(job) | Answer::Wished(job) | Answer::Unchanged(job) => vec![job.id],
        Answer::Replayed(ids) => ids.clone(),
        Answer::Deleted => decision.deleted.clone(),
        Answer::Renewed { .. } | Answer::Saved => decision.writes.iter().map(|write| write.job.id).collect(),
    }
}
