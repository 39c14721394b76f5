//! The loop that keeps one lease: one select over what the caller says, the answer under way, the time of the next report, and the
//! wishes that come over the live socket.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};
use wire::body::{ReportAnswer, ReportComplete, ReportFail, ReportHeartbeat, ReportProgress};
use wire::record::{JobSummary, Progress, Wish};

use super::Heard;
use super::outbox::{Next, Outbox};
use crate::backoff::{Backoff, chance};
use crate::error::Error;
use crate::live::{Happened, Watch};
use crate::rest::Client;

/// Length of a lease when none was asked for, in milliseconds.
pub(super) const LEASE_MS: u64 = 30_000;
/// The longest silence while the live socket does not bring wishes: an abort that is not acknowledged within 10 s ends the job unconfirmed.
const BEAT_UNHEARD: Duration = Duration::from_secs(3);
/// How long small words gather before they are sent.
const GATHER: Duration = Duration::from_millis(100);

type Reply = oneshot::Sender<Result<ReportAnswer, Error>>;

/// What the caller says.
pub(super) enum Word {
    Progress(Progress),
    Output { stream: &'static str, text: String },
    Acknowledge(u64),
    Complete { body: ReportComplete, reply: Reply },
    Fail { body: ReportFail, reply: Reply },
    Aborted { wish: u64, reply: Reply },
}

/// The last report.
enum End {
    Complete(ReportComplete),
    Fail(ReportFail),
    Aborted(u64),
}

/// What was sent and is not answered yet.
enum Sent {
    Words(Next),
    Beat,
    End,
}

enum After {
    GoOn,
    Over,
}

/// A job that is this process's to report.
pub(super) struct Seat {
    pub(super) id: String,
    pub(super) lease: String,
    pub(super) lease_ms: u64,
}

pub(super) struct Reporter {
    client: Client,
    id: String,
    lease: String,
    beat_every: Duration,
    /// Whether to open a live socket for the wishes.
    listens: bool,
    /// Whether it brings them at the moment.
    hears_live: bool,
    heard: watch::Sender<Heard>,
    /// The revision that was heard of last.
    rev: u64,
    outbox: Outbox,
    end: Option<(End, Reply)>,
    backoff: Backoff,
    /// When the next report goes, if it is not sooner for a reason.
    next_at: Instant,
}

impl Reporter {
    pub(super) fn new(client: Client, seat: Seat, listens: bool, heard: watch::Sender<Heard>) -> Reporter {
        let Seat { id, lease, lease_ms } = seat;
        let beat_every = Duration::from_millis(lease_ms.max(1_000) / 3);
        let next_at = Instant::now() + beat_every.min(BEAT_UNHEARD);
        Reporter {
            client,
            id,
            lease,
            beat_every,
            listens,
            hears_live: false,
            heard,
            rev: 0,
            outbox: Outbox::default(),
            end: None,
            backoff: Backoff::default(),
            next_at,
        }
    }

    /// Until the end was taken or refused, or until the handle is dropped.
    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Word>) {
        let mut live = self.listens.then(|| self.client.watch(vec![json!({"job": self.id})]));
        let mut under_way: Option<BoxFuture<'static, (Sent, Result<ReportAnswer, Error>)>> = None;
        loop {
            tokio::select! {
                word = inbox.recv() => match word {
                    Some(word) => self.take(word),
                    // The handle is gone without an end: the lease is left to run out.
                    None if self.end.is_none() => return,
                    None => match &mut under_way {
                        Some(answer) => {
                            let (sent, answer) = answer.await;
                            under_way = None;
                            if let After::Over = self.answered(sent, answer) { return }
                        }
                        None => {
                            sleep_until(self.next_at).await;
                            under_way = Some(self.send());
                        }
                    },
                },
                (sent, answer) = async { under_way.as_mut().expect("guarded").await }, if under_way.is_some() => {
                    under_way = None;
                    if let After::Over = self.answered(sent, answer) { return }
                }
                () = sleep_until(self.next_at), if under_way.is_none() => under_way = Some(self.send()),
                happened = next(&mut live), if live.is_some() => match happened {
                    Some(happened) => self.saw(happened),
                    // No right to watch: the answers to reports bring the wishes, a beat later.
                    None => {
                        live = None;
                        self.hears(false);
                    }
                },
            }
        }
    }

    fn take(&mut self, word: Word) {
        match word {
            Word::Progress(progress) => self.outbox.add_progress(progress),
            Word::Output { stream, text } => self.outbox.add_output(stream, &text),
            Word::Acknowledge(wish) => self.outbox.acknowledge(wish),
            Word::Complete { body, reply } => self.end = Some((End::Complete(body), reply)),
            Word::Fail { body, reply } => self.end = Some((End::Fail(body), reply)),
            Word::Aborted { wish, reply } => self.end = Some((End::Aborted(wish), reply)),
        }
        if self.backoff.is_calm() {
            let urgent = self.end.is_some() || self.outbox.is_urgent();
            let wait = if urgent { Duration::ZERO } else { GATHER };
            self.next_at = self.next_at.min(Instant::now() + wait);
        }
    }

    fn send(&mut self) -> BoxFuture<'static, (Sent, Result<ReportAnswer, Error>)> {
        let (client, id, lease) = (self.client.clone(), self.id.clone(), self.lease.clone());
        let post = move |what: &'static str, body: serde_json::Value| async move { client.report(&id, &lease, what, &body).await };
        let as_json = |body: serde_json::Result<serde_json::Value>| body.unwrap_or_default();
        match (self.outbox.take(), &self.end) {
            (Some(words), _) => {
                let (what, body) = match &words {
                    Next::Output(body) => ("output", serde_json::to_value(body)),
                    Next::Progress(body) => ("progress", serde_json::to_value(body)),
                };
                post(what, as_json(body)).map(|answer| (Sent::Words(words), answer)).boxed()
            }
            (None, Some((end, _))) => {
                let (what, body) = match end {
                    End::Complete(body) => ("complete", serde_json::to_value(body)),
                    End::Fail(body) => ("fail", serde_json::to_value(body)),
                    End::Aborted(wish) => {
                        let body = ReportProgress { acknowledge: Some(*wish), ..ReportProgress::default() };
                        ("progress", serde_json::to_value(body))
                    }
                };
                post(what, as_json(body)).map(|answer| (Sent::End, answer)).boxed()
            }
            (None, None) => {
                let body = serde_json::to_value(ReportHeartbeat::default());
                post("heartbeat", as_json(body)).map(|answer| (Sent::Beat, answer)).boxed()
            }
        }
    }

    fn answered(&mut self, sent: Sent, answer: Result<ReportAnswer, Error>) -> After {
        let error = match answer {
            Ok(answer) => {
                self.backoff.reset();
                self.hear(answer.wish.clone(), &answer.status, answer.rev);
                if let (Sent::End, Some((_, reply))) = (&sent, self.end.take_if(|_| matches!(sent, Sent::End))) {
                    reply.send(Ok(answer)).ok();
                    return After::Over;
                }
                self.plan(&sent);
                return After::GoOn;
            }
            Err(error) => error,
        };
        if error.is_passing() {
            tracing::debug!(job = self.id, %error, "a report was not taken and will be repeated");
            if let Sent::Words(words) = sent {
                self.outbox.put_back(words);
            }
            self.next_at = Instant::now() + self.backoff.after_failure(chance());
            return After::GoOn;
        }
        let is_revoked = matches!(error.code(), Some("stale_lease" | "not_found" | "wrong_status"));
        if is_revoked {
            self.heard.send_if_modified(|heard| !std::mem::replace(&mut heard.is_revoked, true));
        }
        match (sent, self.end.take()) {
            (Sent::End, Some((_, reply))) => {
                reply.send(Err(error)).ok();
                After::Over
            }
            (sent, end) => {
                // What the server will never take is not repeated; the end still is said, and brings the last answer.
                tracing::warn!(job = self.id, %error, "a report was refused");
                self.end = end;
                self.backoff.reset();
                self.plan(&sent);
                After::GoOn
            }
        }
    }

    /// When the next report goes after one was answered.
    fn plan(&mut self, sent: &Sent) {
        let wait = match (&self.end, self.outbox.is_empty(), sent) {
            (Some(_), ..) => Duration::ZERO,
            // What stood behind output has gathered long enough.
            (None, false, Sent::Words(Next::Output(_))) if !self.outbox.has_output() => Duration::ZERO,
            (None, false, _) => GATHER,
            (None, true, _) => self.beat(),
        };
        self.next_at = Instant::now() + wait;
    }

    fn beat(&self) -> Duration {
        if self.hears_live { self.beat_every } else { self.beat_every.min(BEAT_UNHEARD) }
    }

    fn hears(&mut self, live: bool) {
        self.hears_live = live;
        if self.backoff.is_calm() {
            self.next_at = self.next_at.min(Instant::now() + self.beat());
        }
    }

    fn saw(&mut self, happened: Happened) {
        match happened {
            Happened::Update { job, .. } => self.saw_job(&job),
            Happened::Snapshot { jobs, .. } => jobs.iter().for_each(|job| self.saw_job(job)),
            Happened::Live { .. } => self.hears(true),
            Happened::Connection(_) | Happened::Refused { .. } => self.hears(false),
            _ => {}
        }
    }

    /// A live frame that an answer has overtaken brings nothing old back.
    fn saw_job(&mut self, job: &JobSummary) {
        if job.rev < self.rev {
            return;
        }
        let none = || Wish { kind: "none".into(), number: 0, at: None, by: None };
        self.hear(job.wish.clone().unwrap_or_else(none), &job.status, job.rev);
    }

    fn hear(&mut self, wish: Wish, status: &str, rev: u64) {
        self.rev = rev;
        self.heard.send_if_modified(|heard| {
            let is_newer = wish.number > heard.wish.number;
            let changes = is_newer || heard.status != status;
            if is_newer {
                heard.wish = wish;
            }
            heard.status = status.to_owned();
            changes
        });
    }
}

async fn next(live: &mut Option<Watch>) -> Option<Happened> {
    live.as_mut()?.next().await
}
