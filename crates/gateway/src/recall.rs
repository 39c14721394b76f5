//! Recalls after a start what the hub of a former server knew: the progress of the jobs that run, and the newest part of the log, so that
//! watchers who come back all at once need no query each. Who resumes meanwhile waits for it: it takes as long as a few of their own
//! readings would.

use std::sync::{Arc, Weak};

use domain::event::EventKind;

use crate::hub::Hub;
use crate::ring::Batch;

/// Events that are read at once.
const PAGE_EVENTS: u64 = 1_024;

/// Recalls what was before `start`, the head of the log at the start. Gives up on an error: then each resume reads for itself.
pub(crate) async fn recall(hub: Weak<Hub>, start: u64) {
    let _told = Told(hub.clone());
    if let Some(hub) = hub.upgrade() {
        recall_progress(&hub, start).await;
    }
    while let Some(hub) = hub.upgrade() {
        if !recall_page(&hub, start).await {
            return;
        }
    }
}

/// However recalling ends, nobody waits for it any more.
struct Told(Weak<Hub>);

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(hub) = self.0.upgrade() {
            hub.has_recalled.send_replace(true);
        }
    }
}

async fn recall_progress(hub: &Hub, start: u64) {
    let open = match hub.store.open_attempts().await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(%error, "the progress of running jobs could not be recalled; watchers are told the next");
            return;
        }
    };
    open.iter().for_each(|job| hub.latest.keep_row(job));
    // What ended since it was read must not be kept for ever.
    let since = hub.ring.after(start, usize::MAX).unwrap_or_default();
    for event in since.iter().flat_map(|batch| batch.iter()) {
        if event.status.is_end() || event.kind == EventKind::Deleted {
            hub.latest.forget(event.job);
        }
    }
}

/// Reads a page backwards; false once the ring is full or the log begins.
async fn recall_page(hub: &Arc<Hub>, start: u64) -> bool {
    let floor = hub.ring.floor();
    let from = floor.saturating_sub(PAGE_EVENTS).max(hub.store.head().floor);
    // Above the start: what happened since has filled the ring.
    if from >= floor || floor > start {
        return false;
    }
    match hub.store.events(from, (floor - from) as usize).await {
        Ok(events) => hub.ring.put_before(Batch::from(events)),
        Err(error) => {
            tracing::warn!(%error, "the newest part of the log could not be recalled; resumes read it from the store");
            false
        }
    }
}

impl Hub {
    /// Waits until everything of before the start that resumes need is recalled, or cannot be.
    pub(crate) async fn recalled(&self) {
        // The sender lives as long as the hub.
        let _ = self.has_recalled.subscribe().wait_for(|has_recalled| *has_recalled).await;
    }
}
