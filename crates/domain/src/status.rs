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
    /// Whether it is an end. An end is left only by `retry`, by a late word from `lost`, and by what the source of a mirrored job says.
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
        Observed = "observed",
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
        // Told by the source of a mirrored job. What a source skips is walked through along these lines.
        mv(Scheduled, Pending, C::Observed),
        mv(Pending, Scheduled, C::Observed),
        mv(Pending, Running, C::Observed),
        mv(Running, Paused, C::Observed),
        mv(Running, Waiting, C::Observed),
        mv(Running, Retrying, C::Observed),
        mv(Running, Completed, C::Observed),
        mv(Running, Failed, C::Observed),
        mv(Running, TimedOut, C::Observed),
        mv(Running, Aborted, C::Observed),
        mv(Paused, Running, C::Observed),
        mv(Paused, Aborted, C::Observed),
        mv(Waiting, Running, C::Observed),
        mv(Waiting, Aborted, C::Observed),
        mv(Retrying, Pending, C::Observed),
        mv(Retrying, Aborted, C::Observed),
        mv(Scheduled, Aborted, C::Observed),
        mv(Pending, Aborted, C::Observed),
        mv(Completed, Pending, C::Observed),
        mv(Failed, Pending, C::Observed),
        mv(Aborted, Pending, C::Observed),
        mv(TimedOut, Pending, C::Observed),
        mv(Lost, Running, C::Observed),
    ]
};

/// Whether the table knows this move.
pub fn is_allowed(from: Option<Status>, to: Status, cause: Cause) -> bool {
    TABLE.contains(&Move { from, to, cause })
}

/// The shortest way along what a source may tell, without its beginning and through no other end; empty when there is none, or `from` is `to`.
/// Of two ways of one length the one whose lines stand first in the table.
pub fn observed_way(from: Status, to: Status) -> Vec<Status> {
    let lines = |at: Status| TABLE.iter().filter(move |mv| mv.from == Some(at) && mv.cause == Cause::Observed).map(|mv| mv.to);
    let mut came_from: Vec<(Status, Status)> = Vec::new();
    let mut border = std::collections::VecDeque::from([from]);
    while let Some(at) = border.pop_front().filter(|at| *at != to) {
        if at.is_end() && at != from {
            continue;
        }
        for next in lines(at) {
            if next != from && !came_from.iter().any(|(known, _)| *known == next) {
                came_from.push((next, at));
                border.push_back(next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while let Some((_, before)) = came_from.iter().find(|(status, _)| *status == at) {
        way.push(at);
        at = *before;
    }
    way.reverse();
    way
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
    fn ends_are_left_only_by_their_doors() {
        for mv in TABLE.iter().filter(|mv| mv.from.is_some_and(Status::is_end)) {
            let late = mv.cause == Cause::LateWord && mv.from == Some(Status::Lost);
            assert!(late || matches!(mv.cause, Cause::Retry | Cause::Observed), "{mv:?}");
        }
    }

    #[test]
    fn a_source_reaches_every_status_that_it_may_name() {
        for from in Status::ALL {
            for to in Status::ALL.iter().filter(|to| **to != Status::Lost && *to != from) {
                let way = observed_way(*from, *to);
                assert!(way.iter().rev().skip(1).all(|status| status.is_active()), "{from} to {to}: {way:?}");
                assert_eq!(way.last(), Some(to), "{from} to {to}: {way:?}");
                let mut at = *from;
                for next in way {
                    assert!(is_allowed(Some(at), next, Cause::Observed), "{from} to {to}: {at} to {next}");
                    at = next;
                }
            }
        }
    }

    #[test]
    fn nobody_observes_that_a_job_is_lost() {
        assert!(observed_way(Status::Running, Status::Lost).is_empty());
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
