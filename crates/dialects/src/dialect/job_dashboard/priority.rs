//! Priorities of system 3, 1 to 10 (its form also has 0), and ours, −100 to 100; higher starts first in both. 5 is 0, and each step is 20.

use domain::limits::PRIORITY;

/// The least, the most, and the usual.
pub(super) const RANGE: (i64, i64, i64) = (0, 10, 5);
const STEP: i64 = PRIORITY as i64 / RANGE.2;

pub(super) const fn ours(theirs: i64) -> i64 {
    (theirs - RANGE.2) * STEP
}

/// The nearest.
pub(super) fn theirs(ours: i16) -> i64 {
    let steps = (f64::from(ours) / STEP as f64).round() as i64;
    (steps + RANGE.2).clamp(RANGE.0, RANGE.1)
}
