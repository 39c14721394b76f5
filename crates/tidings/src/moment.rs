//! Times for people: local, and as short as they can be. Machines get RFC 3339, with `--json`.

use engine::clock::{Clock, SystemClock};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// How times are told on this page.
#[derive(Debug, Clone)]
pub struct Moments {
    now: Zoned,
    /// On a terminal; elsewhere every time has its date.
    is_short: bool,
}

impl Moments {
    /// Of this machine. `is_short`: for a reader at a terminal, now.
    pub fn here(is_short: bool) -> Moments {
        let now = Timestamp::from_millisecond(SystemClock.now().0).unwrap_or_default();
        Moments { now: now.to_zoned(TimeZone::system()), is_short }
    }

    /// To the minute: `20:31`, `yesterday 20:31`, `14 Nov`, `2025-11-14`.
    pub fn minute(&self, text: &str) -> String {
        self.tell(text, "%H:%M", false)
    }

    /// To the second, and older days with their time.
    pub fn second(&self, text: &str) -> String {
        self.tell(text, "%H:%M:%S", true)
    }

    /// What is no time stays as it is.
    fn tell(&self, text: &str, time: &str, whole: bool) -> String {
        let Ok(moment) = text.parse::<Timestamp>() else { return text.to_owned() };
        let moment = moment.to_zoned(self.now.time_zone().clone());
        let clock = moment.strftime(time).to_string();
        if !self.is_short {
            return moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
        let (day, today) = (moment.date(), self.now.date());
        if day == today {
            return clock;
        }
        for (days, word) in [(-1, "yesterday"), (1, "tomorrow")] {
            if today.checked_add(days.days()).is_ok_and(|other| other == day) {
                return format!("{word} {clock}");
            }
        }
        let shown = if day.year() == today.year() { moment.strftime("%-d %b") } else { moment.strftime("%Y-%m-%d") };
        if whole { format!("{shown} {clock}") } else { shown.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_times_are_short_and_local() {
        let now: Zoned = "2026-11-22T21:00:00+01:00[+01:00]".parse().unwrap();
        let short = Moments { now: now.clone(), is_short: true };
        for (text, minute, second) in [
            ("2026-11-22T19:31:05Z", "20:31", "20:31:05"),
            ("2026-11-21T19:31:05.123Z", "yesterday 20:31", "yesterday 20:31:05"),
            ("2026-11-22T23:30:00Z", "tomorrow 00:30", "tomorrow 00:30:00"),
            ("2026-11-14T19:31:05Z", "14 Nov", "14 Nov 20:31:05"),
            ("2025-11-14T19:31:05Z", "2025-11-14", "2025-11-14 20:31:05"),
            ("soon", "soon", "soon"),
        ] {
            assert_eq!((short.minute(text).as_str(), short.second(text).as_str()), (minute, second));
        }
        let long = Moments { now, is_short: false };
        assert_eq!(long.minute("2026-11-22T19:31:05Z"), "2026-11-22 20:31:05");
    }
}
