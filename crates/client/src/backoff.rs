//! When to try again: full jitter, so that those who were cut off together do not come back together
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The wait before the second try at the most; doubles with each further one.
const BASE: Duration = Duration::from_millis(250);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(15);

/// Counts failures in a row and says how long to wait after each.
#[derive(Debug, Default, Clone)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `chance` is any number; all of its values are equally likely.
    pub fn after_failure(&mut self, chance: u64) -> Duration {
        let ceiling = LONGEST.min(BASE.saturating_mul(1 << self.failures.min(16)));
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(chance as f64 / u64::MAX as f64)
    }

    /// Whether the last try worked.
    pub fn is_calm(&self) -> bool {
        self.failures == 0
    }

    /// Something worked: the next failure waits briefly again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A number that differs from call to call and from process to process. Good for spreading and for names, not for secrets: this
/// crate owns no source of secrets.
pub fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_and_falls_back_after_success() {
        let mut backoff = Backoff::default();
        let ceilings: Vec<u128> = (0..9).map(|_| backoff.after_failure(u64::MAX).as_millis()).collect();
        assert_eq!(ceilings, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
        backoff.reset();
        assert_eq!(backoff.after_failure(u64::MAX).as_millis(), 250);
        assert_eq!(backoff.after_failure(0), Duration::ZERO);
        assert!(backoff.after_failure(u64::MAX / 2).as_millis() <= 500);
    }

    #[test]
    fn chance_does_not_repeat() {
        let drawn: std::collections::HashSet<u64> = (0..1_000).map(|_| chance()).collect();
        assert_eq!(drawn.len(), 1_000);
    }
}
