//! One socket for everything: jobs, output, counts and tasks on the same connection; and how it ends.

use futures::{SinkExt, StreamExt};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::harness::PATIENCE;
use crate::harness::server::Server;

const CONFIG: &str = r#"
[tasks.count]
command = ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.05; done; echo last >&2"]
env = ["PATH"]

[tasks.sleep]
command = ["sleep", "600"]
abort_grace = "100ms"
retry = { attempts = 1 }
env = ["PATH"]
"#;

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(server: &Server) -> Socket {
        let url = format!("{}/api/v1/live", server.url().replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
        let mut socket = Socket(socket);
        socket.say(json!({"type": "auth"})).await;
        socket
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("the socket takes it");
    }

    /// The next frame, or the close code.
    async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame within time");
            match message.expect("a close before the end").expect("no error") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Message::Close(close) => return Err(close.map_or(0, |close| u16::from(close.code))),
                _ => {}
            }
        }
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await.unwrap_or_else(|code| panic!("closed with {code} before {what}; heard {heard:#?}"));
            let is_it = wanted(&frame);
            heard.push(frame);
            if is_it {
                return heard;
            }
        }
    }
}

#[tokio::test]
async fn a_job_its_output_the_counts_and_the_tasks_come_over_one_socket() {
    let server = Server::start(CONFIG).await;
    let mut socket = Socket::open(&server).await;
    let job = server.http.submit(json!({"task": "count"})).await;
    let id = job["id"].as_str().expect("an id");
    for (number, topic) in
        [(1, json!({"job": id})), (2, json!({"output": id})), (3, json!({"stats": true})), (4, json!({"tasks": true}))]
    {
        socket.say(json!({"type": "subscribe", "id": number, "topic": topic})).await;
    }
    let mut text = String::new();
    let (mut settled, mut counted, mut tasks) = (false, false, 0);
    let mut live = Vec::new();
    while !(settled && counted && text.ends_with("last\n")) {
        let frame = socket.hear().await.expect("no close");
        match frame["type"].as_str().expect("a type") {
            "live" => live.push(frame["id"].as_u64().expect("an id")),
            "update" => settled |= frame["kind"] == "settled",
            "stats" => counted |= frame["stats"]["byStatus"]["completed"] == 1,
            "tasks" => tasks = frame["tasks"].as_array().expect("tasks").len(),
            "output" => {
                assert_eq!(frame["offset"].as_u64(), Some(text.len() as u64), "no byte twice, none left out");
                frame["chunks"]
                    .as_array()
                    .expect("chunks")
                    .iter()
                    .for_each(|chunk| text.push_str(chunk["text"].as_str().expect("text")));
            }
            "error" => panic!("{frame}"),
            _ => {}
        }
    }
    live.sort_unstable();
    assert_eq!((live, tasks), (vec![1, 2, 3, 4], 2));
    assert_eq!(text, "line 1\nline 2\nline 3\nline 4\nline 5\nlast\n");
    socket.say(json!({"type": "subscribe", "id": 5, "topic": {"output": id}, "after": "1:14"})).await;
    let resumed = socket.until("the rest of the output", |frame| frame["type"] == "output" && frame["subs"][0] == 5).await;
    assert_eq!(resumed.last().expect("a frame")["offset"], 14);
}

#[tokio::test]
async fn a_deleted_job_leaves_and_a_lost_tag_does_too() {
    let server = Server::start(CONFIG).await;
    let mut socket = Socket::open(&server).await;
    for (number, topic) in [(1, json!({"tag": "t"})), (2, json!({"task": "count"}))] {
        socket.say(json!({"type": "subscribe", "id": number, "topic": topic})).await;
    }
    let job = server.http.submit(json!({"task": "count", "tags": ["t"]})).await;
    let id = job["id"].as_str().expect("an id");
    socket.until("the end", |frame| frame["kind"] == "settled").await;
    let patch = json!({"tags": ["other"]});
    let path = format!("/api/v1/jobs/{id}");
    server.http.send(reqwest::Method::PATCH, &path, &[], Some(&patch)).await.expect("an answer").expect(200);
    let left = socket.until("the lost tag", |frame| frame["type"] == "left").await;
    let left = left.last().expect("a frame");
    assert_eq!((&left["subs"], &left["id"], &left["kind"]), (&json!([1]), &json!(id), &Value::Null));
    server.http.send(reqwest::Method::DELETE, &path, &[], None).await.expect("an answer");
    let left = socket.until("the deletion", |frame| frame["type"] == "left").await;
    let left = left.last().expect("a frame");
    assert_eq!((&left["subs"], &left["kind"]), (&json!([2]), &json!("deleted")));
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye_and_interrupts_its_jobs_for_free() {
    let mut server = Server::start(CONFIG).await;
    let mut socket = Socket::open(&server).await;
    let job = server.http.submit(json!({"task": "sleep"})).await;
    let id = job["id"].as_str().expect("an id");
    server.http.until_status(id, "running").await;
    socket.say(json!({"type": "subscribe", "id": 1, "topic": {"job": id}})).await;
    socket.until("live", |frame| frame["type"] == "live").await;
    server.signal(Signal::TERM);
    let heard = socket.until("the goodbye", |frame| frame["type"] == "goingAway").await;
    assert!(heard.last().is_some_and(|frame| frame["retryInMs"].is_u64()));
    let code = loop {
        if let Err(code) = socket.hear().await {
            break code;
        }
    };
    assert_eq!(code, 4000, "come again");
    assert!(server.ended().success());
    server.start_again().await;
    let job = server.http.until_status(id, "running").await;
    assert_eq!(job["attempt"], 2, "the interruption cost no attempt, though it had but one: {job:#}");
}

#[tokio::test]
async fn what_is_no_frame_is_told_and_closed() {
    let server = Server::start(CONFIG).await;
    for bad in ["{", "{\"type\":\"dance\"}", "[]", "{\"type\":\"subscribe\",\"id\":-1,\"topic\":{}}"] {
        let mut socket = Socket::open(&server).await;
        socket.0.send(Message::text(bad)).await.expect("sent");
        let heard = socket.until("the error", |frame| frame["type"] == "error").await;
        assert_eq!(heard.last().expect("a frame")["code"], "bad_frame", "{bad}");
        assert_eq!(socket.hear().await, Err(4202), "{bad}");
    }
    let mut socket = Socket::open(&server).await;
    for (topic, code) in [
        (json!({"job": "job_0"}), "bad_topic"),
        (json!({"job": "job_00000000000000000000000000"}), "not_found"),
        (json!({}), "bad_topic"),
    ] {
        socket.say(json!({"type": "subscribe", "id": 1, "topic": topic})).await;
        let heard = socket.until("the error", |frame| frame["type"] == "error").await;
        assert_eq!(heard.last().expect("a frame")["code"], code, "{topic}");
    }
}
