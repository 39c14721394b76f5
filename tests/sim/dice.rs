//! Chance: everything random of a run comes from one seed, so that the seed gives the same run again.

use std::sync::{Mutex, PoisonError};

/// One stream of random numbers. Each part of the world has its own, so that what one part draws does not move another.
pub struct Dice(Mutex<fastrand::Rng>);

impl Dice {
    pub fn new(seed: u64, stream: u64) -> Dice {
        Dice(Mutex::new(fastrand::Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (stream << 56))))
    }

    /// A number from 0 to below `bound`, which must not be 0.
    pub fn below(&self, bound: u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).u64(0..bound)
    }

    /// True so many times of a thousand.
    pub fn chance(&self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    pub fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}
