//! What a task promises about its jobs: how they run, how long, how often. A job keeps the policy of its submit.

use crate::named;

named! {
    /// Who does the work.
    pub enum Mode {
        /// The server starts a child process.
        Process = "process",
        /// The app does it in its own request and reports under a lease.
        Tracked = "tracked",
        /// A process of the user's claims it and reports.
        Worker = "worker",
        /// Another engine does it; a source feeds its changes in.
        Mirrored = "mirrored",
    }
}

named! {
    /// How a running attempt is paused.
    pub enum Pause {
        /// It is asked, and acknowledges when it has stopped at a safe point.
        Cooperative = "cooperative",
        /// Its processes are stopped by the kernel; works for any program.
        Freeze = "freeze",
        /// It cannot be paused once it runs.
        None = "none",
    }
}

named! {
    /// What becomes of a job whose holder vanished.
    pub enum Rescue {
        /// The next attempt, if one is left.
        Retry = "retry",
        /// `lost` at once: the work must not run twice.
        Lost = "lost",
    }
}

/// When and how often a failed attempt is followed by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, the first included; 1 means no retry.
    pub attempts: u32,
    /// Wait before the second attempt, in milliseconds; doubles with each further one.
    pub base_ms: u64,
    /// Longest wait, in milliseconds.
    pub max_ms: u64,
    /// Whether a passed time limit is retried too.
    pub on_timeout: bool,
}

/// The limits and the retry policy of a job, as of its submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub pause: Pause,
    pub rescue: Rescue,
    pub retry: Retry,
    /// Longest running time of one attempt, in milliseconds, paused time not counted; `None` is unlimited.
    pub time_limit_ms: Option<u64>,
    /// How long an asked abort may take before it is enforced, in milliseconds.
    pub abort_grace_ms: u64,
    /// How long it may wait to start, in milliseconds from when it is due; `None` is for ever.
    pub start_within_ms: Option<u64>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            pause: Pause::Cooperative,
            rescue: Rescue::Retry,
            retry: Retry { attempts: 1, base_ms: 1_000, max_ms: 300_000, on_timeout: false },
            time_limit_ms: None,
            abort_grace_ms: 10_000,
            start_within_ms: None,
        }
    }
}

impl Retry {
    /// The wait after the `tries`-th attempt failed, spread by up to a tenth either way so that jobs that failed together do not
    /// return together. `salt` makes the spread repeatable.
    pub fn wait_ms(&self, tries: u32, salt: u64) -> u64 {
        let doublings = tries.saturating_sub(1).min(40);
        let wait = self.base_ms.saturating_mul(1 << doublings).min(self.max_ms);
        let mixed = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(tries % 64);
        let spread = wait / 5;
        let shift = if spread == 0 { 0 } else { mixed % (spread + 1) };
        (wait - wait / 10).saturating_add(shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_stay_near() {
        let retry = Retry { attempts: 9, base_ms: 1_000, max_ms: 60_000, on_timeout: false };
        for (tries, middle) in [(1, 1_000), (2, 2_000), (3, 4_000), (7, 60_000), (60, 60_000)] {
            for salt in 0..50 {
                let wait = retry.wait_ms(tries, salt);
                assert!((middle * 9 / 10..=middle * 11 / 10).contains(&wait), "try {tries}: {wait}");
            }
        }
        assert_eq!(Retry { attempts: 2, base_ms: 0, max_ms: 0, on_timeout: false }.wait_ms(1, 7), 0);
    }
}
