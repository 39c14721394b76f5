//! Words of system 4, its records, and its answers to what cannot be.

use domain::{Status, Timestamp};
use serde_json::{Value, json};
use wire::problem::Problem;
use wire::record::AttemptRecord;

use super::record::{Kept, LISTED_BYTES, Record};
use super::words::{agent, execution, statuses, understood, word};
use super::{TaskStatus, cron};
use crate::dialect::{Answer, Dialect, FoundJob, Method, Request, Serves, Step, WholeJob};

pub(super) const NOW: Timestamp = Timestamp(1_795_372_200_000);
const AT: &str = "2026-11-22T18:30:00.000Z";
const WORDS: [&str; 5] = ["pending", "running", "completed", "failed", "disabled"];

pub(super) fn summary(change: Value) -> Value {
    let mut summary = json!({
        "id": "job_01jd9v3k5efx4b8n6w2q7r0mzt", "task": "nightly", "mode": "mirrored", "status": "running", "rev": 2, "settlement": 1,
        "attempt": 1, "tenant": "default", "owner": "ann", "externalId": "123", "priority": 0, "progress": {"tick": 0}, "pause": "none",
        "verbs": [], "createdAt": AT, "updatedAt": AT, "ranMs": 7,
    });
    for (name, value) in change.as_object().expect("an object") {
        summary[name] = value.clone();
    }
    summary
}

pub(super) fn job(change: Value, result: Option<&str>, metadata: Option<&str>) -> WholeJob {
    let summary = serde_json::from_value(summary(change)).expect("a summary");
    let raw = |text: Option<&str>| text.and_then(wire::record::raw);
    let found = FoundJob { summary, input: None, result: raw(result) };
    WholeJob { found, tries: 1, attempts: 1, holder: None, metadata: raw(metadata) }
}

fn shown(record: Record<'_>) -> Value {
    serde_json::to_value(record).expect("JSON")
}

#[test]
fn every_status_has_one_word_for_a_task() {
    for status in Status::ALL {
        assert!(WORDS.contains(&word(*status)) && statuses(word(*status)).contains(status), "{status}");
        assert_eq!(["completed", "failed"].contains(&word(*status)), status.is_end(), "{status}: an end is told as an end");
        assert!(understood(word(*status)).is_some(), "{status}: what is told is understood");
        assert!(["busy", "idle", "error"].contains(&agent(*status)));
    }
    assert_eq!(WORDS.iter().map(|word| statuses(word).len()).sum::<usize>(), Status::ALL.len());
    assert_eq!(understood("lost"), None);
}

#[test]
fn every_outcome_of_an_attempt_has_one_of_four_words() {
    for (outcome, told) in [
        ("completed", "success"),
        ("failed", "failed"),
        ("aborted", "cancelled"),
        ("timed_out", "timeout"),
        ("time_limit", "timeout"),
        ("lost", "failed"),
        ("interrupted", "failed"),
        ("error", "failed"),
    ] {
        assert_eq!(execution(Some(outcome)), told, "{outcome}");
    }
}

#[test]
fn cron_expressions_have_five_fields() {
    for good in ["0 9 * * 1-5", "*/15 * * * *", "0 0 1 JAN,JUL *", "30 2,14 * * SUN"] {
        assert_eq!(cron::problem(good), None, "{good}");
    }
    for bad in ["", "* * * *", "0 0 9 * * 1", "61 * * * *", "0 0 0 * *", "every day", "* * * * * * *"] {
        assert!(cron::problem(bad).is_some_and(|problem| problem.starts_with("Invalid cron expression")), "{bad}");
    }
}

#[test]
fn a_record_has_every_field() {
    let task = job(
        json!({"status": "completed", "tags": ["assignee:bot", "project:7"]}),
        Some("\"done\""),
        Some("{\"params\":{\"a\":1}}"),
    );
    let record = json!({
        "id": 123, "skill_name": "nightly", "schedule_cron": null, "next_run_at": null, "params": {"a": 1}, "status": "completed",
        "created_at": AT, "updated_at": AT, "user_id": "ann", "output": "done", "error": null, "assignee": "bot", "project_id": 7,
    });
    assert_eq!(shown(Record::whole(&task)), record);
    let bare = shown(Record::whole(&job(json!({"externalId": null}), None, Some("[\"the app's own\"]"))));
    assert_eq!(
        (&bare["id"], &bare["params"], &bare["output"]),
        (&json!("job_01jd9v3k5efx4b8n6w2q7r0mzt"), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_list_names_what_it_leaves_out() {
    let large = format!("\"{}\"", "x".repeat(LISTED_BYTES));
    let task = job(json!({"status": "completed"}), Some(&large), None);
    let listed = shown(Record::listed(&task));
    assert_eq!((&listed["output"], &listed["omitted"]), (&Value::Null, &json!(["output"])));
    assert!(shown(Record::whole(&task))["output"].is_string());
}

#[test]
fn executions_are_those_that_ended() {
    let attempt = |number: u32, outcome: Option<&str>, error: Option<&str>| AttemptRecord {
        number,
        holder: "task_status".into(),
        started_at: AT.to_owned(),
        ended_at: outcome.map(|_| "2026-11-22T18:30:01.500Z".to_owned()),
        outcome: outcome.map(Into::into),
        error: error.map(|message| wire::record::JobError { kind: "error".into(), message: message.into() }),
    };
    let attempts = [attempt(3, None, None), attempt(2, Some("failed"), Some("no disk")), attempt(1, Some("aborted"), None)];
    let told = shown(Record::with_executions(&job(json!({"attempt": 3}), Some("\"so far\""), None), &attempts));
    let failed = json!({
        "id": 2, "task_id": 123, "started_at": AT, "ended_at": "2026-11-22T18:30:01.500Z", "status": "failed", "duration_ms": 1500,
        "output_text": null, "error_text": "no disk",
    });
    assert_eq!(told["execution_results"][0], failed);
    assert_eq!(told["execution_results"].as_array().map(Vec::len), Some(2), "one is under way");
    assert_eq!(told["execution_results"][1]["status"], "cancelled");
    let last = shown(Record::with_executions(
        &job(json!({"status": "completed"}), Some("\"done\""), None),
        &[attempt(1, Some("completed"), None)],
    ));
    assert_eq!(
        (&last["execution_results"][0]["output_text"], &last["execution_results"][0]["error_text"]),
        (&json!("done"), &Value::Null)
    );
    let lost = shown(Record::with_executions(&job(json!({"status": "lost"}), None, None), &[attempt(1, Some("lost"), None)]));
    assert_eq!(lost["execution_results"][0]["error_text"], "Whoever ran it vanished; how it went is not known");
}

#[test]
fn what_is_kept_is_put_beside_what_is_there() {
    let task = job(json!({}), None, Some("{\"params\":{\"a\":1},\"scheduleCron\":\"0 9 * * *\",\"mine\":true}"));
    let kept = Kept { params: wire::record::raw("{\"b\":2}"), schedule_cron: None }.put_into(&task);
    let kept: Value = serde_json::from_str(kept.as_str()).expect("JSON");
    assert_eq!(kept, json!({"params": {"b": 2}, "scheduleCron": "0 9 * * *", "mine": true}));
}

fn serve(method: Method, path: &str, params: &[&str], query: &[(&str, &str)], body: &str) -> Step {
    let route =
        TaskStatus.routes().iter().find(|route| route.path == path && matches!(route.serves, Serves::Http(is, _) if is == method));
    let Some(Serves::Http(_, serve)) = route.map(|route| &route.serves) else { panic!("no {method:?} {path}") };
    let params: Vec<String> = params.iter().map(|param| (*param).to_owned()).collect();
    let query: Vec<(String, String)> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    serve(&Request { params: &params, query: &query, last_event_id: None, body: body.as_bytes(), now: NOW })
}

fn refusal(step: Step) -> (u16, Value) {
    let Step::Answer(Answer { status, body }) = step else { panic!("it was not refused") };
    (status, serde_json::from_str::<Value>(&body).expect("JSON")["detail"].clone())
}

#[test]
fn bodies_that_cannot_be_are_told_as_fastapi_tells_them() {
    for (body, field, kind) in [
        ("{\"status\":\"done\"}", "status", "literal_error"),
        ("{\"status\":\"deleted\"}", "status", "literal_error"),
        ("{\"status\":7}", "status", "string_type"),
        ("{\"params\":[1]}", "params", "dict_type"),
        ("{\"schedule_cron\":5}", "schedule_cron", "string_type"),
        ("{\"assignee\":{}}", "assignee", "string_type"),
        ("{\"project_id\":1.5}", "project_id", "string_type"),
        ("{\"output\":1e999}", "output", "json_invalid"),
    ] {
        let (status, detail) = refusal(serve(Method::Put, "/api/tasks/{id}", &["123"], &[], body));
        assert_eq!((status, &detail[0]["loc"], &detail[0]["type"]), (422, &json!(["body", field]), &json!(kind)), "{body}");
        assert!(detail[0]["msg"].as_str().is_some_and(|msg| !msg.is_empty()));
    }
    for body in ["", "[]", "not json", "\"t\""] {
        let (status, detail) = refusal(serve(Method::Put, "/api/tasks/{id}", &["123"], &[], body));
        assert_eq!((status, &detail[0]["loc"]), (422, &json!(["body"])), "{body}");
    }
    let (status, detail) = refusal(serve(Method::Post, "/api/tasks", &[], &[], "{\"params\":7}"));
    assert_eq!((status, detail.as_array().map(Vec::len)), (422, Some(2)), "all at once: {detail}");
    let (status, detail) =
        refusal(serve(Method::Post, "/api/tasks", &[], &[], "{\"skill_name\":\"a\",\"schedule_cron\":\"never\"}"));
    assert_eq!((status, detail.is_string()), (400, true), "{detail}");
    let (status, detail) = refusal(serve(Method::Post, "/api/v1/agents/activity", &[], &[], "{\"agent_id\":1,\"duration_ms\":-1}"));
    let fields: Vec<&Value> = detail.as_array().expect("a list").iter().map(|one| &one["loc"][1]).collect();
    assert_eq!((status, fields), (422, vec![&json!("task_id"), &json!("status"), &json!("duration_ms")]));
}

#[test]
fn queries_that_cannot_be_are_told_too() {
    for (name, value, kind) in [
        ("limit", "0", "greater_than_equal"),
        ("limit", "101", "less_than_equal"),
        ("limit", "many", "int_parsing"),
        ("offset", "-1", "greater_than_equal"),
        ("offset", "10001", "less_than_equal"),
        ("status", "deleted", "literal_error"),
        ("sort_by", "name", "literal_error"),
        ("sort_order", "up", "literal_error"),
    ] {
        let (status, detail) = refusal(serve(Method::Get, "/api/tasks", &[], &[(name, value)], ""));
        assert_eq!((status, &detail[0]["loc"], &detail[0]["type"]), (422, &json!(["query", name]), &json!(kind)), "{name}={value}");
    }
}

#[test]
fn refusals_have_that_system_s_shape() {
    let body = |problem: &Problem| {
        let answer = TaskStatus.refuse(problem);
        (answer.status, serde_json::from_str::<Value>(&answer.body).expect("JSON")["detail"].clone())
    };
    let unknown = Problem::new(401, "unauthenticated", "It is not known who asks.", "Send a token.");
    assert_eq!(body(&unknown), (401, json!("It is not known who asks. Send a token.")));
    let mut large = Problem::new(413, "too_large", "The request is larger than is allowed.", "metadata: is 20000 bytes.");
    large.field = Some("metadata".into());
    let (status, detail) = body(&large);
    assert_eq!((status, &detail[0]["loc"]), (422, &json!(["body", "params"])));
}
