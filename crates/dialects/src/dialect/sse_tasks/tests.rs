//! The stream as bytes, driven by hand; and a word for each status.

use domain::{Status, Timestamp};
use serde_json::{Value, json};
use wire::frame::ClientFrame;

use super::stream::TaskStream;
use super::words::word;
use crate::dialect::{Action, FoundJob, Heard, Session};
use crate::frame::Frame;

const NOW: Timestamp = Timestamp(1_795_372_200_000);
const ID: &str = "job_01jd9v3k5efx4b8n6w2q7r0mzt";
const AT: &str = "2026-11-22T18:30:00.000Z";

/// A summary; `change` is put over it.
fn summary(change: Value) -> Value {
    let mut summary = json!({
        "id": ID, "task": "your-task", "mode": "process", "status": "running", "rev": 2, "settlement": 1, "attempt": 1, "tenant": "default",
        "owner": "ann", "priority": 0, "progress": {"tick": 0}, "pause": "cooperative", "verbs": [], "createdAt": AT, "updatedAt": AT, "ranMs": 0,
    });
    for (name, value) in change.as_object().expect("an object") {
        summary[name] = value.clone();
    }
    summary
}

fn frame(value: Value) -> Frame {
    Frame::read(value.to_string().as_bytes())
}

fn update(place: u64, change: Value) -> Frame {
    frame(json!({"type": "update", "position": format!("k3-{place}"), "subs": [1], "kind": "any", "job": summary(change)}))
}

/// What a session wants done, a line each.
fn shown(actions: &[Action]) -> Vec<String> {
    let show = |action: &Action| match action {
        Action::Say(text) => text.clone(),
        Action::Tell(ClientFrame::Subscribe { id, topic, after }) => format!("follow {id} {topic} after {after:?}"),
        Action::Read(_) => "read".to_owned(),
        Action::ReadOutput(_, after) => format!("read output after {after:?}"),
        Action::CountBefore(_) => "count".to_owned(),
        Action::TickIn(ms) => format!("tick in {ms}"),
        Action::End(..) => "end".to_owned(),
        other => panic!("a stream does not want {other:?}"),
    };
    actions.iter().map(show).collect()
}

struct Driven(TaskStream);

impl Driven {
    fn open(last_event_id: Option<&str>) -> (Driven, Vec<String>) {
        let mut driven = Driven(TaskStream::new(ID.to_owned(), last_event_id));
        let opened = shown(&driven.0.hear(Heard::Opened, NOW));
        (driven, opened)
    }

    fn hear(&mut self, frame: &Frame) -> Vec<String> {
        shown(&self.0.hear(Heard::Frame(frame), NOW))
    }

    fn told(&mut self, heard: Heard<'_>) -> Vec<String> {
        shown(&self.0.hear(heard, NOW))
    }
}

fn found(change: Value, result: Option<&str>) -> FoundJob {
    let summary = serde_json::from_value(summary(change)).expect("a summary");
    FoundJob { summary, input: None, result: result.and_then(wire::record::raw) }
}

#[test]
fn every_status_has_a_word_of_that_system() {
    let words = ["idle", "running", "paused", "completed", "failed", "aborted"];
    for status in Status::ALL {
        let word = word(*status);
        assert!(words.contains(&word) && word != "idle", "{status}: {word}");
        let ends = ["completed", "failed", "aborted"].contains(&word);
        assert_eq!(ends, status.is_end(), "{status}: an end is told as an end, and nothing else is");
    }
}

#[test]
fn a_stream_begins_with_connected_and_where_the_task_stands() {
    let (mut stream, opened) = Driven::open(None);
    assert_eq!(
        opened,
        [
            format!("retry: 3000\n\ndata: {{\"type\":\"connected\",\"taskId\":\"{ID}\",\"timestamp\":\"{AT}\"}}\n\n"),
            format!("follow 1 {{\"job\":\"{ID}\"}} after None"),
            format!("follow 2 {{\"output\":\"{ID}\"}} after None"),
        ]
    );
    let jobs = json!([summary(json!({"progress": {"current": 1, "total": 4, "message": "Half", "tick": 3}}))]);
    assert!(stream.hear(&frame(json!({"type": "snapshot", "id": 1, "jobs": jobs, "more": false}))).is_empty());
    assert_eq!(
        stream.hear(&frame(json!({"type": "live", "id": 1, "position": "k3-8", "resumed": false, "truncated": false}))),
        [format!(
            "id: k3-8\ndata: {{\"type\":\"status\",\"timestamp\":\"{AT}\",\"taskId\":\"{ID}\",\"status\":\"running\",\"progress\":{{\"percentage\":25.0,\
             \"current\":1,\"total\":4,\"message\":\"Half\"}},\"message\":\"Half\"}}\n\n"
        )]
    );
    let heartbeat = frame(json!({"type": "heartbeat", "position": "k3-9"}));
    assert_eq!(stream.hear(&heartbeat), [": keep-alive\n\n"]);
    assert_eq!(stream.hear(&frame(json!({"type": "goingAway", "retryInMs": 400}))), ["retry: 400\n\n"]);
}

/// A snapshot is shared by all who join, and may be older than what they are told next.
#[test]
fn who_comes_late_is_told_only_how_it_is_now() {
    let (mut stream, _) = Driven::open(None);
    let snapshot = json!({"type": "snapshot", "id": 1, "jobs": [summary(json!({}))], "more": false});
    assert!(stream.hear(&frame(snapshot)).is_empty());
    for (place, status) in [(3, "paused"), (4, "running"), (5, "completed")] {
        let mut change = json!({"status": status, "rev": place});
        if status == "completed" {
            change["endedAt"] = json!(AT);
        }
        assert!(stream.hear(&update(place, change)).is_empty());
    }
    let live = frame(json!({"type": "live", "id": 1, "position": "k3-5", "resumed": false, "truncated": false}));
    assert_eq!(stream.hear(&live), ["read output after None", "read"]);
}

#[test]
fn an_end_is_told_once_with_its_result_and_the_stream_lingers() {
    let (mut stream, _) = Driven::open(None);
    stream.hear(&update(4, json!({})));
    let end = json!({"status": "completed", "rev": 3, "endedAt": AT});
    assert_eq!(stream.hear(&update(5, end.clone())), ["read output after None", "read"]);
    let found = Ok(found(end, Some("{\"count\":12345678901234567890123}")));
    let told = stream.told(Heard::Job(&found));
    assert!(told[0].starts_with("id: k3-5\ndata: {\"type\":\"result\""), "{}", told[0]);
    assert!(told[0].contains("\"result\":{\"count\":12345678901234567890123}"), "numbers stay exact: {}", told[0]);
    assert_eq!(told[1], "tick in 1000");
    let tags = json!({"status": "completed", "rev": 4, "endedAt": AT, "tags": ["seen"]});
    assert!(stream.hear(&update(6, tags)).is_empty(), "a change of tags is no second end");
    assert_eq!(stream.told(Heard::Tick), ["end"]);
}

/// A job that ended `lost` and whose reporter came back late, or that was taken up again: the stream goes on with it.
#[test]
fn who_goes_on_after_an_end_is_followed_on() {
    let (mut stream, _) = Driven::open(None);
    let lost = json!({"status": "lost", "rev": 3, "endedAt": AT});
    assert_eq!(stream.hear(&update(5, lost.clone())), ["read output after None", "read"]);
    let told = stream.told(Heard::Job(&Ok(found(lost, None))));
    assert!(told[0].contains("\"status\":\"failed\"") && told[0].contains("\"error\":\"Whoever ran it vanished"), "{}", told[0]);
    let told = stream.hear(&update(6, json!({"rev": 4})));
    assert!(told[0].contains("\"status\":\"running\""), "{told:?}");
    assert!(stream.told(Heard::Tick).is_empty(), "it does not end now");
    // What was read belongs to an earlier end.
    assert_eq!(stream.hear(&update(7, json!({"status": "completed", "rev": 5, "endedAt": AT}))).len(), 2);
    let other = Ok(found(json!({"settlement": 2}), Some("1")));
    let told = stream.told(Heard::Job(&other));
    assert!(told[0].contains("\"status\":\"completed\"") && !told[0].contains("\"result\":"), "{}", told[0]);
}

#[test]
fn every_end_is_told_in_the_type_that_pages_wait_for() {
    for (status, kind, word, error) in [
        ("completed", "result", "completed", None),
        ("aborted", "status", "aborted", None),
        ("failed", "error", "failed", Some("the page was not there")),
        ("timed_out", "error", "failed", Some("It took longer than it may")),
        ("lost", "error", "failed", Some("Whoever ran it vanished; how it went is not known")),
    ] {
        let (mut stream, _) = Driven::open(None);
        let mut end = json!({"status": status, "rev": 3, "endedAt": AT});
        if status == "failed" {
            end["error"] = json!({"kind": "error", "message": "the page was not there"});
        }
        stream.hear(&update(5, end.clone()));
        let told = stream.told(Heard::Job(&Ok(found(end, None))));
        let data = told[0].lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!((&data["type"], &data["status"], data["error"].as_str()), (&json!(kind), &json!(word), error), "{status}");
    }
}

#[test]
fn a_task_that_waits_says_how_many_are_before_it_and_again_when_that_changes() {
    let (mut stream, _) = Driven::open(None);
    let pending = json!({"status": "pending", "reason": "task_limit", "attempt": 0, "rev": 1});
    assert_eq!(stream.hear(&update(2, pending)), ["count"]);
    let told = stream.told(Heard::Before(3));
    assert!(told[0].contains("\"status\":\"running\",\"message\":\"Task queued: 3 tasks are before it\""), "{}", told[0]);
    assert_eq!(told[1], "tick in 5000");
    assert_eq!(stream.told(Heard::Tick), ["count"]);
    assert_eq!(stream.told(Heard::Before(3)), ["tick in 5000"], "nothing changed");
    assert!(stream.told(Heard::Before(1))[0].contains("1 task is before it"));
    assert!(stream.hear(&update(3, json!({})))[0].contains("Started your-task task"));
    assert!(stream.told(Heard::Tick).is_empty());
}

/// A client applies progress on exactly the revision it holds; so does what stands in its place.
#[test]
fn progress_is_told_on_its_revision_alone() {
    let (mut stream, _) = Driven::open(None);
    stream.hear(&update(4, json!({"rev": 3})));
    let progress = |rev: u64, tick: u64| {
        frame(
            json!({"type": "progress", "subs": [1], "id": ID, "rev": rev, "tick": tick, "progress": {"percentage": 40, "tick": tick}}),
        )
    };
    assert_eq!(stream.hear(&progress(3, 2)).len(), 1);
    for (rev, tick) in [(3, 2), (3, 1), (2, 9), (4, 9)] {
        assert!(stream.hear(&progress(rev, tick)).is_empty(), "{rev} {tick}");
    }
}

#[test]
fn a_reconnect_goes_on_in_the_log_and_in_what_was_said() {
    let (mut stream, opened) = Driven::open(Some("k3-7~1:40"));
    assert_eq!(
        opened[1..],
        [
            format!("follow 1 {{\"job\":\"{ID}\"}} after Some(\"k3-7\")"),
            format!("follow 2 {{\"output\":\"{ID}\"}} after Some(\"1:40\")")
        ]
    );
    assert!(
        stream.hear(&frame(json!({"type": "live", "id": 1, "position": "k3-9", "resumed": true, "truncated": false}))).is_empty()
    );
    let output = |at: &str| {
        let chunks = json!([
            {"stream": "info", "at": at, "text": "one\ntwo\n"},
            {"stream": "stdout", "at": at, "text": "printed\n"},
        ]);
        frame(json!({"type": "output", "subs": [2], "id": ID, "attempt": 1, "offset": 40, "next": 56, "chunks": chunks}))
    };
    let told = stream.hear(&output("2026-11-22T18:29:00.000Z"));
    assert_eq!(told.len(), 2, "what was said while it was away is told, what was printed is not: {told:?}");
    assert!(told[0].starts_with("id: k3-9~1:56\ndata: {\"type\":\"message\"") && told[1].contains("\"message\":\"two\""));
    assert!(stream.hear(&output("2026-11-22T18:29:00.000Z")).is_empty(), "nothing is told twice");
    let (mut fresh, _) = Driven::open(None);
    assert!(fresh.hear(&output("2026-11-22T18:29:00.000Z")).is_empty(), "who comes anew is not told what was said before");
    let (mut fresh, _) = Driven::open(None);
    assert_eq!(fresh.hear(&output("2026-11-22T18:30:00.001Z")).len(), 2);
    for (held, position, output) in [
        ("k3-7", Some("k3-7"), "None"),
        ("nonsense", None, "None"),
        ("k3-7~x", Some("k3-7"), "None"),
        ("~1:4", None, "Some(\"1:4\")"),
    ] {
        let (stream, opened) = Driven::open(Some(held));
        assert_eq!(stream.0.position(), position, "{held}");
        assert!(opened[2].ends_with(&format!("after {output}")), "{held}: {}", opened[2]);
    }
}

#[test]
fn a_stream_ends_with_its_job_and_with_its_connection() {
    let (mut stream, _) = Driven::open(None);
    let left = frame(json!({"type": "left", "position": "k3-9", "subs": [1], "id": ID, "rev": 4, "kind": "deleted"}));
    assert_eq!(stream.hear(&left), ["end"]);
    assert_eq!(stream.told(Heard::Closed(wire::close::Close::TokenExpired)), ["end"]);
    let gone = frame(json!({"type": "error", "code": "not_found", "message": "no such job", "id": 1}));
    assert_eq!(stream.hear(&gone), ["end"]);
}
