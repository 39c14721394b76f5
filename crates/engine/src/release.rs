//! The release loop: from what the bus brings, in any order and with holes, to listeners that get every event once and in order.
//!
//! What is the next place goes straight through. A hole waits [`HOLE_MS`], then is read from the log. Once a second the head of the log is
//! looked at; what only that look found is delivered and counted, since a healthy bus lets it find nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::Text;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::LoggedEvent;

use crate::port::{Bus, Listener, Published, Received, SharedStore};

/// How long a hole may be filled by the bus itself, in milliseconds.
const HOLE_MS: u64 = 20;
/// How often the head of the log is looked at, in milliseconds.
const LOOK_MS: u64 = 1_000;
/// Events read from the log in one step.
const STEP: usize = 500;
/// Events held back behind a hole; more are dropped, since the log has them.
const HELD_BACK: usize = 10_000;

/// What the loop has seen, for metrics.
#[derive(Debug, Default)]
pub struct ReleaseStats {
    pub released: AtomicU64,
    /// Events that had to be read from the log behind a hole.
    pub refetched: AtomicU64,
    /// Events that only the look at the head found. Healthy: 0.
    pub found_late: AtomicU64,
}

pub struct Release {
    store: SharedStore,
    listeners: Vec<Arc<dyn Listener>>,
    stats: Arc<ReleaseStats>,
    epoch: Text,
    /// Place of the newest event that was released.
    place: u64,
    held: BTreeMap<u64, LoggedEvent>,
    hole_since: Option<Instant>,
    /// Whether the present hole is one that only the look at the head found.
    is_found_late: bool,
}

impl Release {
    /// Begins at the present head: what is older is read from the store by whoever wants it.
    pub fn new(store: SharedStore, listeners: Vec<Arc<dyn Listener>>) -> Release {
        let place = store.head().place;
        let epoch = store.identity().epoch;
        Release {
            store,
            listeners,
            stats: Arc::default(),
            epoch,
            place,
            held: BTreeMap::new(),
            hole_since: None,
            is_found_late: false,
        }
    }

    pub fn stats(&self) -> Arc<ReleaseStats> {
        self.stats.clone()
    }

    /// Runs until `stop`. Subscribe before the first commit, so that nothing has to be read twice.
    pub async fn run(mut self, bus: Arc<dyn Bus>, stop: CancellationToken) {
        let mut received = bus.subscribe();
        let mut look = tokio::time::interval(Duration::from_millis(LOOK_MS));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.catch_up().await;
        loop {
            let patience = self.hole_since.map(|since| since + Duration::from_millis(HOLE_MS));
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                received = received.recv() => match received {
                    Some(Received::Published(published)) => self.take(published),
                    Some(Received::Missed) => { self.refetch().await; }
                    None => return,
                },
                () = until(patience) => { self.refetch().await; }
                _ = look.tick() => self.look().await,
            }
        }
    }

    fn take(&mut self, published: Published) {
        match published {
            Published::Notice(notice) => self.listeners.iter().for_each(|listener| listener.notice(&notice)),
            Published::Events(events) => {
                let is_next = events.first().is_some_and(|first| first.place == self.place + 1);
                if is_next && self.held.is_empty() {
                    self.release(events);
                    return;
                }
                for event in events.iter().filter(|event| event.place > self.place) {
                    if self.held.len() < HELD_BACK {
                        self.held.insert(event.place, event.clone());
                    }
                }
                self.release_held();
            }
        }
    }

    fn release_held(&mut self) {
        let mut ready = Vec::new();
        while let Some(event) = self.held.remove(&(self.place + 1 + ready.len() as u64)) {
            ready.push(event);
        }
        if !ready.is_empty() {
            self.release(ready.into());
        }
        self.held = self.held.split_off(&(self.place + 1));
        self.hole_since = match (self.held.is_empty(), self.hole_since) {
            (true, _) => None,
            (false, since) => since.or_else(|| Some(Instant::now())),
        };
    }

    fn release(&mut self, events: Arc<[LoggedEvent]>) {
        if let Some(newest) = events.last() {
            self.is_found_late = false;
            self.place = newest.place;
            self.stats.released.fetch_add(events.len() as u64, Ordering::Relaxed);
            self.listeners.iter().for_each(|listener| listener.events(&events));
        }
    }

    /// Reads from the log what the bus did not bring.
    async fn refetch(&mut self) {
        let found = self.catch_up().await;
        self.stats.refetched.fetch_add(found, Ordering::Relaxed);
        if std::mem::take(&mut self.is_found_late) && found > 0 {
            self.stats.found_late.fetch_add(found, Ordering::Relaxed);
        }
    }

    async fn look(&mut self) {
        let epoch = self.store.identity().epoch;
        if epoch != self.epoch {
            self.epoch = epoch;
            self.place = self.store.head().place;
            self.held.clear();
            self.listeners.iter().for_each(|listener| listener.replaced());
            return;
        }
        // What was committed this very moment is on its way: only what is still missing a hole's patience later was lost.
        let head = self.store.head().place;
        if head > self.place && self.hole_since.is_none() {
            self.hole_since = Some(Instant::now());
            self.is_found_late = true;
        }
    }

    async fn catch_up(&mut self) -> u64 {
        let before = self.place;
        loop {
            match self.store.events(self.place, STEP).await {
                Ok(events) if events.is_empty() => break,
                Ok(events) => {
                    let is_next = events.first().is_some_and(|first| first.place == self.place + 1);
                    if !is_next {
                        // The floor passed us: whoever resumes from before it is told so.
                        self.place = events.first().map_or(self.place, |first| first.place - 1);
                    }
                    self.release(events.into());
                }
                Err(error) => {
                    tracing::warn!(%error, "the log could not be read; trying again");
                    self.release_held();
                    // What is held back behind the hole is tried again after another hole's patience, not at once.
                    self.hole_since = (!self.held.is_empty()).then(Instant::now);
                    return self.place - before;
                }
            }
        }
        self.release_held();
        if self.held.is_empty() {
            self.hole_since = None;
        }
        self.place - before
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
