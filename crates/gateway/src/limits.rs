//! Every bound of the live side, with its unit and what happens there.

use std::time::Duration;

/// Bounds of a hub. The defaults are those of the design; tests make them small.
#[derive(Debug, Clone)]
pub struct HubLimits {
    /// Shards that share the connections; 0 is one for each core.
    pub shards: usize,
    /// Bytes that may wait for one connection. Above: its transitions are read again from the log at its own pace.
    pub outbox_bytes: usize,
    /// Bytes that may wait for all connections together. Above: the largest outboxes are put behind first.
    pub total_outbox_bytes: usize,
    /// Live subscriptions of one connection. Above: `too_many_subscriptions`.
    pub subscriptions: usize,
    /// WebSockets and SSE streams of one principal. Above: closed with `too_many_connections`.
    pub sockets_per_principal: usize,
    /// Long polls of one principal. Above: refused with `too_many_connections`.
    pub waits_per_principal: usize,
    /// Silence after which a heartbeat is sent.
    pub heartbeat: Duration,
    /// How long a connection may stay without a principal. Then: `auth_timeout`.
    pub auth_within: Duration,
    /// How long something may wait without the client taking it. Then: `too_slow`.
    pub stalled_after: Duration,
    /// Bytes and events of the log's newest part that are kept in memory for resumes.
    pub ring_bytes: usize,
    pub ring_events: usize,
    /// Events of the log that one resume may read from the store. More: a snapshot, with reason `expired`.
    pub resume_events: u64,
    /// Events that a kept snapshot may be behind before it is read anew.
    pub snapshot_lag_events: u64,
    /// How long a snapshot is kept that nobody asks for.
    pub snapshot_kept: Duration,
    /// Bytes of all kept snapshots. Above: the oldest go.
    pub snapshot_cache_bytes: usize,
}

impl Default for HubLimits {
    fn default() -> HubLimits {
        HubLimits {
            shards: 0,
            outbox_bytes: 1024 * 1024,
            total_outbox_bytes: 256 * 1024 * 1024,
            subscriptions: 200,
            sockets_per_principal: 20,
            waits_per_principal: 100,
            heartbeat: Duration::from_secs(15),
            auth_within: Duration::from_secs(5),
            stalled_after: Duration::from_secs(30),
            ring_bytes: 16 * 1024 * 1024,
            ring_events: 16_384,
            resume_events: 10_000,
            snapshot_lag_events: 512,
            snapshot_kept: Duration::from_secs(30),
            snapshot_cache_bytes: 32 * 1024 * 1024,
        }
    }
}

impl HubLimits {
    /// Bytes up to which an outbox is filled by what is read on demand: pages, catch-ups, output.
    pub(crate) fn pull_bytes(&self) -> usize {
        self.outbox_bytes / 4
    }

    pub(crate) fn shard_count(&self) -> usize {
        match self.shards {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            count => count,
        }
    }
}

/// Bytes of the jobs in one snapshot frame, unless one job alone is larger.
pub(crate) const SNAPSHOT_PAGE_BYTES: usize = 64 * 1024;
/// Bytes of text in one output frame, about.
pub(crate) const OUTPUT_FRAME_BYTES: u64 = 32 * 1024;
/// Bytes of output that a follower without `after` is given of what is already there.
pub(crate) const OUTPUT_TAIL_BYTES: u64 = 256 * 1024;
/// Events read from the store at once.
pub(crate) const LOG_PAGE_EVENTS: usize = 500;
/// Events that are matched under the shard's lock when a subscription goes live; more are matched before.
pub(crate) const FINAL_EVENTS: u64 = 64;
/// Shortest time between two `stats` frames and between two `tasks` frames of a subscription.
pub(crate) const STATS_EVERY: Duration = Duration::from_millis(250);
pub(crate) const TASKS_EVERY: Duration = Duration::from_secs(1);
/// Jobs whose newest progress is remembered for joins. Above: new ones are only sent live.
pub(crate) const PROGRESS_JOBS: usize = 100_000;
/// How often heartbeats, expiry and stalls are looked at.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_millis(500);
