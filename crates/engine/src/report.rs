//! Words of whoever holds a lease: reporters of tracked jobs, workers, and this server's own children.

use std::sync::Arc;

use bytes::Bytes;
use domain::access::{Principal, Scope};
use domain::job::{Job, JobError, LeaseProof, Progress, Ticked};
use domain::request::{Asked, Report, check_progress};
use domain::{JobId, Json, Refusal, Request, Text, limits};
use wire::body::{ReportAnswer, ReportComplete, ReportFail, ReportHeartbeat, ReportOutput, ReportProgress, ReportWait};
use wire::convert;

use crate::book::{Heard, Verdict};
use crate::bounds;
use crate::engine::Engine;
use crate::error::Error;
use crate::port::{Notice, Published};
use crate::random;

/// Output that one report may carry, in bytes.
const OUTPUT_REPORT_BYTES: usize = 256 * 1024;
/// Words that a line of output may be marked with.
const STREAMS: &[&str] = &["stdout", "stderr", "debug", "info", "warn", "error"];

impl Engine {
    pub async fn report_progress(
        &self,
        principal: &Principal,
        id: JobId,
        lease: &str,
        body: &ReportProgress,
    ) -> Result<ReportAnswer, Error> {
        principal.require(Scope::JobsReport)?;
        let proof = random::lease_proof(lease);
        let heard = self.progress_by(principal, id, proof, convert::progress_in(&body.progress)).await?;
        match body.acknowledge {
            None => Ok(self.heard(heard)),
            Some(wish) => {
                let job = self.report_by(principal, id, proof, Report::Acknowledge { wish }).await?;
                Ok(report_answer(&job))
            }
        }
    }

    pub async fn report_heartbeat(
        &self,
        principal: &Principal,
        id: JobId,
        lease: &str,
        body: &ReportHeartbeat,
    ) -> Result<ReportAnswer, Error> {
        principal.require(Scope::JobsReport)?;
        let extend_ms = body.lease_ms.map(|ms| bounds::lease_ms(Some(ms))).transpose()?;
        let job = self.report_by(principal, id, random::lease_proof(lease), Report::Heartbeat { extend_ms }).await?;
        Ok(report_answer(&job))
    }

    pub async fn report_complete(
        &self,
        principal: &Principal,
        id: JobId,
        lease: &str,
        body: &ReportComplete,
    ) -> Result<ReportAnswer, Error> {
        principal.require(Scope::JobsReport)?;
        let result = body.result.as_ref().map(|value| bounds::payload("result", value, limits::PAYLOAD_BYTES)).transpose()?;
        let proof = random::lease_proof(lease);
        self.last_progress(principal, id, proof, body.progress.as_ref()).await?;
        let job = self.report_by(principal, id, proof, Report::Complete { result }).await?;
        Ok(report_answer(&job))
    }

    pub async fn report_fail(
        &self,
        principal: &Principal,
        id: JobId,
        lease: &str,
        body: &ReportFail,
    ) -> Result<ReportAnswer, Error> {
        principal.require(Scope::JobsReport)?;
        let proof = random::lease_proof(lease);
        self.last_progress(principal, id, proof, body.progress.as_ref()).await?;
        let error = convert::error_in(&body.error);
        let report = Report::Fail { error, again: body.retry, interrupted: body.interrupted };
        let job = self.report_by(principal, id, proof, report).await?;
        Ok(report_answer(&job))
    }

    pub async fn report_wait(
        &self,
        principal: &Principal,
        id: JobId,
        lease: &str,
        body: &ReportWait,
    ) -> Result<ReportAnswer, Error> {
        principal.require(Scope::JobsReport)?;
        let on = bounds::name("on", &body.on)?;
        let until = body.until.as_deref().map(|until| bounds::time("until", until)).transpose()?;
        let job = self.report_by(principal, id, random::lease_proof(lease), Report::Wait { on, until }).await?;
        Ok(report_answer(&job))
    }

    /// Takes lines for a job's output.
    pub async fn report_output(
        &self,
        principal: &Principal,
        id: JobId,
        lease: &str,
        body: &ReportOutput,
    ) -> Result<ReportAnswer, Error> {
        principal.require(Scope::JobsReport)?;
        let bytes: usize = body.chunks.iter().map(|chunk| chunk.text.len()).sum();
        if bytes > OUTPUT_REPORT_BYTES {
            let problem = format!("{bytes} bytes of text, at most {OUTPUT_REPORT_BYTES} are allowed in one report");
            return Err(Error::over("chunks", problem, OUTPUT_REPORT_BYTES as u64));
        }
        if let Some(chunk) = body.chunks.iter().find(|chunk| !STREAMS.contains(&chunk.stream.as_str())) {
            return Err(Error::invalid(
                "stream",
                format!("{:?} is none of {}", limits::cut(&chunk.stream, 40), STREAMS.join(", ")),
            ));
        }
        let job = self.report_by(principal, id, random::lease_proof(lease), Report::Heartbeat { extend_ms: None }).await?;
        let now = self.clock.now();
        let pieces = body.chunks.iter().map(|chunk| (Text::from(chunk.stream.as_str()), now, Bytes::from(chunk.text.clone())));
        self.append_output(id, job.attempt, pieces.collect(), false).await?;
        Ok(report_answer(&job))
    }

    async fn report_by(&self, principal: &Principal, id: JobId, proof: LeaseProof, report: Report) -> Result<Arc<Job>, Error> {
        let said = self.report(id, proof, report).await;
        self.hide_foreign(principal, id, said).await
    }

    async fn progress_by(&self, principal: &Principal, id: JobId, proof: LeaseProof, progress: Progress) -> Result<Heard, Error> {
        let said = self.progress(id, proof, progress).await;
        self.hide_foreign(principal, id, said).await
    }

    /// Whoever brings a wrong lease learns that the job exists only if it may know of it: by its view, or as a service of its tenant.
    async fn hide_foreign<T>(&self, principal: &Principal, id: JobId, said: Result<T, Error>) -> Result<T, Error> {
        if !matches!(said, Err(Error::Refused(Refusal::StaleLease))) {
            return said;
        }
        match self.store.job(id).await? {
            Some(job) if principal.view().sees(&job) || (principal.is_service && job.tenant == principal.tenant) => said,
            _ => Err(Error::Refused(Refusal::NotFound)),
        }
    }

    /// Takes progress under a lease: checked and kept in memory, shown and written in its time.
    pub(crate) async fn progress(&self, id: JobId, proof: LeaseProof, progress: Progress) -> Result<Heard, Error> {
        check_progress(&progress).map_err(Error::from)?;
        if let Verdict::Accepted(heard) = self.book.accept(id, proof, progress.clone()) {
            return Ok(heard);
        }
        // Unknown here, or under another lease: the store tells which is current, and takes this word as a heartbeat.
        let job = self.report(id, proof, Report::Heartbeat { extend_ms: None }).await?;
        self.book.learn(&job);
        // What was committed while the row travelled is followed from here on.
        if let Some(job) = self.store.job(id).await? {
            self.book.learn(&job);
        }
        match self.book.accept(id, proof, progress) {
            Verdict::Accepted(heard) => Ok(heard),
            Verdict::Unknown | Verdict::Stale => Err(Error::Refused(Refusal::StaleLease)),
        }
    }

    async fn last_progress(
        &self,
        principal: &Principal,
        id: JobId,
        proof: LeaseProof,
        progress: Option<&wire::record::Progress>,
    ) -> Result<(), Error> {
        let Some(progress) = progress else { return Ok(()) };
        match self.progress_by(principal, id, proof, convert::progress_in(progress)).await {
            // The end is said again after it was heard: its progress is there already.
            Ok(_) | Err(Error::Refused(Refusal::WrongStatus { .. } | Refusal::StaleLease)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Commits a report. The lease is the right.
    pub(crate) async fn report(&self, id: JobId, proof: LeaseProof, report: Report) -> Result<Arc<Job>, Error> {
        let ticked: Option<Ticked> = self.book.unsaved(id);
        let asked = Asked { ticked, ..Asked::default() };
        let answer = self.commit(Request::Report { id, proof, report, asked }).await?;
        answer.job().cloned().ok_or(Error::Refused(Refusal::NotFound))
    }

    pub(crate) async fn append_output(
        &self,
        id: JobId,
        attempt: u32,
        pieces: Vec<(Text, domain::Timestamp, Bytes)>,
        ended: bool,
    ) -> Result<(), Error> {
        let end = self.output.append(id, attempt, pieces).await?;
        self.bus.publish(Published::Notice(Notice::Output { job: id, attempt, end, ended }));
        Ok(())
    }

    fn heard(&self, heard: Heard) -> ReportAnswer {
        let expires = self.clock.now().plus_ms(heard.lease_ms);
        ReportAnswer {
            status: heard.status.as_str().into(),
            rev: heard.rev,
            wish: heard.wish,
            lease_expires_at: Some(wire::time::show(expires)),
        }
    }
}

fn report_answer(job: &Job) -> ReportAnswer {
    let lease = job.lease.as_ref().filter(|_| job.is_attempt_open());
    ReportAnswer {
        status: job.status.as_str().into(),
        rev: job.rev,
        wish: convert::wish_out(job),
        lease_expires_at: lease.map(|lease| wire::time::show(lease.expires_at)),
    }
}

/// The error of a child that could not be watched to its end.
pub(crate) fn plain_error(kind: &str, message: impl Into<Text>) -> JobError {
    JobError { kind: kind.into(), message: message.into() }
}

/// A result as JSON text, or why it is none.
pub(crate) fn checked_result(result: Option<Json>) -> Result<Option<Json>, JobError> {
    match result {
        Some(result) if result.as_str().len() > limits::PAYLOAD_BYTES => {
            let message = format!("its result has {} bytes, at most {} are allowed", result.as_str().len(), limits::PAYLOAD_BYTES);
            Err(plain_error("result_too_large", message))
        }
        Some(result) if bounds::depth(result.as_str()) > limits::JSON_DEPTH => {
            let most = limits::JSON_DEPTH;
            let message = format!("its result is {} levels deep, at most {most} are allowed", bounds::depth(result.as_str()));
            Err(plain_error("result_too_deep", message))
        }
        result => Ok(result),
    }
}
