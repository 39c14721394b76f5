//! What the caller may see: jobs, lists, history, output, counts.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Principal, Scope};
use domain::job::{Attempt, Job};
use domain::query::{Counts, JobQuery};
use domain::topic::View;
use domain::{JobId, Status, Text, Visibility, limits};
use wire::convert::Payloads;
use wire::record::{OutputChunk, OutputGap, OutputRange};
use wire::{LoggedEvent, Position};

use crate::engine::Engine;
use crate::error::Error;
use crate::port::{OutputRead, Page};

/// Most events of one job that one request is answered with.
const HISTORY_EVENTS: usize = 1_000;
/// Pages of a queue that are looked through to say how many are before a job.
const QUEUE_PAGES: usize = 5;
/// Most bytes of output that one request is answered with.
pub const OUTPUT_READ_BYTES: u64 = 1024 * 1024;

impl Engine {
    pub async fn job(&self, principal: &Principal, id: JobId) -> Result<Job, Error> {
        principal.require(Scope::JobsRead)?;
        let mut job = self.visible(principal, id).await?;
        self.freshen(&mut job);
        Ok(job)
    }

    /// The job with its payloads.
    pub async fn whole_job(&self, principal: &Principal, id: JobId) -> Result<(Job, Payloads), Error> {
        let job = self.job(principal, id).await?;
        let payloads = self.store.payloads(id).await?;
        Ok((job, payloads))
    }

    /// Puts progress that is newer than the row into the job.
    fn freshen(&self, job: &mut Job) {
        if let Some((rev, ticked)) = self.book.latest(job.id)
            && rev == job.rev
            && ticked.tick > job.tick
        {
            job.tick = ticked.tick;
            job.progress = ticked.progress;
        }
    }

    /// Waits until the job ends or the time is over, and answers how it is then.
    pub async fn wait_for_end(&self, principal: &Principal, id: JobId, longest: Duration) -> Result<Job, Error> {
        let deadline = tokio::time::Instant::now() + longest;
        loop {
            let place = *self.released.borrow();
            let job = self.job(principal, id).await?;
            if job.status.is_end() || tokio::time::timeout_at(deadline, self.released_beyond(place)).await.is_err() {
                return Ok(job);
            }
        }
    }

    /// A page of what the caller may see. The view of `query` is replaced by the caller's.
    pub async fn list(&self, principal: &Principal, query: JobQuery) -> Result<(Page, Position), Error> {
        principal.require(Scope::JobsRead)?;
        let mut page = self.store.list(JobQuery { view: principal.view(), ..query }).await?;
        page.jobs.iter_mut().for_each(|job| self.freshen(job));
        let position = self.position(page.place);
        Ok((page, position))
    }

    /// How many pending jobs of the same task will start before this one; 0 when it does not wait for its turn. They count whoever owns them,
    /// and nothing else of them is told. Of a longer queue, what lies beyond 1,000 older jobs is not counted.
    pub async fn count_before(&self, principal: &Principal, id: JobId) -> Result<u64, Error> {
        let job = self.job(principal, id).await?;
        if job.status != Status::Pending {
            return Ok(0);
        }
        let turn = |job: &Job| (std::cmp::Reverse(job.priority), job.queued_at, job.id);
        let view = View { tenant: job.tenant.clone(), visibility: Visibility::Tenant };
        let pending =
            JobQuery { status: vec![Status::Pending], task: Some(job.task.clone()), ..JobQuery::all(view, limits::PAGE.0) };
        // Most that come before are older; newer ones only by their priority.
        let newest = self.store.list(pending.clone()).await?;
        let mut before = newest.jobs.iter().filter(|other| other.id > job.id && turn(other) < turn(&job)).count();
        let mut older = JobQuery { before: Some(id), ..pending };
        for _ in 0..QUEUE_PAGES {
            let page = self.store.list(older.clone()).await?;
            before += page.jobs.iter().filter(|other| turn(other) < turn(&job)).count();
            if page.next.is_none() {
                break;
            }
            older.before = page.next;
        }
        Ok(before as u64)
    }

    pub fn position(&self, place: u64) -> Position {
        Position { epoch: self.store.identity().epoch, place }
    }

    pub async fn attempts(&self, principal: &Principal, id: JobId) -> Result<Vec<Attempt>, Error> {
        self.job(principal, id).await?;
        Ok(self.store.attempts(id).await?)
    }

    pub async fn history(&self, principal: &Principal, id: JobId, after_rev: u64) -> Result<Vec<LoggedEvent>, Error> {
        self.job(principal, id).await?;
        Ok(self.store.history(id, after_rev, HISTORY_EVENTS).await?)
    }

    pub async fn stats(&self, principal: &Principal) -> Result<Counts, Error> {
        principal.require(Scope::JobsRead)?;
        Ok(self.store.counts(&principal.view()).await?)
    }

    /// A range of output. `attempt` 0 or none is the newest.
    pub async fn output(
        &self,
        principal: &Principal,
        id: JobId,
        attempt: Option<u32>,
        offset: u64,
        limit: u64,
    ) -> Result<OutputRange, Error> {
        let job = self.job(principal, id).await?;
        let attempt = attempt.filter(|attempt| *attempt > 0).unwrap_or(job.attempt);
        if attempt > job.attempt {
            return Err(Error::NoAttempt { job: id, attempt });
        }
        let read = self.output.read(id, attempt, offset, limit.clamp(1, OUTPUT_READ_BYTES)).await?;
        let ended = read.next >= read.end && (attempt < job.attempt || !job.is_attempt_open());
        Ok(output_range(attempt, offset, &read, ended))
    }
}

/// A read of the output store as it is shown.
pub fn output_range(attempt: u32, offset: u64, read: &OutputRead, ended: bool) -> OutputRange {
    let chunk = |piece: &crate::port::OutputPiece| OutputChunk {
        stream: piece.stream.clone(),
        at: wire::time::show(piece.at),
        text: String::from_utf8_lossy(&piece.bytes).into_owned(),
    };
    OutputRange {
        attempt,
        offset: read.pieces.first().map_or(offset, |piece| piece.offset),
        next: read.next,
        ended,
        chunks: read.pieces.iter().map(chunk).collect(),
        gap: read.gap.map(|(from, to)| OutputGap { from, to }),
    }
}

/// The summary of a job as a list shows it.
pub fn summaries(jobs: &[Job]) -> Vec<Arc<str>> {
    jobs.iter().map(|job| Text::from(wire::convert::summary_json(job))).collect()
}
