//! System 3, WebSocket job updates.

use serde_json::{Value, json};

use super::page::Page;
use super::transcript::{closed, replay, token_until};
use super::web_socket::WebSocket;
use crate::harness::server::Server;
use crate::harness::watch;

const SOCKET: &str = "/api/notifications/ws";
/// A task whose jobs wait until a worker comes.
const WAITING: &str = "[tasks.later]\nmode = \"worker\"\n";
const CONFIG: &str = r#"
[tasks.send-email]
command = ["true"]
channel = "plain"

[tasks.broken]
command = ["false"]
channel = "plain"
retry = { attempts = 5, base = "10ms" }
"#;

#[tokio::test]
async fn its_transcripts() {
    replay("job_dashboard", "/api/").await;
}

/// A page that does what the document says, through a restart of the server: jobs that it makes run, and nothing is missed.
#[tokio::test]
async fn the_page_of_its_document_works_and_comes_back() {
    let mut server = Server::start(CONFIG).await;
    let mut page = Page::open(&server, "job_dashboard", &[]);
    page.says("away").await;
    server.kill();
    server.start_again().await;
    server.http.submit(json!({"task": "send-email", "input": {"made": "meanwhile"}})).await;
    page.says("done").await;
    page.ends().await;
}

async fn subscribed(server: &Server, token: &str) -> WebSocket {
    let mut socket = WebSocket::open(server, SOCKET).await;
    socket.say(&json!({"type": "auth", "token": token})).await;
    socket.say(&json!({"type": "subscribe_jobs"})).await;
    socket.until("the subscription", |message| message["type"] == "jobs_subscribed").await;
    socket
}

#[tokio::test]
async fn a_token_that_ends_closes_the_live_socket_and_another_opens_one() {
    let server = closed("", &[]).await;
    let soon = token_until("ann", 2);
    let mut socket = subscribed(&server, &soon).await;
    let (said, code) = socket.rest().await;
    let (last, _) = said.split_last().expect("a last word");
    assert_eq!((last, code), (&json!({"type": "error", "message": "Invalid or expired token"}), 4100));
    let mut again = WebSocket::open(&server, SOCKET).await;
    again.say(&json!({"type": "auth", "token": soon})).await;
    let (said, code) = again.rest().await;
    assert_eq!((&said[1]["type"], code), (&json!("auth_failed"), 4100));
    subscribed(&server, &token_until("ann", 600)).await;
}

#[tokio::test]
async fn who_never_says_who_it_is_is_sent_off() {
    let server = closed("", &[]).await;
    let mut socket = WebSocket::open(&server, SOCKET).await;
    let (said, code) = socket.rest().await;
    assert_eq!((said.len(), code), (2, 4204), "{said:?}");
    assert_eq!(said[1], json!({"type": "error", "message": "Authentication required"}));
}

/// One message a change however many come, and counts a few times a second, of which the last is true.
#[tokio::test]
async fn a_burst_is_told_whole_and_counted_seldom() {
    let server = Server::start(WAITING).await;
    let mut socket = subscribed(&server, "").await;
    let jobs: Vec<Value> = (0..200).map(|n| json!({"task": "later", "input": {"n": n}})).collect();
    let began = std::time::Instant::now();
    server.http.post("/api/v1/jobs/batch", json!({"jobs": jobs})).await.expect(201);
    let is_all = |message: &Value| message["type"] == "job_stats_update" && message["stats"]["total"] == 200;
    let (_, heard) = socket.until("all counted", is_all).await;
    let took = began.elapsed();
    let mut updates: Vec<u64> = heard
        .iter()
        .filter(|message| message["type"] == "job_update")
        .filter_map(|message| message["job"]["data"]["n"].as_u64())
        .collect();
    while updates.len() < 200 {
        let (message, _) = socket.until("an update", |message| message["type"] == "job_update").await;
        updates.extend(message["job"]["data"]["n"].as_u64());
    }
    updates.sort_unstable();
    assert_eq!(updates, (0..200).collect::<Vec<u64>>());
    let counted = heard.iter().filter(|message| message["type"] == "job_stats_update").count();
    assert!(counted as u128 <= took.as_millis() / 250 + 2, "{counted} counts within {took:?}");
}

#[tokio::test]
async fn a_tab_that_closes_harms_no_other() {
    let server = Server::start(WAITING).await;
    let (one, mut other) = (subscribed(&server, "").await, subscribed(&server, "").await);
    drop(one);
    server.http.submit(json!({"task": "later"})).await;
    other.until("the other tab's update", |message| message["job"]["name"] == "later").await;
}

/// What a page is told of a job, another dialect and the server's own API tell too.
#[tokio::test]
async fn other_dialects_and_the_api_agree() {
    let server = Server::start(WAITING).await;
    let mut socket = subscribed(&server, "").await;
    let http = &server.http;
    let made = http.submit(json!({"task": "report", "mode": "tracked", "input": {"n": 1}})).await;
    let (id, lease) = (made["id"].as_str().expect("an id"), made["lease"]["token"].as_str().expect("a lease"));
    let mut edges = watch::all_edges(http, &json!({"job": id}), Vec::new());
    http.report(id, lease, "complete", json!({"result": {"pages": 3}})).await.expect(200);
    watch::until_all(&mut edges, "the end", |seen| seen.has_ended()).await;
    let is_end = |message: &Value| message["type"] == "job_update" && message["job"]["status"] == "completed";
    let (told, _) = socket.until("the end", is_end).await;
    let told = &told["job"];
    let one = http.get(&format!("/api/jobs/{id}")).await.expect("an answer").expect(200)["data"].clone();
    let row = http.get(&format!("/api/background-jobs/{id}")).await.expect("an answer").expect(200)["job"].clone();
    let job = http.job(id).await;
    assert_eq!((told, &told["id"], &told["completedAt"]), (&one, &job["id"], &job["endedAt"]));
    assert_eq!([&told["result"], &row["resultData"]], [&job["result"], &job["result"]]);
    assert_eq!((&row["status"], &row["completedAt"], &row["inputData"]), (&told["status"], &told["completedAt"], &told["data"]));
    watch::disconnect_all(edges).await;
}
