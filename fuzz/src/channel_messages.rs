//! Messages of the Redis channel of task status updates, which anybody who reaches that Redis can publish.

use dialects::dialect::task_status::channel::read;
use domain::{Status, Timestamp, limits};

use crate::Target;

const NOW: Timestamp = Timestamp(1_795_372_200_000);

pub(crate) const TARGET: Target = Target {
    name: "channel_messages",
    check,
    words: &[
        "\"task_id\":",
        "\"status\":\"running\"",
        "\"status\":\"timeout\"",
        "\"updated_at\":",
        "\"2026-11-22T18:30:00.123456\"",
        "\"-9999-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59.999999999-23:59\"",
        "1795372200.25",
        "99999999999999.9",
        "\"output\":",
        "\"error\":\"\"",
        "\"assignee\":",
        "\"project_id\":456",
        "\"from\":\"srv_1\"",
        "null",
        "1e999",
        "18446744073709551616",
        "[[[[",
    ],
};

fn check(input: &[u8]) {
    match read(input, NOW) {
        Ok(heard) => {
            assert!((1..=limits::NAME_BYTES).contains(&heard.task_id.len()) && !heard.task_id.chars().any(char::is_control));
            assert!(heard.word.status.is_some_and(|status| status != Status::Lost));
            let latest = NOW.plus_ms(limits::SOURCE_AHEAD_MS).0 * 1_000;
            assert!(heard.word.at_us.is_none_or(|at| (0..=latest).contains(&at)), "{:?}", heard.word.at_us);
            for (name, value) in &heard.word.labels {
                assert!(name.len() + 1 + value.len() <= limits::TAG_BYTES && !value.chars().any(char::is_control));
            }
            if let Some(output) = &heard.word.output {
                serde_json::from_str::<serde::de::IgnoredAny>(output.as_str()).expect("JSON as it came");
            }
        }
        Err(unreadable) => {
            let told = unreadable.to_string();
            assert!(told.len() > 10 && told.len() < 500, "a refusal is a sentence: {told}");
        }
    }
}
