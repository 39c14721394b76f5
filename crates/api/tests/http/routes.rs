//! The routes as they are meant to be used.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rig::{KEY, Rig, ann, token};

#[tokio::test]
async fn a_worker_that_waits_is_sent_off_when_the_server_stops() {
    let rig = Rig::open();
    rig.context.draining.cancel();
    let asked = rig.post("/claims", json!({"tasks": ["review"], "worker": "w", "wait": 55})).send();
    let answer = tokio::time::timeout(std::time::Duration::from_secs(10), asked).await.expect("at once");
    assert_eq!(answer.expect(StatusCode::OK).json, json!({"jobs": []}));
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let rig = Rig::open();
    for number in 0..5 {
        let body = json!({
            "task": if number == 4 { "mail" } else { "review" }, "tags": [format!("t{}", number % 2)], "session": "s",
            "subject": {"type": "doc", "id": "7"}, "title": format!("Title {number}"), "externalId": format!("x{number}"),
        });
        rig.post("/jobs", body).send().await.expect(StatusCode::CREATED);
        rig.clock.advance_ms(1_000);
    }
    let titles = |reply: &Value| -> Vec<String> {
        reply["jobs"].as_array().expect("jobs").iter().map(|job| job["title"].as_str().unwrap_or("").to_owned()).collect()
    };
    let mut seen = Vec::new();
    let mut path = "/jobs?limit=2".to_owned();
    loop {
        let page = rig.get(&path).send().await.expect(StatusCode::OK);
        assert!(page.json["position"].is_string());
        seen.extend(titles(&page.json));
        match page.json["cursor"].as_str() {
            Some(cursor) => path = format!("/jobs?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["Title 4", "Title 3", "Title 2", "Title 1", "Title 0"]);
    for (query, count) in [
        ("task=mail", 1),
        ("tag=t1", 2),
        ("owner=me", 5),
        ("owner=ann", 0),
        ("session=s", 5),
        ("subjectType=doc&subjectId=7", 5),
        ("subjectType=doc&subjectId=8", 0),
        ("externalId=x3", 1),
        ("text=title%202", 1),
        ("status=pending,running", 5),
        ("status=running&status=completed", 0),
        ("status=active", 5),
        ("status=ended", 0),
    ] {
        let reply = rig.get(&format!("/jobs?{query}")).send().await.expect(StatusCode::OK);
        assert_eq!(titles(&reply.json).len(), count, "{query}");
    }
}

#[tokio::test]
async fn a_tracked_job_goes_its_way() {
    let rig = Rig::closed();
    let (id, lease) = rig.tracked(&ann()).await;
    let report = |what: &str, body: Value| {
        rig.post(&format!("/jobs/{id}/{what}"), body).token(&ann()).header("tidings-lease", &lease).send()
    };
    let told = report("progress", json!({"percentage": 10})).await.expect(StatusCode::OK);
    assert_eq!((told.json["status"].clone(), told.json["wish"]["kind"].clone()), (json!("running"), json!("none")));
    report("output", json!({"chunks": [{"text": "one\n"}, {"stream": "warn", "text": "two\n"}]})).await.expect(StatusCode::OK);
    report("output", json!({"chunks": [{"stream": "loud", "text": "x"}]})).await.problem(400, "invalid");
    let output = rig.get(&format!("/jobs/{id}/output")).token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!(
        (output.json["chunks"][1]["text"].clone(), output.json["next"].clone(), output.json["ended"].clone()),
        (json!("two\n"), json!(8), json!(false))
    );
    let plain = rig.get(&format!("/jobs/{id}/output?offset=4")).token(&ann()).header("accept", "text/plain").send().await;
    assert_eq!((plain.body.as_str(), plain.header("tidings-output-next")), ("two\n", "8"));
    rig.get(&format!("/jobs/{id}/output?attempt=2")).token(&ann()).send().await.problem(404, "no_attempt");

    let paused = rig.call(Method::POST, &format!("/jobs/{id}/pause")).token(&ann()).send().await.expect(StatusCode::ACCEPTED);
    assert_eq!(paused.json["wish"]["kind"], "pause");
    let told = report("heartbeat", json!({})).await.expect(StatusCode::OK);
    let number = told.json["wish"]["number"].clone();
    let told = report("progress", json!({"acknowledge": number})).await.expect(StatusCode::OK);
    assert_eq!(told.json["status"], "paused");
    let told = report("complete", json!({"result": {"big": 12345678901234567890u64}})).await.expect(StatusCode::OK);
    assert_eq!(told.json["status"], "completed");
    let job = rig.get(&format!("/jobs/{id}")).token(&ann()).send().await.expect(StatusCode::OK);
    assert!(job.body.contains("12345678901234567890"), "numbers stay exact: {}", job.body);
    let attempts = rig.get(&format!("/jobs/{id}/attempts")).token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!(attempts.json["attempts"][0]["outcome"], "completed");
    let events = rig.get(&format!("/jobs/{id}/events?afterRev=1")).token(&ann()).send().await.expect(StatusCode::OK);
    assert!(events.json["events"].as_array().is_some_and(|events| events.iter().any(|event| event["kind"] == "settled")));
    rig.call(Method::POST, &format!("/jobs/{id}/rerun")).token(&ann()).send().await.problem(409, "nobody_to_run");
}

#[tokio::test]
async fn a_worker_fails_and_an_ended_job_runs_again() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    let claimed = rig.post("/claims", json!({"tasks": ["review"], "worker": "w", "max": 5})).token(KEY).send().await;
    let lease = claimed.json["jobs"][0]["lease"]["token"].as_str().expect("a lease").to_owned();
    let fail = json!({"error": {"kind": "broken", "message": "it broke"}, "retry": false});
    rig.post(&format!("/jobs/{id}/fail"), fail).token(KEY).header("tidings-lease", &lease).send().await.expect(StatusCode::OK);
    let retried = rig.call(Method::POST, &format!("/jobs/{id}/retry")).token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!((retried.text("status").as_str(), retried.json["settlement"].clone()), ("pending", json!(2)));
    let rerun = rig
        .post(&format!("/jobs/{id}/rerun"), json!({"input": {"again": true}}))
        .token(&ann())
        .send()
        .await
        .expect(StatusCode::CREATED);
    assert_eq!((rerun.text("rerunOf"), rerun.json["input"].clone()), (id.clone(), json!({"again": true})));
    let dry = json!({"verb": "abort", "filter": {"task": "review"}, "dryRun": true});
    let counted = rig.post("/jobs/actions", dry).token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!((counted.json["matched"].clone(), counted.json["items"].clone()), (json!(2), json!([])));
    let acted = rig.post("/jobs/actions", json!({"verb": "abort", "filter": {"task": "review"}})).token(&ann()).send().await;
    assert!(
        acted.json["items"].as_array().is_some_and(|items| items.iter().all(|item| item["outcome"] == "changed")),
        "{}",
        acted.body
    );
}

#[tokio::test]
async fn counts_tasks_and_metrics_are_shown_to_whom_they_belong() {
    let rig = Rig::closed();
    rig.submitted(&ann()).await;
    rig.submitted(&token("bob", json!({}))).await;
    let stats = rig.get("/stats").token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!((stats.json["byStatus"]["pending"].clone(), stats.json["active"].clone()), (json!(1), json!(1)));
    let all = rig.get("/stats").token(KEY).send().await.expect(StatusCode::OK);
    assert_eq!(all.json["total"], 2);
    let tasks = rig.get("/tasks").token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!((tasks.json["tasks"][1]["name"].clone(), tasks.json["tasks"][1]["pending"].clone()), (json!("review"), json!(1)));
    let admin = token("root", json!({"scope": "admin"}));
    let metrics = rig.get("//metrics").token(&admin).send().await.expect(StatusCode::OK);
    assert!(metrics.body.contains("tidings_jobs{status=\"pending\"} 2"), "{}", metrics.body);
    assert!(
        metrics.body.contains("tidings_http_requests_total{method=\"POST\",route=\"/api/v1/jobs\",status=\"201\"} 2"),
        "{}",
        metrics.body
    );
    rig.get("//readyz").send().await.expect(StatusCode::OK);
    rig.context.draining.cancel();
    rig.get("//readyz").send().await.problem(503, "shutting_down");
}

#[tokio::test]
async fn sources_are_shown_to_administrators_and_keep_nobody_from_being_served() {
    let mut rig = Rig::closed();
    let away = api::SourceHealth {
        name: "task_status",
        is_connected: false,
        since: Some(domain::Timestamp(0)),
        problem: Some("Connection refused".to_owned()),
        counts: api::SourceCounts { received: 5, behind: 2, ..api::SourceCounts::default() },
    };
    let ask: api::AskSource = Arc::new(move || away.clone());
    let with = |metrics_open: bool| api::Context { sources: [ask.clone()].into(), metrics_open, ..rig.context.clone() };
    let (closed, open) = (api::router(with(false)), api::router(with(true)));
    let shown = json!([{
        "name": "task_status", "connected": false, "since": "1970-01-01T00:00:00.000Z", "problem": "Connection refused", "received": 5, "taken": 0,
        "refused": 0, "passedOver": 0, "dropped": 0, "waiting": 0, "published": 0, "behind": 2,
    }]);
    let admin = token("root", json!({"scope": "admin"}));
    for (app, bearer, expected) in [
        (&closed, None, json!(null)),
        (&closed, Some(ann()), json!(null)),
        (&closed, Some(admin.clone()), shown.clone()),
        (&open, None, shown),
    ] {
        rig.app = app.clone();
        let call = rig.get("//readyz");
        let call = match &bearer {
            Some(token) => call.token(token),
            None => call,
        };
        let ready = call.send().await.expect(StatusCode::OK);
        assert_eq!((&ready.json["status"], &ready.json["sources"]), (&json!("ready"), &expected), "{bearer:?}");
    }
    rig.app = closed;
    let metrics = rig.get("//metrics").token(&admin).send().await.expect(StatusCode::OK);
    for line in ["tidings_source_connected{source=\"task_status\"} 0", "tidings_source_received_total{source=\"task_status\"} 5"] {
        assert!(metrics.body.contains(line), "{}", metrics.body);
    }
}

#[tokio::test]
async fn the_dashboard_is_served_with_a_policy_and_validators() {
    let rig = Rig::open();
    let Some(asset) = assets::get("/") else { return };
    let page = rig.get("//").send().await.expect(StatusCode::OK);
    assert_eq!(page.header("etag"), asset.etag);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.header("cache-control"), "no-cache");
    rig.get("//").header("if-none-match", &asset.etag).send().await.expect(StatusCode::NOT_MODIFIED);
}
