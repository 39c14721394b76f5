//! The newest part of the log in memory, so that most resumes and catch-ups need no query.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use wire::LoggedEvent;

use crate::lock;

/// Consecutive events as they were handed over.
pub(crate) type Batch = Arc<[LoggedEvent]>;

/// Bytes that an event takes beside its summary, about.
const EVENT_BYTES: usize = 400;

pub(crate) struct Ring {
    kept: Mutex<Kept>,
    limit_bytes: usize,
    limit_events: usize,
}

struct Kept {
    batches: VecDeque<(Batch, usize)>,
    /// Events at or below are not kept.
    floor: u64,
    place: u64,
    bytes: usize,
    events: usize,
}

impl Ring {
    /// Empty, at a place of the log.
    pub(crate) fn new(place: u64, limit_bytes: usize, limit_events: usize) -> Ring {
        let kept = Kept { batches: VecDeque::new(), floor: place, place, bytes: 0, events: 0 };
        Ring { kept: Mutex::new(kept), limit_bytes, limit_events }
    }

    /// Begins anew at a place, of another log perhaps.
    pub(crate) fn restart(&self, place: u64) {
        let mut kept = lock(&self.kept);
        *kept = Kept { batches: VecDeque::new(), floor: place, place, bytes: 0, events: 0 };
    }

    /// Adds the next events. What is there already is skipped; after a hole only what follows it is kept.
    pub(crate) fn push(&self, batch: &Batch) {
        let mut kept = lock(&self.kept);
        let fresh = batch.iter().position(|event| event.place > kept.place);
        let Some(first) = fresh else { return };
        let batch: Batch = if first == 0 { batch.clone() } else { batch[first..].to_vec().into() };
        if batch[0].place > kept.place + 1 {
            *kept = Kept { batches: VecDeque::new(), floor: batch[0].place - 1, place: kept.place, bytes: 0, events: 0 };
        }
        let bytes = bytes_of(&batch);
        kept.place = batch[batch.len() - 1].place;
        kept.bytes += bytes;
        kept.events += batch.len();
        kept.batches.push_back((batch, bytes));
        while kept.bytes > self.limit_bytes || kept.events > self.limit_events {
            let Some((oldest, bytes)) = kept.batches.pop_front() else { break };
            kept.bytes -= bytes;
            kept.events -= oldest.len();
            kept.floor = oldest[oldest.len() - 1].place;
        }
    }

    /// Adds what lies directly before the oldest event. Answers whether there was room for it, and it was that.
    pub(crate) fn put_before(&self, batch: Batch) -> bool {
        let mut kept = lock(&self.kept);
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return false };
        let bytes = bytes_of(&batch);
        let is_too_much = kept.bytes + bytes > self.limit_bytes || kept.events + batch.len() > self.limit_events;
        if last.place != kept.floor || is_too_much {
            return false;
        }
        kept.floor = first.place - 1;
        kept.bytes += bytes;
        kept.events += batch.len();
        kept.batches.push_front((batch, bytes));
        true
    }

    /// The place that everything after is in memory of.
    pub(crate) fn floor(&self) -> u64 {
        lock(&self.kept).floor
    }

    /// Whether everything after a place is in memory.
    pub(crate) fn holds(&self, place: u64) -> bool {
        let kept = lock(&self.kept);
        place >= kept.floor
    }

    /// Batches that hold the events after a place, at least `limit` events if there are as many. `None`: some are no longer kept.
    pub(crate) fn after(&self, place: u64, limit: usize) -> Option<Vec<Batch>> {
        let kept = lock(&self.kept);
        if place < kept.floor {
            return None;
        }
        let from = kept.batches.partition_point(|(batch, _)| batch[batch.len() - 1].place <= place);
        let mut found = Vec::new();
        let mut events = 0;
        for (batch, _) in kept.batches.range(from..) {
            if events >= limit {
                break;
            }
            events += batch.len();
            found.push(batch.clone());
        }
        Some(found)
    }
}

fn bytes_of(batch: &[LoggedEvent]) -> usize {
    batch.iter().map(|event| event.summary.len() + EVENT_BYTES).sum()
}
