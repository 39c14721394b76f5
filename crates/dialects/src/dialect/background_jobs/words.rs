//! The statuses of system 1, for each of ours, and back.

use domain::Status;

/// That system knows no pause and no cancelled: what is paused or waits runs still, and who was cancelled failed with a message that says so.
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Scheduled | Status::Pending => "pending",
        Status::Running | Status::Paused | Status::Waiting | Status::Retrying => "running",
        Status::Completed => "completed",
        Status::Failed | Status::Aborted | Status::TimedOut | Status::Lost => "failed",
    }
}

/// All of ours that are told as this word; empty when it is none.
pub(super) fn statuses(named: &str) -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| word(*status) == named).collect()
}
