//! Durations and sizes as people write them: `90s`, `1h30m`, `512MB`. The one place that reads units.

/// Milliseconds of a duration: numbers with `ms`, `s`, `m`, `h` or `d`, one after the other.
pub fn duration_ms(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is not a duration: write a number and ms, s, m, h or d, for example \"90s\" or \"1h30m\"");
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let (number, after) = leading_number(rest).ok_or_else(bad)?;
        let letters = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, tail) = after.split_at(letters);
        let factor: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(bad()),
        };
        total = number.checked_mul(factor).and_then(|part| total.checked_add(part)).ok_or_else(bad)?;
        rest = tail.trim_start();
    }
    Ok(total)
}

/// Bytes of a size: a number with `B`, `KB`, `MB`, `GB` (powers of 1,000) or `KiB`, `MiB`, `GiB` (powers of 1,024).
pub fn size_bytes(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is not a size: write a number and B, KB, MB, GB, KiB, MiB or GiB, for example \"512MB\"");
    let (number, unit) = leading_number(text.trim()).ok_or_else(bad)?;
    let factor: u64 = match unit.trim_start() {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(bad()),
    };
    number.checked_mul(factor).ok_or_else(bad)
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("250ms", 250),
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("2d", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(duration_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "10", "10 minutes", "m", "-1s", "1.5h", "10x", "99999999999999999999s", "213503982335d"] {
            assert!(duration_ms(text).unwrap_err().contains("is not a duration"), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("512MB", 512_000_000), ("1 GiB", 1 << 30), ("64KiB", 65_536), ("7B", 7)] {
            assert_eq!(size_bytes(text), Ok(bytes), "{text}");
        }
        for text in ["", "512", "512mb", "-1MB", "1.5GB", "99999999999GB"] {
            assert!(size_bytes(text).unwrap_err().contains("is not a size"), "{text}");
        }
    }
}
