//! The small texts that name places and moments: positions, job ids, times, topics, problems.

use domain::JobId;
use wire::Position;

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "addresses",
    check,
    words: &[
        "k3x9-18",
        "-0",
        "job_01jd",
        "job_7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "2026-01-31T09:00:00Z",
        "+23:59",
        "-00:00",
        "T",
        ".999999999",
        "9999-12-31T23:59:59Z",
        "-000001-01-01T00:00:00Z",
        "18446744073709551615",
        "{\"job\":",
        "{\"subject\":{\"type\":",
        "{\"tenant\":true}",
        "{\"output\":",
    ],
};

fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(position) = Position::parse(text) {
        assert_eq!(Position::parse(&position.to_string()), Some(position), "a position is read as it is shown");
    }
    if let Some(id) = JobId::parse(text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase(), "a job has one id");
    }
    if let Some(time) = wire::time::parse(text) {
        let shown = wire::time::show(time);
        assert_eq!(shown.len(), 24, "{shown} is a time with four digits of a year");
        assert_eq!(wire::time::parse(&shown), Some(time), "a time is read as it is shown");
    }
    if let Ok(value) = serde_json::from_str(text) {
        match wire::convert::topic_in(&value) {
            Ok(topic) => {
                let shown = wire::convert::topic_out(&topic);
                assert_eq!(wire::convert::topic_in(&shown), Ok(topic), "a topic is read as it is shown");
                assert!(
                    shown.to_string().len() <= 6 * 2 * domain::limits::NAME_BYTES + 100,
                    "a topic is no larger than its names may be"
                );
            }
            Err(words) => assert!(words.len() < 500, "a refusal is a sentence: {words}"),
        }
    }
    let cut = domain::limits::cut(text, 40);
    assert!(cut.len() <= 40.max("…".len()), "cut at its bound");
}
