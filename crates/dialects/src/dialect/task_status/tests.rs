//! Words of system 4, its records, and its answers to what cannot be.

use domain::{Status, Timestamp};
use serde_json::{Value, json};
use wire::body::Submit;
use wire::problem::Problem;
use wire::record::AttemptRecord;

use super::facts::NameOrNumber;
use super::record::{Kept, LISTED_BYTES, Record};
use super::words::{UNDERSTOOD, agent, execution, one_of, statuses, understood, word};
use super::{TaskStatus, cron};
use crate::dialect::{Answer, Dialect, FoundJob, Method, Request, Serves, Step, Then, WholeJob};

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
    let five = "it needs five fields: minute hour day month weekday, for example 0 9 * * 1-5";
    for (bad, says) in [
        ("", five),
        ("* * * *", five),
        ("0 0 9 * * 1", five),
        ("every day", five),
        ("* * * * * * *", five),
        ("@daily", "Nicknames are not understood: @daily is 0 0 * * *"),
        ("61 * * * *", "the minute is 0 to 59, for example */15, and not '61'"),
        ("0 24 * * *", "the hour is 0 to 23, for example 9-17, and not '24'"),
        ("0 0 0 * *", "the day of month is 1 to 31, or L for the last, for example 1,15, and not '0'"),
        ("0 0 1 13 *", "the month is 1 to 12, or JAN to DEC, for example JAN,JUL, and not '13'"),
        ("0 0 * * 8", "the day of week is 0 to 7, where 0 and 7 are Sunday, or SUN to SAT, for example 1-5, and not '8'"),
        ("never * * * *", "and not 'never'"),
        ("@daily * * * *", "the minute is 0 to 59"),
    ] {
        let problem = cron::problem(bad).unwrap_or_default();
        assert!(problem.starts_with(&format!("Invalid cron expression '{bad}': ")) && problem.contains(says), "{bad}: {problem}");
    }
}

#[test]
fn an_end_that_is_told_as_failed_begins_with_what_it_is() {
    for (status, kind, told, unsaid) in [
        ("failed", "error", "no disk", "It failed without saying why"),
        ("aborted", "error", "Cancelled: no disk", "Cancelled before it was done"),
        ("timed_out", "error", "Timed out: no disk", "Timed out before it was done"),
        ("timed_out", "time_limit", "Timed out: no disk", "Timed out before it was done"),
        ("lost", "error", "Lost: no disk", "Lost: how it went is not known"),
        ("lost", "source_silent", "Lost: no disk", "Lost: how it went is not known"),
    ] {
        let error = |change: Value| shown(Record::whole(&job(change, None, None)))["error"].clone();
        let said = json!({"status": status, "error": {"kind": kind, "message": "no disk"}});
        assert_eq!((error(said), error(json!({"status": status}))), (json!(told), json!(unsaid)), "{status}, {kind}");
    }
}

#[test]
fn every_word_that_is_understood_is_named_and_no_other() {
    let named: Vec<&str> = UNDERSTOOD.split([' ', ',']).filter(|word| !["", "or"].contains(word)).collect();
    assert!(named.iter().all(|word| understood(word).is_some()), "{named:?}");
    for status in Status::ALL.iter().filter(|status| **status != Status::Lost) {
        assert!(named.contains(&status.as_str()) && named.contains(&word(*status)), "{status}");
    }
    assert_eq!((one_of(&[]), one_of(&["a"]), one_of(&["a", "b", "c"])), (String::new(), "a".into(), "a, b or c".into()));
}

#[test]
fn a_name_is_a_number_where_json_writes_it_so() {
    for (text, told) in [
        ("456", json!(456)),
        ("-5", json!("-5")),
        ("0", json!(0)),
        ("007", json!("007")),
        ("-0", json!("-0")),
        ("+5", json!("+5")),
        ("1.5", json!("1.5")),
        ("9007199254740992", json!("9007199254740992")),
        ("p456", json!("p456")),
    ] {
        assert_eq!(serde_json::to_value(NameOrNumber(text)).expect("JSON"), told, "{text}");
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
    assert_eq!(lost["execution_results"][0]["error_text"], "Lost: how it went is not known");
}

#[test]
fn the_output_is_of_the_newest_execution_once_it_has_ended() {
    let attempts = |ended: &[u32]| {
        let attempt = |number: &u32| AttemptRecord {
            number: *number,
            holder: "task_status".into(),
            started_at: AT.to_owned(),
            ended_at: Some(AT.to_owned()),
            outcome: Some("completed".into()),
            error: None,
        };
        ended.iter().map(attempt).collect::<Vec<AttemptRecord>>()
    };
    let outputs = |change: Value, result: &str, ended: &[u32]| {
        let told = shown(Record::with_executions(&job(change, Some(result), None), &attempts(ended)));
        let of = |run: &Value| run["output_text"].clone();
        (told["output"].clone(), told["execution_results"].as_array().expect("a list").iter().map(of).collect::<Vec<Value>>())
    };
    let (done, none) = (json!("done"), Value::Null);
    let again = |status: &str, attempt: u32| json!({"status": status, "attempt": attempt, "settlement": 2});
    assert_eq!(outputs(again("completed", 2), "\"done\"", &[2, 1]), (done.clone(), vec![done.clone(), none.clone()]));
    assert_eq!(
        outputs(again("completed", 2), "null", &[2, 1]),
        (none.clone(), vec![none.clone(), none.clone()]),
        "null is no output"
    );
    // Said before it began once more, it is of what is to come.
    assert_eq!(outputs(again("pending", 1), "\"done\"", &[1]), (done.clone(), vec![none.clone()]));
    assert_eq!(outputs(again("running", 2), "\"done\"", &[1]), (done, vec![none]));
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
        assert_eq!(detail[0]["msg"].as_str().is_some_and(|msg| msg.contains("DELETE")), body.contains("deleted"), "{detail}");
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
    let (_, detail) = refusal(serve(Method::Get, "/api/tasks", &[], &[("status", "done")], ""));
    assert_eq!(detail[0]["msg"], "Input should be pending, running, completed, failed or disabled");
}

#[test]
fn refusals_have_that_system_s_shape() {
    let body = |problem: &Problem| {
        let answer = TaskStatus.refuse(problem);
        (answer.status, serde_json::from_str::<Value>(&answer.body).expect("JSON"))
    };
    for (status, code) in [(401, "unauthenticated"), (403, "forbidden_host"), (413, "too_large"), (415, "unsupported_media_type")] {
        let told = json!({"detail": "What happened. What to do.", "code": code});
        assert_eq!(body(&Problem::new(status, code, "What happened.", "What to do.")), (status, told));
    }
    let mut large = Problem::new(413, "too_large", "The request is larger than is allowed.", "metadata: is 20000 bytes.");
    large.field = Some("metadata".into());
    let (status, told) = body(&large);
    assert_eq!((status, &told["detail"][0]["loc"]), (422, &json!(["body", "params"])));
}

/// What `POST /api/tasks` with this body asks for.
fn made(body: Value) -> (Submit, Then<WholeJob>) {
    match serve(Method::Post, "/api/tasks/", &[], &[], &body.to_string()) {
        Step::Mirror(_, submit, _, then) => (*submit, then),
        Step::Answer(answer) => panic!("{answer:?}"),
        _ => panic!("no task is made"),
    }
}

#[test]
fn a_task_is_of_whom_it_is_said_to_be() {
    for (said, owner) in [
        (json!({}), None),
        (json!({"user_id": "ann"}), Some("ann")),
        (json!({"user_id": 7}), Some("7")),
        (json!({"owner": "ann"}), Some("ann")),
        (json!({"user_id": "ann", "owner": "bob"}), Some("ann")),
        (json!({"user_id": "", "owner": null}), None),
    ] {
        let mut body = said.clone();
        body["skill_name"] = json!("nightly");
        assert_eq!(made(body).0.owner.as_deref(), owner, "{said}");
    }
    let mut other = Problem::new(403, "other_owner", "Only a service may act for another user.", "Leave owner out.");
    other.field = Some("owner".into());
    let refused = made(json!({"skill_name": "a", "user_id": "bob"})).1(Err(Box::new(other)));
    let Step::Answer(answer) = refused else { panic!("it was not refused") };
    assert!(answer.status == 403 && answer.body.contains("other_owner") && answer.body.contains("leave user_id out"), "{answer:?}");
}

#[test]
fn a_task_id_that_is_taken_says_what_to_do_and_one_of_ours_is_no_name() {
    let mut taken = Problem::new(400, "invalid", "A value of the request is out of its bounds.", "externalId: names another job.");
    taken.field = Some("externalId".into());
    let Step::Answer(answer) = made(json!({"skill_name": "a", "task_id": 7})).1(Err(Box::new(taken))) else {
        panic!("it was made")
    };
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    let detail = body["detail"].as_str().unwrap_or_default();
    assert_eq!((answer.status, &body["code"]), (409, &json!("taken")));
    assert!(
        ["The task_id 7 is taken", "PUT /api/tasks/", "another task_id", "leave it out"].iter().all(|part| detail.contains(part)),
        "{detail}"
    );
    let ours = json!({"skill_name": "a", "task_id": "job_01jd9v3k5efx4b8n6w2q7r0mzt"}).to_string();
    let (status, detail) = refusal(serve(Method::Post, "/api/tasks", &[], &[], &ours));
    assert_eq!((status, &detail[0]["loc"]), (422, &json!(["body", "task_id"])));
}
