//! The wall clock of a run: follows the paused timers of Tokio, and jumps when it is told to.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::Timestamp;
use engine::clock::{Clock, Reading};
use tokio::time::Instant;

const BEGIN: i64 = 1_700_000_000_000;

pub struct JumpingClock {
    origin: Instant,
    /// How far it is from where it would be without jumps, in milliseconds.
    off_ms: AtomicI64,
}

impl JumpingClock {
    pub fn new() -> JumpingClock {
        JumpingClock { origin: Instant::now(), off_ms: AtomicI64::new(0) }
    }

    pub fn jump_ms(&self, ms: i64) {
        self.off_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub fn jumped_ms(&self) -> i64 {
        self.off_ms.load(Ordering::Relaxed)
    }
}

impl Clock for JumpingClock {
    fn read(&self) -> Reading {
        let jumped_ms = self.jumped_ms();
        Reading { now: Timestamp(BEGIN + self.origin.elapsed().as_millis() as i64 + jumped_ms), jumped_ms }
    }
}
