//! The statuses of system 0, for each of ours.

use domain::Status;

/// Its clients know four ends, `COMPLETED`, `FAILED`, `CANCELED` and `TIMED_OUT`: nothing that is over is told as anything else, or it would be
/// shown as running for ever.
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Scheduled => "DELAYED",
        Status::Pending => "QUEUED",
        Status::Running => "EXECUTING",
        Status::Paused | Status::Waiting => "FROZEN",
        Status::Retrying => "REATTEMPTING",
        Status::Completed => "COMPLETED",
        Status::Failed | Status::Lost => "FAILED",
        Status::Aborted => "CANCELED",
        Status::TimedOut => "TIMED_OUT",
    }
}
