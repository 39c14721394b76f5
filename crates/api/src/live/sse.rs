//! The SSE edge (HTML standard, section 9.2). It has authenticated before it opens a connection.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::Topic;
use domain::access::Scope;
use gateway::{Connection, Edge, Frame, Hub};
use http::{HeaderMap, StatusCode, Uri, header};
use wire::close::Close;
use wire::frame::ServerFrame;
use wire::problem::Problem;

use super::after::After;
use super::authenticator::ConnectionRights;
use super::{follow, open, topics, with_cookie};
use crate::access::{Address, LiveCaller};
use crate::answers::Answer;
use crate::context::Context;
use crate::jobs::JobPath;
use crate::queries::Pairs;

/// What an `EventSource` waits before it connects again, in milliseconds.
const RETRY_MS: u64 = 2_000;

/// Follow topics as Server-Sent Events.
#[utoipa::path(
    get, path = "/live/events", operation_id = "liveEvents", tag = "live",
    params(
        ("topic" = Vec<String>, Query, description = "A topic as JSON; 1 to 20 times"),
        (
            "after" = Option<Vec<String>>, Query,
            description = "Position to resume from. Once: for all topics. As often as `topic`: for each in order, empty where one begins anew; for an output topic it is `attempt:offset`",
        ),
        ("outputAfter" = Option<String>, Query, description = "Where output topics without an `after` of their own go on: attempt:offset"),
        ("ticket" = Option<String>, Query, description = "From `POST /tickets`, for a browser's `EventSource`"),
        ("Last-Event-ID" = Option<String>, Header, description = "Position to resume from; wins over `after`"),
    ),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "All topics are jobs that ended and were sent: nothing will come"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(State(context): State<Context>, caller: LiveCaller, address: Address, uri: Uri, headers: HeaderMap) -> Answer {
    caller.known.require(Scope::JobsRead)?;
    let mut pairs = Pairs::of(&uri)?;
    let topics = topics(&mut pairs, &caller)?;
    let after = After::take(&mut pairs, &topics, last_event_id(&headers))?;
    pairs.all("ticket");
    pairs.finish(&["topic", "after", "outputAfter", "ticket"])?;
    stream(&context, caller, address, topics, after).await
}

/// Follow one job as Server-Sent Events.
#[utoipa::path(
    get, path = "/jobs/{id}/live", operation_id = "liveJob", tag = "live",
    params(
        ("id" = String, Path),
        ("after" = Option<String>, Query, description = "Position to resume from"),
        ("ticket" = Option<String>, Query, description = "From `POST /tickets`, for a browser's `EventSource`"),
        ("Last-Event-ID" = Option<String>, Header, description = "Position to resume from; wins over `after`"),
    ),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "It ended and was sent: nothing will come"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn job(
    State(context): State<Context>,
    caller: LiveCaller,
    address: Address,
    JobPath(id): JobPath,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    context.engine.job(&caller.known, id).await?;
    let mut pairs = Pairs::of(&uri)?;
    let topics = vec![Topic::Job(id)];
    caller.check(&topics[0])?;
    let after = After::take(&mut pairs, &topics, last_event_id(&headers))?;
    pairs.all("ticket");
    pairs.finish(&["after", "ticket"])?;
    stream(&context, caller, address, topics, after).await
}

fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|id| !id.is_empty())
}

async fn stream(context: &Context, caller: LiveCaller, address: Address, topics: Vec<Topic>, after: After) -> Answer {
    if is_over(context, &caller, &topics, &after).await {
        return Ok(with_cookie(StatusCode::NO_CONTENT, &caller));
    }
    let (connection, rights) = open(context, &caller, address, Edge::Stream)?;
    follow(&connection, topics, &after);
    let source = Source { context: context.clone(), connection, rights, is_done: false, _tracked: context.tasks.token() };
    let body = Body::from_stream(futures::stream::unfold(source, |mut source| async move {
        let bytes = source.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(bytes), source))
    }));
    Ok(with_cookie(event_stream(body), &caller))
}

/// Whether all topics are jobs that ended, and each was sent.
async fn is_over(context: &Context, caller: &LiveCaller, topics: &[Topic], after: &After) -> bool {
    for (topic, after) in topics.iter().zip(after.of_topics()) {
        if !context.hub.is_over(&caller.known.principal, std::slice::from_ref(topic), after).await {
            return false;
        }
    }
    true
}

pub(crate) fn event_stream(body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    response
}

/// What a stream is read from.
struct Source {
    context: Context,
    connection: Connection,
    rights: Arc<ConnectionRights>,
    /// The last bytes were given out.
    is_done: bool,
    _tracked: tokio_util::task::task_tracker::TaskTrackerToken,
}

impl Source {
    /// The next events as bytes; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_done {
            return None;
        }
        let taken = loop {
            tokio::select! {
                taken = self.connection.next() => break taken,
                () = self.context.shutdown.cancelled() => break Err(Close::GoingAway),
                news = self.rights.news() => self.rights.apply(news, &self.connection).await,
            }
        };
        let mut out = Vec::new();
        match taken {
            Ok(frames) => {
                for frame in &frames {
                    put_frame(&mut out, &self.context.hub, frame);
                }
                self.is_done = self.connection.is_over();
            }
            Err(close) => {
                self.is_done = true;
                // Who was told `goingAway` knows all there is to know.
                if !matches!(close, Close::Done | Close::GoingAway) {
                    let message = "the server ended the stream";
                    let last = ServerFrame::Error { code: close.as_str().into(), message: message.to_owned(), id: None };
                    put_event(&mut out, "error", None, last.to_json().as_bytes());
                }
            }
        }
        Some(Bytes::from(out))
    }
}

fn put_frame(out: &mut Vec<u8>, hub: &Hub, frame: &Frame) {
    match frame.kind {
        "hello" => out.extend_from_slice(format!("retry: {RETRY_MS}\n").as_bytes()),
        "goingAway" => {
            if let Ok(ServerFrame::GoingAway { retry_in_ms }) = serde_json::from_slice(frame.json()) {
                out.extend_from_slice(format!("retry: {retry_in_ms}\n").as_bytes());
            }
        }
        // A proxy that strips unknown events still sees that the stream lives.
        "heartbeat" => out.extend_from_slice(b": heartbeat\n"),
        _ => {}
    }
    let position = frame.place().map(|place| hub.position(place));
    put_event(out, frame.kind, position.as_deref(), frame.json());
}

fn put_event(out: &mut Vec<u8>, kind: &str, position: Option<&str>, json: &[u8]) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    if let Some(position) = position {
        out.extend_from_slice(b"\nid: ");
        out.extend_from_slice(position.as_bytes());
    }
    for line in json.split(|byte| *byte == b'\n' || *byte == b'\r') {
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_as_the_standard_wants_it() {
        let mut out = Vec::new();
        put_event(&mut out, "update", Some("k3-7"), b"{\"a\":\n1}");
        assert_eq!(String::from_utf8_lossy(&out), "event: update\nid: k3-7\ndata: {\"a\":\ndata: 1}\n\n");
    }
}
