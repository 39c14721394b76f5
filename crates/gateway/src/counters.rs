//! What the hub has done and holds, for metrics.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counters and gauges of a hub. Gauges go down again; the rest only grows.
#[derive(Debug, Default)]
pub struct HubStats {
    /// Gauge: open connections of all edges.
    pub connections: AtomicUsize,
    /// Gauge: subscriptions of all connections.
    pub subscriptions: AtomicUsize,
    /// Gauge: bytes that wait for all connections.
    pub outbox_bytes: AtomicUsize,
    /// Frames and their bytes that edges took.
    pub frames_out: AtomicU64,
    pub bytes_out: AtomicU64,
    /// Progress that was overtaken before it was taken.
    pub conflated: AtomicU64,
    /// Times that a connection was put behind.
    pub behind: AtomicU64,
    /// Connections closed as too slow.
    pub cut: AtomicU64,
    /// Snapshots that were read from the store.
    pub snapshot_queries: AtomicU64,
    /// Resumes served from memory alone.
    pub ring_resumes: AtomicU64,
    /// Resumes that read the store's log.
    pub log_resumes: AtomicU64,
    /// Resumes that became snapshots.
    pub resets: AtomicU64,
}

impl HubStats {
    pub(crate) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
