//! What the socket of system 4 says when.

use std::sync::Arc;

use domain::Timestamp;
use serde_json::{Value, json};
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::record::JobSummary;

use super::super::tests::{NOW, job, summary};
use super::TaskSocket;
use crate::dialect::{Action, Heard, Session, WholeJob};
use crate::frame::Frame;

/// A socket, and what it wants done, in words.
struct Page(TaskSocket);

impl Page {
    fn open(last_event_id: Option<&str>) -> Page {
        let mut page = Page(TaskSocket::new(Some("t"), last_event_id));
        assert_eq!(page.hear(Heard::Opened, NOW), ["Auth { token: Some(\"t\") }"]);
        page
    }

    /// One that has its ack and no tasks.
    fn joined() -> Page {
        let mut page = Page::open(None);
        assert_eq!(page.frame(authenticated()), ["subscribe after None", "tick in 30000"]);
        page.frame(snapshot(&[]));
        assert_eq!(page.frame(live("e-5", false)), ["ack e-5 ''"]);
        page
    }

    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<String> {
        self.0.hear(heard, now).into_iter().flat_map(|action| Page::words(action, None)).collect()
    }

    fn words(action: Action, read: Option<&WholeJob>) -> Vec<String> {
        match action {
            Action::Say(text) => {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
                let (kind, event_id) = (text(&message["type"]), text(&message["event_id"]));
                vec![match kind.as_str() {
                    "task_status_update" => {
                        let payload = &message["payload"];
                        format!("{} {} {} at {event_id}", text(&payload["taskId"]), text(&payload["status"]), payload["output"])
                    }
                    "agent_activity_update" => {
                        format!("agent {} {}", message["data"]["agent_id"], text(&message["payload"]["status"]))
                    }
                    "ack" => format!("ack {event_id} '{}'", text(&message["ack_event_id"])),
                    _ => format!("{kind} {event_id}"),
                }]
            }
            Action::Tell(ClientFrame::Subscribe { after, .. }) => vec![format!("subscribe after {after:?}")],
            Action::Tell(frame) => vec![format!("{frame:?}")],
            Action::LookAt(_, _, then) => {
                then.0(read.cloned().map(Arc::new)).into_iter().flat_map(|action| Page::words(action, None)).collect()
            }
            Action::Recall(position, then) => {
                let job: JobSummary = serde_json::from_value(summary(json!({}))).expect("a summary");
                let told = then.0((position == "e-9").then_some(job));
                told.into_iter().flat_map(|action| Page::words(action, None)).collect()
            }
            Action::TickIn(ms) => vec![format!("tick in {ms}")],
            Action::End(code, reason) => vec![format!("end {code} {reason}")],
            other => vec![format!("{other:?}")],
        }
    }

    fn text(&mut self, message: Value) -> Vec<String> {
        self.hear(Heard::Text(&message.to_string()), NOW)
    }

    fn frame(&mut self, frame: Value) -> Vec<String> {
        self.hear(Heard::Frame(&Frame::read(frame.to_string().as_bytes())), NOW)
    }

    /// With a job that is found when it is looked at.
    fn frame_with(&mut self, frame: Value, read: &WholeJob) -> Vec<String> {
        let frame = Frame::read(frame.to_string().as_bytes());
        self.0.hear(Heard::Frame(&frame), NOW).into_iter().flat_map(|action| Page::words(action, Some(read))).collect()
    }
}

fn authenticated() -> Value {
    json!({"type": "authenticated", "principal": {"subject": "ann", "tenant": "default", "scopes": [], "tenantWide": false}})
}

fn snapshot(jobs: &[Value]) -> Value {
    json!({"type": "snapshot", "id": 1, "jobs": jobs, "more": false})
}

fn live(position: &str, resumed: bool) -> Value {
    json!({"type": "live", "id": 1, "position": position, "resumed": resumed, "truncated": false})
}

fn update(position: &str, kind: &str, change: Value) -> Value {
    json!({"type": "update", "position": position, "subs": [1], "kind": kind, "job": summary(change)})
}

fn left(position: &str, kind: Value) -> Value {
    json!({"type": "left", "position": position, "subs": [1], "id": summary(json!({}))["id"], "rev": 4, "kind": kind})
}

#[test]
fn the_ack_comes_first_and_says_where_the_client_is() {
    let mut page = Page::open(None);
    assert!(page.text(json!({"type": "subscribe"})).is_empty(), "nothing before the ack");
    page.frame(authenticated());
    let old = summary(json!({"id": "job_01jd9v3k5efx4b8n6w2q7r0mza", "externalId": "7", "updatedAt": "2026-11-22T18:20:00.000Z"}));
    assert!(page.frame(snapshot(&[summary(json!({})), old])).is_empty());
    // Its place is the client's with the last of them.
    assert_eq!(page.frame(live("e-5", false)), ["ack  ''", "7 running null at ", "123 running null at e-5"]);
    assert_eq!(page.frame(update("e-6", "settled", json!({"status": "failed"}))), ["123 failed null at e-6"]);
    assert!(page.frame(authenticated()).is_empty(), "rights that changed by themselves are not the page's business");
}

#[test]
fn who_brings_an_event_id_is_told_what_it_missed_and_nothing_else() {
    let mut page = Page::open(Some("e-3"));
    assert_eq!(page.frame(authenticated()), ["subscribe after Some(\"e-3\")", "tick in 30000"]);
    assert_eq!(page.frame(update("e-4", "claimed", json!({}))), ["ack e-3 'e-3'", "123 running null at e-4"]);
    assert_eq!(page.frame(update("e-5", "settled", json!({"status": "completed"}))), ["123 completed null at e-5"]);
    assert!(page.frame(live("e-5", true)).is_empty());
    let mut page = Page::open(Some("e-5"));
    page.frame(authenticated());
    assert!(page.text(json!({"type": "ping"})).is_empty(), "answered after the ack");
    assert_eq!(page.frame(live("e-5", true)), ["ack e-5 'e-5'", "pong e-5"], "nothing was missed");
}

#[test]
fn an_event_id_that_is_not_held_is_told_and_a_snapshot_follows() {
    let mut page = Page::open(Some("other-3"));
    page.frame(authenticated());
    page.frame(snapshot(&[summary(json!({}))]));
    assert_eq!(page.frame(live("e-5", false)), ["ack  ''", "error ", "123 running null at e-5"]);
    // The log ran ahead, or rights changed: what comes again is told again, and not acknowledged again.
    let gone = json!({"id": "job_01jd9v3k5efx4b8n6w2q7r0mza", "externalId": "7"});
    page.frame(snapshot(&[summary(gone)]));
    page.frame(snapshot(&[summary(json!({"rev": 3}))]));
    assert!(page.frame(update("e-7", "settled", json!({"rev": 4, "status": "failed"}))).is_empty());
    assert_eq!(page.frame(live("e-7", false)), ["123 failed null at e-7"]);
}

#[test]
fn an_output_is_read_when_there_may_be_one_and_an_agent_is_told_of() {
    let mut page = Page::joined();
    let whole = job(json!({"status": "completed"}), Some("\"done\""), None);
    let completed = json!({"status": "completed", "tags": ["assignee:7"]});
    assert_eq!(page.frame_with(update("e-6", "settled", completed), &whole), ["123 completed \"done\" at e-6", "agent 7 idle"]);
    let native = json!({"mode": "process", "tags": ["assignee:bot"]});
    assert_eq!(page.frame_with(update("e-7", "claimed", native), &whole), ["123 running null at e-7", "agent \"bot\" busy"]);
    let next = json!({"status": "completed", "settlement": 2});
    assert_eq!(page.frame_with(update("e-8", "settled", next), &whole), ["123 completed \"\" at e-8"], "it is of another run");
    assert!(page.frame(update("e-9", "wished", json!({}))).is_empty(), "nothing that is shown has changed");
    assert_eq!(page.text(json!({"type": "ping"})), ["pong e-9"]);
}

#[test]
fn a_deleted_task_is_told_by_its_own_name_and_one_that_ceased_to_match_is_not() {
    let mut page = Page::joined();
    assert_eq!(page.frame(left("e-9", json!("deleted"))), ["123 deleted null at e-9"]);
    assert_eq!(
        page.frame(left("e-10", json!("deleted"))),
        ["job_01jd9v3k5efx4b8n6w2q7r0mzt deleted null at e-10"],
        "the log forgot it"
    );
    assert!(page.frame(left("e-11", Value::Null)).is_empty());
}

#[test]
fn heartbeats_go_both_ways_and_a_silent_client_is_cut() {
    let at = |s: i64| Timestamp(NOW.0 + s * 1_000);
    let mut page = Page::joined();
    assert_eq!(page.hear(Heard::Tick, at(30)), ["ping e-5", "tick in 30000"]);
    assert!(page.hear(Heard::Text("{\"type\":\"pong\"}"), at(45)).is_empty());
    assert_eq!(page.hear(Heard::Tick, at(60)), ["ping e-5", "tick in 30000"]);
    assert_eq!(page.hear(Heard::Tick, at(90)), ["ping e-5", "tick in 15000"]);
    assert_eq!(page.hear(Heard::Tick, at(105)), ["end 4003 too_slow"]);
    // The page of the document answers no ping, and sends its own.
    let mut page = Page::joined();
    for beat in 1..5 {
        assert_eq!(page.hear(Heard::Text("{\"type\":\"ping\"}"), at(30 * beat)), ["pong e-5"]);
        assert_eq!(page.hear(Heard::Tick, at(30 * beat)), ["ping e-5", "tick in 30000"]);
    }
}

#[test]
fn what_is_not_understood_harms_nothing() {
    let mut page = Page::joined();
    assert!(page.text(json!({"type": "ack", "ack_event_id": "e-5"})).is_empty());
    assert_eq!(page.text(json!({"type": "subscribe"})), ["error e-5"]);
    assert_eq!(page.hear(Heard::Text("not json"), NOW), ["error e-5"]);
    assert_eq!(page.text(json!({"type": "ping"})), ["pong e-5"]);
}

#[test]
fn a_token_that_opens_nothing_closes_as_the_document_has_it() {
    for close in [Close::Unauthenticated, Close::TokenExpired, Close::AuthTimeout, Close::ForbiddenOrigin] {
        let mut page = Page::open(None);
        assert_eq!(page.hear(Heard::Closed(close), NOW), [format!("end 1008 {}", close.as_str())]);
    }
    let mut page = Page::joined();
    assert_eq!(page.hear(Heard::Closed(Close::TokenExpired), NOW), ["error e-5", "end 1008 token_expired"]);
    let mut page = Page::joined();
    assert!(page.hear(Heard::Closed(Close::GoingAway), NOW).is_empty(), "it comes again by itself");
    let forbidden = json!({"type": "error", "code": "forbidden", "message": "The token lacks jobs:read.", "id": 1});
    assert_eq!(page.frame(forbidden), ["error e-5", "end 1008 forbidden"]);
}
