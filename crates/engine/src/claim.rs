//! Giving jobs to workers.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Principal, Scope};
use domain::job::Job;
use domain::policy::Mode;
use domain::request::{ClaimJobs, LeaseGrant, Report};
use domain::{Answer, Request, Text};
use tokio::sync::oneshot;
use wire::body::Claim;
use wire::record::Lease;

use crate::bounds;
use crate::engine::Engine;
use crate::error::Error;
use crate::random;
use crate::report::plain_error;

/// Most jobs that one claim may take.
const CLAIM_JOBS: u32 = 100;
/// Longest wait of a claim, in seconds.
const CLAIM_WAIT_SECONDS: u32 = 55;

/// A job that was given out.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub job: Arc<Job>,
    pub lease: Lease,
}

/// What a worker asks for, within its bounds.
struct Wanted {
    tenant: Text,
    tasks: Vec<Text>,
    worker: Text,
    length_ms: u64,
    max: u32,
}

impl Engine {
    /// Takes up to `max` jobs of the worker's tasks; waits for the first when there are none. Dropped half-way, it takes none: what was
    /// given to a worker that had left goes to the next.
    pub async fn claim(self: &Arc<Engine>, principal: &Principal, body: &Claim) -> Result<Vec<Claimed>, Error> {
        principal.require(Scope::JobsReport)?;
        let max = body.max.unwrap_or(1);
        if max == 0 || max > CLAIM_JOBS {
            return Err(Error::over("max", format!("{max} is not between 1 and {CLAIM_JOBS}"), u64::from(CLAIM_JOBS)));
        }
        let wait = body.wait.unwrap_or(0);
        if wait > CLAIM_WAIT_SECONDS {
            let problem = format!("{wait} seconds, at most {CLAIM_WAIT_SECONDS} are allowed");
            return Err(Error::over("wait", problem, u64::from(CLAIM_WAIT_SECONDS)));
        }
        let wanted = Wanted {
            tenant: principal.tenant.clone(),
            tasks: self.worker_tasks(&body.tasks)?,
            worker: bounds::name("worker", &body.worker)?,
            length_ms: bounds::lease_ms(body.lease_ms)?,
            max,
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(u64::from(wait));
        loop {
            let rung = self.claimable.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let claimed = self.claim_now(&wanted).await?;
            if !claimed.is_empty() {
                return Ok(claimed);
            }
            tokio::select! {
                biased;
                () = rung => {}
                () = self.submitted.notified() => {}
                () = tokio::time::sleep_until(deadline) => return Ok(claimed),
            }
        }
    }

    fn worker_tasks(&self, names: &[String]) -> Result<Vec<Text>, Error> {
        let catalog = self.catalog.get();
        if names.is_empty() {
            return Err(Error::invalid("tasks", "must name at least one task"));
        }
        let mut tasks = Vec::with_capacity(names.len());
        for name in names {
            let name = bounds::name("tasks", name)?;
            match catalog.tasks.get(&name) {
                Some(task) if task.mode == Mode::Worker => tasks.push(name),
                Some(task) => {
                    return Err(Error::invalid("tasks", format!("{name} is not run by workers: its mode is {}", task.mode)));
                }
                None => return Err(Error::UnknownTask { task: name, known: catalog.names() }),
            }
        }
        Ok(tasks)
    }

    async fn claim_now(self: &Arc<Engine>, wanted: &Wanted) -> Result<Vec<Claimed>, Error> {
        for task in &wanted.tasks {
            self.worker_was_here(&wanted.tenant, task);
        }
        let catalog = self.catalog.get();
        let slots = catalog
            .slots(Mode::Worker, &Default::default())
            .into_iter()
            .filter(|slots| wanted.tasks.contains(&slots.task))
            .collect();
        let offers: Vec<(String, LeaseGrant)> = (0..wanted.max)
            .map(|_| {
                let (token, proof) = random::lease();
                (token, LeaseGrant { proof, holder: wanted.worker.clone(), length_ms: wanted.length_ms })
            })
            .collect();
        let leases = offers.iter().map(|(_, grant)| grant.clone()).collect();
        let claim = ClaimJobs { mode: Mode::Worker, tenant: Some(wanted.tenant.clone()), slots, total: u32::MAX, leases };
        let (give, given) = oneshot::channel();
        let engine = self.clone();
        tokio::spawn(async move {
            let answer = engine.commit(Request::Claim(claim)).await;
            if let Err(Ok(Answer::Claimed(jobs))) = give.send(answer) {
                engine.take_back(jobs).await;
            }
        });
        let Answer::Claimed(jobs) = given.await.map_err(|_| Error::ShuttingDown)?? else { return Ok(Vec::new()) };
        let claimed = jobs.into_iter().zip(offers).map(|(job, (token, _))| {
            self.book.learn(&job);
            let expires_at = job.lease.as_ref().map_or_else(String::new, |lease| wire::time::show(lease.expires_at));
            Claimed { job, lease: Lease { token, expires_at } }
        });
        Ok(claimed.collect())
    }

    /// Their worker left before it was told of them: nothing was begun, and no attempt is lost by it.
    async fn take_back(&self, jobs: Vec<Arc<Job>>) {
        for job in jobs {
            let Some(proof) = job.lease.as_ref().map(|lease| lease.proof) else { continue };
            let error = plain_error("not_taken", "its worker had left before it was given the job");
            if let Err(error) = self.report(job.id, proof, Report::Fail { error, again: true, interrupted: true }).await {
                tracing::warn!(job = %job.id, %error, "a job that nobody took waits until its lease ends");
            }
        }
    }
}
