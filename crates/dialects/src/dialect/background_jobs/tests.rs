//! Rows as their pages read them, filters before limits, and a word for each status.

use domain::{Status, Timestamp};
use serde_json::{Value, json};

use super::record::{LISTED_BYTES, Row};
use super::words::{statuses, word};
use super::{BackgroundJobs, ROUTES};
use crate::dialect::{Cleared, Dialect, FoundJob, JobFilter, LISTED_JOBS, Request, Serves, Step};

const NOW: Timestamp = Timestamp(1_795_372_200_000);
const AT: &str = "2026-11-22T18:30:00.000Z";
const MINUTE_MS: i64 = 60_000;

fn found(change: Value, input: Option<&str>) -> FoundJob {
    let mut summary = json!({
        "id": "job_01jd9v3k5efx4b8n6w2q7r0mzt", "task": "web_research", "mode": "tracked", "status": "running", "rev": 2, "settlement": 1,
        "attempt": 1, "tenant": "default", "owner": "ann", "priority": 0, "progress": {"tick": 0}, "pause": "cooperative", "verbs": [],
        "createdAt": AT, "updatedAt": AT, "ranMs": 0,
    });
    for (name, value) in change.as_object().expect("an object") {
        summary[name] = value.clone();
    }
    let summary = serde_json::from_value(summary).expect("a summary");
    FoundJob { summary, input: input.and_then(wire::record::raw), result: None }
}

/// What the route of a path, as the document has it, does.
fn step(path: &str, params: &[&str], query: &[(&str, &str)], body: &str) -> Step {
    let route = ROUTES.iter().find(|route| route.path == path).expect("a route");
    let Serves::Http(_, serve) = route.serves else { panic!("a socket") };
    let params: Vec<String> = params.iter().map(|param| (*param).to_owned()).collect();
    let query: Vec<(String, String)> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    serve(&Request { params: &params, query: &query, last_event_id: None, body: body.as_bytes(), now: NOW })
}

fn listed(path: &str, params: &[&str], query: &[(&str, &str)]) -> (JobFilter, usize) {
    match step(path, params, query, "") {
        Step::List(filter, limit, _) => (filter, limit),
        Step::Answer(answer) => panic!("{path} answered {answer:?}"),
        _ => panic!("{path} does not list"),
    }
}

#[test]
fn every_status_has_a_word_and_every_word_its_statuses() {
    for status in Status::ALL {
        let word = word(*status);
        assert!(["pending", "running", "completed", "failed"].contains(&word), "{status}");
        assert_eq!(["completed", "failed"].contains(&word), status.is_end(), "{status}: an end is told as an end");
        assert!(statuses(word).contains(status));
    }
    let all: usize = ["pending", "running", "completed", "failed"].iter().map(|word| statuses(word).len()).sum();
    assert_eq!(all, Status::ALL.len());
    assert!(statuses("cancelled").is_empty());
}

#[test]
fn a_filter_goes_with_the_limit_and_only_for_one_s_own() {
    let (filter, limit) = listed("/api/background-jobs", &[], &[("status", "failed"), ("limit", "7")]);
    assert_eq!(filter.status, [Status::Failed, Status::Aborted, Status::TimedOut, Status::Lost]);
    assert_eq!(limit, 7);
    let (filter, limit) = listed("/api/background-jobs", &[], &[("limit", "5000")]);
    assert_eq!((filter.status.len(), limit), (0, LISTED_JOBS));
    assert_eq!(listed("/api/background-jobs", &[], &[]).1, 50);
    let (recent, limit) = listed("/api/background-jobs/recent", &[], &[]);
    assert_eq!((recent.created_after, limit), (Some(Timestamp(NOW.0 - 24 * 60 * MINUTE_MS)), 50));
    let (ended, limit) = listed("/api/background-jobs/recent-completions", &[], &[]);
    assert_eq!((ended.ended_after, limit), (Some(Timestamp(NOW.0 - 5 * MINUTE_MS)), LISTED_JOBS));
    assert!(ended.status.iter().all(|status| status.is_end()) && ended.status.len() == 5, "not only what went well");
    let (by_session, limit) = listed("/api/background-jobs/by-session/{sessionId}", &["s 1"], &[]);
    assert_eq!((by_session.session.as_deref(), limit), (Some("s 1"), 1));
    let (running, _) = listed("/api/background-jobs/running", &[], &[]);
    assert!(running.status.iter().all(|status| status.is_active()) && running.status.len() == 6);
    assert!([filter, recent, ended, by_session, running].iter().all(|filter| filter.own));
}

#[test]
fn a_cleanup_is_of_one_s_own_and_says_what_is_left() {
    let Step::Clear(filter, then) = step("/api/background-jobs/cleanup", &[], &[], "{\"daysOld\":3}") else { panic!("no cleanup") };
    assert!(filter.own && filter.status.iter().all(|status| status.is_end()));
    assert_eq!(filter.created_before, Some(Timestamp(NOW.0 - 3 * 24 * 60 * MINUTE_MS)));
    let Step::Answer(answer) = then(Ok(Cleared { count: 1_000, is_more: true })) else { panic!("no answer") };
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!((answer.status, &body["deletedCount"]), (200, &json!(1_000)));
    assert!(body["message"].as_str().is_some_and(|message| message.ends_with("clean up again")), "{body}");
    for body in ["", "{}", "{\"daysOld\":null}"] {
        assert!(matches!(step("/api/background-jobs/cleanup", &[], &[], body), Step::Clear(..)), "{body:?} is 7 days");
    }
    for body in ["{\"daysOld\":0}", "{\"daysOld\":366}", "{\"daysOld\":\"7\"}", "7", "{"] {
        let Step::Answer(answer) = step("/api/background-jobs/cleanup", &[], &[], body) else { panic!("{body} was taken") };
        assert_eq!(answer.status, 400, "{body}");
    }
}

#[test]
fn a_row_has_every_column_and_times_of_its_end() {
    let row = |change: Value| serde_json::to_value(Row::whole(&found(change, None))).expect("JSON");
    let columns = [
        "completedAt",
        "createdAt",
        "errorMessage",
        "errorStack",
        "failedAt",
        "id",
        "inputData",
        "jobType",
        "progress",
        "progressMessage",
        "relatedEntityId",
        "relatedEntityType",
        "resultData",
        "sessionId",
        "startedAt",
        "status",
        "updatedAt",
        "userId",
    ];
    let running = row(json!({"progress": {"percentage": 99.9, "tick": 1}}));
    assert_eq!(running.as_object().expect("an object").keys().collect::<Vec<_>>(), columns);
    assert_eq!((&running["progress"], &running["errorMessage"]), (&json!(99), &Value::Null));
    for (status, told, message) in [
        ("completed", "completed", None),
        ("failed", "failed", Some("It failed without saying why")),
        ("aborted", "failed", Some("Job cancelled by user")),
        ("timed_out", "failed", Some("It took longer than it may")),
        ("lost", "failed", Some("Whoever ran it vanished; how it went is not known")),
    ] {
        let row = row(json!({"status": status, "endedAt": AT}));
        assert_eq!((row["status"].as_str(), row["errorMessage"].as_str()), (Some(told), message), "{status}");
        let is_completed = status == "completed";
        assert_eq!((row["completedAt"].is_null(), row["failedAt"].is_null()), (!is_completed, is_completed), "{status}");
    }
}

/// Lists are polled every few seconds by every tab.
#[test]
fn a_list_leaves_out_payloads_that_are_large() {
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    for (length, is_listed) in [(LISTED_BYTES, true), (LISTED_BYTES + 1, false)] {
        let job = found(json!({}), Some(&text(length)));
        let has = |row: Row<'_>| serde_json::to_value(row).expect("JSON")["inputData"].is_string();
        assert_eq!((has(Row::listed(&job)), has(Row::whole(&job))), (is_listed, true), "{length}");
    }
}

#[test]
fn refusals_have_that_system_s_shape() {
    let problem = wire::problem::Problem::new(401, "unauthenticated", "It is not known who asks.", "Send a token.");
    let answer = BackgroundJobs.refuse(&problem);
    assert_eq!((answer.status, answer.body.as_str()), (401, "{\"error\":\"It is not known who asks. Send a token.\"}"));
}
