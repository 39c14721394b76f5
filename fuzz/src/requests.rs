//! Requests as a whole, through every layer of the API: path, query, headers, body. No answer is a 5xx; every refusal is a problem with a
//! stable code and a sentence, or, at an older system's address, JSON of its own.
//!
//! An input is text as HTTP/1.1 has it: a line with method and target, lines of headers, an empty line, the body. `{job}` and `{lease}` stand
//! for a tracked job that runs.

use std::time::Duration;

use api::problems::Kind;
use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;

use crate::world::{World, visit};
use crate::{Target, log_events};

pub(crate) const TARGET: Target = Target {
    name: "requests",
    check,
    words: &[
        "GET ",
        "POST ",
        "PUT ",
        "PATCH ",
        "DELETE ",
        "/api/v1/jobs",
        "/api/v1/jobs/{job}",
        "/pause",
        "/complete",
        "/progress",
        "/output",
        "/wait",
        "/api/v1/claims",
        "/api/v1/jobs/batch",
        "/api/v1/jobs/actions",
        "/api/v1/live/poll?topic=",
        "/api/v1/live/events?topic=",
        "?status=",
        "&cursor=",
        "&limit=",
        "%7B%22tenant%22%3Atrue%7D",
        "%FF",
        "%00",
        "&after=",
        "&offset=",
        "tidings-lease: {lease}\n",
        "if-match: \"x.1\"\n",
        "prefer: wait=1\n",
        "idempotency-key: k\n",
        "\n\n",
        "{\"task\":\"app\",\"mode\":\"tracked\"}",
        "\"tags\":[\"a\"]",
        "\"runAt\":\"2026-12-01T00:00:00Z\"",
        "\"priority\":101",
        "\"leaseMs\":1000",
        "\"input\":",
        "\"percentage\":1e308",
        "\"acknowledge\":1",
        "18446744073709551615",
        "-1",
        "null",
        "\\u0000",
        "\\ud83d",
        "1e999",
    ],
};

/// How long an answer may be on its way, on a clock that jumps over waits.
const LONGEST: Duration = Duration::from_secs(120);
/// Bytes of a request's target, as servers take them.
const TARGET_BYTES: usize = 60_000;

fn check(input: &[u8]) {
    visit(async |world| {
        let (id, lease) = tracked(world).await;
        let filled = fill(&fill(input, b"{job}", id.as_bytes()), b"{lease}", lease.as_bytes());
        if let Some(request) = read(&filled) {
            ask(world, request).await;
        }
        check_log(world).await;
    });
}

/// A tracked job of this input's own.
async fn tracked(world: &World) -> (String, String) {
    let body = "{\"task\":\"app\",\"mode\":\"tracked\",\"tags\":[\"a\"]}";
    let request = Request::post("/api/v1/jobs").header("host", "127.0.0.1:8430").header("content-type", "application/json");
    let answer = world.app.clone().oneshot(request.body(Body::from(body)).expect("a request")).await.expect("an answer");
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    let job: Value = serde_json::from_slice(&bytes).expect("JSON");
    (job["id"].as_str().expect("an id").to_owned(), job["lease"]["token"].as_str().expect("a lease").to_owned())
}

fn fill(text: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(name.len()).position(|part| part == name) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(value);
        rest = &rest[at + name.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// `None` where the HTTP library would refuse it before us.
fn read(input: &[u8]) -> Option<Request<Body>> {
    let end = input.windows(2).position(|part| part == b"\n\n");
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 2..]));
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    if !target.starts_with('/') || target.len() > TARGET_BYTES {
        return None;
    }
    let mut request = Request::builder().method(method).uri(target).header(header::HOST, "127.0.0.1:8430");
    let mut has_type = false;
    for line in lines {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..at], line[at + 1..].trim_ascii());
        let is_ours = name.eq_ignore_ascii_case(b"host") || name.eq_ignore_ascii_case(b"content-length");
        has_type |= name.eq_ignore_ascii_case(b"content-type");
        if !is_ours {
            request = request.header(name, value);
        }
    }
    if !has_type && !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    request.body(Body::from(body.to_vec())).ok()
}

async fn ask(world: &World, request: Request<Body>) {
    let told = format!("{} {}", request.method(), request.uri());
    let Ok(answer) = tokio::time::timeout(LONGEST, world.app.clone().oneshot(request)).await else {
        panic!("{told}: no answer");
    };
    let (parts, body) = answer.expect("the router never fails").into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    assert!(!parts.status.is_server_error(), "{told}: {}", parts.status);
    if kind == "text/event-stream" {
        return;
    }
    let bytes = tokio::time::timeout(LONGEST, axum::body::to_bytes(body, usize::MAX))
        .await
        .expect("a body that ends")
        .expect("a whole body");
    if parts.status.is_client_error() && kind == "application/problem+json" {
        let problem: Value = serde_json::from_slice(&bytes).expect("a problem is JSON");
        let known = Kind::ALL.iter().find(|known| Some(known.code()) == problem["code"].as_str());
        assert_eq!(known.map(|known| known.status()), Some(parts.status.as_u16()), "{told}: {problem}");
        let words = problem["detail"].as_str().unwrap_or_default();
        assert!(words.len() > 10 && words.len() < 1_500, "{told}: a refusal is a sentence: {problem}");
    } else if parts.status.is_client_error() && kind == "application/json" {
        // An older system's shape.
        let refusal: Value = serde_json::from_slice(&bytes).expect("a refusal is JSON");
        assert!(refusal.as_object().is_some_and(|refusal| !refusal.is_empty()), "{told}: {refusal}");
    } else if parts.status.is_client_error() {
        // A page of the dashboard that is not there, or a validator that still holds.
        assert_eq!(parts.status, StatusCode::NOT_FOUND, "{told}: {} as {kind}", parts.status);
    } else if kind == "application/json" {
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{told}: {error}"));
        assert!(value.is_object(), "{told}");
    }
}

/// Whatever the request did is in the log as it would be read from a disk.
async fn check_log(world: &mut World) {
    let events = world.store.events(world.seen, 1_000).await.expect("the log can be read");
    for event in &events {
        log_events::check_ours(event);
        world.seen = event.place;
    }
}
