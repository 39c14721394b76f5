//! The eleven statuses and the one table of moves between them.
//!
//! Everything that shows or guards the table derives from [`TABLE`]: the decisions refuse a move that is not in it, the diagram in
//! the docs is printed from it, and the database's CHECKs guard what follows from it.

use crate::named;

named! {
    /// Where a job stands.
    pub enum Status {
        /// Due at a later time.
        Scheduled = "scheduled",
        /// May start; waits for a place.
        Pending = "pending",
        /// An attempt holds the lease.
        Running = "running",
        /// Held: before its start, or with its attempt suspended.
        Paused = "paused",
        /// The job itself waits: for an answer, a child, a timer.
        Waiting = "waiting",
        /// An attempt failed; the next is timed.
        Retrying = "retrying",
        /// Its work was done.
        Completed = "completed",
        /// Its work ended with an error, and is not tried again.
        Failed = "failed",
        /// Somebody stopped it.
        Aborted = "aborted",
        /// A limit passed.
        TimedOut = "timed_out",
        /// Whoever ran it vanished; how it went is not known.
        Lost = "lost",
    }
}

impl Status {
    /// Whether it is an end. An end is left only by `retry` and, from `lost`, by a late word.
    pub const fn is_end(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Aborted | Status::TimedOut | Status::Lost)
    }

    pub const fn is_active(self) -> bool {
        !self.is_end()
    }

    /// The statuses in which a job has not been given to anybody yet.
    pub const fn is_before_start(self) -> bool {
        matches!(self, Status::Scheduled | Status::Pending | Status::Retrying)
    }
}

named! {
    /// What makes a move happen.
    pub enum Cause {
        Submit = "submit",
        Clock = "clock",
        RunNow = "run-now",
        Claim = "claim",
        CannotStart = "cannot start",
        StartDeadline = "start deadline",
        Report = "report",
        Acknowledge = "acknowledge",
        Hold = "hold",
        Release = "resume",
        Wait = "wait",
        Answer = "answer",
        Deadline = "deadline",
        Abort = "abort",
        TimeLimit = "time limit",
        LeaseExpired = "lease expired",
        LateWord = "late word",
        Retry = "retry",
    }
}

/// One allowed move. `from` is `None` for a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    pub from: Option<Status>,
    pub to: Status,
    pub cause: Cause,
}

const fn mv(from: Status, to: Status, cause: Cause) -> Move {
    Move { from: Some(from), to, cause }
}

const fn submit(to: Status) -> Move {
    Move { from: None, to, cause: Cause::Submit }
}

/// Every allowed move. What is not here is refused.
pub const TABLE: &[Move] = {
    use Cause as C;
    use Status::*;
    &[
        submit(Scheduled),
        submit(Pending),
        submit(Running),
        mv(Scheduled, Pending, C::Clock),
        mv(Scheduled, Pending, C::RunNow),
        mv(Pending, Running, C::Claim),
        mv(Pending, Failed, C::CannotStart),
        mv(Scheduled, Failed, C::CannotStart),
        mv(Retrying, Failed, C::CannotStart),
        mv(Pending, TimedOut, C::StartDeadline),
        mv(Scheduled, TimedOut, C::StartDeadline),
        mv(Retrying, TimedOut, C::StartDeadline),
        mv(Running, Completed, C::Report),
        mv(Running, Failed, C::Report),
        mv(Running, Retrying, C::Report),
        mv(Paused, Completed, C::Report),
        mv(Paused, Failed, C::Report),
        mv(Paused, Retrying, C::Report),
        mv(Retrying, Pending, C::Clock),
        mv(Retrying, Pending, C::Retry),
        mv(Retrying, Pending, C::RunNow),
        mv(Running, Paused, C::Acknowledge),
        mv(Paused, Running, C::Acknowledge),
        mv(Scheduled, Paused, C::Hold),
        mv(Pending, Paused, C::Hold),
        mv(Retrying, Paused, C::Hold),
        mv(Paused, Scheduled, C::Release),
        mv(Paused, Pending, C::Release),
        mv(Paused, Retrying, C::Release),
        mv(Running, Waiting, C::Wait),
        mv(Waiting, Pending, C::Answer),
        mv(Waiting, TimedOut, C::Deadline),
        mv(Scheduled, Aborted, C::Abort),
        mv(Pending, Aborted, C::Abort),
        mv(Retrying, Aborted, C::Abort),
        mv(Waiting, Aborted, C::Abort),
        mv(Paused, Aborted, C::Abort),
        mv(Running, Aborted, C::Abort),
        mv(Running, TimedOut, C::TimeLimit),
        mv(Paused, TimedOut, C::TimeLimit),
        mv(Running, Retrying, C::TimeLimit),
        mv(Paused, Retrying, C::TimeLimit),
        mv(Running, Lost, C::LeaseExpired),
        mv(Paused, Lost, C::LeaseExpired),
        mv(Running, Retrying, C::LeaseExpired),
        mv(Paused, Retrying, C::LeaseExpired),
        mv(Lost, Running, C::LateWord),
        mv(Lost, Completed, C::LateWord),
        mv(Lost, Failed, C::LateWord),
        mv(Lost, Aborted, C::LateWord),
        mv(Retrying, Running, C::LateWord),
        mv(Retrying, Completed, C::LateWord),
        mv(Retrying, Failed, C::LateWord),
        mv(Retrying, Aborted, C::LateWord),
        mv(Pending, Running, C::LateWord),
        mv(Pending, Completed, C::LateWord),
        mv(Pending, Failed, C::LateWord),
        mv(Pending, Aborted, C::LateWord),
        mv(Failed, Pending, C::Retry),
        mv(Aborted, Pending, C::Retry),
        mv(TimedOut, Pending, C::Retry),
        mv(Lost, Pending, C::Retry),
    ]
};

/// Whether the table knows this move.
pub fn is_allowed(from: Option<Status>, to: Status, cause: Cause) -> bool {
    TABLE.contains(&Move { from, to, cause })
}

/// The table as a Mermaid state diagram, for the docs.
pub fn diagram() -> String {
    let mut out = String::from("stateDiagram-v2\n");
    let mut edges: Vec<(Option<Status>, Status, Vec<&str>)> = Vec::new();
    for mv in TABLE {
        match edges.iter_mut().find(|(from, to, _)| *from == mv.from && *to == mv.to) {
            Some((_, _, causes)) => causes.push(mv.cause.as_str()),
            None => edges.push((mv.from, mv.to, vec![mv.cause.as_str()])),
        }
    }
    for (from, to, causes) in edges {
        let from = from.map_or("[*]", Status::as_str);
        out.push_str(&format!("    {from} --> {to}: {}\n", causes.join(", ")));
    }
    for status in Status::ALL.iter().filter(|status| status.is_end()) {
        out.push_str(&format!("    {status} --> [*]\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_left_only_by_the_two_doors() {
        for mv in TABLE.iter().filter(|mv| mv.from.is_some_and(Status::is_end)) {
            let late = mv.cause == Cause::LateWord && mv.from == Some(Status::Lost);
            assert!(mv.cause == Cause::Retry || late, "{mv:?}");
        }
    }

    #[test]
    fn every_active_status_can_be_aborted() {
        for status in Status::ALL.iter().filter(|status| status.is_active()) {
            assert!(is_allowed(Some(*status), Status::Aborted, Cause::Abort), "{status}");
        }
    }

    #[test]
    fn no_move_stands_twice() {
        for (i, mv) in TABLE.iter().enumerate() {
            assert!(!TABLE[i + 1..].contains(mv), "{mv:?}");
        }
    }
}
