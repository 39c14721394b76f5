//! Making jobs: one, several, or one again with the input of another.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use domain::access::{Principal, Scope};
use domain::job::Job;
use domain::policy::{Mode, Policy, Retry};
use domain::request::{LeaseGrant, NewJob, TaskSlots};
use domain::{Answer, JobId, Json, Refusal, Request, Text, limits};
use sha2::{Digest, Sha256};
use wire::body::Submit;
use wire::record::Lease;

use crate::bounds::{self, Frame};
use crate::engine::{Conditions, Engine};
use crate::error::Error;
use crate::random;

/// A job that was made, or had been made by the same request before.
#[derive(Debug, Clone)]
pub struct Made {
    pub job: Arc<Job>,
    /// For a tracked job: the right to report.
    pub lease: Option<Lease>,
    /// Whether this request made it just now.
    pub is_new: bool,
}

/// What becomes of a job whose task is not declared, unless it is tracked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeclared {
    Refused,
    /// It waits, `pending` with reason `no_worker`, until the task is declared and a worker claims it.
    ForWorkers,
}

/// On what terms jobs are made, beyond what their bodies say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub undeclared: Undeclared,
    /// Attempts in all, the first included, 1 to [`limits::ATTEMPTS`]. `None`: as the task says.
    pub attempts: Option<u32>,
    /// The retry policy of a job for workers whose task is not declared.
    pub retry: Retry,
}

impl Terms {
    pub fn of(undeclared: Undeclared) -> Terms {
        Terms { undeclared, attempts: None, retry: Policy::default().retry }
    }

    /// A policy with as many attempts as are asked for.
    fn applied(&self, policy: Arc<Policy>) -> Result<Arc<Policy>, Error> {
        let Some(attempts) = self.attempts else { return Ok(policy) };
        if attempts == 0 || attempts > limits::ATTEMPTS {
            let most = limits::ATTEMPTS;
            return Err(Error::over("attempts", format!("{attempts} is not between 1 and {most}"), u64::from(most)));
        }
        let retry = Retry { attempts, ..policy.retry.clone() };
        Ok(Arc::new(Policy { retry, ..(*policy).clone() }))
    }
}

impl Engine {
    /// Makes jobs, all or none, in the order of the bodies.
    pub async fn submit(&self, principal: &Principal, bodies: &[Submit], conditions: &Conditions<'_>) -> Result<Vec<Made>, Error> {
        self.submit_on(principal, bodies, conditions, &Terms::of(Undeclared::Refused)).await
    }

    /// As [`Engine::submit`], on terms that the bodies do not say.
    pub async fn submit_on(
        &self,
        principal: &Principal,
        bodies: &[Submit],
        conditions: &Conditions<'_>,
        terms: &Terms,
    ) -> Result<Vec<Made>, Error> {
        principal.require(Scope::JobsSubmit)?;
        if bodies.is_empty() || bodies.len() > limits::BATCH_JOBS {
            let most = limits::BATCH_JOBS;
            return Err(Error::over("jobs", format!("{} jobs, 1 to {most} are allowed", bodies.len()), most as u64));
        }
        let mut jobs = Vec::with_capacity(bodies.len());
        let mut followed = None;
        for body in bodies {
            let job = self.prepare(principal, body, terms)?;
            let follows = job.parent.map(|parent| (parent, job.owner.clone()));
            if follows != followed {
                self.check_parent(principal, &job).await?;
                followed = follows;
            }
            jobs.push(job);
        }
        self.make(principal, jobs, conditions).await
    }

    /// Makes a new job of the same task for the same owner, with the input of `id`, or another.
    pub async fn rerun(
        &self,
        principal: &Principal,
        id: JobId,
        input: Option<Json>,
        conditions: &Conditions<'_>,
    ) -> Result<Made, Error> {
        let old = self.controllable(principal, id).await?;
        principal.require(Scope::JobsSubmit)?;
        match old.mode {
            Mode::Tracked => return Err(Error::Refused(Refusal::NobodyToRun { rev: old.rev })),
            Mode::Mirrored => return Err(Error::Refused(Refusal::NotHere)),
            Mode::Process | Mode::Worker => {}
        }
        let input = match input {
            Some(input) => Some(input),
            None => self.store.payloads(id).await?.input,
        };
        let catalog = self.catalog.get();
        let policy = catalog.tasks.get(&old.task).map_or_else(|| old.policy.clone(), |task| task.policy.clone());
        let new = NewJob {
            id: random::job_id(self.clock.now()),
            tenant: old.tenant.clone(),
            owner: old.owner.clone(),
            task: old.task.clone(),
            mode: old.mode,
            policy,
            subject: old.subject.clone(),
            session: old.session.clone(),
            parent: None,
            batch: None,
            external_id: None,
            rerun_of: Some(id),
            title: old.title.clone(),
            link: old.link.clone(),
            tags: old.tags.to_vec(),
            metadata: old.metadata.clone(),
            priority: old.priority,
            input,
            run_at: None,
            cannot_start: None,
            wait_reason: self.wait_reason(old.mode, &old.tenant, &old.task),
            lease: None,
        };
        let made = self.make(principal, vec![new], conditions).await?;
        made.into_iter().next().ok_or(Error::ShuttingDown)
    }

    fn prepare(&self, principal: &Principal, body: &Submit, terms: &Terms) -> Result<NewJob, Error> {
        let catalog = self.catalog.get();
        let name = bounds::name("task", &body.task)?;
        let task = catalog.tasks.get(&name);
        let is_tracked = match body.mode.as_deref() {
            None => task.is_some_and(|task| task.mode == Mode::Tracked),
            Some("tracked") => true,
            Some(_) => return Err(Error::invalid("mode", "must be tracked, or left out")),
        };
        let pause = bounds::pause(body)?;
        let (mode, policy) = match (is_tracked, task) {
            (true, Some(task)) if task.mode == Mode::Tracked => (Mode::Tracked, task.policy.clone()),
            (true, Some(task)) => {
                let problem = format!("must be left out: jobs of the task {name} are run as {}", task.mode);
                return Err(Error::invalid("mode", problem));
            }
            (true, None) => (Mode::Tracked, bounds::undeclared_policy(pause)),
            (false, Some(task)) => (task.mode, task.policy.clone()),
            (false, None) if terms.undeclared == Undeclared::ForWorkers => {
                (Mode::Worker, Arc::new(Policy { retry: terms.retry.clone(), ..Policy::default() }))
            }
            (false, None) => return Err(Error::UnknownTask { task: name, known: catalog.names() }),
        };
        let policy = terms.applied(policy)?;
        if is_tracked && !principal.has(Scope::JobsReport) {
            principal.require(Scope::JobsReport)?;
        }
        let owner = principal.owner_for(body.owner.as_deref().map(|owner| bounds::name("owner", owner)).transpose()?)?;
        let id = random::job_id(self.clock.now());
        let mut new = bounds::new_job(body, Frame { id, tenant: principal.tenant.clone(), owner, mode, policy })?;
        if is_tracked {
            let (_, proof) = self.tracked_lease(id);
            let length_ms = bounds::lease_ms(body.lease_ms)?;
            new.lease = Some(LeaseGrant { proof, holder: principal.subject.clone(), length_ms });
        } else {
            new.wait_reason = self.wait_reason(mode, &new.tenant, &new.task);
        }
        Ok(new)
    }

    /// A job may be the child of one that its maker may see, or of the same owner. For anybody else there is no such parent.
    async fn check_parent(&self, principal: &Principal, new: &NewJob) -> Result<(), Error> {
        let Some(parent) = new.parent else { return Ok(()) };
        match self.store.job(parent).await? {
            Some(job) if principal.view().sees(&job) || (job.tenant == new.tenant && job.owner == new.owner) => Ok(()),
            _ => Err(Error::Refused(Refusal::NoParent { parent })),
        }
    }

    fn wait_reason(&self, mode: Mode, tenant: &Text, task: &Text) -> Option<Text> {
        (mode == Mode::Worker && !self.has_worker(tenant, task)).then(|| "no_worker".into())
    }

    async fn make(&self, principal: &Principal, jobs: Vec<NewJob>, conditions: &Conditions<'_>) -> Result<Vec<Made>, Error> {
        let catalog = self.catalog.get();
        let owner = jobs.first().map(|job| job.owner.clone()).unwrap_or_else(|| principal.subject.clone());
        let mut slots: Vec<TaskSlots> = Vec::new();
        for job in &jobs {
            if let Some(task) = catalog.tasks.get(&job.task)
                && !slots.iter().any(|slots| slots.task == task.name)
            {
                slots.push(TaskSlots { task: task.name.clone(), limit: task.concurrency });
            }
        }
        let asked = self.asked(principal, &owner, conditions)?;
        let is_for_workers = jobs.iter().any(|job| job.mode == Mode::Worker && job.run_at.is_none());
        let mut commit = pin!(self.commit(Request::Submit { jobs, slots, total: catalog.total, asked }));
        let answer = match futures::poll!(commit.as_mut()) {
            Poll::Ready(answer) => answer,
            Poll::Pending => {
                if is_for_workers {
                    self.submitted.notify_one();
                }
                commit.await
            }
        };
        let (jobs, is_new) = match answer? {
            Answer::Made(jobs) => (jobs, true),
            Answer::Replayed(ids) => (self.store.jobs(&ids).await?.into_iter().map(Arc::new).collect(), false),
            _ => (Vec::new(), false),
        };
        Ok(jobs.into_iter().map(|job| self.made(job, is_new)).collect())
    }

    fn made(&self, job: Arc<Job>, is_new: bool) -> Made {
        self.book.learn(&job);
        let open = job.lease.as_ref().filter(|_| job.mode == Mode::Tracked && job.is_attempt_open());
        let lease = open.map(|lease| Lease { token: self.tracked_lease(job.id).0, expires_at: wire::time::show(lease.expires_at) });
        Made { job, lease, is_new }
    }

    /// The lease of a tracked job is derived from its id and the store's secret, so that a repeated submit gets the same one back.
    fn tracked_lease(&self, id: JobId) -> (String, domain::job::LeaseProof) {
        let secret = self.store.identity().secret;
        let digest =
            Sha256::new().chain_update(b"tidings lease").chain_update(secret).chain_update(id.to_bytes()).chain_update(secret);
        let token: String = digest.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        let token = format!("lease_{token}");
        let proof = random::lease_proof(&token);
        (token, proof)
    }
}
