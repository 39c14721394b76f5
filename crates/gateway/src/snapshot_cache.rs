//! Snapshots as encoded pages, shared by all who join the same topic with the same view.
//!
//! Whoever asks while one is being read waits for that one. A kept one serves as long as the ring holds what came after it: the join
//! sends that from memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use domain::topic::View;
use domain::{JobId, Topic};
use engine::port::{ReadError, Snapshot};
use futures::future::{BoxFuture, FutureExt, Shared};
use tokio::time::Instant;

use crate::counters::HubStats;
use crate::hub::Hub;
use crate::limits::SNAPSHOT_PAGE_BYTES;
use crate::lock;

/// A snapshot, encoded.
pub(crate) struct Pages {
    /// JSON arrays of summaries; at least one, perhaps of no job.
    pub(crate) json: Vec<Bytes>,
    /// The place that it was read at.
    pub(crate) place: u64,
    pub(crate) is_truncated: bool,
    /// Active jobs in it, with the revision and tick that it shows.
    pub(crate) active: Vec<(JobId, u64, u64)>,
    bytes: usize,
}

type Flight = Shared<BoxFuture<'static, Result<Arc<Pages>, ReadError>>>;

struct Kept {
    flight: Flight,
    used_at: Instant,
}

#[derive(Default)]
pub(crate) struct SnapshotCache {
    kept: Mutex<HashMap<(View, Topic), Kept>>,
}

impl SnapshotCache {
    pub(crate) async fn get(&self, hub: &Hub, shard: usize, view: &View, topic: &Topic) -> Result<Arc<Pages>, ReadError> {
        let place = *hub.shards[shard].place.borrow();
        let flight = {
            let mut kept = lock(&self.kept);
            let key = (view.clone(), topic.clone());
            match kept.get_mut(&key).filter(|kept| kept.serves(hub, place)) {
                Some(kept) => {
                    kept.used_at = Instant::now();
                    kept.flight.clone()
                }
                None => {
                    HubStats::one(&hub.stats.snapshot_queries);
                    let (store, view, topic) = (hub.store.clone(), view.clone(), topic.clone());
                    let read =
                        async move { store.snapshot(&view, &topic).await.map(|snapshot| Arc::new(Pages::encode(&snapshot))) };
                    let flight = read.boxed().shared();
                    kept.insert(key, Kept { flight: flight.clone(), used_at: Instant::now() });
                    flight
                }
            }
        };
        flight.await
    }

    /// Forgets what nobody asked for lately, and the oldest while all together are too large.
    pub(crate) fn drop_stale(&self, hub: &Hub, now: Instant) {
        let mut kept = lock(&self.kept);
        kept.retain(|_, kept| now - kept.used_at < hub.limits.snapshot_kept);
        let mut bytes: usize = kept.values().map(Kept::bytes).sum();
        while bytes > hub.limits.snapshot_cache_bytes {
            let Some(key) = kept.iter().min_by_key(|(_, kept)| kept.used_at).map(|(key, _)| key.clone()) else { return };
            bytes -= kept.remove(&key).map_or(0, |kept| kept.bytes());
        }
    }

    pub(crate) fn clear(&self) {
        lock(&self.kept).clear();
    }
}

impl Kept {
    fn serves(&self, hub: &Hub, place: u64) -> bool {
        match self.flight.peek() {
            None => true,
            Some(Ok(pages)) => hub.ring.holds(pages.place) && place.saturating_sub(pages.place) <= hub.limits.snapshot_lag_events,
            Some(Err(_)) => false,
        }
    }

    fn bytes(&self) -> usize {
        self.flight.peek().and_then(|read| read.as_ref().ok()).map_or(0, |pages| pages.bytes)
    }
}

impl Pages {
    fn encode(snapshot: &Snapshot) -> Pages {
        let mut json = Vec::new();
        let mut page = vec![b'['];
        for job in &snapshot.jobs {
            let summary = wire::convert::summary_json(job);
            if page.len() > 1 && page.len() + summary.len() > SNAPSHOT_PAGE_BYTES {
                page.push(b']');
                json.push(Bytes::from(std::mem::replace(&mut page, vec![b'['])));
            }
            if page.len() > 1 {
                page.push(b',');
            }
            page.extend_from_slice(summary.as_bytes());
        }
        page.push(b']');
        json.push(Bytes::from(page));
        let active = snapshot.jobs.iter().filter(|job| job.status.is_active()).map(|job| (job.id, job.rev, job.tick)).collect();
        let bytes = json.iter().map(Bytes::len).sum();
        Pages { json, place: snapshot.place, is_truncated: snapshot.truncated, active, bytes }
    }

    /// Whether no job in it is active.
    pub(crate) fn has_only_ended(&self) -> bool {
        self.active.is_empty()
    }
}
