//! Times on the wire: RFC 3339 in UTC with milliseconds, for example `2026-11-22T18:30:00.250Z`.

use domain::Timestamp;

/// The text for a moment.
pub fn show(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => format!("{}ms", at.0),
    }
}

/// Reads RFC 3339 with any offset; finer than a millisecond is cut.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(|time| Timestamp(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_with_milliseconds_in_utc_and_read_with_any_offset() {
        assert_eq!(show(Timestamp(1_795_372_200_250)), "2026-11-22T18:30:00.250Z");
        assert_eq!(parse("2026-11-22T19:30:00.2509+01:00"), Some(Timestamp(1_795_372_200_250)));
        assert_eq!(parse("yesterday"), None);
    }
}
