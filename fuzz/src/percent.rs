//! Percentages in the output of a plain program.

use runner::percent::PercentReader;

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "percent",
    check,
    words: &["42%", "7.5 %", "100%", "100.0001%", "-3%", "1,000%", "\r", "\u{1b}[2K", "99.999999999999%", " %"],
};

fn check(input: &[u8]) {
    let mut whole = PercentReader::default();
    let expected = whole.read(input);
    if let Some(percent) = expected {
        assert!((0.0..=100.0).contains(&percent), "{percent}");
        assert!(((percent * 1000.0).round() / 1000.0 - percent).abs() < f64::EPSILON, "{percent} has three decimals at most");
    }
    // Where a chunk ends must not matter. The first byte says how long they are.
    let size = usize::from(input.first().copied().unwrap_or(0) % 7) + 1;
    let mut pieces = PercentReader::default();
    let last = input.chunks(size).filter_map(|piece| pieces.read(piece)).last();
    assert_eq!(last, expected, "read in pieces of {size}");
}
