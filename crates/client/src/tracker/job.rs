//! What the work holds of its job. Nothing here waits for the server, and nothing fails because it is away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use wire::record::Progress;

use super::stopped::Stopped;
use crate::tracked::outbox::Outbox;

/// How a line of output is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
    Debug,
    Info,
    Warn,
    Error,
}

impl Stream {
    const ALL: [Stream; 6] = [Stream::Stdout, Stream::Stderr, Stream::Debug, Stream::Info, Stream::Warn, Stream::Error];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
            Stream::Debug => "debug",
            Stream::Info => "info",
            Stream::Warn => "warn",
            Stream::Error => "error",
        }
    }

    pub(super) fn named(name: &str) -> &'static str {
        Stream::ALL.into_iter().map(Stream::as_str).find(|known| *known == name).unwrap_or("info")
    }
}

/// What is asked of the work.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    pub(super) stopped: Option<Stopped>,
    /// The number of the pause that holds the work.
    pub(super) pause: Option<u64>,
}

/// What the work says and hears, between it and the task that speaks for it.
#[derive(Debug)]
pub(super) struct Desk {
    id: watch::Sender<Option<String>>,
    pub(super) standing: watch::Sender<Standing>,
    outbox: Mutex<Outbox>,
    /// Something was put into the outbox.
    pub(super) said: Notify,
}

impl Desk {
    pub(super) fn new() -> Arc<Desk> {
        let (id, standing) = (watch::Sender::new(None), watch::Sender::new(Standing::default()));
        Arc::new(Desk { id, standing, outbox: Mutex::default(), said: Notify::new() })
    }

    pub(super) fn seat(&self, id: &str) {
        self.id.send_replace(Some(id.to_owned()));
    }

    /// The first reason counts.
    pub(super) fn stop(&self, why: Stopped) {
        self.standing.send_if_modified(|standing| {
            let is_news = standing.stopped.is_none();
            standing.stopped.get_or_insert(why);
            is_news
        });
    }

    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.standing.borrow().stopped.clone()
    }

    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, add: impl FnOnce(&mut Outbox)) {
        add(&mut self.outbox());
        self.said.notify_one();
    }
}

/// One run of a task, in the hands of the work. Clones speak for the same job.
#[derive(Debug, Clone)]
pub struct Job(pub(super) Arc<Desk>);

impl Job {
    /// The job's id at the server; none while it runs untracked because the server was away at its start.
    pub fn id(&self) -> Option<String> {
        self.0.id.borrow().clone()
    }

    /// Says how far the work is, from 0 to 100, with a sentence for people. Call it as often as you like: the newest value is sent, about
    /// ten times a second at the most.
    pub fn progress(&self, percentage: f64, message: &str) {
        self.progress_of(Progress { percentage: Some(percentage), message: Some(message.into()), ..Progress::default() });
    }

    /// The same with counters. Field by field the newest wins; what is none stays as it was.
    pub fn progress_of(&self, mut progress: Progress) {
        progress.percentage =
            progress.percentage.filter(|percentage| percentage.is_finite()).map(|percentage| percentage.clamp(0.0, 100.0));
        self.0.say(|outbox| outbox.add_progress(progress));
    }

    /// Adds lines to the job's output. At most 4 MB wait while the server is away; above, the oldest is dropped.
    pub fn log(&self, stream: Stream, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.0.say(|outbox| outbox.add_output(stream.as_str(), &format!("{text}{end}")));
    }

    /// Why the work is no longer wanted; none while it is.
    pub fn stopped(&self) -> Option<Stopped> {
        self.0.stopped()
    }

    /// Resolves when the work is no longer wanted; never before. Select on it where the work waits for something slow.
    ///
    /// ```ignore
    /// tokio::select! {
    ///     page = fetch(address) => page?,
    ///     why = job.until_stopped() => return Err(why.into()),
    /// }
    /// ```
    pub async fn until_stopped(&self) -> Stopped {
        let mut standing = self.0.standing.subscribe();
        loop {
            if let Some(why) = standing.borrow_and_update().stopped.clone() {
                return why;
            }
            if standing.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// A safe point: goes on at once, or after the resume when somebody asked to pause. An error when the work is no longer wanted.
    /// Put it between two steps; a job without one shows that a pause is asked, and goes on.
    pub async fn checkpoint(&self) -> Result<(), Stopped> {
        let mut standing = self.0.standing.subscribe();
        loop {
            let now = standing.borrow_and_update().clone();
            match now {
                Standing { stopped: Some(why), .. } => return Err(why),
                Standing { pause: Some(wish), .. } => self.0.say(|outbox| outbox.acknowledge(wish)),
                Standing { pause: None, .. } => return Ok(()),
            }
            if standing.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
