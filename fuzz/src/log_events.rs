//! Stored events: whatever stands in a row is read, or refused with the place of the event.

use bytes::Bytes;
use domain::event::EventKind;
use domain::{JobId, Timestamp};
use wire::LoggedEvent;
use wire::log::EventHead;

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "log_events",
    check,
    words: &[
        "\"id\":\"job_01jd0000000000000000000000\"",
        "\"tenant\":\"default\"",
        "\"owner\":\"ann\"",
        "\"task\":\"t\"",
        "\"status\":\"running\"",
        "\"rev\":1",
        "\"tags\":[\"a\"]",
        "\"tagsOmitted\":3",
        "\"subject\":{\"type\":\"a\",\"id\":\"b\"}",
        "\"rootId\":\"job_x\"",
        "\0{\"removed\":[\"a\"]}",
        "\0{\"tags\":[\"a\",\"b\"]}",
        "null",
        "{}",
    ],
};

/// The summary, then, behind a zero byte, what is stored beside it.
fn check(input: &[u8]) {
    let (summary, extra) = match input.iter().position(|byte| *byte == 0) {
        Some(at) => (&input[..at], std::str::from_utf8(&input[at + 1..]).ok()),
        None => (input, None),
    };
    let head = EventHead { place: 7, kind: EventKind::Wished, at: Timestamp(0), by: None, job: JobId(1), from: None };
    match LoggedEvent::read(head.clone(), Bytes::copy_from_slice(summary), extra) {
        Err(unreadable) => assert_eq!(unreadable.place, 7),
        Ok(event) => {
            assert_eq!(event.summary, summary, "frames carry the bytes of the log");
            let record = event.record(&"k3x9".into());
            assert_eq!((record.rev, &*record.position), (event.rev, "k3x9-7"));
            read_back(&event, head);
        }
    }
}

/// What is stored of an event that was read is the same event.
fn read_back(event: &LoggedEvent, head: EventHead) {
    let written = event.extra();
    let again = LoggedEvent::read(head, event.summary.clone(), written.as_deref()).expect("what was written can be read");
    assert_eq!((again.rev, again.status, &again.removed_tags), (event.rev, event.status, &event.removed_tags));
    // Rows that we write hold the tags beside the summary only when it leaves some out.
    let is_cut = event.summary.windows(14).any(|part| part == b"\"tagsOmitted\":");
    if is_cut || again.keys.tags == event.keys.tags {
        assert_eq!(again.keys, event.keys);
    }
}

/// An event that was decided and encoded by us is read from its row as it was.
pub(crate) fn check_ours(event: &LoggedEvent) {
    let head =
        EventHead { place: event.place, kind: event.kind, at: event.at, by: event.by.clone(), job: event.job, from: event.from };
    let again = LoggedEvent::read(head, event.summary.clone(), event.extra().as_deref()).expect("our own row can be read");
    assert_eq!(
        (&again.keys, again.rev, again.status, &again.removed_tags),
        (&event.keys, event.rev, event.status, &event.removed_tags)
    );
    assert!(event.summary.len() <= domain::limits::SUMMARY_BYTES, "a summary has {} bytes", event.summary.len());
}
