//! Time as the rules see it: milliseconds since the Unix epoch, handed in from outside.

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment moved by `ms` milliseconds; stops at the ends of the number range.
    pub fn plus_ms(self, ms: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// Milliseconds from `earlier` to this moment; zero when `earlier` lies after it.
    pub fn since_ms(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

/// A length of time for people, in whole units and without loss: `10 min`, `1 h 30 min`, `400 ms`.
pub fn in_words(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (length, unit) in units {
        if rest >= length {
            parts.push(format!("{} {unit}", rest / length));
            rest %= length;
        }
    }
    if parts.is_empty() { "0 ms".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn lengths_are_said_as_a_person_would() {
        for (ms, expected) in [
            (0, "0 ms"),
            (400, "400 ms"),
            (1_500, "1 s 500 ms"),
            (600_000, "10 min"),
            (5_400_000, "1 h 30 min"),
            (172_800_000, "2 d"),
            (u64::MAX, "213503982334 d 14 h 25 min 51 s 615 ms"),
        ] {
            assert_eq!(in_words(ms), expected, "{ms}");
        }
    }
}
