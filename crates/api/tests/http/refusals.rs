//! Bad requests, and how they are told.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rig::Rig;

#[tokio::test]
async fn bad_bodies_are_told_where_they_break() {
    let rig = Rig::open();
    let send = |body: &str| rig.call(Method::POST, "/jobs").raw(body.as_bytes()).header("content-type", "application/json").send();
    for (body, code, told) in [
        ("", "bad_json", "empty"),
        ("{", "bad_json", "line 1, column 1"),
        ("{\"task\":\"review\",}", "bad_json", "line 1, column 18"),
        ("{\"task\":\"review\"} x", "bad_json", "line 1, column 19"),
        ("[]", "invalid", "invalid"),
        ("{\"task\":7}", "invalid", "expected a string"),
        ("{\"input\":{}}", "invalid", "missing field `task`"),
        ("{\"task\":\"review\",\"command\":[\"sh\"]}", "invalid", "unknown field `command`"),
    ] {
        let reply = send(body).await.problem(400, code);
        assert!(reply.text("detail").contains(told), "{body}: {}", reply.body);
    }
    assert_eq!(send("{\"task\":\"review\",\"command\":1}").await.json["field"], "command");
}

#[tokio::test]
async fn values_out_of_bounds_are_told_with_their_field_and_limit() {
    let rig = Rig::open();
    let huge = "x".repeat(1024 * 1024 + 1);
    for (body, status, code, field, limit) in [
        (json!({"task": "nothing"}), 422, "unknown_task", "task", None),
        (json!({"task": ""}), 400, "invalid", "task", None),
        (json!({"task": "review", "priority": 101}), 400, "invalid", "priority", Some(100)),
        (json!({"task": "review", "runAt": "tomorrow"}), 400, "invalid", "runAt", None),
        (json!({"task": "review", "link": "javascript:alert(1)"}), 400, "invalid", "link", None),
        (json!({"task": "review", "mode": "process"}), 400, "invalid", "mode", None),
        (json!({"task": "review", "pause": "freeze"}), 400, "invalid", "pause", None),
        (json!({"task": "review", "parentId": "job_0000000000000000000000000a"}), 400, "no_parent", "parentId", None),
        (json!({"task": "review", "input": huge}), 413, "too_large", "input", Some(1024 * 1024)),
    ] {
        let reply = rig.post("/jobs", body).send().await.problem(status, code);
        assert_eq!(reply.json["field"], field, "{}", reply.body);
        assert_eq!(reply.json.get("limit").cloned(), limit.map(Value::from), "{}", reply.body);
    }
    let reply =
        rig.post("/jobs", json!({"task": "review", "input": "x".repeat(2 * 1024 * 1024)})).send().await.problem(413, "too_large");
    assert!(reply.json["limit"].is_number());
    rig.post("/jobs/batch", json!({"jobs": []})).send().await.problem(400, "invalid");
}

#[tokio::test]
async fn queries_are_read_strictly() {
    let rig = Rig::open();
    for (query, field) in [
        ("status=done", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("cursor=abc", "cursor"),
        ("createdAfter=yesterday", "createdAfter"),
        ("subjectType=doc", "subjectId"),
        ("root=7", "root"),
        ("state=running", "state"),
        ("task=a&task=b", "task"),
        ("text=%ff", "text"),
        ("%ff=x", "query"),
    ] {
        let reply = rig.get(&format!("/jobs?{query}")).send().await.problem(400, "invalid");
        assert_eq!(reply.json["field"], field, "{query}");
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let rig = Rig::open();
    for path in ["/nothing", "/jobs/job_x/fly", "//api/v2/jobs", "//assets/none.js", "//nothing", "//../secret", "//api/v1"] {
        let reply = rig.get(path).send().await.problem(404, "no_such_route");
        assert!(!reply.body.contains("<html"), "{path}");
    }
    for path in ["/jobs/none", "/jobs/job_0000000000000000000000000a", "/jobs/%FF"] {
        rig.get(path).send().await.problem(404, "not_found");
    }
    for (method, path, allow) in [
        (Method::PUT, "/jobs", ["GET", "POST"]),
        (Method::PUT, "/jobs/job_0000000000000000000000000a", ["PATCH", "DELETE"]),
        (Method::DELETE, "/stats", ["GET", "HEAD"]),
        (Method::GET, "/jobs/job_0000000000000000000000000a/abort", ["POST", ""]),
    ] {
        let reply = rig.call(method, path).send().await.problem(405, "method_not_allowed");
        assert!(allow.iter().all(|allowed| reply.header("allow").contains(allowed)), "{path}: {}", reply.header("allow"));
    }
    rig.get("/live").send().await.problem(426, "upgrade_required");
}

#[tokio::test]
async fn a_refused_verb_says_where_the_job_stands() {
    let rig = Rig::open();
    let id = rig.submitted("").await;
    let reply = rig.call(Method::POST, &format!("/jobs/{id}/retry")).send().await.problem(409, "wrong_status");
    assert_eq!(reply.json["job"]["status"], "pending");
    assert_eq!(reply.json["job"]["rev"], 1);
    assert!(reply.json["job"]["verbs"].as_array().is_some_and(|verbs| verbs.contains(&json!("abort"))));
    rig.call(Method::DELETE, &format!("/jobs/{id}")).send().await.problem(409, "wrong_status");
    rig.post(&format!("/jobs/{id}/heartbeat"), json!({})).send().await.problem(400, "no_lease");
    rig.post(&format!("/jobs/{id}/heartbeat"), json!({}))
        .header("tidings-lease", "lease_x")
        .send()
        .await
        .problem(409, "stale_lease");
}

#[tokio::test]
async fn a_store_that_is_closed_is_told_as_such() {
    let rig = Rig::open();
    rig.context.engine.store().close().await;
    let reply = rig.post("/jobs", json!({"task": "review"})).send().await.problem(503, "shutting_down");
    assert!(!reply.header("retry-after").is_empty());
    rig.get("//readyz").send().await.problem(503, "shutting_down");
    rig.get("//healthz").send().await.expect(StatusCode::OK);
}
