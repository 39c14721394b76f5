//! Reporting a job whose work the caller does.
//!
//! One task per job ([`reporter`]) owns the lease: it sends what is newest, beats every third of the lease, tries again while the
//! server is away, and hears wishes both in the answers to reports and over the live socket; without that it beats more often. Dropping the handle without an end
//! stops the beats; the job is then `lost` when its lease ends.

pub(crate) mod outbox;
mod reporter;

#[cfg(test)]
mod tests;

use tokio::sync::{mpsc, oneshot, watch};
use wire::body::{ReportAnswer, ReportComplete, ReportFail, Submit};
use wire::record::{JobError, JobRecord, Progress, Wish};

use crate::error::Error;
use crate::rest::Client;
use reporter::{Reporter, Seat, Word};

/// Words that may wait for the reporter.
const WAITING: usize = 1_024;

/// What the server last said about the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What is asked of the reporter; kind `none` when nothing is.
    pub wish: Wish,
    pub status: String,
    /// The lease is no longer this reporter's: its words are refused from now on.
    pub is_revoked: bool,
}

/// A job under report.
#[derive(Debug)]
pub struct Tracked {
    job: JobRecord,
    words: mpsc::Sender<Word>,
    heard: watch::Receiver<Heard>,
}

impl Client {
    /// Submits a tracked job and starts to keep its lease. Must be called in a tokio runtime. For work that is a future,
    /// [`Tracker::track`](crate::Tracker::track) does the rest as well.
    pub async fn track(&self, body: Submit) -> Result<Tracked, Error> {
        let listens = true;
        Tracked::begin(self, body, None, listens).await
    }
}

impl Tracked {
    /// `listens`: whether to open a live socket for the wishes; without it a beat brings them, three seconds later at the most.
    pub(crate) async fn begin(client: &Client, mut body: Submit, key: Option<&str>, listens: bool) -> Result<Tracked, Error> {
        body.mode = Some("tracked".to_owned());
        let job = client.submit(&body, key).await?;
        let Some(lease) = job.lease.clone() else {
            let start = "a tracked submit was answered without a lease".to_owned();
            return Err(Error::Foreign { url: client.url().to_owned(), status: 201, start });
        };
        let wish = Wish { kind: "none".into(), number: 0, at: None, by: None };
        let first = Heard { wish, status: job.summary.status.to_string(), is_revoked: false };
        let (heard_sender, heard) = watch::channel(first);
        let (words, inbox) = mpsc::channel(WAITING);
        let lease_ms = body.lease_ms.unwrap_or(reporter::LEASE_MS);
        let seat = Seat { id: job.summary.id.to_string(), lease: lease.token, lease_ms };
        tokio::spawn(Reporter::new(client.clone(), seat, listens, heard_sender).run(inbox));
        Ok(Tracked { job, words, heard })
    }
}

impl Tracked {
    /// The job as of its submit.
    pub fn job(&self) -> &JobRecord {
        &self.job
    }

    pub fn id(&self) -> &str {
        &self.job.summary.id
    }

    /// Newest wins, field by field; sent about ten times a second at the most.
    pub async fn progress(&self, progress: Progress) {
        self.words.send(Word::Progress(progress)).await.ok();
    }

    /// Adds to the job's output; `stream` is `stdout`, `stderr`, `debug`, `info`, `warn` or `error`. Sent in batches.
    pub async fn output(&self, stream: &'static str, text: String) {
        self.words.send(Word::Output { stream, text }).await.ok();
    }

    /// The wish of this number was carried out: the work is paused, or goes on, or has stopped.
    pub async fn acknowledge(&self, wish: u64) {
        self.words.send(Word::Acknowledge(wish)).await.ok();
    }

    /// What the server last said; changes when a wish comes.
    pub fn heard(&self) -> watch::Receiver<Heard> {
        self.heard.clone()
    }

    /// Ends the job well. Waits until the server has taken it, however long it is away; fails when it refuses.
    pub async fn complete(&self, body: ReportComplete) -> Result<ReportAnswer, Error> {
        self.end(|reply| Word::Complete { body, reply }).await
    }

    /// Ends the attempt with an error; waits as [`Tracked::complete`] does.
    pub async fn fail(&self, error: JobError, retry: bool) -> Result<ReportAnswer, Error> {
        let body = ReportFail { error, retry, interrupted: false, progress: None };
        self.end(|reply| Word::Fail { body, reply }).await
    }

    /// Says that an asked abort was carried out; waits as [`Tracked::complete`] does.
    pub async fn aborted(&self, wish: u64) -> Result<ReportAnswer, Error> {
        self.end(|reply| Word::Aborted { wish, reply }).await
    }

    async fn end(&self, word: impl FnOnce(oneshot::Sender<Result<ReportAnswer, Error>>) -> Word) -> Result<ReportAnswer, Error> {
        let (reply, answer) = oneshot::channel();
        self.words.send(word(reply)).await.map_err(|_| Error::ReporterEnded)?;
        answer.await.map_err(|_| Error::ReporterEnded)?
    }
}
