//! Rights that end while somebody watches, through the real binary: a key that is taken out of the configuration, and a token's time.

use futures::{SinkExt, StreamExt};
use reqwest::Client;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::server::Server;
use crate::harness::{PATIENCE, eventually};
use crate::rest::access::{USER, closed, token};

/// How a watcher's connection ended, and all that it was sent.
struct Ended {
    edge: &'static str,
    how: String,
    text: String,
}

/// Somebody who watches until it is ended from the other side.
struct Watcher(JoinHandle<Ended>);

impl Watcher {
    async fn ended(self) -> Ended {
        tokio::time::timeout(PATIENCE, self.0).await.expect("an end within time").expect("no panic")
    }
}

const TENANT: &str = "{\"tenant\":true}";

/// Watches over a WebSocket.
async fn socket(server: &Server, token: &str) -> Watcher {
    let url = format!("{}/api/v1/live", server.url().replacen("http", "ws", 1));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    for frame in [json!({"type": "auth", "token": token}), json!({"type": "subscribe", "id": 1, "topic": {"tenant": true}})] {
        socket.send(Message::text(frame.to_string())).await.expect("sent");
    }
    let mut text = String::new();
    while !text.contains("\"type\":\"live\"") {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame").expect("open").expect("no error");
        text.push_str(message.to_text().expect("text"));
    }
    Watcher(tokio::spawn(async move {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(close)))) => {
                    break Ended { edge: "ws", how: format!("{} {}", u16::from(close.code), close.reason), text };
                }
                Some(Ok(message)) => text.push_str(message.to_text().unwrap_or_default()),
                other => break Ended { edge: "ws", how: format!("{other:?}"), text },
            }
        }
    }))
}

/// Watches over Server-Sent Events, with what says who it is.
async fn stream(server: &Server, query: &[(&str, &str)], header: (&str, &str)) -> (Watcher, String) {
    let request = Client::new().get(format!("{}/api/v1/live/events", server.url())).query(&[("topic", TENANT)]).query(query);
    let mut answer = request.header(header.0, header.1).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let mut text = String::new();
    while !text.contains("event: live") {
        let chunk = tokio::time::timeout(PATIENCE, answer.chunk()).await.expect("a chunk").expect("no error").expect("open");
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    let task = tokio::spawn(async move {
        while let Ok(Some(chunk)) = answer.chunk().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        let error = text.rsplit_once("event: error").map_or("none", |(_, error)| error).to_owned();
        Ended { edge: "sse", how: error, text }
    });
    (Watcher(task), cookie)
}

/// Waits in a long poll.
async fn poll(server: &Server, token: &str) -> Watcher {
    let http = server.http.with_token(token);
    let topic = "%7B%22tenant%22:true%7D";
    let first = http.get(&format!("/api/v1/live/poll?topic={topic}&wait=0")).await.expect("an answer").expect(200);
    let after = first["position"].as_str().expect("a position").to_owned();
    Watcher(tokio::spawn(async move {
        let answer = http.get(&format!("/api/v1/live/poll?topic={topic}&wait=55&after={after}")).await.expect("an answer");
        Ended { edge: "poll", how: format!("{} {}", answer.status, answer.body["code"]), text: answer.body.to_string() }
    }))
}

/// Waits until so many connections are open.
async fn open(server: &Server, admin: &str, count: usize) {
    let http = server.http.with_token(admin);
    let wanted = format!("tidings_live_connections {count}\n");
    eventually("all to watch", async || {
        let metrics = http.get("/metrics").await.ok()?;
        let text = metrics.body.as_str().map(str::to_owned)?;
        text.contains(&wanted).then_some(())
    })
    .await;
}

fn assert_all_expired(ended: &[Ended], late: &str) {
    for Ended { edge, how, text } in ended {
        let is_told = match *edge {
            "ws" => how == "4100 token_expired",
            "poll" => how == "401 \"token_expired\"",
            _ => how.contains("\"code\":\"token_expired\""),
        };
        assert!(is_told, "{edge}: {how}");
        assert!(!text.contains(late), "{edge} was sent what came after its rights: {text}");
    }
}

#[tokio::test]
async fn all_that_a_key_opened_is_closed_with_it() {
    let (server, key) = closed().await;
    let service = server.http.with_token(&key);
    let minted = service.post("/api/v1/tokens", json!({"subject": "ann", "expiresIn": 600})).await.expect(201);
    let minted = minted["token"].as_str().expect("a token").to_owned();
    let ticket = server.http.with_token(&minted).post("/api/v1/tickets", json!({})).await.expect(201);
    let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
    let bearer = |token: &str| format!("Bearer {token}");
    let (by_ticket, cookie) = stream(&server, &[("ticket", &ticket)], ("accept", "text/event-stream")).await;
    let watchers = vec![
        socket(&server, &key).await,
        socket(&server, &minted).await,
        by_ticket,
        stream(&server, &[("ticket", &ticket)], ("cookie", &cookie)).await.0,
        stream(&server, &[], ("authorization", &bearer(&minted))).await.0,
        stream(&server, &[], ("authorization", &bearer(&key))).await.0,
        poll(&server, &key).await,
        poll(&server, &minted).await,
    ];
    let anns = token("ann", &format!("{USER} jobs:report"), 600);
    let stays = socket(&server, &anns).await;
    open(&server, &token("root", "admin", 600), watchers.len() + 1).await;

    let file = server.folder().join("tidings.toml");
    let config = std::fs::read_to_string(&file).expect("the configuration");
    let without = config.split("[[access.keys]]").next().expect("the part before the key").to_owned();
    std::fs::write(&file, without).expect("written");
    server.signal(Signal::HUP);
    let mut ended = Vec::new();
    for watcher in watchers {
        ended.push(watcher.ended().await);
    }
    let job = server.http.with_token(&anns).submit(json!({"task": "x", "mode": "tracked"})).await;
    assert_all_expired(&ended, job["id"].as_str().expect("an id"));
    for token in [&key, &minted] {
        assert_eq!(
            server.http.with_token(token).get("/api/v1/me").await.expect("an answer").expect(401)["code"],
            "unauthenticated"
        );
    }
    let query = [("topic", TENANT), ("ticket", &ticket)];
    let again = Client::new().get(format!("{}/api/v1/live/events", server.url())).query(&query);
    assert_eq!(again.header("cookie", &cookie).send().await.expect("an answer").status(), 401);
    assert!(!stays.0.is_finished(), "a user's own token never came from that key");
}

#[tokio::test]
async fn a_token_s_end_is_the_end_of_all_three_edges() {
    let (server, _) = closed().await;
    let short = token("ann", USER, 4);
    let watchers = vec![
        socket(&server, &short).await,
        stream(&server, &[], ("authorization", &format!("Bearer {short}"))).await.0,
        poll(&server, &short).await,
    ];
    let mut ended = Vec::new();
    for watcher in watchers {
        ended.push(watcher.ended().await);
    }
    let anns = server.http.with_token(&token("ann", &format!("{USER} jobs:report"), 600));
    let job = anns.submit(json!({"task": "x", "mode": "tracked"})).await;
    assert_all_expired(&ended, job["id"].as_str().expect("an id"));
}
