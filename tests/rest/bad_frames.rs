//! Whatever a live connection may be sent, as rows: what the client says, and the code of the error frame and of the close that follow.

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::PATIENCE;
use crate::harness::server::Server;

struct Row {
    name: &'static str,
    says: Vec<Message>,
    /// Code of the error frame; none: no refusal is told in a frame.
    error: Option<&'static str>,
    /// None: the connection lives, and answers a ping.
    close: Option<u16>,
}

fn text(text: impl Into<String>) -> Message {
    Message::text(text.into())
}

fn auth() -> Message {
    text("{\"type\":\"auth\"}")
}

/// A text in several frames; none of them may be the whole of it.
fn pieces(text: &str, size: usize) -> Vec<Message> {
    let parts: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
    let last = parts.len() - 1;
    let frame = |(at, part): (usize, &&[u8])| {
        let code = if at == 0 { OpCode::Data(Data::Text) } else { OpCode::Data(Data::Continue) };
        Message::Frame(Frame::message(part.to_vec(), code, at == last))
    };
    parts.iter().enumerate().map(frame).collect()
}

fn raw(bytes: &[u8], data: Data) -> Message {
    Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(data), true))
}

fn rows() -> Vec<Row> {
    let subscribe = |id: &str, topic: &str| text(format!("{{\"type\":\"subscribe\",\"id\":{id},\"topic\":{topic}}}"));
    let refused = |name, says| Row { name, says, error: Some("bad_frame"), close: Some(4202) };
    let told = |name, error, says| Row { name, says, error: Some(error), close: None };
    let large = "x".repeat(64 * 1024 + 1);
    vec![
        refused("garbage before auth", vec![text("hello")]),
        refused("a subscription before auth", vec![subscribe("1", "{\"tenant\":true}")]),
        refused("no object", vec![auth(), text("[\"ping\"]")]),
        refused("an unknown type", vec![auth(), text("{\"type\":\"dance\"}")]),
        refused("a long unknown type", vec![auth(), text(format!("{{\"type\":\"{}\"}}", "x".repeat(60_000)))]),
        refused("a number above its bounds", vec![auth(), subscribe("4294967296", "{\"tenant\":true}")]),
        refused("a negative number", vec![auth(), subscribe("-1", "{\"tenant\":true}")]),
        refused("a doubled key", vec![auth(), text("{\"type\":\"unsubscribe\",\"id\":1,\"id\":2}")]),
        refused("a lone surrogate", vec![auth(), text("{\"type\":\"auth\",\"token\":\"\\ud800\"}")]),
        refused("deep nesting", vec![auth(), subscribe("1", &format!("{}{}", "[".repeat(20_000), "]".repeat(20_000)))]),
        Row {
            name: "a binary frame",
            says: vec![auth(), Message::binary(b"{\"type\":\"ping\"}".to_vec())],
            error: None,
            close: Some(4202),
        },
        Row { name: "one byte too much", says: vec![auth(), text(large.clone())], error: Some("bad_frame"), close: Some(4202) },
        Row {
            name: "one byte too much, in pieces",
            says: [vec![auth()], pieces(&large, 10_000)].concat(),
            error: Some("bad_frame"),
            close: Some(4202),
        },
        Row { name: "text that is no UTF-8", says: vec![auth(), raw(b"\xff\xfe", Data::Text)], error: None, close: Some(4202) },
        Row { name: "a reserved kind of frame", says: vec![auth(), raw(b"x", Data::Reserved(5))], error: None, close: Some(4202) },
        Row { name: "a continuation of nothing", says: vec![auth(), raw(b"x", Data::Continue)], error: None, close: Some(4202) },
        Row { name: "a ping in pieces", says: [vec![auth()], pieces("{\"type\":\"ping\"}", 3)].concat(), error: None, close: None },
        told("no topic", "bad_topic", vec![auth(), subscribe("1", "null")]),
        told("an unknown topic", "bad_topic", vec![auth(), subscribe("1", &format!("{{\"{}\":1}}", "x".repeat(60_000)))]),
        told("two topics in one", "bad_topic", vec![auth(), subscribe("1", "{\"owner\":\"a\",\"tag\":\"b\"}")]),
        told("a job that is none", "bad_topic", vec![auth(), subscribe("1", "{\"job\":\"7\"}")]),
        told(
            "a subject that is too long",
            "bad_topic",
            vec![auth(), subscribe("1", &format!("{{\"subject\":{{\"type\":\"a\",\"id\":\"{}\"}}}}", "x".repeat(201)))],
        ),
        told("an id twice", "duplicate_id", vec![auth(), subscribe("1", "{\"tenant\":true}"), subscribe("1", "{\"tenant\":true}")]),
        told("a job that is not there", "not_found", vec![auth(), subscribe("1", "{\"job\":\"job_00000000000000000000000000\"}")]),
        told(
            "too many",
            "too_many_subscriptions",
            std::iter::once(auth()).chain((0..=200).map(|id| subscribe(&id.to_string(), "{\"tag\":\"x\"}"))).collect(),
        ),
        told(
            "a place of output that is none",
            "bad_topic",
            vec![
                auth(),
                text(
                    "{\"type\":\"subscribe\",\"id\":1,\"topic\":{\"output\":\"job_00000000000000000000000000\"},\"after\":\"1:99999999999999999999\"}",
                ),
            ],
        ),
    ]
}

/// What is wrong with the answers to all rows.
pub async fn faults(server: &Server) -> Vec<String> {
    let mut faults = Vec::new();
    for row in rows() {
        let expected = (row.error, row.close);
        let (error, close, heard) = answers(server, row.says).await;
        if (error.as_deref(), close) != expected {
            faults.push(format!("{}: expected {expected:?}, got {:?}; heard {heard}", row.name, (error, close)));
        }
    }
    faults
}

/// Says all, then pings. Answers the code of the first error frame and of the close.
async fn answers(server: &Server, says: Vec<Message>) -> (Option<String>, Option<u16>, String) {
    let url = format!("{}/api/v1/live", server.url().replacen("http", "ws", 1));
    let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
    let (mut writer, mut reader) = socket.split();
    for message in says.into_iter().chain([text("{\"type\":\"ping\"}")]) {
        // It may have been closed already.
        if writer.send(message).await.is_err() {
            break;
        }
    }
    let (mut error, mut heard) = (None, String::new());
    loop {
        let message = tokio::time::timeout(PATIENCE, reader.next()).await.expect("an answer within time");
        let frame: Value = match message {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
            Some(Ok(Message::Close(close))) => return (error, Some(close.map_or(0, |close| u16::from(close.code))), heard),
            Some(Ok(_)) => continue,
            Some(Err(_)) | None => return (error, Some(0), heard),
        };
        heard.extend(frame.to_string().chars().take(200));
        match frame["type"].as_str() {
            Some("error") if error.is_none() => {
                let words = frame["message"].as_str().unwrap_or_default().len();
                assert!((5..1_000).contains(&words), "a refusal is a sentence: {heard}");
                error = frame["code"].as_str().map(str::to_owned);
            }
            // What is read for a subscription may come after the pong.
            Some("pong") if error.is_some() || !heard.contains("authenticated") => return (error, None, heard),
            Some("pong") => {
                let more = tokio::time::timeout(std::time::Duration::from_millis(300), reader.next()).await;
                match more {
                    Ok(Some(Ok(Message::Text(text)))) => {
                        let frame: Value = serde_json::from_str(&text).expect("JSON");
                        return (frame["code"].as_str().map(str::to_owned), None, heard);
                    }
                    _ => return (error, None, heard),
                }
            }
            _ => {}
        }
    }
}
