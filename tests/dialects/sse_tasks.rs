//! System 2, the SSE task system.

use reqwest::Method;
use serde_json::{Value, json};

use super::event_stream::EventStream;
use super::transcript::replay;
use crate::harness::server::{Around, Server, processes_of};

const CONFIG: &str = "[tasks.your-task]\ncommand = [\"node\", \"worker.js\"]\nchannel = \"node-ipc\"\nabort_grace = \"200ms\"\n";
const WORKER: &str = include_str!("../../fixtures/dialects/sse_tasks/worker.js");
const ROUTE: &str = "/api/tasks/your-task";
/// Says that it runs, and never again does what it is told.
const STUBBORN: &str = "process.on('SIGTERM', () => {}); process.on('message', () => {}); setInterval(() => {}, 1000);
    require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
    process.send({ type: 'status', status: 'running', progress: { percentage: 5 }, message: 'deaf' })";

#[tokio::test]
async fn its_transcripts() {
    replay("sse_tasks", "/api/tasks").await;
}

async fn server(worker: &str) -> Server {
    Server::start_with(CONFIG, &[("worker.js", worker)]).await
}

/// Starts a task, and answers its id. One that fails within moments has one too.
async fn started(server: &Server, does: &str) -> String {
    let answer = server.http.post(ROUTE, json!({"does": does, "param1": "a", "param2": 1})).await;
    answer.body["taskId"].as_str().unwrap_or_else(|| panic!("no id: {}", answer.body)).to_owned()
}

async fn watch(server: &Server, id: &str, last_event_id: Option<&str>) -> EventStream {
    let mut request = reqwest::Client::new().get(format!("{}{ROUTE}?taskId={id}", server.url()));
    if let Some(held) = last_event_id {
        request = request.header("last-event-id", held);
    }
    EventStream::new(request.send().await.expect("an answer"))
}

fn is_end(update: &Value) -> bool {
    ["completed", "failed", "aborted"].contains(&update["status"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn an_exit_without_a_result_is_a_failure_that_is_told() {
    let server = server(WORKER).await;
    for (does, error) in [("exit", "exited with code 0 without reporting an end"), ("fail", "the page was not there")] {
        let id = started(&server, does).await;
        let mut stream = watch(&server, &id, None).await;
        let end = stream.until("the end", is_end).await.data;
        assert_eq!((&end["type"], &end["status"]), (&json!("error"), &json!("failed")), "{end}");
        assert!(end["error"].as_str().is_some_and(|told| told.starts_with(error)), "{end}");
        assert!(stream.next().await.is_none(), "nothing follows, and the stream ends");
    }
}

#[tokio::test]
async fn a_worker_is_given_no_variable_that_is_not_listed() {
    let mut server = Server::prepare(CONFIG, &[("worker.js", WORKER)]);
    server.set_around(Around { env: vec![("APP_SECRET".into(), "x".into())], ..Around::default() });
    server.start_again().await;
    let id = started(&server, "").await;
    let end = watch(&server, &id, None).await.until("the end", is_end).await.data;
    let variables = end["result"]["variables"].as_array().expect("variables");
    assert!(variables.contains(&json!("PATH")) && !variables.contains(&json!("APP_SECRET")), "{variables:?}");
}

#[tokio::test]
async fn an_abort_is_told_when_nothing_of_the_task_is_left() {
    let server = server(STUBBORN).await;
    let id = started(&server, "").await;
    let mut stream = watch(&server, &id, None).await;
    stream.until("its first word", |update| update["message"] == "deaf").await;
    assert!(processes_of(&id).len() >= 2, "the worker and what it started");
    let asked = server.http.send(Method::DELETE, &format!("{ROUTE}?taskId={id}"), &[], None).await.expect("an answer");
    assert_eq!(asked.expect(200)["success"], true);
    let end = stream.until("the end", is_end).await.data;
    assert_eq!(end["status"], "aborted");
    assert_eq!(processes_of(&id), Vec::<i32>::new());
}

/// The server is killed in the middle: whoever watched is told how it ended, on the stream that its page opens again.
#[tokio::test]
async fn a_restart_leaves_nobody_waiting() {
    let mut server = server(WORKER).await;
    let id = started(&server, "stay").await;
    let mut stream = watch(&server, &id, None).await;
    stream.until("it runs", |update| update["status"] == "running").await;
    server.kill();
    while stream.next().await.is_some() {}
    let held = stream.last_id.expect("an id to go on from");
    server.start_again().await;
    let mut stream = watch(&server, &id, Some(&held)).await;
    let end = stream.until("the end", is_end).await.data;
    assert!(end["status"] == "failed" && end["error"].as_str().is_some_and(|error| !error.is_empty()), "{end}");
    let held = stream.last_id.expect("an id");
    let again = [("last-event-id", held.as_str())];
    let answer = server.http.send(Method::GET, &format!("{ROUTE}?taskId={id}"), &again, None).await.expect("an answer");
    assert_eq!(answer.status, 204, "an EventSource that comes again is sent off");
}

#[tokio::test]
async fn a_tab_that_closes_harms_no_other() {
    let server = server(WORKER).await;
    let id = started(&server, "wait").await;
    let (mut one, mut other) = (watch(&server, &id, None).await, watch(&server, &id, None).await);
    for stream in [&mut one, &mut other] {
        stream.until("it runs", |update| update["status"] == "running").await;
        assert_eq!(stream.retry, Some(3_000));
    }
    drop(one);
    for action in ["pause", "resume"] {
        let asked = server.http.post(ROUTE, json!({"action": action, "taskId": id})).await.expect(200);
        assert_eq!(asked["success"], true, "{asked}");
        let status = if action == "pause" { "paused" } else { "running" };
        other.until(status, |update| update["status"] == status).await;
    }
    assert_eq!(other.until("the end", is_end).await.data["status"], "completed");
}

#[tokio::test]
async fn a_dialect_that_is_switched_off_is_not_there() {
    // Another has an address in common with it.
    let server = Server::start("[dialects]\nsse_tasks = false\ntask_status = false\n").await;
    for path in ["/api/tasks/your-task?taskId=x", "/dialects/sse_tasks/api/tasks/your-task?taskId=x"] {
        assert_eq!(server.http.get(path).await.expect("an answer").expect(404)["code"], "no_such_route", "{path}");
    }
    server.http.get("/api/background-jobs").await.expect("an answer").expect(200);
}
