//! What a caller asks over REST, and what it is told.

use reqwest::Method;
use serde_json::json;

use crate::harness::server::Server;

const CONFIG: &str = r#"
[tasks.greet]
command = ["sh", "-c", "cat \"$TIDINGS_INPUT_FILE\"; echo to-stderr >&2"]
channel = "plain"
env = ["PATH"]

[tasks.sleep]
command = ["sleep", "600"]
channel = "plain"
concurrency = 1
abort_grace = "200ms"
env = ["PATH"]

[tasks.missing]
command = ["/nowhere/program"]
env = ["PATH"]
"#;

#[tokio::test]
async fn a_submit_is_answered_inline_when_it_is_quick_and_repeated_without_a_second_job() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let body = json!({"task": "greet", "input": {"to": "ann", "big": 12345678901234567890u64}});
    let headers = [("prefer", "wait=20"), ("idempotency-key", "k1")];
    let first = http.send(Method::POST, "/api/v1/jobs", &headers, Some(&body)).await.expect("an answer");
    assert_eq!(first.header("preference-applied"), "wait=20");
    let first = first.expect(201);
    assert_eq!(first["status"], "completed", "{first:#}");
    assert_eq!(first["input"]["big"], json!(12345678901234567890u64), "numbers stay exact");
    let again = http.send(Method::POST, "/api/v1/jobs", &[("idempotency-key", "k1")], Some(&body)).await.expect("an answer");
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200)["id"], first["id"]);
    let other = json!({"task": "greet", "input": 2});
    let refused = http.send(Method::POST, "/api/v1/jobs", &[("idempotency-key", "k1")], Some(&other)).await.expect("an answer");
    assert_eq!(refused.expect(422)["code"], "idempotency_key_reused");
    let id = first["id"].as_str().expect("an id");
    let output = http.output(id).await;
    assert!(output.contains("\"ann\"") && output.contains("to-stderr"), "{output}");
}

#[tokio::test]
async fn what_waits_says_why_and_an_abort_ends_every_process() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let first = http.submit(json!({"task": "sleep"})).await;
    let id = first["id"].as_str().expect("an id");
    http.until_status(id, "running").await;
    let second = http.submit(json!({"task": "sleep"})).await;
    assert_eq!((&second["status"], &second["reason"]), (&json!("pending"), &json!("task_limit")));
    let refused = http.verb(second["id"].as_str().expect("an id"), "retry").await.expect(409);
    assert_eq!((&refused["code"], &refused["job"]["status"]), (&json!("wrong_status"), &json!("pending")));
    assert_eq!(http.verb(id, "abort").await.expect(202)["wish"]["kind"], "abort");
    http.until_status(id, "aborted").await;
    assert!(crate::harness::server::processes_of(id).is_empty(), "told only when all is gone");
    let next = second["id"].as_str().expect("an id");
    http.until_status(next, "running").await;
    http.verb(next, "kill").await.expect(202);
    http.until_status(next, "aborted").await;
}

#[tokio::test]
async fn a_program_that_does_not_exist_fails_its_job_in_words() {
    let server = Server::start(CONFIG).await;
    let job = server.http.submit(json!({"task": "missing"})).await;
    let failed = server.http.until_status(job["id"].as_str().expect("an id"), "failed").await;
    assert_eq!(failed["error"]["kind"], "program_not_found", "{failed:#}");
    let unknown = server.http.post("/api/v1/jobs", json!({"task": "nope"})).await.expect(422);
    assert_eq!(unknown["code"], "unknown_task");
    assert!(unknown["detail"].as_str().is_some_and(|detail| detail.contains("greet")), "it names those there are: {unknown:#}");
}
