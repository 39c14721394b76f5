//! System 4, task status updates. What comes over its Redis channel stands in `tests/dialects/redis_channel.rs`.

use std::time::Instant;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::page::Page;
use super::transcript::{closed, replay, token, token_until};
use super::web_socket::WebSocket;
use crate::harness::http::Http;
use crate::harness::server::Server;
use crate::harness::watch;

const SOCKET: &str = "/ws";
/// A service, and its key.
const SERVICE_KEY: &str = "tdk_default";
const SERVICE: &str =
    "[[access.keys]]\nname = \"app\"\nsha256 = \"e8329a065a08beab82a7a571514f7cfa6c5aad529329cc65fb62fcbbd44547a7\"\n";
/// Changes while pages come and go, and bytes of output that each brings: more than a socket's buffers hold.
const CHANGES: usize = 320;
const OUTPUT_BYTES: usize = 15 * 1024;

#[tokio::test]
async fn its_transcripts() {
    replay("task_status", "/").await;
}

/// A page that does what the document's does, through a restart of the server: it fetches nothing anew, and is brought up to date all the same.
#[tokio::test]
async fn the_page_of_its_document_works_and_comes_back() {
    let mut server = Server::start("").await;
    let mut page = Page::open(&server, "task_status", &[]);
    page.says("away").await;
    server.kill();
    server.start_again().await;
    put(&server.http, "left", json!({"status": "completed", "output": "made meanwhile"})).await;
    page.says("done").await;
    page.ends().await;
}

async fn made(http: &Http, task: &str) {
    http.post("/api/tasks", json!({"skill_name": "nightly", "task_id": task})).await.expect(201);
}

async fn put(http: &Http, task: &str, body: Value) -> Value {
    http.send(Method::PUT, &format!("/api/tasks/{task}"), &[], Some(&body)).await.expect("an answer").expect(200)
}

/// A page that was told how all is.
async fn joined(server: &Server, query: &str) -> WebSocket {
    let mut socket = WebSocket::open(server, &format!("{SOCKET}{query}")).await;
    let first = socket.hear().await.expect("a first message");
    assert_eq!(first["type"], "ack");
    socket
}

async fn status_of(socket: &mut WebSocket, task: &str, status: &str) -> Value {
    let is = |message: &Value| message["payload"]["taskId"] == task && message["payload"]["status"] == status;
    socket.until(&format!("{task} to be {status}"), is).await.0
}

#[tokio::test]
async fn a_token_that_ends_closes_the_live_socket_and_another_goes_on() {
    let server = closed("", &[]).await;
    let ann = server.http.with_token(&token("ann"));
    let mut socket = joined(&server, &format!("?token={}", token_until("ann", 2))).await;
    made(&ann, "t").await;
    let held = status_of(&mut socket, "t", "pending").await["event_id"].as_str().expect("a place").to_owned();
    let (said, code) = socket.rest().await;
    assert_eq!((said.last().map(|last| &last["error"]), code), (Some(&json!("Authentication failed")), 1008));
    put(&ann, "t", json!({"status": "failed"})).await;
    let query = format!("?token={}&last_event_id={held}", token("ann"));
    let mut again = joined(&server, &query).await;
    for status in ["running", "failed"] {
        assert_eq!(again.hear().await.expect("an update")["payload"]["status"], status);
    }
}

/// A page that is away while the server is restarted goes on from where it was.
#[tokio::test]
async fn a_place_is_held_over_a_restart() {
    let mut server = Server::start("").await;
    made(&server.http, "t").await;
    let mut socket = joined(&server, "").await;
    let held = status_of(&mut socket, "t", "pending").await["event_id"].as_str().expect("a place").to_owned();
    put(&server.http, "t", json!({"status": "running"})).await;
    server.kill();
    server.start_again().await;
    put(&server.http, "t", json!({"output": "half"})).await;
    put(&server.http, "t", json!({"status": "completed"})).await;
    let mut again = WebSocket::open(&server, &format!("{SOCKET}?last_event_id={held}")).await;
    assert_eq!(again.hear().await.expect("an ack")["ack_event_id"], held.as_str());
    let mut told = Vec::new();
    while told.last() != Some(&json!("completed")) {
        told.push(again.hear().await.expect("an update")["payload"]["status"].clone());
    }
    assert_eq!(told, ["running", "running", "completed"]);
}

/// One that takes nothing, one that closes, and many that come in the middle of it delay nobody, and are themselves told the truth.
#[tokio::test]
async fn pages_that_are_slow_and_pages_that_come_and_go_harm_no_other() {
    let server = Server::start("").await;
    made(&server.http, "t").await;
    let mut reader = joined(&server, "").await;
    status_of(&mut reader, "t", "pending").await;
    let mut slow = WebSocket::open_narrow(&server, SOCKET).await;
    drop(joined(&server, "").await);
    put(&server.http, "t", json!({"status": "running"})).await;

    let changes = async {
        for change in 0..CHANGES {
            put(&server.http, "t", json!({"output": format!("{change}:{}", "x".repeat(OUTPUT_BYTES))})).await;
        }
    };
    let coming = async {
        let mut pages = Vec::new();
        for _ in 0..20 {
            pages.push(joined(&server, "").await);
        }
        pages
    };
    let reading = async {
        let mut told = Vec::new();
        while told.len() < CHANGES {
            let message = reader.hear().await.expect("an update");
            let output = message["payload"]["output"].as_str().unwrap_or_default();
            told.extend(output.split_once(':').and_then(|(change, _)| change.parse::<usize>().ok()));
        }
        told
    };
    let ((), told, pages) = tokio::join!(changes, reading, coming);
    assert!(told.is_sorted(), "in order");
    assert_eq!(told.last(), Some(&(CHANGES - 1)));
    put(&server.http, "t", json!({"status": "completed", "output": "done"})).await;
    for mut page in pages {
        assert_eq!(status_of(&mut page, "t", "completed").await["payload"]["output"], "done");
    }
    assert_eq!(status_of(&mut slow, "t", "completed").await["payload"]["output"], "done", "behind, and never for good");
}

/// Each of a hundred pages is told each change, more than a hundred of them a second, in order.
#[tokio::test]
async fn a_hundred_pages_are_told_each_change() {
    let server = Server::start("").await;
    made(&server.http, "t").await;
    let mut pages = join_all((0..100).map(|_| joined(&server, ""))).await;
    let began = Instant::now();
    let changing = async {
        put(&server.http, "t", json!({"status": "running"})).await;
        for change in 0..200 {
            put(&server.http, "t", json!({"output": change.to_string()})).await;
        }
    };
    let all: Vec<String> = (0..200).map(|change| change.to_string()).collect();
    let reading = join_all(pages.iter_mut().map(async |page| {
        let mut outputs: Vec<String> = Vec::new();
        while outputs.last() != all.last() {
            let message = page.hear().await.expect("an update");
            outputs.extend(message["payload"]["output"].as_str().map(str::to_owned));
        }
        outputs
    }));
    let ((), told) = tokio::join!(changing, reading);
    println!("{} updates in {:?}", told.len() * all.len(), began.elapsed());
    for outputs in told {
        // Where the next change came before this one was told, its output was told with it already.
        let mut numbers: Vec<u32> = outputs.iter().filter_map(|output| output.parse().ok()).collect();
        assert!(numbers.is_sorted());
        assert!(outputs.len() >= 200, "no update is left out: {}", outputs.len());
        numbers.dedup();
        assert_eq!(numbers.last(), Some(&199));
    }
}

/// A service makes tasks for users; who sees all of its tenant's jobs can say how they go, another service cannot.
#[tokio::test]
async fn a_service_makes_tasks_for_users() {
    let server = closed(SERVICE, &[]).await;
    let (service, ann) = (server.http.with_token(SERVICE_KEY), server.http.with_token(&token("ann")));
    let mut page = joined(&server, &format!("?token={}", token("ann"))).await;
    for (task, body) in [("t", json!({"user_id": "ann"})), ("u", json!({"owner": "ann"})), ("v", json!({}))] {
        let (mut body, owner) = (body.clone(), if body == json!({}) { "app" } else { "ann" });
        (body["skill_name"], body["task_id"]) = (json!("nightly"), json!(task));
        assert_eq!(service.post("/api/tasks", body).await.expect(201)["user_id"], owner, "{task}");
    }
    for task in ["t", "u"] {
        status_of(&mut page, task, "pending").await;
        assert_eq!(ann.get(&format!("/api/tasks/{task}")).await.expect("an answer").expect(200)["user_id"], "ann");
    }
    ann.get("/api/tasks/v").await.expect("an answer").expect(404);
    let body = json!({"status": "running"});
    let refused = service.send(Method::PUT, "/api/tasks/t", &[], Some(&body)).await.expect("an answer").expect(404);
    assert_eq!(refused["code"], "not_found", "it is not a service of the whole tenant");
}

#[tokio::test]
async fn a_task_that_does_not_stop_is_not_deleted_yet() {
    let server = Server::start("").await;
    let job = server.http.submit(json!({"task": "report", "mode": "tracked"})).await;
    let (id, lease) = (job["id"].as_str().expect("an id"), job["lease"]["token"].as_str().expect("a lease"));
    let path = format!("/api/tasks/{id}");
    let delete = async || server.http.send(Method::DELETE, &path, &[], None).await.expect("an answer");
    let asked = delete().await.expect(202);
    assert_eq!((&asked["status"], &asked["task_id"]), (&json!("running"), &json!(id)));
    assert!(asked["message"].as_str().is_some_and(|message| message.contains("delete it again")));
    let wish = server.http.job(id).await["wish"]["number"].clone();
    server.http.report(id, lease, "progress", json!({"acknowledge": wish})).await.expect(200);
    assert_eq!(delete().await.expect(200)["status"], "deleted");
    server.http.get(&path).await.expect("an answer").expect(404);
}

#[tokio::test]
async fn parameters_that_are_too_large_are_told_as_a_field() {
    let server = Server::start("").await;
    let large = json!({"skill_name": "a", "params": {"text": "x".repeat(17 * 1024)}});
    let refused = server.http.post("/api/tasks", large.clone()).await.expect(422);
    assert_eq!(refused["detail"][0]["loc"], json!(["body", "params"]));
    made(&server.http, "t").await;
    let answer = server.http.send(Method::PUT, "/api/tasks/t", &[], Some(&large)).await.expect("an answer");
    assert_eq!(answer.expect(422)["detail"][0]["loc"], json!(["body", "params"]));
}

/// More tasks than are sorted: newest first they are all there, and no other order is made up.
#[tokio::test]
async fn an_order_that_cannot_be_made_is_refused() {
    let server = Server::start("[tasks.later]\nmode = \"worker\"\n").await;
    for _ in 0..3 {
        let jobs: Vec<Value> = (0..700).map(|n| json!({"task": "later", "input": {"n": n}})).collect();
        server.http.post("/api/v1/jobs/batch", json!({"jobs": jobs})).await.expect(201);
    }
    let list = async |query: &str| server.http.get(&format!("/api/tasks?{query}")).await.expect("an answer");
    let all = list("offset=2000").await.expect(200);
    assert_eq!(
        (all["total"].as_u64(), all["has_more"].as_bool(), all["tasks"].as_array().map(Vec::len)),
        (Some(2100), Some(true), Some(20))
    );
    let of_skill = list("skill_name=later").await.expect(200);
    assert_eq!((&of_skill["total"], &of_skill["total_is_capped"]), (&json!(2000), &json!(true)));
    let refused = list("sort_by=updated_at").await.expect(400);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("2000")), "{refused}");
    made(&server.http, "t").await;
    let few = list("sort_by=updated_at&skill_name=nightly").await.expect(200);
    assert_eq!((&few["total"], &few["tasks"][0]["id"]), (&json!(1), &json!("t")));
}

/// What a page is told of a task, another dialect and the server's own API tell too, at the same time.
#[tokio::test]
async fn other_dialects_and_the_api_agree() {
    let server = Server::start("").await;
    let http = &server.http;
    let mut page = joined(&server, "").await;
    let mut dashboard = WebSocket::open(&server, "/api/notifications/ws").await;
    dashboard.say(&json!({"type": "auth", "token": ""})).await;
    dashboard.say(&json!({"type": "subscribe_jobs"})).await;
    dashboard.until("the subscription", |message| message["type"] == "jobs_subscribed").await;
    made(http, "t").await;
    let listed = http.get("/api/v1/jobs").await.expect("an answer").expect(200);
    let id = listed["jobs"][0]["id"].as_str().expect("an id").to_owned();
    let mut edges = watch::all_edges(http, &json!({"job": id}), Vec::new());
    put(http, "t", json!({"status": "completed", "output": "done"})).await;
    watch::until_all(&mut edges, "the end", |seen| seen.has_ended()).await;
    let told = status_of(&mut page, "t", "completed").await["payload"].clone();
    let (row, _) = dashboard.until("the end", |message| message["job"]["status"] == "completed").await;
    let (job, task) = (http.job(&id).await, http.get("/api/tasks/t").await.expect("an answer").expect(200));
    assert_eq!((&job["mode"], &job["externalId"], &row["job"]["id"]), (&json!("mirrored"), &json!("t"), &json!("t")));
    for output in [&told["output"], &row["job"]["result"], &task["output"]] {
        assert_eq!(output, &job["result"]);
    }
    for at in [&told["updatedAt"], &row["job"]["completedAt"], &task["updated_at"], &task["execution_results"][0]["ended_at"]] {
        assert_eq!(at, &job["endedAt"]);
    }
    watch::disconnect_all(edges).await;
}
