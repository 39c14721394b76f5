//! Words of system 0, its list, and what its socket says when.

use domain::{Status, Timestamp};
use serde_json::{Value, json};
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::problem::Problem;

use super::record::{LISTED_BYTES, Run};
use super::requests::{self, RunStats};
use super::socket::{BY_COOKIE, RunSocket};
use super::words::word;
use super::{ROUTES, Runs};
use crate::dialect::{Action, Dialect, FoundJob, Heard, Request, Serves, Session, Step};
use crate::frame::Frame;

const NOW: Timestamp = Timestamp(1_795_372_200_000);
const AT: &str = "2026-11-22T18:30:00.000Z";
/// What its clients take for an end.
const ENDS: [&str; 4] = ["COMPLETED", "FAILED", "CANCELED", "TIMED_OUT"];
const ACTIVE: [&str; 7] = ["QUEUED", "DELAYED", "PENDING_VERSION", "WAITING_FOR_DEPLOY", "EXECUTING", "REATTEMPTING", "FROZEN"];

fn summary(change: Value) -> Value {
    let mut summary = json!({
        "id": "job_01jd9v3k5efx4b8n6w2q7r0mzt", "task": "generate-report", "mode": "worker", "status": "running", "rev": 2,
        "settlement": 1, "attempt": 1, "tenant": "default", "owner": "ann", "priority": 0, "progress": {"tick": 0},
        "pause": "cooperative", "verbs": [], "createdAt": AT, "updatedAt": AT, "ranMs": 0,
    });
    for (name, value) in change.as_object().expect("an object") {
        summary[name] = value.clone();
    }
    summary
}

fn found(change: Value, result: &str) -> FoundJob {
    let summary = serde_json::from_value(summary(change)).expect("a summary");
    FoundJob { summary, input: None, result: wire::record::raw(result) }
}

#[test]
fn every_end_is_one_that_its_clients_know() {
    for status in Status::ALL {
        let words = if status.is_end() { &ENDS[..] } else { &ACTIVE[..] };
        assert!(words.contains(&word(*status)), "{status}: {}", word(*status));
    }
}

#[test]
fn monitoring_counts_every_run_once() {
    let mut stats = RunStats::default();
    Status::ALL.iter().for_each(|status| stats.count(*status));
    let counts = serde_json::to_value(stats).expect("JSON");
    let sum: u64 =
        counts.as_object().expect("counts").iter().filter(|(name, _)| *name != "total").filter_map(|(_, n)| n.as_u64()).sum();
    assert_eq!((sum, counts["total"].as_u64()), (11, Some(11)), "{counts}");
}

#[test]
fn a_run_says_how_it_ended() {
    for (status, error, has_output) in [
        ("completed", None, true),
        ("failed", Some("It failed without saying why"), false),
        ("timed_out", Some("It took longer than it may"), false),
        ("lost", Some("Whoever ran it vanished; how it went is not known"), false),
        ("aborted", None, false),
        ("running", None, false),
    ] {
        let run = serde_json::to_value(Run::whole(&found(json!({"status": status}), "{\"n\":1}"))).expect("JSON");
        assert_eq!((run["error"]["message"].as_str(), run.get("output").is_some()), (error, has_output), "{status}");
        assert_eq!((&run["startedAt"], &run["tags"]), (&json!(AT), &json!(["user:ann"])), "sorted by it, also before it started");
    }
    let large = found(json!({"status": "completed"}), &format!("\"{}\"", "x".repeat(LISTED_BYTES)));
    assert!(serde_json::to_value(Run::listed(&large)).expect("JSON").get("output").is_none());
}

/// One that ends between the two looks of a list is in both, and is told once, as it ended.
#[test]
fn a_run_that_ends_while_it_is_listed_is_told_as_ended() {
    let route = ROUTES.iter().find(|route| route.path == "/api/runs/active").expect("a route");
    let Serves::Http(_, serve) = route.serves else { panic!("a socket") };
    let step = serve(&Request { params: &[], query: &[], last_event_id: None, body: b"", now: NOW });
    let Step::List(filter, _, then) = step else { panic!("no list") };
    assert!(filter.own && filter.status.iter().all(|status| status.is_active()));
    let older = json!({"id": "job_01jd9v3k5efx4b8n6w2q7r0mza"});
    let Step::List(filter, _, then) = then(Ok(vec![found(json!({}), "1"), found(older, "1")])) else { panic!("no second list") };
    assert!(filter.own && filter.status.iter().all(|status| status.is_end()));
    assert_eq!(filter.ended_after, Some(Timestamp(NOW.0 - 60_000)));
    let Step::Answer(answer) = then(Ok(vec![found(json!({"status": "completed"}), "1")])) else { panic!("no answer") };
    let runs: Vec<Value> = serde_json::from_str(&answer.body).expect("JSON");
    let told: Vec<_> = runs.iter().map(|run| run["status"].as_str().expect("a status")).collect();
    assert_eq!(told, ["COMPLETED", "EXECUTING"]);
}

#[test]
fn refusals_have_that_system_s_shape() {
    let problem = wire::problem::Problem::new(401, "unauthenticated", "It is not known who asks.", "Send a token.");
    let answer = Runs.refuse(&problem);
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    let said = "It is not known who asks. Send a token.";
    assert_eq!((answer.status, body), (401, json!({"error": true, "statusCode": 401, "statusMessage": said, "message": said})));
}

#[derive(Default)]
struct Page(RunSocket);

impl Page {
    fn hear(&mut self, heard: Heard<'_>) -> Vec<String> {
        let word = |action| match action {
            Action::Say(text) => {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                let more = message.get("code").or(message.get("status")).and_then(Value::as_str).unwrap_or_default();
                format!("{} {more}", message["type"].as_str().expect("a type")).trim_end().to_owned()
            }
            Action::Tell(ClientFrame::Subscribe { topic, .. }) => format!("subscribe {topic}"),
            Action::Look(..) => "look".into(),
            Action::End(code, _) => format!("end {code}"),
            other => format!("{other:?}"),
        };
        self.0.hear(heard, NOW).into_iter().map(word).collect()
    }

    fn text(&mut self, message: Value) -> Vec<String> {
        self.hear(Heard::Text(&message.to_string()))
    }

    fn frame(&mut self, frame: Value) -> Vec<String> {
        self.hear(Heard::Frame(&Frame::read(frame.to_string().as_bytes())))
    }
}

fn authenticated() -> Value {
    json!({"type": "authenticated", "principal": {"subject": "ann", "tenant": "default", "scopes": [], "tenantWide": false}})
}

#[test]
fn a_cancel_that_is_refused_says_why() {
    let cancel = |code: &str| {
        let params = ["job_01jd9v3k5efx4b8n6w2q7r0mza".to_owned()];
        let request = Request { params: &params, query: &[], last_event_id: None, body: b"", now: NOW };
        let Step::Find(_, then) = requests::cancel(&request) else { panic!("it is not looked for") };
        let Step::Ask(_, _, then) = then(Ok(found(json!({}), "null"))) else { panic!("it is not asked") };
        let problem = Problem::new(409, code, "The job is run elsewhere.", "Ask there.");
        let Step::Answer(answer) = then(Err(Box::new(problem))) else { panic!("no answer") };
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        (answer.status, body["message"].as_str().map(str::to_owned))
    };
    assert_eq!(cancel("wrong_status"), (409, Some("The run has finished already".to_owned())));
    assert_eq!(cancel("not_here"), (409, Some("The job is run elsewhere. Ask there.".to_owned())));
}

#[test]
fn whose_runs_are_asked_for_is_not_looked_at() {
    let mut page = Page::default();
    assert_eq!(page.hear(Heard::Opened), ["welcome"]);
    assert_eq!(page.text(json!({"type": "authenticate", "token": "t"})), ["Tell(Auth { token: Some(\"t\") })"]);
    assert!(page.text(json!({"type": "subscribe_user", "userId": "bob"})).is_empty(), "it waits until it is known who asks");
    assert_eq!(page.frame(authenticated()), ["authenticated", "subscribe {\"owner\":\"me\"}"]);
    assert!(page.frame(authenticated()).is_empty(), "rights that changed by themselves are not the page's business");
    assert_eq!(page.text(json!({"type": "authenticate", "token": "new"})), ["Tell(Auth { token: Some(\"new\") })"]);
    assert_eq!(page.frame(authenticated()), ["authenticated"]);
    assert_eq!(page.text(json!({"type": "subscribe_run", "runId": "x"})), ["look"]);
}

#[test]
fn a_cookie_of_the_handshake_is_enough() {
    for first in [
        json!({"type": "subscribe_user"}),
        json!({"type": "subscribe_run", "runId": "x"}),
        json!({"type": "authenticate", "token": BY_COOKIE}),
    ] {
        assert_eq!(Page::default().text(first), ["Tell(Auth { token: None })"]);
    }
}

#[test]
fn refusals_have_that_system_s_codes() {
    let mut page = Page::default();
    page.text(json!({"type": "authenticate", "token": "t"}));
    assert_eq!(page.hear(Heard::Closed(Close::Unauthenticated)), ["error INVALID_TOKEN"]);
    let mut page = Page::default();
    page.text(json!({"type": "subscribe_user"}));
    assert_eq!(page.hear(Heard::Closed(Close::Unauthenticated)), ["error UNAUTHORIZED"]);
    assert_eq!(Page::default().hear(Heard::Closed(Close::AuthTimeout)), ["error UNAUTHORIZED"]);
    let mut page = Page::default();
    page.text(json!({"type": "authenticate", "token": "t"}));
    page.frame(authenticated());
    let refused = json!({"type": "error", "id": 1, "code": "forbidden", "message": "the token lacks the scope jobs:read"});
    assert_eq!(page.frame(refused), ["error INSUFFICIENT_SCOPE"]);
    assert_eq!(page.hear(Heard::Closed(Close::TokenExpired)), ["error INVALID_TOKEN"]);
    for _ in 0..17 {
        page.text(json!({"type": "wave"}));
    }
    assert_eq!(page.hear(Heard::Text("ping")), ["pong"], "what it does not know, it passes over");
}

#[test]
fn who_comes_is_told_what_is_under_way_and_what_ended_lately() {
    let mut page = Page::default();
    page.text(json!({"type": "subscribe_user"}));
    page.frame(authenticated());
    let ended = |id: &str, ago: i64| {
        let at = wire::time::show(Timestamp(NOW.0 - ago));
        summary(json!({"id": format!("job_01jd9v3k5efx4b8n6w2q7r0{id}"), "status": "failed", "endedAt": at}))
    };
    let jobs = [ended("mza", 5 * 60_000 + 1), ended("mzb", 5 * 60_000), summary(json!({"status": "pending"}))];
    page.frame(json!({"type": "snapshot", "id": 1, "jobs": jobs, "more": false}));
    let later = json!({"type": "update", "position": "p", "subs": [1], "kind": "claimed", "job": summary(json!({"rev": 3}))});
    assert!(page.frame(later.clone()).is_empty(), "it brings the snapshot up to date");
    let live = json!({"type": "live", "id": 1, "position": "p", "resumed": false, "truncated": false});
    assert_eq!(page.frame(live), ["run_update FAILED", "run_update EXECUTING"]);
    assert_eq!(page.frame(later), ["run_update EXECUTING"]);
    let completed =
        json!({"type": "update", "position": "p", "subs": [1], "kind": "settled", "job": summary(json!({"status": "completed"}))});
    assert_eq!(page.frame(completed), ["look"], "for its output");
}
