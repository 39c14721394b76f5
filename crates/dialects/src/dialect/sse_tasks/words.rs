//! The statuses of system 2, for each of ours.

use domain::Status;

/// `idle` is that system's word for "nothing was started", so that a task which waits to start is `running`, and its message says for what.
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Scheduled | Status::Pending | Status::Running | Status::Waiting | Status::Retrying => "running",
        Status::Paused => "paused",
        Status::Completed => "completed",
        Status::Failed | Status::TimedOut | Status::Lost => "failed",
        Status::Aborted => "aborted",
    }
}
