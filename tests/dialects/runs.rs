//! System 0, background task monitoring.

use serde_json::{Value, json};

use super::page::Page;
use super::transcript::{closed, replay, token, token_until};
use super::web_socket::WebSocket;
use crate::harness::server::{Server, processes_of};
use crate::harness::watch;

const SOCKET: &str = "/api/websocket";
const CONFIG: &str = r#"
[tasks.generate-report]
command = ["true"]
channel = "plain"

[tasks.broken]
command = ["false"]
channel = "plain"

[tasks.endless]
command = ["sleep", "600"]
channel = "plain"
abort_grace = "100ms"
"#;

#[tokio::test]
async fn its_transcripts() {
    replay("runs", "/api/").await;
}

/// A monitor that does what the document says, through a restart of the server: its hooks fire, once for each run, and nothing is missed.
#[tokio::test]
async fn hooks_of_its_monitor_fire_and_none_is_missed() {
    let mut server = Server::start(CONFIG).await;
    let mut page = Page::open(&server, "runs", &[]);
    page.says("away").await;
    server.kill();
    server.start_again().await;
    let job = server.http.submit(json!({"task": "generate-report"})).await;
    server.http.until_status(job["id"].as_str().expect("an id"), "completed").await;
    page.says("done").await;
    page.ends().await;
}

async fn known(server: &Server, token: &str) -> WebSocket {
    let mut socket = WebSocket::open(server, SOCKET).await;
    socket.say(&json!({"type": "authenticate", "token": token})).await;
    socket.until("its user's name", |message| message["type"] == "authenticated").await;
    socket
}

#[tokio::test]
async fn a_cancel_leaves_nothing_of_the_work() {
    let server = Server::start(CONFIG).await;
    let mut socket = known(&server, "").await;
    let run = server.http.submit(json!({"task": "endless"})).await["id"].as_str().expect("an id").to_owned();
    socket.until("it runs", |message| message["status"] == "EXECUTING").await;
    let path = format!("/api/runs/{run}");
    let asked = server.http.send(reqwest::Method::DELETE, &path, &[], None).await.expect("an answer").expect(200);
    assert_eq!(asked, json!({"success": true}));
    socket.until("its end", |message| message["status"] == "CANCELED").await;
    assert_eq!(processes_of(&run), Vec::<i32>::new());
}

/// All that is not a success is told as an end that those pages know.
#[tokio::test]
async fn a_time_limit_leaves_no_spinner() {
    let config =
        "[tasks.slow]\ncommand = [\"sleep\", \"600\"]\nchannel = \"plain\"\ntime_limit = \"1s\"\nabort_grace = \"100ms\"\n";
    let server = Server::start(config).await;
    let mut socket = known(&server, "").await;
    server.http.submit(json!({"task": "slow"})).await;
    let (late, _) = socket.until("its end", |message| message.get("finishedAt").is_some()).await;
    assert_eq!(late["status"], "TIMED_OUT");
    assert!(late["error"]["message"].is_string(), "{late}");
}

#[tokio::test]
async fn a_token_that_ends_closes_the_live_socket() {
    let server = closed("", &[]).await;
    let mut socket = known(&server, &token_until("ann", 2)).await;
    let (said, code) = socket.rest().await;
    assert_eq!((said.len(), code), (1, 4100), "{said:?}");
    assert_eq!((&said[0]["type"], &said[0]["code"]), (&json!("error"), &json!("INVALID_TOKEN")));
}

#[tokio::test]
async fn who_never_authenticates_is_sent_off() {
    let server = closed("", &[]).await;
    let mut socket = WebSocket::open(&server, SOCKET).await;
    socket.say(&json!("ping")).await;
    let (said, code) = socket.rest().await;
    let kinds: Vec<&Value> = said.iter().map(|message| &message["type"]).collect();
    assert_eq!((kinds, code), (vec![&json!("welcome"), &json!("pong"), &json!("error")], 4204));
}

/// A token for a socket sees its user's runs, and does nothing.
#[tokio::test]
async fn a_socket_s_token_can_do_nothing_else() {
    let server = closed("[tasks.later]\nmode = \"worker\"\n", &[]).await;
    let ann = server.http.with_token(&token("ann"));
    let minted =
        ann.get("/api/websocket-token").await.expect("an answer").expect(200)["token"].as_str().expect("a token").to_owned();
    let socket_only = server.http.with_token(&minted);
    socket_only.get("/api/runs/active").await.expect("an answer").expect(200);
    assert_eq!(socket_only.post("/api/v1/jobs", json!({"task": "later"})).await.expect(403)["code"], "missing_scope");
    let run = ann.submit(json!({"task": "later"})).await["id"].as_str().expect("an id").to_owned();
    let cancel = socket_only.send(reqwest::Method::DELETE, &format!("/api/runs/{run}"), &[], None).await.expect("an answer");
    assert_eq!(cancel.expect(403)["statusCode"], 403);
    known(&server, &minted).await.until("the run", |message| message["runId"] == run.as_str()).await;
}

/// Two dialects and the server's own API watch the same run at the same time.
#[tokio::test]
async fn other_dialects_and_the_api_agree() {
    let server = Server::start("").await;
    let http = &server.http;
    let mut monitor = known(&server, "").await;
    let mut dashboard = WebSocket::open(&server, "/api/notifications/ws").await;
    dashboard.say(&json!({"type": "auth", "token": ""})).await;
    dashboard.say(&json!({"type": "subscribe_jobs"})).await;
    dashboard.until("the subscription", |message| message["type"] == "jobs_subscribed").await;
    let made = http.submit(json!({"task": "report", "mode": "tracked", "input": {"n": 1}})).await;
    let (id, lease) = (made["id"].as_str().expect("an id"), made["lease"]["token"].as_str().expect("a lease"));
    let mut edges = watch::all_edges(http, &json!({"job": id}), Vec::new());
    http.report(id, lease, "complete", json!({"result": {"pages": 3}})).await.expect(200);
    watch::until_all(&mut edges, "the end", |seen| seen.has_ended()).await;
    let (run, _) = monitor.until("the end", |message| message["status"] == "COMPLETED").await;
    let (row, _) = dashboard.until("the end", |message| message["job"]["status"] == "completed").await;
    let (job, row) = (http.job(id).await, &row["job"]);
    let listed = http.get("/api/runs/active").await.expect("an answer").expect(200)[0].clone();
    for [id, ended_at, result] in [
        [&run["runId"], &run["finishedAt"], &run["output"]],
        [&row["id"], &row["completedAt"], &row["result"]],
        [&listed["id"], &listed["finishedAt"], &listed["output"]],
    ] {
        assert_eq!([id, ended_at, result], [&job["id"], &job["endedAt"], &job["result"]]);
    }
    watch::disconnect_all(edges).await;
}
