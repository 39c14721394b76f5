//! The one file that reads the system clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use domain::Timestamp;

/// Difference between the time of day and the time that passed which counts as a jump, in milliseconds. Smaller ones are how a clock is
/// kept right.
const JUMP_MS: i64 = 5_000;

/// What a clock tells at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub now: Timestamp,
    /// How far all its jumps have put the clock ahead of the time that passed, in milliseconds; below zero: back behind it. A sleep of the
    /// machine is a jump ahead.
    pub jumped_ms: i64,
}

/// Tells the time of day. Waits are measured with monotonic timers instead.
pub trait Clock: Send + Sync + 'static {
    fn read(&self) -> Reading;

    fn now(&self) -> Timestamp {
        self.read().now
    }
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn read(&self) -> Reading {
        Reading { now: Timestamp(jiff::Timestamp::now().as_millisecond()), jumped_ms: 0 }
    }
}

/// The machine's clock, held against a timer that neither jumps nor counts the machine's sleep, at each reading: a jump is known to
/// whoever reads first after it. To be read at least every few minutes, or what a clock was put right by adds up to a jump.
#[derive(Debug)]
pub struct WatchedClock(Mutex<Watched>);

#[derive(Debug)]
struct Watched {
    last: Reading,
    at: Instant,
}

impl Default for WatchedClock {
    fn default() -> WatchedClock {
        WatchedClock(Mutex::new(Watched { last: SystemClock.read(), at: Instant::now() }))
    }
}

impl Clock for WatchedClock {
    fn read(&self) -> Reading {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, at) = (SystemClock.now(), Instant::now());
        let passed = i64::try_from(at.duration_since(watched.at).as_millis()).unwrap_or(i64::MAX);
        let ahead = now.0.saturating_sub(watched.last.now.0).saturating_sub(passed);
        let jump = if ahead.abs() > JUMP_MS { ahead } else { 0 };
        watched.last = Reading { now, jumped_ms: watched.last.jumped_ms.saturating_add(jump) };
        watched.at = at;
        watched.last
    }
}

/// A clock that stands until it is moved: for tests and simulation.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    jumped_ms: AtomicI64,
}

impl ManualClock {
    pub fn at(start: Timestamp) -> Arc<ManualClock> {
        Arc::new(ManualClock { now: AtomicI64::new(start.0), jumped_ms: AtomicI64::new(0) })
    }

    /// Lets time pass; backwards too.
    pub fn advance_ms(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    /// Lets it jump, without any time that passes.
    pub fn jump_ms(&self, ms: i64) {
        self.jumped_ms.fetch_add(ms, Ordering::SeqCst);
        self.now.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn read(&self) -> Reading {
        Reading { now: Timestamp(self.now.load(Ordering::SeqCst)), jumped_ms: self.jumped_ms.load(Ordering::SeqCst) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_told_from_the_time_that_passed() {
        let clock = WatchedClock::default();
        assert_eq!(clock.read().jumped_ms, 0);
        // As if the clock had been an hour behind at the last reading, and then an hour ahead.
        for (behind_ms, jumped_ms) in [(3_600_000, 3_600_000), (-3_600_000, 0), (4_000, 0), (-4_000, 0)] {
            let mut watched = clock.0.lock().unwrap();
            watched.last.now = Timestamp(watched.last.now.0 - behind_ms);
            drop(watched);
            let read = clock.read();
            assert!((read.jumped_ms - jumped_ms).abs() < 1_000, "{behind_ms}: {read:?}");
        }
    }
}
