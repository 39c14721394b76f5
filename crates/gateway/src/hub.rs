//! The hub: owns the shards and what they share, lets connections in and takes them out, and is told the log by the engine.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use domain::access::Principal;
use domain::{Text, Topic};
use engine::clock::SharedClock;
use engine::port::{Listener, Lookup, Notice, Output, SharedStore};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use wire::close::Close;
use wire::frame::{PROTOCOL, ServerFrame};
use wire::{LoggedEvent, Position};

use crate::connection::Connection;
use crate::counters::HubStats;
use crate::frame::{Class, Frame};
use crate::latest_progress::LatestProgress;
use crate::limits::HubLimits;
use crate::lock;
use crate::outbox::Outbox;
use crate::paced::CountsCache;
use crate::peer::{AuthRefusal, Edge, Peer};
use crate::ring::Ring;
use crate::session_core::{Core, State};
use crate::shard::{Input, Shard};
use crate::snapshot_cache::SnapshotCache;

/// Connections that one principal has open.
#[derive(Default, Clone, Copy)]
struct Open {
    sockets: usize,
    waits: usize,
}

pub struct Hub {
    pub(crate) store: SharedStore,
    pub(crate) output: Arc<dyn Output>,
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) clock: SharedClock,
    pub(crate) limits: HubLimits,
    pub(crate) shards: Vec<Arc<Shard>>,
    pub(crate) ring: Ring,
    /// Whether the ring holds what it will of the log before the start.
    pub(crate) has_recalled: watch::Sender<bool>,
    pub(crate) snapshots: SnapshotCache,
    pub(crate) counts: CountsCache,
    pub(crate) latest: LatestProgress,
    pub(crate) stats: Arc<HubStats>,
    queues: Vec<mpsc::UnboundedSender<Input>>,
    epoch: RwLock<Text>,
    /// Open connections by tenant and subject.
    open: Mutex<HashMap<(Text, Text), Open>>,
    next_shard: std::sync::atomic::AtomicUsize,
    is_draining: AtomicBool,
}

impl Hub {
    /// Starts the shards' tasks, which end with the hub. Must be called within a Tokio runtime, before the release loop begins.
    pub fn new(
        store: SharedStore,
        output: Arc<dyn Output>,
        lookup: Arc<dyn Lookup>,
        clock: SharedClock,
        limits: HubLimits,
    ) -> Arc<Hub> {
        let place = store.head().place;
        let epoch = store.identity().epoch;
        let shards: Vec<Arc<Shard>> =
            (0..limits.shard_count()).map(|number| Arc::new(Shard::new(number, place, epoch.clone()))).collect();
        let (queues, inputs): (Vec<_>, Vec<_>) = shards.iter().map(|_| mpsc::unbounded_channel()).unzip();
        let hub = Arc::new(Hub {
            store,
            output,
            lookup,
            clock,
            shards,
            ring: Ring::new(place, limits.ring_bytes, limits.ring_events),
            has_recalled: watch::Sender::new(false),
            snapshots: SnapshotCache::default(),
            counts: CountsCache::default(),
            latest: LatestProgress::default(),
            stats: Arc::new(HubStats::default()),
            queues,
            epoch: RwLock::new(epoch),
            open: Mutex::default(),
            next_shard: Default::default(),
            is_draining: AtomicBool::new(false),
            limits,
        });
        for (shard, input) in hub.shards.iter().zip(inputs) {
            tokio::spawn(crate::shard::run(Arc::downgrade(&hub), shard.clone(), input));
        }
        tokio::spawn(crate::recall::recall(Arc::downgrade(&hub), place));
        hub
    }

    pub fn stats(&self) -> &HubStats {
        &self.stats
    }

    pub fn epoch(&self) -> Text {
        self.epoch.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// A place of the present log as clients are shown it.
    pub fn position(&self, place: u64) -> String {
        Position { epoch: self.epoch(), place }.to_string()
    }

    /// Bytes up to which an outbox is filled by what is read on demand. While all outboxes together hold too much, only empty ones are.
    pub(crate) fn room(&self) -> usize {
        let is_over = self.stats.outbox_bytes.load(Ordering::Relaxed) >= self.limits.total_outbox_bytes;
        if is_over { 1 } else { self.limits.pull_bytes() }
    }

    /// Lets a connection in. The error says how to close, or to answer, at once.
    pub fn open(self: &Arc<Hub>, peer: Peer) -> Result<Connection, AuthRefusal> {
        if self.is_draining.load(Ordering::Acquire) {
            return Err(AuthRefusal::new(Close::Overloaded, "the server is about to stop"));
        }
        let principal = peer.principal.map(Arc::new);
        if let Some(principal) = &principal {
            self.count_in(peer.edge, principal)?;
        }
        let index = self.next_shard.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        let now = Instant::now();
        let mut outbox = Outbox::new(self.limits.outbox_bytes, self.stats.clone());
        if peer.edge != Edge::Wait {
            let heartbeat_ms = self.limits.heartbeat.as_millis() as u64;
            outbox.push(Frame::of(&ServerFrame::Hello { protocol: PROTOCOL, epoch: self.epoch(), heartbeat_ms }, Class::Control));
        }
        // A stream has no `auth` frame to answer, and its client wants to know who it is all the same.
        if let (Edge::Stream, Some(principal)) = (peer.edge, &principal) {
            outbox.push(Frame::of(&crate::session::authenticated(principal), Class::Control));
        }
        let state = State {
            principal,
            subs: Vec::new(),
            outbox,
            close: None,
            opened_at: now,
            taken_at: now,
            ends: Vec::new(),
            generation: 0,
            turn: 0,
        };
        let core = lock(&self.shards[index].state).seat(|slot| Core {
            shard: index,
            slot,
            edge: peer.edge,
            authenticator: peer.authenticator,
            state: Mutex::new(state),
            closed: Default::default(),
        });
        self.stats.connections.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(edge = ?core.edge, "a live connection was opened");
        Ok(Connection::new(self.clone(), core))
    }

    /// Counts a connection against its principal, unless it has too many.
    pub(crate) fn count_in(&self, edge: Edge, principal: &Principal) -> Result<(), AuthRefusal> {
        let mut open = lock(&self.open);
        let key = (principal.tenant.clone(), principal.subject.clone());
        let mine = open.get(&key).copied().unwrap_or_default();
        let (count, limit, what) = match edge {
            Edge::Wait => (mine.waits, self.limits.waits_per_principal, "long polls"),
            Edge::Socket | Edge::Stream => (mine.sockets, self.limits.sockets_per_principal, "live connections"),
        };
        if count >= limit {
            let message = format!("{limit} {what} are open for this user, and no more are allowed");
            return Err(AuthRefusal { limit: Some(limit as u64), ..AuthRefusal::new(Close::TooManyConnections, message) });
        }
        let mine = open.entry(key).or_default();
        match edge {
            Edge::Wait => mine.waits += 1,
            Edge::Socket | Edge::Stream => mine.sockets += 1,
        }
        Ok(())
    }

    fn count_out(&self, edge: Edge, principal: &Principal) {
        let mut open = lock(&self.open);
        let key = (principal.tenant.clone(), principal.subject.clone());
        let Some(mine) = open.get_mut(&key) else { return };
        match edge {
            Edge::Wait => mine.waits -= 1,
            Edge::Socket | Edge::Stream => mine.sockets -= 1,
        }
        if mine.waits + mine.sockets == 0 {
            open.remove(&key);
        }
    }

    /// Takes a connection out, with all it follows.
    pub(crate) fn remove(&self, core: &Core) {
        let (principal, close) = {
            let mut shard = lock(&self.shards[core.shard].state);
            let mut state = lock(&core.state);
            let close = *state.close.get_or_insert(Close::Done);
            let subs = std::mem::take(&mut state.subs);
            for sub in subs.iter().filter(|sub| sub.is_indexed) {
                shard.unindex(core.slot, sub);
            }
            self.stats.subscriptions.fetch_sub(subs.len(), Ordering::Relaxed);
            shard.unseat(core.slot);
            (state.principal.take(), close)
        };
        let subject = principal.as_ref().map(|principal| &*principal.subject);
        match close {
            Close::TooSlow => tracing::warn!(edge = ?core.edge, subject, "a live connection was cut: it took nothing for too long"),
            close => tracing::debug!(edge = ?core.edge, subject, %close, "a live connection ended"),
        }
        if let Some(principal) = principal {
            self.count_out(core.edge, &principal);
        }
        self.stats.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether a stream of these topics would have nothing left to say: all are jobs that ended, no later than the position `after`.
    pub async fn is_over(&self, principal: &Principal, topics: &[Topic], after: Option<&str>) -> bool {
        let Some(after) = after.and_then(Position::parse).filter(|after| after.epoch == self.epoch()) else { return false };
        for topic in topics {
            let Topic::Job(id) = topic else { return false };
            let Ok(Some(job)) = self.store.job(*id).await else { return false };
            if !principal.view().sees(&job) || job.status.is_active() {
                return false;
            }
            let newest = self.store.history(*id, job.rev - 1, 1).await;
            // An end that the log no longer holds lies before any position that is still good.
            if newest.is_ok_and(|events| events.first().is_some_and(|event| event.place > after.place)) {
                return false;
            }
        }
        !topics.is_empty()
    }

    /// Tells everybody to come back within `spread`, each at a time of its own; lets nobody in; closes who is left after `deadline`.
    pub async fn drain(&self, spread: Duration, deadline: Duration) {
        self.is_draining.store(true, Ordering::Release);
        for core in self.cores() {
            let retry_in_ms = engine::random::below(spread.as_millis() as u64 + 1);
            core.push(Frame::of(&ServerFrame::GoingAway { retry_in_ms }, Class::Control));
        }
        let ends_at = Instant::now() + deadline;
        while self.stats.connections.load(Ordering::Relaxed) > 0 && Instant::now() < ends_at {
            tokio::time::sleep(Duration::from_millis(20).min(deadline)).await;
        }
        for core in self.cores() {
            core.close(Close::GoingAway);
        }
    }

    fn cores(&self) -> Vec<Arc<Core>> {
        self.shards.iter().flat_map(|shard| lock(&shard.state).cores()).collect()
    }

    fn tell_shards(&self, input: impl Fn() -> Input) {
        for queue in &self.queues {
            // A shard's task ends only with the hub or the runtime.
            let _ = queue.send(input());
        }
    }
}

impl Listener for Hub {
    fn events(&self, events: &Arc<[LoggedEvent]>) {
        self.ring.push(events);
        for event in events.iter() {
            if event.status.is_end() || event.kind == domain::event::EventKind::Deleted {
                self.latest.forget(event.job);
            }
        }
        self.tell_shards(|| Input::Events(events.clone()));
    }

    fn notice(&self, notice: &Notice) {
        if let Notice::Progress { job, keys, rev, tick, progress } = notice {
            self.latest.keep(*job, keys, *rev, *tick, progress);
        }
        self.tell_shards(|| Input::Notice(notice.clone()));
    }

    fn replaced(&self) {
        let epoch = self.store.identity().epoch;
        let place = self.store.head().place;
        *self.epoch.write().unwrap_or_else(std::sync::PoisonError::into_inner) = epoch.clone();
        self.ring.restart(place);
        self.snapshots.clear();
        self.counts.clear();
        self.latest.clear();
        self.tell_shards(|| Input::Replaced { epoch: epoch.clone(), place });
    }
}
