//! One child from its start to the confirmation that nothing of it is left.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::job::{Job, JobError, LeaseProof, WishKind};
use domain::request::Report;
use domain::{Refusal, Text};
use tokio::sync::Notify;

use super::Host;
use crate::port::{Child, Ended, Launch, Order, ReadError, Said, Written};
use crate::report::{checked_result, plain_error};

/// How long to wait before a report or a read is tried again when the store fails, in milliseconds.
const AGAIN_MS: u64 = 500;
/// Pieces of output that are written in one step.
const OUTPUT_STEP: usize = 256;

struct Watch {
    host: Arc<Host>,
    job: Arc<Job>,
    proof: LeaseProof,
    /// Number of the newest wish that became an order.
    ordered: u64,
    /// Whether an end was reported and heard.
    is_settled: bool,
    /// What follows when all is gone, if nothing was reported before.
    ended: Option<Ended>,
    /// Whether this server ends it, because it stops itself.
    is_interrupted: bool,
    /// Whether it is being killed because its lease is no longer current.
    is_revoked: bool,
}

pub(super) async fn run(host: Arc<Host>, job: Arc<Job>, proof: LeaseProof) {
    host.wait_for_former(job.id).await;
    let wished = Arc::new(Notify::new());
    host.engine.wished.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id, wished.clone());
    let mut watch = Watch {
        host: host.clone(),
        job: job.clone(),
        proof,
        ordered: 0,
        is_settled: false,
        ended: None,
        is_interrupted: false,
        is_revoked: false,
    };
    if host.stop.is_cancelled() {
        // It waited for the one before until the server was told to stop.
        let error = plain_error("interrupted", "the server stopped before the program was started");
        watch.is_interrupted = true;
        watch.ended = Some(Ended::Failed { error, again: true });
        watch.finish().await;
        return;
    }
    match watch.launch().await {
        Ok(launch) => {
            tracing::info!(job = %job.id, task = %job.task, attempt = job.attempt, "starting");
            let child = host.runner.start(launch);
            watch.follow(child, &wished).await;
        }
        Err(error) => watch.ended = Some(Ended::Failed { error, again: false }),
    }
    watch.finish().await;
}

/// However its watch ends, its lease is no longer renewed and its place is free.
impl Drop for Watch {
    fn drop(&mut self) {
        self.host.engine.wished.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job.id);
        self.host.forget(&self.job, self.is_settled);
        self.host.is_gone(self.job.id);
    }
}

impl Watch {
    async fn launch(&self) -> Result<Launch, JobError> {
        let catalog = self.host.engine.catalog();
        let job = &self.job;
        let Some(program) = catalog.tasks.get(&job.task).and_then(|task| task.program.clone()) else {
            let message = format!("the task {} is no longer declared with a command", job.task);
            return Err(plain_error("task_not_declared", message));
        };
        let store = &self.host.engine.store;
        let payloads = self.read(|| store.payloads(job.id)).await;
        let payloads = payloads.ok_or_else(|| plain_error("input_unreadable", "the store was closed"))?;
        Ok(Launch {
            job: job.id,
            attempt: job.attempt,
            task: job.task.clone(),
            owner: job.owner.clone(),
            input: payloads.input,
            program,
            pause: job.policy.pause,
            abort_grace_ms: job.policy.abort_grace_ms,
        })
    }

    async fn follow(&mut self, mut child: Child, wished: &Notify) {
        // A wish may have come between the claim and now.
        self.obey(&child).await;
        let output = tokio::spawn(keep_output(self.host.clone(), self.job.clone(), child.written));
        child.written = tokio::sync::mpsc::channel(1).1;
        loop {
            tokio::select! {
                said = child.said.recv() => match said {
                    None | Some(Said::Gone) => break,
                    Some(said) => self.hear(said, &child).await,
                },
                () = wished.notified() => self.obey(&child).await,
                () = self.host.stop.cancelled(), if !self.is_interrupted => {
                    self.is_interrupted = true;
                    (child.orders)(Order::Abort { wish: 0 });
                }
            }
        }
        // All it wrote is kept before its end is told.
        let _ = output.await;
    }

    async fn hear(&mut self, said: Said, child: &Child) {
        let engine = &self.host.engine;
        match said {
            Said::Spawned { pid } => tracing::debug!(job = %self.job.id, pid, "its program runs"),
            Said::Progress(progress) => {
                if let Err(error) = engine.progress(self.job.id, self.proof, progress).await {
                    tracing::debug!(job = %self.job.id, %error, "progress was not taken");
                }
            }
            Said::Log { level, text } => {
                let piece = (Text::from(level), engine.clock.now(), Bytes::from(format!("{text}\n")));
                if let Err(error) = engine.append_output(self.job.id, self.job.attempt, vec![piece], false).await {
                    tracing::warn!(job = %self.job.id, %error, "a log line was lost");
                }
            }
            Said::Paused { wish } => self.acknowledge(WishKind::Pause, wish).await,
            Said::Resumed => self.acknowledge(WishKind::Resume, None).await,
            Said::Completed { result } => match checked_result(result) {
                Ok(result) => self.settle(Report::Complete { result }).await,
                Err(error) => self.settle(Report::Fail { error, again: false, interrupted: false }).await,
            },
            Said::Failed { error, again } => {
                let report = Report::Fail { error, again, interrupted: self.is_interrupted };
                // A stop that stands is confirmed only when all of it is gone.
                match self.is_stopping().await {
                    true => self.ended = Some(Ended::Stopped),
                    false => self.settle(report).await,
                }
            }
            Said::Ended(ended) => self.ended = self.ended.take().or(Some(ended)),
            Said::Gone => {}
        }
        self.obey(child).await;
    }

    async fn is_stopping(&self) -> bool {
        self.current().await.is_some_and(|job| job.wish.is_stop())
    }

    /// The job as it stands.
    async fn current(&self) -> Option<Job> {
        self.read(|| self.host.engine.store.job(self.job.id)).await.flatten()
    }

    /// Waits out a store that cannot be read, since no wish and no word of the child must be lost by it. `None` once it is closed.
    async fn read<T, F: Future<Output = Result<T, ReadError>>>(&self, once: impl Fn() -> F) -> Option<T> {
        loop {
            match once().await {
                Ok(found) => return Some(found),
                Err(ReadError::Closed) => return None,
                Err(error) => {
                    tracing::warn!(job = %self.job.id, %error, "the store could not be read; trying again");
                    tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
                }
            }
        }
    }

    /// Whether its lease is current. A lease that ran out while nobody could renew it (this process was stopped, the machine slept) is
    /// taken up again, as long as no newer attempt was claimed.
    async fn holds(&self, job: &Job) -> bool {
        if job.lease.as_ref().is_none_or(|lease| lease.proof != self.proof) {
            return false;
        }
        if job.is_attempt_open() {
            return true;
        }
        let heartbeat = Report::Heartbeat { extend_ms: None };
        !matches!(self.host.engine.report(job.id, self.proof, heartbeat).await, Err(crate::Error::Refused(_)))
    }

    /// Turns a wish that stands into an order, once. A child that has lost its lease is killed: another may be on its way.
    async fn obey(&mut self, child: &Child) {
        let Some(job) = self.current().await else { return };
        if !self.is_settled && self.ended.is_none() && !self.is_revoked && !self.holds(&job).await {
            self.is_revoked = true;
            tracing::warn!(job = %job.id, attempt = self.job.attempt, "its lease was lost; killing it");
            (child.orders)(Order::Kill);
        }
        let wish = &job.wish;
        if wish.number <= self.ordered || job.attempt != self.job.attempt {
            return;
        }
        self.ordered = wish.number;
        let order = match wish.kind {
            WishKind::None => return,
            WishKind::Pause => Order::Pause { wish: wish.number },
            WishKind::Resume => Order::Resume { wish: wish.number },
            WishKind::Abort => Order::Abort { wish: wish.number },
            WishKind::Kill => Order::Kill,
        };
        tracing::info!(job = %job.id, wish = %wish.kind, "obeying a wish");
        (child.orders)(order);
    }

    async fn acknowledge(&mut self, kind: WishKind, named: Option<u64>) {
        let Some(job) = self.current().await else { return };
        if job.wish.kind == kind {
            let wish = named.unwrap_or(job.wish.number);
            self.report(Report::Acknowledge { wish }).await;
        }
    }

    async fn settle(&mut self, report: Report) {
        if self.is_settled || self.ended.is_some() {
            return;
        }
        self.is_settled = true;
        self.host.linger(&self.job.task);
        self.report(report).await;
    }

    /// Nothing of the child is left: what is not told yet is told now.
    async fn finish(&mut self) {
        self.close_output().await;
        if self.is_settled {
            tracing::debug!(job = %self.job.id, "its processes are gone");
            return;
        }
        let report = match self.ended.take() {
            Some(Ended::Completed { result }) => match checked_result(result) {
                Ok(result) => Report::Complete { result },
                Err(error) => Report::Fail { error, again: false, interrupted: false },
            },
            Some(Ended::Failed { error, again }) => Report::Fail { error, again, interrupted: self.is_interrupted },
            Some(Ended::Stopped) if self.is_interrupted => {
                let error = plain_error("interrupted", "the server was stopped while it ran");
                Report::Fail { error, again: true, interrupted: true }
            }
            Some(Ended::Stopped) => Report::Stopped { error: None },
            None => {
                let error = plain_error("shim_gone", "the process that watched over it ended; its other processes were ended");
                Report::Fail { error, again: true, interrupted: false }
            }
        };
        self.report(report).await;
    }

    async fn close_output(&self) {
        if let Err(error) = self.host.engine.append_output(self.job.id, self.job.attempt, Vec::new(), true).await {
            tracing::warn!(job = %self.job.id, %error, "the end of its output could not be told");
        }
    }

    /// Reports under the lease; waits out an outage of the store, since the word must not be lost.
    async fn report(&self, report: Report) {
        loop {
            match self.host.engine.report(self.job.id, self.proof, report.clone()).await {
                Ok(job) => {
                    tracing::info!(job = %job.id, task = %job.task, status = %job.status, rev = job.rev, "reported");
                    return;
                }
                Err(crate::Error::Refused(refusal)) => {
                    let code = match refusal {
                        Refusal::WrongStatus { status, .. } => status.as_str(),
                        other => other.code(),
                    };
                    tracing::warn!(job = %self.job.id, code, "a report of its child was not taken");
                    return;
                }
                Err(crate::Error::ShuttingDown) => return,
                Err(error) => {
                    tracing::warn!(job = %self.job.id, %error, "a report could not be written; trying again");
                    tokio::time::sleep(Duration::from_millis(AGAIN_MS)).await;
                }
            }
        }
    }
}

/// Keeps all that a child writes, in steps of what has gathered.
async fn keep_output(host: Arc<Host>, job: Arc<Job>, mut written: tokio::sync::mpsc::Receiver<Written>) {
    let engine = &host.engine;
    let mut gathered = Vec::with_capacity(OUTPUT_STEP);
    while written.recv_many(&mut gathered, OUTPUT_STEP).await > 0 {
        let now = engine.clock.now();
        let pieces = gathered.drain(..).map(|piece| (Text::from(piece.stream), now, piece.bytes)).collect();
        if let Err(error) = engine.append_output(job.id, job.attempt, pieces, false).await {
            tracing::warn!(job = %job.id, %error, "output was lost");
        }
    }
}
