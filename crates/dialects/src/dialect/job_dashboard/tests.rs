//! Words and numbers of system 3, and what its socket says when.

use domain::{Status, Timestamp};
use serde_json::{Value, json};
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::record::Stats;

use super::record::{LISTED_BYTES, Record};
use super::socket::JobSocket;
use super::words::{Buckets, statuses, word};
use super::{JobDashboard, priority};
use crate::dialect::{Action, Dialect, FoundJob, Heard, Session, WholeJob};
use crate::frame::Frame;

const NOW: Timestamp = Timestamp(1_795_372_200_000);
const AT: &str = "2026-11-22T18:30:00.000Z";
const WORDS: [&str; 5] = ["pending", "running", "completed", "failed", "retrying"];

fn summary(change: Value) -> Value {
    let mut summary = json!({
        "id": "job_01jd9v3k5efx4b8n6w2q7r0mzt", "task": "send-email", "mode": "worker", "status": "running", "rev": 2, "settlement": 1,
        "attempt": 1, "tenant": "default", "owner": "ann", "priority": 0, "progress": {"tick": 0}, "pause": "cooperative", "verbs": [],
        "createdAt": AT, "updatedAt": wire::time::show(NOW), "ranMs": 0,
    });
    for (name, value) in change.as_object().expect("an object") {
        summary[name] = value.clone();
    }
    summary
}

fn job(change: Value, input: Option<&str>, metadata: Option<&str>) -> WholeJob {
    let summary = serde_json::from_value(summary(change)).expect("a summary");
    let raw = |text: Option<&str>| text.and_then(wire::record::raw);
    let found = FoundJob { summary, input: raw(input), result: raw(Some("{\"ok\":1}")) };
    WholeJob { found, tries: 1, attempts: 3, holder: Some("w1".into()), metadata: raw(metadata) }
}

fn shown(record: Record<'_>) -> Value {
    serde_json::to_value(record).expect("JSON")
}

#[test]
fn every_status_has_one_word_and_one_bucket() {
    for status in Status::ALL {
        assert!(WORDS.contains(&word(*status)) && statuses(word(*status)).contains(status), "{status}");
        assert_eq!(["completed", "failed"].contains(&word(*status)), status.is_end(), "{status}: an end is told as an end");
    }
    assert_eq!(WORDS.iter().map(|word| statuses(word).len()).sum::<usize>(), Status::ALL.len());
    assert!(statuses("cancelled").is_empty());
}

#[test]
fn stats_add_up_to_the_total() {
    let by_status = (1..).zip(Status::ALL).map(|(count, status)| (status.as_str().to_owned(), count)).collect();
    let total = (1..=Status::ALL.len() as u64).sum();
    let buckets = serde_json::to_value(Buckets::of(&Stats { by_status, total, active: 0 })).expect("JSON");
    let sum: u64 = WORDS.iter().map(|word| buckets[word].as_u64().expect("a count")).sum();
    assert_eq!((sum, buckets["total"].as_u64()), (total, Some(total)), "{buckets}");
}

#[test]
fn priorities_go_there_and_back() {
    for theirs in 0..=10 {
        let ours = priority::ours(theirs);
        assert_eq!(priority::theirs(i16::try_from(ours).expect("a priority of ours")), theirs);
    }
    assert_eq!((priority::ours(5), priority::ours(10), priority::ours(0)), (0, 100, -100));
    assert_eq!((priority::theirs(31), priority::theirs(-100), priority::theirs(9)), (7, 0, 5));
}

#[test]
fn retries_are_counted_in_one_meaning() {
    let record = |change, metadata| shown(Record::whole(&job(change, None, metadata)));
    let running = record(json!({}), None);
    assert_eq!((&running["attempts"], &running["maxRetries"], &running["processingBy"]), (&json!(1), &json!(3), &json!("w1")));
    assert_eq!(record(json!({}), Some("{\"maxRetries\":0}"))["maxRetries"], 0, "0 stays 0");
    assert_eq!(record(json!({}), Some("[\"the app's own\"]"))["maxRetries"], 3);
    // Read after the second attempt began, told as it was after the first failed.
    let later = WholeJob { tries: 2, ..job(json!({"attempt": 2}), None, None) };
    let then = serde_json::from_value(summary(json!({"status": "retrying"}))).expect("a summary");
    let told = shown(Record::at(&then, &later));
    assert_eq!((&told["attempts"], &told["status"], &told["processingBy"]), (&json!(1), &json!("retrying"), &Value::Null));
}

#[test]
fn a_record_says_why_it_failed_and_brings_a_result_only_when_it_completed() {
    for (status, error, has_result) in [
        ("completed", None, true),
        ("failed", Some("It failed without saying why"), false),
        ("aborted", Some("The job was aborted"), false),
        ("timed_out", Some("It took longer than it may"), false),
        ("lost", Some("Whoever ran it vanished; how it went is not known"), false),
        ("running", None, false),
    ] {
        let record = shown(Record::whole(&job(json!({"status": status}), None, None)));
        assert_eq!((record["error"].as_str(), record.get("result").is_some()), (error, has_result), "{status}");
    }
}

#[test]
fn a_list_names_what_it_leaves_out() {
    let large = format!("\"{}\"", "x".repeat(LISTED_BYTES));
    let job = job(json!({"status": "completed"}), Some(&large), None);
    let listed = shown(Record::listed(&job));
    assert_eq!((&listed["data"], &listed["omitted"], &listed["result"]), (&Value::Null, &json!(["data"]), &json!({"ok": 1})));
    let whole = shown(Record::whole(&job));
    assert!(whole["data"].is_string() && whole.get("omitted").is_none());
}

#[test]
fn refusals_have_that_system_s_shape() {
    let mut problem = wire::problem::Problem::new(401, "unauthenticated", "It is not known who asks.", "Send a token.");
    problem.field = Some("Authorization".into());
    let answer = JobDashboard.refuse(&problem);
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    let error = json!({"code": "UNAUTHENTICATED", "message": "It is not known who asks. Send a token.", "details": {"field": "Authorization"}});
    assert_eq!((answer.status, body), (401, json!({"error": error})));
}

/// A socket, and what it wants done, in words.
#[derive(Default)]
struct Page(JobSocket);

impl Page {
    fn hear(&mut self, heard: Heard<'_>) -> Vec<String> {
        self.0.hear(heard, NOW).into_iter().map(Page::word).collect()
    }

    fn word(action: Action) -> String {
        match action {
            Action::Say(text) => {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                let about = &message["job"]["deleted"];
                let kind = message["type"].as_str().expect("a type").to_owned();
                if about.is_null() { kind } else { format!("{kind} deleted") }
            }
            Action::Tell(ClientFrame::Subscribe { id, topic, .. }) => format!("subscribe {id} {topic}"),
            Action::Tell(ClientFrame::Unsubscribe { id }) => format!("unsubscribe {id}"),
            Action::Tell(frame) => format!("{frame:?}"),
            Action::Look(..) => "look".into(),
            Action::TickIn(ms) => format!("tick in {ms}"),
            Action::End(code, _) => format!("end {code}"),
            other => format!("{other:?}"),
        }
    }

    fn text(&mut self, message: Value) -> Vec<String> {
        self.hear(Heard::Text(&message.to_string()))
    }

    fn frame(&mut self, frame: Value) -> Vec<String> {
        self.hear(Heard::Frame(&Frame::read(frame.to_string().as_bytes())))
    }

    fn known() -> Page {
        let mut page = Page::default();
        assert_eq!(page.hear(Heard::Opened), ["auth_required"]);
        assert_eq!(page.text(json!({"type": "auth", "token": "t"})), ["Auth { token: Some(\"t\") }"]);
        assert_eq!(page.frame(authenticated()), ["connected", "unread_count", "tick in 30000"]);
        page
    }

    /// One that is told of jobs.
    fn subscribed() -> Page {
        let mut page = Page::known();
        assert_eq!(page.text(json!({"type": "subscribe_jobs"})), ["subscribe 1 {\"tenant\":true}"]);
        page.frame(json!({"type": "snapshot", "id": 1, "jobs": [], "more": false}));
        assert_eq!(page.frame(live(1)), ["jobs_subscribed", "subscribe 2 {\"stats\":true}"]);
        page
    }
}

fn authenticated() -> Value {
    json!({"type": "authenticated", "principal": {"subject": "ann", "tenant": "default", "scopes": [], "tenantWide": false}})
}

fn live(id: u32) -> Value {
    json!({"type": "live", "id": id, "position": "p", "resumed": false, "truncated": false})
}

fn update(sub: u32, change: Value) -> Value {
    json!({"type": "update", "position": "p", "subs": [sub], "kind": "claimed", "job": summary(change)})
}

#[test]
fn subscriptions_mean_something() {
    let mut page = Page::known();
    assert!(page.frame(update(1, json!({}))).is_empty(), "nothing before");
    let mut page = Page::subscribed();
    assert_eq!(page.frame(update(1, json!({"rev": 3}))), ["look"]);
    assert_eq!(page.text(json!({"type": "subscribe_jobs"})), ["jobs_subscribed"], "said again, it changes nothing");
    assert_eq!(page.text(json!({"type": "unsubscribe_jobs"})), ["unsubscribe 1", "unsubscribe 2"]);
    let stats = json!({"type": "stats", "subs": [2], "stats": {"byStatus": {}, "total": 0, "active": 0}});
    assert!(page.frame(update(1, json!({"rev": 4}))).is_empty() && page.frame(stats).is_empty(), "nothing after");
    assert_eq!(page.text(json!({"type": "subscribe_jobs"})), ["subscribe 3 {\"tenant\":true}"]);
    assert!(page.frame(update(1, json!({"rev": 5}))).is_empty(), "of the former subscription");
}

#[test]
fn who_subscribes_is_told_what_changed_within_a_minute() {
    let mut page = Page::known();
    page.text(json!({"type": "subscribe_jobs"}));
    let old = summary(json!({"id": "job_01jd9v3k5efx4b8n6w2q7r0mza", "updatedAt": wire::time::show(Timestamp(NOW.0 - 60_001))}));
    page.frame(json!({"type": "snapshot", "id": 1, "jobs": [summary(json!({})), old], "more": false}));
    assert_eq!(page.frame(live(1)), ["jobs_subscribed", "look", "subscribe 2 {\"stats\":true}"]);
}

#[test]
fn counts_are_told_when_they_change() {
    let mut page = Page::subscribed();
    let stats = |pending: u64| json!({"type": "stats", "subs": [2], "stats": {"byStatus": {"pending": pending}, "total": pending, "active": pending}});
    assert_eq!(page.frame(stats(1)), ["job_stats_update"]);
    assert!(page.frame(stats(1)).is_empty());
    assert_eq!(page.frame(stats(2)), ["job_stats_update"]);
}

#[test]
fn what_became_of_a_job_is_told_although_it_was_deleted_right_after() {
    let job = serde_json::from_value(summary(json!({"status": "aborted", "endedAt": AT}))).expect("a summary");
    let Action::Look(_, look) = super::socket::update(job) else { panic!("no look") };
    let actions = (look.0)(Err(Box::new(wire::problem::Problem::new(404, "not_found", "There is no such job.", ""))));
    let [Action::Say(said)] = actions.as_slice() else { panic!("{actions:?}") };
    let said: Value = serde_json::from_str(said).expect("JSON");
    let told = (&said["type"], &said["job"]["status"], &said["job"]["error"], &said["job"]["deleted"]);
    assert_eq!(told, (&json!("job_update"), &json!("failed"), &json!("The job was aborted"), &Value::Null));
}

#[test]
fn a_deleted_job_is_told_of_and_one_that_ceased_to_match_is_not() {
    let left =
        |kind: Value| json!({"type": "left", "position": "p", "subs": [1], "id": summary(json!({}))["id"], "rev": 4, "kind": kind});
    let mut page = Page::subscribed();
    page.frame(update(1, json!({})));
    assert_eq!(page.frame(left(json!("deleted"))), ["job_update deleted"]);
    assert!(page.frame(left(json!("deleted"))).is_empty(), "once");
    page.frame(update(1, json!({})));
    assert!(page.frame(left(Value::Null)).is_empty());
}

#[test]
fn pings_go_both_ways_and_who_stops_answering_is_cut() {
    let mut page = Page::known();
    assert_eq!(page.text(json!({"type": "ping"})), ["pong"]);
    for _ in 0..5 {
        assert_eq!(page.hear(Heard::Tick), ["ping", "tick in 30000"], "the page of the document answers none, and stays");
    }
    assert!(page.text(json!({"type": "pong"})).is_empty());
    assert_eq!(page.hear(Heard::Tick), ["ping", "tick in 30000"]);
    assert_eq!(page.hear(Heard::Tick), ["end 4003"], "one that answered before does not now");
}

#[test]
fn a_token_that_ends_on_a_live_socket_is_no_failed_sign_in() {
    let mut page = Page::known();
    assert_eq!(page.hear(Heard::Closed(Close::TokenExpired)), ["error"]);
    let mut page = Page::default();
    page.text(json!({"type": "auth", "token": "old"}));
    assert_eq!(page.hear(Heard::Closed(Close::TokenExpired)), ["auth_failed"]);
    let mut page = Page::default();
    assert_eq!(page.hear(Heard::Closed(Close::AuthTimeout)), ["error"], "who never says who it is, is sent off");
    let mut page = Page::known();
    assert_eq!(page.text(json!({"type": "auth", "token": "new"})), ["Auth { token: Some(\"new\") }"]);
    assert_eq!(page.frame(authenticated()), ["connected"], "a new token on a live socket");
    assert!(page.frame(authenticated()).is_empty(), "rights that changed by themselves are not the page's business");
}

#[test]
fn what_is_said_before_it_is_known_who_says_it_waits_and_not_for_ever() {
    let mut page = Page::default();
    page.text(json!({"type": "auth", "token": "t"}));
    assert!(page.text(json!({"type": "subscribe_jobs"})).is_empty());
    let admitted = page.frame(authenticated());
    assert_eq!(admitted.last().map(String::as_str), Some("subscribe 1 {\"tenant\":true}"));
    let mut page = Page::default();
    page.text(json!({"type": "auth", "token": "t"}));
    for _ in 0..16 {
        assert!(page.text(json!({"type": "ping"})).is_empty());
    }
    assert_eq!(page.text(json!({"type": "ping"})), ["error", "end 4200"]);
}
