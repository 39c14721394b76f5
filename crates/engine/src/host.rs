//! The process host: claims jobs of mode `process` for this server and runs each as a child.
//!
//! One loop claims while places are free; one task for each child turns what the child says into reports under its lease, and wishes that
//! stand in the job into orders. No two programs of one job ever run at the same time: an attempt whose predecessor lives on starts when that is
//! gone. At a start it ends what a former server left running, and hands its jobs to the rules of rescue.

mod child;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::job::{Job, LeaseProof};
use domain::policy::Mode;
use domain::request::{ClaimJobs, LeaseGrant};
use domain::{Answer, JobId, Request, Text, limits};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::Engine;
use crate::port::Runner;
use crate::random;

/// Jobs claimed in one step.
const CLAIM_STEP: usize = 64;
/// How long to wait before another try when the store cannot write, in milliseconds.
const OUTAGE_MS: u64 = 1_000;

pub struct Host {
    engine: Arc<Engine>,
    runner: Arc<dyn Runner>,
    children: TaskTracker,
    /// Ends every child when cancelled.
    stop: CancellationToken,
    held: Mutex<Held>,
    /// Rung when nothing of a child is left.
    left: Notify,
}

#[derive(Default)]
struct Held {
    /// Leases of the attempts that are watched.
    leases: BTreeMap<(JobId, u32), LeaseProof>,
    /// Jobs of which something may be running here.
    alive: BTreeSet<JobId>,
    /// Children that reported their end and live on, by task: they still take a place.
    lingering: BTreeMap<Text, u32>,
}

impl Host {
    pub fn new(engine: Arc<Engine>, runner: Arc<dyn Runner>, stop: CancellationToken) -> Arc<Host> {
        Arc::new(Host { engine, runner, children: TaskTracker::new(), stop, held: Mutex::default(), left: Notify::new() })
    }

    /// Ends what a former server left running and settles or retries its jobs. Before anything is claimed.
    pub async fn rescue(&self) -> Result<usize, crate::Error> {
        for swept in self.runner.sweep().await {
            let (job, attempt, ended) = (swept.job, swept.attempt, swept.ended);
            match swept.is_left {
                true => tracing::error!(%job, attempt, "processes of a former server could not be ended"),
                false if ended > 0 => tracing::warn!(%job, attempt, ended, "ended processes that a former server left running"),
                false => tracing::info!(%job, attempt, "nothing of this attempt was left running"),
            }
        }
        let mut open = self.engine.store.open_attempts().await?;
        open.retain(|job| job.mode == Mode::Process);
        let count = open.len();
        for job in open {
            let Some(proof) = job.lease.as_ref().map(|lease| lease.proof) else { continue };
            let request = Request::Rescue { id: job.id, proof, why: "server_gone".into() };
            if let Answer::Changed(job) = self.engine.commit(request).await? {
                tracing::warn!(job = %job.id, task = %job.task, status = %job.status, "rescued from a server that ended");
            }
        }
        Ok(count)
    }

    /// Claims and runs until `stop`, then ends every child and waits for the last.
    pub async fn run(self: Arc<Host>) {
        let mut renew = tokio::time::interval(Duration::from_millis(limits::HEARTBEAT_MS));
        renew.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let rung = self.engine.claimable.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let claimed = self.claim().await;
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                _ = renew.tick() => self.renew().await,
                () = rung, if claimed.is_ok() => {}
                () = tokio::time::sleep(Duration::from_millis(OUTAGE_MS)) => {}
            }
        }
        self.children.close();
        while !self.children.is_empty() {
            tokio::select! {
                () = self.children.wait() => {}
                _ = renew.tick() => self.renew().await,
            }
        }
    }

    async fn claim(self: &Arc<Host>) -> Result<(), crate::Error> {
        loop {
            if self.stop.is_cancelled() {
                return Ok(());
            }
            let catalog = self.engine.catalog();
            let (slots, lingering) = {
                let held = self.held();
                (catalog.slots(Mode::Process, &held.lingering), held.lingering.values().sum::<u32>())
            };
            if slots.is_empty() {
                return Ok(());
            }
            let grant = || LeaseGrant { proof: random::lease().1, holder: self.engine.node.clone(), length_ms: limits::LEASE_MS };
            let leases: Vec<LeaseGrant> = std::iter::repeat_with(grant).take(CLAIM_STEP).collect();
            let total = catalog.total.saturating_sub(lingering);
            let answer =
                self.engine.commit(Request::Claim(ClaimJobs { mode: Mode::Process, tenant: None, slots, total, leases })).await;
            let jobs = match answer {
                Ok(Answer::Claimed(jobs)) => jobs,
                Ok(_) => return Ok(()),
                Err(error) => {
                    tracing::warn!(%error, "no job could be claimed; trying again");
                    return Err(error);
                }
            };
            let is_full = jobs.len() == CLAIM_STEP;
            for job in jobs {
                self.engine.book.learn(&job);
                self.start(job);
            }
            if !is_full {
                return Ok(());
            }
        }
    }

    fn start(self: &Arc<Host>, job: Arc<Job>) {
        let Some(proof) = job.lease.as_ref().map(|lease| lease.proof) else { return };
        self.held().leases.insert((job.id, job.attempt), proof);
        self.children.spawn(child::run(self.clone(), job, proof));
    }

    /// Renews the leases of all children in one commit.
    async fn renew(&self) {
        let entries: Vec<(JobId, LeaseProof)> = self.held().leases.iter().map(|((id, _), proof)| (*id, *proof)).collect();
        if entries.is_empty() {
            return;
        }
        if let Err(error) = self.engine.commit(Request::RenewLeases { entries }).await {
            tracing::warn!(%error, "the leases of this server's children could not be renewed");
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn linger(&self, task: &Text) {
        *self.held().lingering.entry(task.clone()).or_default() += 1;
    }

    /// Answers once nothing of an earlier attempt of this job is left; then the job counts as alive. The former child may have reported its
    /// end and be taking its time to exit, or have lost its lease and be being killed.
    async fn wait_for_former(&self, id: JobId) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.held().alive.insert(id) {
                return;
            }
            left.await;
        }
    }

    /// Nothing of the job's child is left.
    fn is_gone(&self, id: JobId) {
        self.held().alive.remove(&id);
        self.left.notify_waiters();
    }

    fn forget(&self, job: &Job, lingered: bool) {
        let mut held = self.held();
        held.leases.remove(&(job.id, job.attempt));
        if lingered && let Some(count) = held.lingering.get_mut(&job.task) {
            *count = count.saturating_sub(1);
        }
        drop(held);
        self.engine.claimable.notify_waiters();
    }
}
