//! Two dialects and the server's own API watch the same job at the same time, and agree.

use serde_json::{Value, json};

use super::event_stream::EventStream;
use crate::harness::server::Server;
use crate::harness::{eventually, watch};

const CONFIG: &str = "[tasks.your-task]\ncommand = [\"node\", \"worker.js\"]\nchannel = \"node-ipc\"\n";
const WORKER: &str = include_str!("../../fixtures/dialects/sse_tasks/worker.js");
const ROUTE: &str = "/api/tasks/your-task";

#[tokio::test]
async fn two_dialects_and_the_api_tell_the_same() {
    let server = Server::start_with(CONFIG, &[("worker.js", WORKER)]).await;
    let http = &server.http;
    let made = http.post(ROUTE, json!({"does": "wait", "param1": "a", "param2": 7})).await.expect(200);
    let id = made["taskId"].as_str().expect("an id").to_owned();
    let mut edges = watch::all_edges(http, &json!({"job": id}), Vec::new());
    watch::until_all(&mut edges, "it runs", |seen| seen.statuses.last().is_some_and(|status| status == "running")).await;
    let answer = reqwest::get(format!("{}{ROUTE}?taskId={id}", server.url())).await.expect("an answer");
    let mut stream = EventStream::new(answer);
    let row = async || http.get(&format!("/api/background-jobs/{id}")).await.expect("an answer").expect(200)["job"].clone();

    // Each says so before the next is asked. `paused` is a word that one of the two does not know.
    let mut told: Vec<Value> = Vec::new();
    for (action, status, word) in
        [(None, "running", "running"), (Some("pause"), "paused", "running"), (Some("resume"), "completed", "completed")]
    {
        if let Some(action) = action {
            assert_eq!(http.post(ROUTE, json!({"action": action, "taskId": id})).await.expect(200)["success"], true);
        }
        told.push(stream.until(status, |update| update["status"] == status).await.data);
        watch::until_all(&mut edges, status, |seen| seen.statuses.last().is_some_and(|last| last == status)).await;
        eventually(word, async || (row().await["status"] == word).then_some(())).await;
    }

    let (job, row, last) = (http.job(&id).await, row().await, told.pop().expect("an end"));
    let processed = json!({"result": "processed-a", "count": 7});
    for result in [&job["result"], &row["resultData"], &last["result"]] {
        assert_eq!((&result["result"], &result["count"]), (&processed["result"], &processed["count"]), "{result}");
    }
    for progress in [&job["progress"]["percentage"], &row["progress"], &last["progress"]["percentage"]] {
        assert_eq!(progress.as_f64(), Some(100.0));
    }
    assert_eq!((&row["completedAt"], &last["timestamp"]), (&job["endedAt"], &job["endedAt"]));
    assert_eq!((&row["inputData"], &row["userId"], &row["jobType"]), (&job["input"], &job["owner"], &job["task"]));
    for seen in watch::disconnect_all(edges).await {
        let changes: Vec<&str> = seen.statuses.iter().map(String::as_str).collect();
        assert!(changes.ends_with(&["completed"]) && changes.contains(&"paused"), "{changes:?}");
    }
}
