//! Counts and tasks: sent at once, and again after a change, newest wins, at most every so often.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use domain::query::Counts;
use domain::topic::View;
use engine::port::ReadError;
use tokio::time::Instant;
use wire::frame::ServerFrame;

use crate::frame::{Class, Frame};
use crate::hub::Hub;
use crate::limits::{STATS_EVERY, TASKS_EVERY};
use crate::lock;
use crate::reading::Reader;
use crate::session_core::Core;
use crate::subscription::Phase;

/// Counts by view, with the place of the log that they cover, so that many dashboards cost one read per change.
#[derive(Default)]
pub(crate) struct CountsCache {
    kept: Mutex<HashMap<View, (u64, Instant, Counts)>>,
}

impl CountsCache {
    /// The counts with the place that they cover.
    async fn get(&self, hub: &Hub, shard: usize, view: &View) -> Result<(u64, Counts), ReadError> {
        let place = *hub.shards[shard].place.borrow();
        if let Some((covered, _, counts)) = lock(&self.kept).get(view)
            && *covered >= place
        {
            return Ok((*covered, *counts));
        }
        let counts = hub.store.counts(view).await?;
        lock(&self.kept).insert(view.clone(), (place, Instant::now(), counts));
        Ok((place, counts))
    }

    pub(crate) fn drop_stale(&self, now: Instant) {
        lock(&self.kept).retain(|_, (_, read_at, _)| now - *read_at < Duration::from_secs(30));
    }

    pub(crate) fn clear(&self) {
        lock(&self.kept).clear();
    }
}

fn view_of(core: &Core, reader: Reader) -> Option<std::sync::Arc<View>> {
    lock(&core.state).sub_of(reader.id, reader.generation).map(|sub| sub.view.clone())
}

pub(crate) async fn send_counts(hub: &Hub, core: &Core, reader: Reader) {
    let Some(view) = view_of(core, reader) else { return };
    let frame = hub.counts.get(hub, core.shard, &view).await.map(|(covered, counts)| {
        let stats = wire::convert::stats_out(&counts);
        (covered, Frame::of(&ServerFrame::Stats { subs: vec![reader.id], stats }, Class::Pulled))
    });
    put(core, reader, frame, STATS_EVERY);
}

pub(crate) async fn send_tasks(hub: &Hub, core: &Core, reader: Reader) {
    let Some(view) = view_of(core, reader) else { return };
    let place = *hub.shards[core.shard].place.borrow();
    let frame = hub
        .lookup
        .tasks(&view)
        .await
        .map(|tasks| (place, Frame::of(&ServerFrame::Tasks { subs: vec![reader.id], tasks }, Class::Pulled)));
    put(core, reader, frame, TASKS_EVERY);
}

/// Keeps the frame for the client; what could not be read is tried again.
fn put(core: &Core, reader: Reader, frame: Result<(u64, Frame), ReadError>, every: Duration) {
    let mut state = lock(&core.state);
    let Some(sub) = state.sub_of(reader.id, reader.generation) else { return };
    if let Phase::Counts(paced) | Phase::Tasks(paced) = &mut sub.phase {
        paced.not_before = Instant::now() + every;
        paced.is_due |= frame.is_err();
        paced.is_being_read = false;
        if let Ok((covered, _)) = &frame {
            (paced.covered, paced.is_owed) = (*covered, false);
        }
    }
    match frame {
        Ok((_, frame)) => state.outbox.put_newest(reader.id, frame),
        Err(error) => tracing::warn!(%error, "counts or tasks could not be read for a live connection"),
    }
}
