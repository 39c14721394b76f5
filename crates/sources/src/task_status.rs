//! The Redis channel of task status updates, as a source of mirrored jobs, both ways.
//!
//! [`intake`] puts down to their jobs what others publish; [`publisher`] publishes what the log says and the channel does not know yet, as
//! [`message`] writes it. This file keeps the one connection that both share: made again whenever it is gone, after a pause that grows, for as long as the server runs. A
//! server without its Redis works; what it commits meanwhile is published when Redis is back. What others publish meanwhile is not heard:
//! that is how Redis pub/sub is, and so no silence is counted while nobody listens.

mod intake;
mod message;
mod publisher;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::Text;
use engine::port::{Listener, Notice};
use engine::{Engine, Source};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::LoggedEvent;

use crate::address::Address;
use crate::backlog::{BACKLOG_BYTES, Backlog};
use crate::cursor::{Begins, Cursor};
use crate::health::Health;
use crate::link::Link;
use intake::Intake;
use publisher::Publisher;

/// The name of the source, and of the holder of its jobs.
pub const NAME: &str = "task_status";
/// Its file in the data folder: how far the log was published.
pub const CURSOR_FILE: &str = "sources/task_status.json";

/// First pause before Redis is tried again, in milliseconds; it doubles up to [`LONGEST_PAUSE_MS`]. A third of each is chance.
const FIRST_PAUSE_MS: u64 = 200;
/// So late is a Redis that came back noticed, at the most.
const LONGEST_PAUSE_MS: u64 = 5_000;
/// A connection that lasted so long was a good one: after it Redis is tried again soon. One that is cut again and again is not.
const GOOD_AFTER: Duration = Duration::from_secs(10);
/// How long what came in, and what is to go out, may take when the server stops.
const FINISH_WITHIN: Duration = Duration::from_secs(3);

/// What the source goes by.
#[derive(Debug, Clone)]
pub struct Settings {
    pub redis: Address,
    pub channel: String,
    /// How a job that is first heard of there is made.
    pub source: Source,
    /// Where it keeps how far the log was published.
    pub cursor: PathBuf,
}

/// The source.
pub struct TaskStatus {
    settings: Settings,
    /// What our messages say they are from. It names the data folder and this start: a server on a copy of the folder is another publisher.
    own: Text,
    engine: Arc<Engine>,
    health: Arc<Health>,
    committed: Arc<Notify>,
}

/// Rings when something was committed. For the release loop, which it does not hold up.
struct Bell(Arc<Notify>);

impl Listener for Bell {
    fn events(&self, _: &Arc<[LoggedEvent]>) {
        self.0.notify_one();
    }

    fn notice(&self, _: &Notice) {}

    fn replaced(&self) {
        self.0.notify_one();
    }
}

impl TaskStatus {
    /// To be made before the first commit: from then on nothing is passed over.
    pub fn new(settings: Settings, engine: Arc<Engine>) -> TaskStatus {
        engine.feed(NAME);
        let own = format!("tidings-{}-{}", engine.store().identity().host, engine::random::word(8)).into();
        TaskStatus { settings, own, engine, health: Arc::default(), committed: Arc::default() }
    }

    pub fn health(&self) -> Arc<Health> {
        self.health.clone()
    }

    /// For the release loop.
    pub fn listener(&self) -> Arc<dyn Listener> {
        Arc::new(Bell(self.committed.clone()))
    }

    /// Runs until `stop`; then what came in is put down, and what was committed is published, if that takes not long.
    pub async fn run(self, stop: CancellationToken) {
        let backlog = Arc::new(Backlog::of(BACKLOG_BYTES));
        let intake =
            Intake::new(self.engine.clone(), self.settings.source.clone(), self.own.clone(), backlog.clone(), self.health.clone());
        let no_more = CancellationToken::new();
        let connection = async {
            self.keep_connected(backlog, &stop).await;
            no_more.cancel();
        };
        tokio::join!(connection, intake.run(no_more.clone(), FINISH_WITHIN));
    }

    async fn keep_connected(&self, backlog: Arc<Backlog>, stop: &CancellationToken) {
        let Some(mut publisher) = self.publisher(stop).await else { return };
        let Settings { redis, channel, .. } = &self.settings;
        let mut pause = Pause::default();
        // Since when it is away, as far as that was said.
        let mut away: Option<Instant> = None;
        loop {
            let opened = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                opened = Link::open(redis, channel, hear(backlog.clone(), self.health.clone())) => opened,
            };
            let problem = match opened {
                Ok(link) => {
                    let since = self.engine.clock().now();
                    self.health.connected(since);
                    self.engine.listening(NAME, Some(since));
                    let away_s = away.take().map(|away| away.elapsed().as_secs());
                    tracing::info!(%redis, channel, away_s, "connected: the channel is heard and published to");
                    let began = Instant::now();
                    let problem = tokio::select! {
                        problem = link.until_gone() => Some(problem),
                        problem = publisher.publish_on(&link, stop) => problem,
                        () = overdue(stop) => None,
                    };
                    self.engine.listening(NAME, None);
                    let Some(problem) = problem else { break };
                    if began.elapsed() > GOOD_AFTER {
                        pause = Pause::default();
                    }
                    problem
                }
                Err(problem) => problem,
            };
            if away.is_none() {
                away = Some(Instant::now());
                tracing::warn!(%redis, channel, %problem, "Redis is away: jobs go on without it, it is tried again and again");
            } else {
                tracing::debug!(%redis, channel, %problem, "Redis is still away");
            }
            self.health.away(self.engine.clock().now(), problem);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause.next()) => {}
            }
        }
        publisher.keep().await;
    }

    /// As soon as its cursor is there: without one it would not be known what is to be published. `None`: told to stop.
    async fn publisher(&self, stop: &CancellationToken) -> Option<Publisher> {
        let file = self.settings.cursor.display();
        let mut pause = Pause::default();
        let mut is_told = false;
        let (cursor, begins) = loop {
            let store = self.engine.store();
            let error = match Cursor::open(&self.settings.cursor, store.identity().epoch, store.head()) {
                Ok(opened) => break opened,
                Err(error) => error,
            };
            if !std::mem::replace(&mut is_told, true) {
                tracing::warn!(%error, %file, "the channel waits: how far it was published to cannot be kept; trying again");
            }
            self.health.away(self.engine.clock().now(), format!("{file}: {error}"));
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = tokio::time::sleep(pause.next()) => {}
            }
        };
        match begins {
            Begins::Anew => tracing::info!("the channel is switched on: what is committed from now on is published to it"),
            Begins::GoesOn => {}
            Begins::Elsewhere(why) => {
                tracing::warn!(
                    why,
                    "how far the channel was published to is not known: what is committed from now on is published"
                );
            }
        }
        let names = (self.settings.source.tenant.clone(), self.own.clone());
        Some(Publisher::new(self.engine.clone(), self.health.clone(), cursor, self.committed.clone(), names))
    }
}

/// Answers when the stop has waited long enough: a Redis that stands still does not keep the server from ending.
async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(FINISH_WITHIN).await;
}

/// Takes messages off the connection.
fn hear(backlog: Arc<Backlog>, health: Arc<Health>) -> impl Fn(Vec<u8>) + Send + Sync + 'static {
    move |message| {
        health.received.add(1);
        let dropped = backlog.put(message);
        health.dropped.add(dropped);
        health.waiting.set(backlog.len() as u64);
    }
}

/// How long to wait before the next try: longer each time, and never the same for two servers.
struct Pause(u64);

impl Default for Pause {
    fn default() -> Pause {
        Pause(FIRST_PAUSE_MS)
    }
}

impl Pause {
    fn next(&mut self) -> Duration {
        let longest = self.0;
        self.0 = (longest * 2).min(LONGEST_PAUSE_MS);
        Duration::from_millis(longest - engine::random::below(longest / 3 + 1))
    }
}

#[cfg(test)]
mod tests;
