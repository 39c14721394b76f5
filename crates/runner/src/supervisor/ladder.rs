//! The steps on which a child is brought to its end: asked, SIGTERM, SIGKILL. Each waits for its time; none is gone back.

use std::time::Duration;

use tokio::time::Instant;

use crate::shim::control::Order;

/// From SIGTERM to SIGKILL.
const TERM_GRACE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Nothing was asked.
    Ground,
    /// The child was told to end, or has reported its end and may exit by itself.
    Asked,
    Terminated,
    Killed,
}

#[derive(Debug)]
pub(super) struct Ladder {
    step: Step,
    /// When the next step is due; None: there is none.
    due: Option<Instant>,
    abort_grace: Duration,
    exit_grace: Duration,
}

impl Ladder {
    pub(super) fn new(abort_grace: Duration, exit_grace: Duration) -> Self {
        Self { step: Step::Ground, due: None, abort_grace, exit_grace }
    }

    pub(super) fn step(&self) -> Step {
        self.step
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// An abort or a time limit. `asked`: the child got a message; else SIGTERM is its message and the grace is all it has.
    pub(super) fn abort(&mut self, asked: bool) -> Option<Order> {
        if self.step != Step::Ground {
            return None;
        }
        self.due = Some(Instant::now() + self.abort_grace);
        if asked {
            self.step = Step::Asked;
            return None;
        }
        self.step = Step::Terminated;
        Some(Order::Terminate)
    }

    /// The child reported its end: what was left of its time to answer becomes its time to exit.
    pub(super) fn reported(&mut self) {
        if self.step <= Step::Asked {
            self.step = Step::Asked;
            self.due = Some(Instant::now() + self.exit_grace);
        }
    }

    /// The next step, when it is due.
    pub(super) fn advance(&mut self) -> Option<Order> {
        match self.step {
            Step::Ground | Step::Killed => {
                self.due = None;
                None
            }
            Step::Asked => {
                self.step = Step::Terminated;
                self.due = Some(Instant::now() + TERM_GRACE);
                Some(Order::Terminate)
            }
            Step::Terminated => self.kill(),
        }
    }

    pub(super) fn kill(&mut self) -> Option<Order> {
        self.step = Step::Killed;
        self.due = None;
        Some(Order::Kill)
    }

    /// The main process ended; the shim sees to the rest.
    pub(super) fn leave(&mut self) {
        self.step = self.step.max(Step::Asked);
        self.due = None;
    }
}
