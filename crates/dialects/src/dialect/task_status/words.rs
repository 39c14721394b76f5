//! The words of system 4 for tasks and for their executions, both ways. What it has no word for is told by the one that leads its pages to the
//! right picture; the sentence beside it says what it is.

use domain::Status;

/// A task that was deleted: only in answers and frames.
pub(super) const DELETED: &str = "deleted";

/// Words for a task that are understood: of its tasks, of its executions, and ours.
pub(super) const UNDERSTOOD: &str = "pending, running, completed, failed, disabled, success, timeout, cancelled, scheduled, paused, waiting, \
                                     retrying, aborted or timed_out";

/// `a, b or c`
pub(super) fn one_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [words @ .., last] => format!("{} or {last}", words.join(", ")),
    }
}

/// A task, as frames, records and the channel tell it.
pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Scheduled | Status::Pending | Status::Retrying => "pending",
        Status::Running | Status::Waiting => "running",
        Status::Paused => "disabled",
        Status::Completed => "completed",
        Status::Failed | Status::Aborted | Status::TimedOut | Status::Lost => "failed",
    }
}

/// Ours that are told as this word; none for a word that is never told.
pub(super) fn statuses(told: &str) -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| word(*status) == told).collect()
}

/// An execution: how an attempt went, or `running`.
pub(super) fn execution(outcome: Option<&str>) -> &'static str {
    match outcome {
        None => "running",
        Some("completed") => "success",
        Some("aborted") => "cancelled",
        Some("timed_out" | "time_limit") => "timeout",
        Some(_) => "failed",
    }
}

/// What somebody says of a task: words of tasks, of executions, and ours. `lost` is said by this server alone, of a source that is silent.
pub(super) fn understood(said: &str) -> Option<Status> {
    match said {
        "disabled" => Some(Status::Paused),
        "success" => Some(Status::Completed),
        "timeout" => Some(Status::TimedOut),
        "cancelled" | DELETED => Some(Status::Aborted),
        said => Status::parse(said).filter(|status| *status != Status::Lost),
    }
}

/// What its agent is while a task is so.
pub(super) const fn agent(status: Status) -> &'static str {
    match status {
        Status::Running | Status::Waiting => "busy",
        Status::Failed | Status::TimedOut | Status::Lost => "error",
        _ => "idle",
    }
}
