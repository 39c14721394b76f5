//! Messages as publishers write them, and as this server does.

use domain::request::Word;
use domain::{Status, Timestamp};
use serde_json::{Value, json};

use super::{read, write};
use crate::dialect::FoundJob;

/// 2026-11-22T18:30:00Z.
const NOW: Timestamp = Timestamp(1_795_372_200_000);
const NOW_US: i64 = NOW.0 * 1_000;

fn message(change: Value) -> Value {
    let mut message = json!({"task_id": "t1", "status": "running", "updated_at": "2026-11-22T18:30:00"});
    for (name, value) in change.as_object().expect("an object") {
        message[name] = value.clone();
    }
    message
}

fn heard(change: Value) -> super::Heard {
    let message = message(change);
    read(message.to_string().as_bytes(), NOW).unwrap_or_else(|error| panic!("{message}: {error}"))
}

fn word(change: Value) -> Word {
    heard(change).word
}

fn refused(message: &str) -> String {
    read(message.as_bytes(), NOW).expect_err(message).to_string()
}

#[test]
fn the_message_of_the_document_is_understood() {
    let heard = heard(json!({
        "task_id": 123, "status": "completed", "updated_at": "2026-11-22T18:30:00.123456", "output": "Task output text", "error": null,
        "assignee": "agent-name", "project_id": 456,
    }));
    let word = heard.word;
    assert_eq!((heard.task_id.as_str(), heard.from), ("123", None));
    assert_eq!((word.status, word.at_us), (Some(Status::Completed), Some(NOW_US + 123_456)));
    assert_eq!((word.error, word.output.as_ref().map(|json| json.as_str())), (None, Some("\"Task output text\"")));
    let labels: Vec<(&str, &str)> = word.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(labels, [("assignee", "agent-name"), ("project", "456")]);
    assert!(word.title.is_none() && word.metadata.is_none(), "they are not of the channel");
}

#[test]
fn every_word_has_a_status() {
    for (said, status) in [
        ("pending", Status::Pending),
        ("running", Status::Running),
        ("completed", Status::Completed),
        ("failed", Status::Failed),
        ("disabled", Status::Paused),
        ("success", Status::Completed),
        ("timeout", Status::TimedOut),
        ("cancelled", Status::Aborted),
        ("deleted", Status::Aborted),
    ] {
        assert_eq!(word(json!({"status": said})).status, Some(status), "{said}");
    }
    for status in Status::ALL.iter().filter(|status| **status != Status::Lost) {
        assert_eq!(word(json!({"status": status.as_str()})).status, Some(*status), "ours: {status}");
    }
}

#[test]
fn every_usual_way_to_write_a_time_is_read_to_the_microsecond() {
    for (said, us) in [
        (json!("2026-11-22T18:30:00Z"), 0),
        (json!("2026-11-22T19:30:00.250+01:00"), 250_000),
        (json!("2026-11-22T18:30:00.000001+00:00"), 1),
        (json!("2026-11-22T18:30:00"), 0),
        (json!("2026-11-22T18:30:00.123456"), 123_456),
        (json!("2026-11-22 18:30:00.123456"), 123_456),
        (json!(1_795_372_200), 0),
        (json!(1_795_372_200.25), 250_000),
        (json!(1_795_372_200_000_i64), 0),
        (json!(1_795_372_200_007_i64), 7_000),
        (json!(1_795_372_200_000.5), 500),
    ] {
        assert_eq!(word(json!({"updated_at": said})).at_us, Some(NOW_US + us), "{said}");
    }
}

#[test]
fn a_clock_that_is_far_ahead_is_not_believed() {
    let at = |ms: i64| word(json!({"updated_at": NOW.0 + ms})).at_us;
    assert_eq!(at(300_000), Some(NOW_US + 300_000_000), "clocks differ");
    assert_eq!(at(300_001), None, "as of its arrival");
    assert_eq!(word(json!({"updated_at": "2026-11-22T20:30:00"})).at_us, None, "a local time that says of no zone");
    assert!(word(json!({"updated_at": "2026-11-22T16:30:00"})).at_us.is_some(), "an old one is as old as it says");
}

#[test]
fn null_and_absent_leave_a_field_and_empty_clears_it() {
    for change in [json!({}), json!({"output": null, "error": null, "assignee": null, "project_id": null})] {
        let word = word(change);
        assert!(word.output.is_none() && word.error.is_none() && word.labels.is_empty());
    }
    let word = word(json!({"output": "", "error": "", "assignee": "", "project_id": ""}));
    assert_eq!((word.output.as_ref().map(|json| json.as_str()), word.error.as_deref()), (Some("\"\""), Some("")));
    assert_eq!(word.labels, [("assignee".into(), "".into()), ("project".into(), "".into())]);
}

#[test]
fn an_output_and_an_error_may_be_any_json() {
    let word = word(json!({"output": {"rows": 12_345_678_901_234_567_u64}, "error": {"code": 7}}));
    assert_eq!(word.output.as_ref().map(|json| json.as_str()), Some("{\"rows\":12345678901234567}"));
    assert_eq!(word.error.as_deref(), Some("{\"code\":7}"));
}

#[test]
fn who_published_is_told_when_it_was_a_server() {
    assert_eq!(heard(json!({"from": "srv_1"})).from.as_deref(), Some("srv_1"));
    assert_eq!(heard(json!({"from": 7})).from, None);
}

#[test]
fn what_cannot_be_understood_says_what_is_expected() {
    for text in ["", "[]", "null", "{", "not json", "\"t1\"", "{\"task_id\":\"a\",\"task_id\":\"b\"}", "\u{feff}{}"] {
        assert!(refused(text).contains("no JSON object"), "{text}");
    }
    assert!(read(b"{\"task_id\":\"\xff\"}", NOW).is_err(), "not UTF-8");
    let is = |change: Value| refused(&message(change).to_string());
    for (change, names) in [
        (json!({"task_id": null}), "task_id is missing"),
        (json!({"task_id": ""}), "task_id is missing"),
        (json!({"task_id": 1.5}), "task_id must be a text or a whole number; it is 1.5"),
        (json!({"task_id": "x".repeat(201)}), "task_id must be of 200 bytes at most"),
        (json!({"task_id": "a\nb"}), "without control characters"),
        (json!({"status": null}), "status is missing"),
        (json!({"status": "lost"}), "status must be pending, running"),
        (json!({"status": "RUNNING"}), "retrying, aborted or timed_out; it is \"RUNNING\""),
        (json!({"status": 5}), "it is 5"),
        (json!({"updated_at": null}), "updated_at is missing"),
        (json!({"updated_at": "yesterday"}), "updated_at must be a time"),
        (json!({"updated_at": "1999-99-99T00:00:00"}), "updated_at must be a time"),
        (json!({"updated_at": -1}), "updated_at must be a time"),
        (json!({"updated_at": "1969-12-31T23:59:59Z"}), "updated_at must be a time"),
        (json!({"updated_at": 1e15}), "updated_at must be a time"),
        (json!({"updated_at": [1]}), "updated_at must be a time"),
        (json!({"assignee": "x".repeat(92)}), "assignee must be of 91 bytes at most"),
        (json!({"assignee": ["a"]}), "assignee must be a text"),
        (json!({"project_id": true}), "project_id must be a text"),
    ] {
        let said = is(change.clone());
        assert!(said.contains(names), "{change}: {said}");
    }
    assert_eq!(refused("{}"), "task_id is missing: task_id, status and updated_at are needed");
    assert_eq!(refused("{\"task_id\":1}"), "status is missing: task_id, status and updated_at are needed");
}

fn job(change: Value, result: Option<&str>) -> FoundJob {
    let mut summary = json!({
        "id": "job_01jd9v3k5efx4b8n6w2q7r0mzt", "task": "nightly", "mode": "process", "status": "running", "rev": 2, "settlement": 1,
        "attempt": 1, "tenant": "default", "owner": "ann", "priority": 0, "progress": {"tick": 0}, "pause": "none", "verbs": [],
        "createdAt": "2026-11-22T18:00:00.000Z", "updatedAt": "2026-11-22T18:30:00.250Z", "ranMs": 0,
    });
    for (name, value) in change.as_object().expect("an object") {
        summary[name] = value.clone();
    }
    let summary = serde_json::from_value(summary).expect("a summary");
    FoundJob { summary, input: None, result: result.and_then(wire::record::raw) }
}

fn written(change: Value, result: Option<&str>) -> Value {
    serde_json::from_str(&write(&job(change, result), "srv_1")).expect("JSON")
}

#[test]
fn a_job_is_written_as_the_document_has_it() {
    let change = json!({"externalId": "123", "status": "completed", "tags": ["assignee:agent-name", "other", "project:456"]});
    let told = json!({
        "task_id": 123, "status": "completed", "updated_at": "2026-11-22T18:30:00.250+00:00", "output": "Task output text", "error": null,
        "assignee": "agent-name", "project_id": 456, "from": "srv_1",
    });
    assert_eq!(written(change, Some("\"Task output text\"")), told);
    let plain = written(json!({}), None);
    assert_eq!((&plain["task_id"], &plain["output"]), (&json!("job_01jd9v3k5efx4b8n6w2q7r0mzt"), &Value::Null));
    assert_eq!((&plain["assignee"], &plain["project_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_name_is_a_number_only_if_it_was_written_as_one() {
    for name in ["007", "+7", "-7", "1.0", "9007199254740992", "t1", "1e3", " 1"] {
        assert_eq!(written(json!({"externalId": name}), None)["task_id"], name);
    }
    assert_eq!(written(json!({"externalId": "9007199254740991"}), None)["task_id"], 9_007_199_254_740_991_u64);
}

#[test]
fn every_status_is_told_in_five_words_and_a_failure_says_which_it_is() {
    for (status, told, error) in [
        ("scheduled", "pending", None),
        ("pending", "pending", None),
        ("running", "running", None),
        ("paused", "disabled", None),
        ("waiting", "running", None),
        ("retrying", "pending", None),
        ("completed", "completed", None),
        ("failed", "failed", Some("It failed without saying why")),
        ("aborted", "failed", Some("Cancelled before it was done")),
        ("timed_out", "failed", Some("Timed out before it was done")),
        ("lost", "failed", Some("Lost: how it went is not known")),
    ] {
        let message = written(json!({"status": status}), Some("\"made\""));
        assert_eq!((message["status"].as_str(), message["error"].as_str()), (Some(told), error), "{status}");
        assert_eq!(message["output"].is_string(), status == "completed", "{status}: an output is there when the work is done");
    }
    assert_eq!(Status::ALL.len(), 11, "a new status needs its word here");
}

#[test]
fn what_the_app_said_of_an_end_is_told_with_what_it_is() {
    for (status, kind, told) in [
        ("failed", "error", "no disk"),
        ("aborted", "error", "Cancelled: no disk"),
        ("timed_out", "error", "Timed out: no disk"),
        ("timed_out", "time_limit", "Timed out: no disk"),
        ("lost", "source_silent", "Lost: no disk"),
        ("retrying", "error", "no disk"),
    ] {
        let message = written(json!({"status": status, "error": {"kind": kind, "message": "no disk"}}), None);
        assert_eq!(message["error"], told, "{status}, {kind}");
    }
}

#[test]
fn what_no_longer_holds_is_told_as_empty() {
    let again = written(json!({"settlement": 2}), None);
    assert_eq!((&again["output"], &again["error"]), (&json!(""), &json!("")));
    let second_attempt = written(json!({"attempt": 2, "error": {"kind": "error", "message": "the first time"}}), None);
    assert_eq!(second_attempt["error"], "", "what failed before is not wrong with it now");
    let mirrored = written(json!({"mode": "mirrored"}), Some("\"\""));
    assert_eq!((&mirrored["output"], &mirrored["error"]), (&json!(""), &json!("")));
    let running = written(json!({"mode": "mirrored", "error": {"kind": "error", "message": "slow"}}), Some("\"so far\""));
    assert_eq!((&running["output"], &running["error"]), (&json!("so far"), &json!("slow")));
}

#[test]
fn what_one_server_writes_another_reads() {
    let change = json!({"mode": "mirrored", "externalId": "t1", "status": "failed", "tags": ["project:7"],
        "error": {"kind": "error", "message": "no disk"}});
    let heard = read(write(&job(change, Some("{\"rows\":3}")), "srv_1").as_bytes(), NOW).expect("a message");
    assert_eq!((heard.task_id.as_str(), heard.from.as_deref()), ("t1", Some("srv_1")));
    assert_eq!((heard.word.status, heard.word.at_us), (Some(Status::Failed), Some(NOW_US + 250_000)));
    assert_eq!(heard.word.error.as_deref(), Some("no disk"));
    assert_eq!(heard.word.labels, [("project".into(), "7".into())]);
}
