//! Runs a future as a job that everybody can follow.
//!
//! One task per job ([`drive`]) submits it, runs the work in a task of its own, and hands what it says to the reporter
//! ([`Tracked`](crate::Tracked)). Refuses to depend on who called: when the handler that awaits a [`Tracking`] is dropped because the
//! browser left, the work and its record go on.

mod drive;
mod job;
mod stopped;
mod wishes;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::sync::{Notify, oneshot, watch};
use wire::body::Submit;
use wire::record::Subject;

use crate::rest::Client;
use drive::Drive;
use job::Desk;

pub use job::{Job, Stream};
pub use stopped::{Stopped, TrackError};

/// Jobs of one tracker that hear wishes over a live socket of their own; those above hear them a beat later. The server takes 20 sockets
/// of one key.
const LISTENERS: usize = 8;

/// What happens when the server cannot be reached at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnreachable {
    /// [`TrackError::NotBegun`], and the work does not run.
    #[default]
    Fail,
    /// It runs untracked, and is tracked as soon as the server answers. A warning says so.
    Run,
}

/// What holds for all jobs of a process.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    pub on_unreachable: OnUnreachable,
    /// How long a start may wait for the server; 2 s unless told.
    pub start_within: Duration,
    /// How long the end of the work waits until it is told; 2 s unless told. After that it is told in the background.
    pub end_within: Duration,
    /// How long a job may be silent before it is `lost`, from 1 s to an hour; 30 s, the server's own, when none.
    pub lease: Option<Duration>,
}

impl Default for Habits {
    fn default() -> Habits {
        let second = Duration::from_secs(1);
        Habits { on_unreachable: OnUnreachable::Fail, start_within: 2 * second, end_within: 2 * second, lease: None }
    }
}

/// What one job is. Its owner can read all of it.
#[derive(Debug, Clone, Default)]
pub struct TrackOptions {
    /// The id of the signed-in user. Take it from your session, never from the request.
    pub owner: Option<String>,
    /// The page or wizard that it was started from, any text of yours. A page that returns asks for it.
    pub session: Option<String>,
    /// What it is about: type and id.
    pub subject: Option<(String, String)>,
    /// What lists and toasts call it; the task's name when none.
    pub title: Option<String>,
    /// Where the app shows the result: an http address, or a path.
    pub link: Option<String>,
    /// What it was asked to do; at most 1 MB of JSON.
    pub input: Option<Value>,
    pub tags: Vec<String>,
    /// At most 16 KB of JSON.
    pub metadata: Option<Value>,
    /// −100 to 100.
    pub priority: Option<i64>,
    /// For work without checkpoints: a pause is refused instead of asked for ever.
    pub is_not_pausable: bool,
    /// Instead of that of [`Habits`].
    pub lease: Option<Duration>,
    /// Instead of that of [`Habits`].
    pub on_unreachable: Option<OnUnreachable>,
}

/// How a process that ends treats what still runs.
#[derive(Debug, Clone)]
pub struct ShutDown {
    /// What the records and the errors say.
    pub reason: String,
    /// How long work may still come to its end by itself; none unless told.
    pub finish: Duration,
    /// How long work has to stop once it was told to; 1 s unless told.
    pub stop: Duration,
}

impl Default for ShutDown {
    fn default() -> ShutDown {
        ShutDown { reason: "the app was stopped".to_owned(), finish: Duration::ZERO, stop: Duration::from_secs(1) }
    }
}

/// Makes jobs of this process's own work; one for the whole process. Clones are the same tracker.
#[derive(Debug, Clone)]
pub struct Tracker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    habits: Habits,
    runs: Mutex<Runs>,
    running: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Runs {
    next: u64,
    all: HashMap<u64, (Arc<Desk>, Arc<Notify>)>,
    /// Why the process ends; none while it does not.
    closing: Option<String>,
}

impl Tracker {
    pub fn new(client: Client) -> Tracker {
        Tracker::with_habits(client, Habits::default())
    }

    pub fn with_habits(client: Client, habits: Habits) -> Tracker {
        Tracker(Arc::new(Inner { client, habits, runs: Mutex::default(), running: watch::Sender::new(0) }))
    }

    /// How many jobs run, or wait to have their end told.
    pub fn running(&self) -> usize {
        *self.0.running.borrow()
    }

    /// Runs `work` as a job of this task, and resolves as it does. Begins at once; must be called in a tokio runtime. The task need not be
    /// declared.
    ///
    /// The future may be dropped: the work and its record go on. An abort does not drop the work; it hears of it at its next
    /// [`Job::checkpoint`], or selects on [`Job::until_stopped`].
    ///
    /// ```ignore
    /// let about = TrackOptions { owner: Some(user.id), session: form.session, ..TrackOptions::default() };
    /// let report = tidings
    ///     .track("report", about, async move |job| {
    ///         for (done, order) in orders.iter().enumerate() {
    ///             job.checkpoint().await?;
    ///             job.progress(100.0 * done as f64 / orders.len() as f64, &order.name);
    ///             add(order).await?;
    ///         }
    ///         Ok::<_, ReportError>(Report { rows: orders.len() })
    ///     })
    ///     .await?;
    /// ```
    pub fn track<Work, Running, T, E>(&self, task: &str, options: TrackOptions, work: Work) -> Tracking<T, E>
    where
        Work: FnOnce(Job) -> Running + Send + 'static,
        Running: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize + Send + 'static,
        E: Display + Send + 'static,
    {
        let (sender, outcome) = oneshot::channel();
        let inner = self.0.clone();
        let habits = inner.habits;
        let desk = Desk::new();
        let give_up = Arc::new(Notify::new());
        let Some((number, listens)) = inner.enter(&desk, &give_up) else {
            let why = Stopped::Interrupted(inner.runs().closing.clone().unwrap_or_default());
            sender.send(Err(TrackError::Stopped { why, work: None })).ok();
            return Tracking(outcome);
        };
        let on_unreachable = options.on_unreachable.unwrap_or(habits.on_unreachable);
        let body = submit(task, options, habits.lease);
        let drive = Drive { client: inner.client.clone(), habits, on_unreachable, body, listens, desk, give_up };
        tokio::spawn(async move {
            let (came, telling) = drive.run(work).await;
            sender.send(came).ok();
            if let Some(telling) = telling {
                telling.await.ok();
            }
            inner.leave(number);
        });
        Tracking(outcome)
    }

    /// For a process that ends: work may finish for `finish`, then it is told to stop, and what still runs `stop` later is told as failed.
    /// Resolves when all is told, or `end_within` later. From the call on [`Tracker::track`] brings [`Stopped::Interrupted`].
    pub async fn shut_down(&self, how: ShutDown) {
        self.0.runs().closing = Some(how.reason.clone());
        drive::settled(self.0.running.subscribe(), how.finish).await;
        for (desk, _) in self.0.all() {
            desk.stop(Stopped::Interrupted(how.reason.clone()));
        }
        drive::settled(self.0.running.subscribe(), how.stop).await;
        for (_, give_up) in self.0.all() {
            give_up.notify_one();
        }
        drive::settled(self.0.running.subscribe(), self.0.habits.end_within).await;
    }
}

impl Inner {
    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its number, and whether it may have a live socket; none when the process ends.
    fn enter(&self, desk: &Arc<Desk>, give_up: &Arc<Notify>) -> Option<(u64, bool)> {
        let mut runs = self.runs();
        if runs.closing.is_some() {
            return None;
        }
        runs.next += 1;
        let number = runs.next;
        let listens = runs.all.len() < LISTENERS;
        runs.all.insert(number, (desk.clone(), give_up.clone()));
        self.running.send_replace(runs.all.len());
        Some((number, listens))
    }

    fn leave(&self, number: u64) {
        let mut runs = self.runs();
        runs.all.remove(&number);
        self.running.send_replace(runs.all.len());
    }

    fn all(&self) -> Vec<(Arc<Desk>, Arc<Notify>)> {
        self.runs().all.values().cloned().collect()
    }
}

fn submit(task: &str, options: TrackOptions, lease: Option<Duration>) -> Submit {
    let as_raw = |value: Option<Value>| value.and_then(|value| to_raw_value(&value).ok());
    let lease_ms = options.lease.or(lease).map(|lease| u64::try_from(lease.as_millis()).unwrap_or(u64::MAX));
    Submit {
        task: task.to_owned(),
        owner: options.owner,
        session: options.session,
        subject: options.subject.map(|(kind, id)| Subject { kind: kind.into(), id: id.into() }),
        title: options.title,
        link: options.link,
        input: as_raw(options.input),
        tags: options.tags,
        metadata: as_raw(options.metadata),
        priority: options.priority,
        pause: options.is_not_pausable.then(|| "none".to_owned()),
        lease_ms,
        ..Submit::default()
    }
}

/// What the work comes to. May be dropped: the work goes on.
#[derive(Debug)]
pub struct Tracking<T, E>(oneshot::Receiver<Result<T, TrackError<E>>>);

impl<T, E> Future for Tracking<T, E> {
    type Output = Result<T, TrackError<E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let came = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(came.unwrap_or_else(|_| Err(TrackError::Panicked("the runtime ended".to_owned()))))
    }
}
