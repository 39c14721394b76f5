//! One job from its submit to its end: one select over what the work says and comes to, what the server asks, and the end of the process.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, timeout};
use wire::body::{OutputLine, ReportComplete, ReportOutput, Submit};
use wire::record::{JobError, Progress};

use super::job::{Desk, Job, Stream};
use super::stopped::{Stopped, TrackError};
use super::wishes::{Asked, Wishes};
use super::{Habits, OnUnreachable};
use crate::backoff::{Backoff, chance};
use crate::error::Error;
use crate::rest::Client;
use crate::tracked::outbox::Next;
use crate::tracked::{Heard, Tracked};

/// One job and how to treat it.
pub(super) struct Drive {
    pub(super) client: Client,
    pub(super) habits: Habits,
    pub(super) on_unreachable: OnUnreachable,
    pub(super) body: Submit,
    pub(super) listens: bool,
    pub(super) desk: Arc<Desk>,
    /// Work that still runs is told as failed.
    pub(super) give_up: Arc<Notify>,
}

/// How the work ended, for the record.
enum End {
    Completed(Result<Box<serde_json::value::RawValue>, serde_json::Error>),
    Failed(JobError),
    Aborted(u64),
    /// Nothing can be told any more.
    Silent,
}

impl Drive {
    /// Brings what the work came to, once its end was told or `end_within` has passed, and the task that goes on telling.
    pub(super) async fn run<Work, Running, T, E>(mut self, work: Work) -> (Result<T, TrackError<E>>, Option<JoinHandle<()>>)
    where
        Work: FnOnce(Job) -> Running,
        Running: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize + Send + 'static,
        E: Display + Send + 'static,
    {
        let key = format!("{:016x}{:016x}", chance(), chance());
        let mut backoff = Backoff::default();
        let begun = match self.begin(&key, &mut backoff).await {
            Ok(begun) => begun,
            Err(error) => return (Err(TrackError::NotBegun(error)), None),
        };
        let running = tokio::spawn(work(Job(self.desk.clone())));
        let (came, tracked, wish) = self.attend(running, begun, &key, backoff).await;
        let stopped = self.desk.stopped();
        let (outcome, end) = judge(came, stopped, wish);
        let mut telling = tokio::spawn(tell(self.client, self.body, key, self.desk, tracked, end));
        let told = timeout(self.habits.end_within, &mut telling).await;
        (outcome, told.is_err().then_some(telling))
    }

    /// Gets the job from the server; none when the work may begin without it.
    async fn begin(&self, key: &str, backoff: &mut Backoff) -> Result<Option<Tracked>, Error> {
        let until = Instant::now() + self.habits.start_within;
        loop {
            let error = match Tracked::begin(&self.client, self.body.clone(), Some(key), self.listens).await {
                Ok(tracked) => {
                    backoff.reset();
                    self.desk.seat(tracked.id());
                    return Ok(Some(tracked));
                }
                Err(error) => error,
            };
            let wait = backoff.after_failure(chance());
            if error.is_passing() && Instant::now() + wait < until {
                sleep(wait).await;
            } else if error.is_passing() && self.on_unreachable == OnUnreachable::Run {
                tracing::warn!(task = self.body.task, %error, "the work runs untracked until the server answers");
                return Ok(None);
            } else {
                return Err(error);
            }
        }
    }

    /// Until the work has ended. Brings the job, if there is one that can still be told, and the number of the wish that stopped it.
    async fn attend<T>(
        &mut self,
        mut running: JoinHandle<T>,
        begun: Option<Tracked>,
        key: &str,
        mut backoff: Backoff,
    ) -> (Result<T, JoinError>, Option<Tracked>, Option<u64>) {
        let mut heard = begun.as_ref().map(Tracked::heard);
        let mut tracked = begun;
        let mut wishes = Wishes::default();
        let mut wish = None;
        let mut may_submit = true;
        loop {
            let is_untracked = tracked.is_none() && may_submit;
            tokio::select! {
                came = &mut running => return (came, tracked, wish),
                () = self.desk.said.notified(), if tracked.is_some() => {
                    if let Some(tracked) = &tracked {
                        pump(&self.desk, tracked).await;
                    }
                }
                now = news(&mut heard) => {
                    let standing = self.desk.standing.borrow().clone();
                    match wishes.hear(&now, &standing) {
                        Asked::Nothing => {}
                        Asked::Stop(why) => {
                            wish = matches!(why, Stopped::Aborted { .. }).then_some(now.wish.number);
                            self.desk.stop(why);
                        }
                        Asked::Hold(pause) => self.desk.standing.send_modify(|standing| standing.pause = Some(pause)),
                        Asked::GoOn(resume) => {
                            self.desk.standing.send_modify(|standing| standing.pause = None);
                            if let (Some(resume), Some(tracked)) = (resume, &tracked) {
                                tracked.acknowledge(resume).await;
                            }
                        }
                    }
                }
                made = again(&self.client, &self.body, key, self.listens, &mut backoff), if is_untracked => match made {
                    Ok(made) => {
                        tracing::warn!(job = made.id(), "the server answers again");
                        self.desk.seat(made.id());
                        heard = Some(made.heard());
                        pump(&self.desk, &made).await;
                        tracked = Some(made);
                    }
                    Err(error) => {
                        tracing::warn!(task = self.body.task, %error, "the job was refused; the work stays untracked");
                        may_submit = false;
                    }
                },
                () = self.give_up.notified() => {
                    let words = self.desk.stopped().map_or_else(String::new, |why| why.to_string());
                    if let Some(tracked) = tracked.take() {
                        tokio::spawn(async move { tracked.fail(interrupted(words), false).await });
                    }
                    heard = None;
                    may_submit = false;
                }
            }
        }
    }
}

/// Resolves with the next answer of the server; never when nothing can be heard.
async fn news(heard: &mut Option<watch::Receiver<Heard>>) -> Heard {
    if let Some(receiver) = heard
        && receiver.changed().await.is_ok()
    {
        return receiver.borrow_and_update().clone();
    }
    std::future::pending().await
}

/// Tries until the server takes the job or refuses it. May be dropped at any time: the key makes the next try the same.
async fn again(client: &Client, body: &Submit, key: &str, listens: bool, backoff: &mut Backoff) -> Result<Tracked, Error> {
    loop {
        sleep(backoff.after_failure(chance())).await;
        match Tracked::begin(client, body.clone(), Some(key), listens).await {
            Err(error) if error.is_passing() => {}
            made => return made,
        }
    }
}

/// Hands on what the work said; the reporter gathers it, so that it goes out about ten times a second at the most.
async fn pump(desk: &Desk, tracked: &Tracked) {
    loop {
        let Some(next) = desk.outbox().take() else { return };
        match next {
            Next::Output(output) => {
                for OutputLine { stream, text } in output.chunks {
                    tracked.output(Stream::named(&stream), text).await;
                }
            }
            Next::Progress(report) => {
                if report.progress != Progress::default() {
                    tracked.progress(report.progress).await;
                }
                if let Some(wish) = report.acknowledge {
                    tracked.acknowledge(wish).await;
                }
            }
        }
    }
}

/// What the caller gets, and what the record says.
fn judge<T: Serialize, E: Display>(
    came: Result<Result<T, E>, JoinError>,
    stopped: Option<Stopped>,
    wish: Option<u64>,
) -> (Result<T, TrackError<E>>, End) {
    let stopped_end = |why: &Stopped| match (why, wish) {
        (Stopped::Interrupted(words), _) => End::Failed(interrupted(words.clone())),
        (Stopped::Aborted { .. }, Some(wish)) => End::Aborted(wish),
        _ => End::Silent,
    };
    match (came, stopped) {
        (Ok(Ok(value)), _) => {
            let result = serde_json::value::to_raw_value(&value);
            (Ok(value), End::Completed(result))
        }
        (Ok(Err(work)), Some(why)) => {
            let end = stopped_end(&why);
            (Err(TrackError::Stopped { why, work: Some(work) }), end)
        }
        (Ok(Err(work)), None) => {
            let error = JobError { kind: "error".into(), message: work.to_string().into() };
            (Err(TrackError::Work(work)), End::Failed(error))
        }
        (Err(gone), _) => {
            let words = panic_words(gone);
            let error = JobError { kind: "panic".into(), message: words.as_str().into() };
            (Err(TrackError::Panicked(words)), End::Failed(error))
        }
    }
}

/// Says the end, however long the server is away.
async fn tell(client: Client, body: Submit, key: String, desk: Arc<Desk>, tracked: Option<Tracked>, end: End) {
    if matches!(end, End::Silent) {
        return;
    }
    let tracked = match tracked {
        Some(tracked) => tracked,
        // It was given up, or it ran untracked and the server is still away.
        None if matches!(desk.stopped(), Some(Stopped::Interrupted(_))) => return,
        None => match again(&client, &body, &key, false, &mut Backoff::default()).await {
            Ok(tracked) => tracked,
            Err(error) => return tracing::warn!(task = body.task, %error, "the work is done, but it has no record"),
        },
    };
    pump(&desk, &tracked).await;
    let told = match end {
        End::Completed(Ok(result)) => {
            match tracked.complete(ReportComplete { result: Some(result), ..ReportComplete::default() }).await {
                Err(error) if is_too_much(&error) => complete_without(&client, &tracked, &error.to_string()).await,
                told => told.map(drop),
            }
        }
        End::Completed(Err(error)) => complete_without(&client, &tracked, &error.to_string()).await,
        End::Failed(error) => tracked.fail(error, false).await.map(drop),
        End::Aborted(wish) => tracked.aborted(wish).await.map(drop),
        End::Silent => Ok(()),
    };
    if let Err(error) = told {
        tracing::warn!(job = tracked.id(), %error, "the record cannot say how the work ended");
    }
}

fn is_too_much(error: &Error) -> bool {
    error.problem().is_some_and(|problem| matches!(problem.status, 400 | 413 | 422))
}

/// A result that cannot be kept does not undo the work: the job completes without it, and its output says why.
async fn complete_without(client: &Client, tracked: &Tracked, why: &str) -> Result<(), Error> {
    tracing::warn!(job = tracked.id(), why, "its result cannot be kept");
    let lease = tracked.job().lease.as_ref().map_or("", |lease| lease.token.as_str());
    let line = OutputLine { stream: "warn".to_owned(), text: format!("The result was not kept: {why}\n") };
    client.report(tracked.id(), lease, "output", &ReportOutput { chunks: vec![line] }).await?;
    client.report(tracked.id(), lease, "complete", &ReportComplete::default()).await.map(drop)
}

fn interrupted(words: String) -> JobError {
    JobError { kind: "interrupted".into(), message: words.into() }
}

fn panic_words(gone: JoinError) -> String {
    match gone.try_into_panic() {
        Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(words), _) => (*words).to_owned(),
            (_, Some(words)) => words.clone(),
            _ => "without words".to_owned(),
        },
        Err(_) => "the runtime ended".to_owned(),
    }
}

/// How long an idle process waits for `done`.
pub(super) async fn settled(mut running: watch::Receiver<usize>, within: Duration) {
    timeout(within, running.wait_for(|running| *running == 0)).await.ok();
}
