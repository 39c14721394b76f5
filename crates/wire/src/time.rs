//! Times on the wire: RFC 3339 in UTC with milliseconds, for example `2026-11-22T18:30:00.250Z`.

use std::fmt::Write as _;

use domain::Timestamp;

/// Bytes of the text for a moment of a year with four digits.
const SHOWN_BYTES: usize = 24;
const DAY_MS: i64 = 86_400_000;
/// Years that four digits can say, as days since 1970-01-01: from 0000-01-01 to 9999-12-31.
const DAYS: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;

/// The text for a moment.
pub fn show(at: Timestamp) -> String {
    let mut text = String::with_capacity(SHOWN_BYTES);
    put_shown(at, &mut text);
    text
}

/// Writes the text for a moment behind `out`.
pub(crate) fn put_shown(at: Timestamp, out: &mut String) {
    let (day, ms) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS));
    if !DAYS.contains(&day) {
        // Writing to a String does not fail.
        let _ = write!(out, "{}ms", at.0);
        return;
    }
    let (year, month, day) = date(day);
    let mut text: [u8; SHOWN_BYTES] = *b"0000-00-00T00:00:00.000Z";
    let fields =
        [(0, 4, year), (5, 2, month), (8, 2, day), (11, 2, ms / 3_600_000), (14, 2, ms / 60_000 % 60), (17, 2, ms / 1_000 % 60)];
    for (start, digits, value) in fields.into_iter().chain([(20, 3, ms % 1_000)]) {
        put(&mut text[start..start + digits], value);
    }
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

/// Writes a number in decimal, from its last digit on.
fn put(digits: &mut [u8], mut value: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day comes last,
/// in eras of 400 years, which all have the same days.
fn date(day: i64) -> (i64, i64, i64) {
    let from_march = day + 719_468;
    let (era, of_era) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

/// Reads RFC 3339 with any offset; finer than a millisecond is cut. A year that four digits cannot say is refused: it could not be shown
/// again.
pub fn parse(text: &str) -> Option<Timestamp> {
    let time = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    DAYS.contains(&time.div_euclid(DAY_MS)).then_some(Timestamp(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown_by_jiff(ms: i64) -> String {
        match jiff::Timestamp::from_millisecond(ms) {
            Ok(time) if (0..=9_999).contains(&time.to_zoned(jiff::tz::TimeZone::UTC).year()) => format!("{time:.3}"),
            _ => format!("{ms}ms"),
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_shown_as_the_calendar_has_it(ms in -62_200_000_000_000_i64..253_402_000_000_000) {
            prop_assert_eq!(show(Timestamp(ms)), shown_by_jiff(ms));
        }

        #[test]
        fn no_moment_makes_it_panic(ms: i64) {
            prop_assert!(!show(Timestamp(ms)).is_empty());
        }

        #[test]
        fn what_is_shown_is_read_back(ms in 0_i64..253_402_000_000_000) {
            prop_assert_eq!(parse(&show(Timestamp(ms))), Some(Timestamp(ms)));
        }
    }

    #[test]
    fn days_about_leap_days_are_shown_as_the_calendar_has_them() {
        for year in [0, 1, 4, 100, 400, 1600, 1900, 1970, 2000, 2024, 2100, 9999] {
            let march =
                jiff::civil::date(year, 3, 1).to_zoned(jiff::tz::TimeZone::UTC).map(|time| time.timestamp().as_millisecond());
            let march = march.expect("a day");
            for ms in [march - 2 * DAY_MS, march - DAY_MS, march - 1, march] {
                assert_eq!(show(Timestamp(ms)), shown_by_jiff(ms));
            }
        }
    }

    #[test]
    fn times_are_shown_with_milliseconds_in_utc_and_read_with_any_offset() {
        assert_eq!(show(Timestamp(1_795_372_200_250)), "2026-11-22T18:30:00.250Z");
        assert_eq!(parse("2026-11-22T19:30:00.2509+01:00"), Some(Timestamp(1_795_372_200_250)));
        assert_eq!(parse("yesterday"), None);
    }
}
