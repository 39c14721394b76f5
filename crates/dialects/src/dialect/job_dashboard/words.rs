//! The statuses of system 3, for each of ours. They are also the buckets of its stats.

use domain::Status;
use serde::Serialize;
use wire::record::Stats;

pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Scheduled | Status::Pending => "pending",
        Status::Running | Status::Paused | Status::Waiting => "running",
        Status::Retrying => "retrying",
        Status::Completed => "completed",
        Status::Failed | Status::Aborted | Status::TimedOut | Status::Lost => "failed",
    }
}

/// Ours that are told as this word; none for a word that the system does not have.
pub(super) fn statuses(told: &str) -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| word(*status) == told).collect()
}

/// The five add up to `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub(super) struct Buckets {
    pending: u64,
    running: u64,
    completed: u64,
    failed: u64,
    retrying: u64,
    total: u64,
}

impl Buckets {
    pub(super) fn of(stats: &Stats) -> Buckets {
        let mut buckets = Buckets::default();
        for status in Status::ALL {
            let count = stats.by_status.get(status.as_str()).copied().unwrap_or(0);
            let bucket = match word(*status) {
                "pending" => &mut buckets.pending,
                "running" => &mut buckets.running,
                "retrying" => &mut buckets.retrying,
                "completed" => &mut buckets.completed,
                _ => &mut buckets.failed,
            };
            *bucket += count;
            buckets.total += count;
        }
        buckets
    }
}
