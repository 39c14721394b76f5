//! The long-poll edge: one request, one answer.

use std::pin::pin;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use domain::access::Scope;
use gateway::{Edge, Polled};
use http::{StatusCode, Uri};
use utoipa::ToSchema;
use wire::close::Close;
use wire::frame::ServerFrame;
use wire::problem::Problem;

use super::after::After;
use super::{closed, follow, open, refusal, topics, with_cookie};
use crate::access::{Address, LiveCaller};
use crate::answers::{Answer, json_text};
use crate::conditions::WAIT_SECONDS;
use crate::context::Context;
use crate::problems::ApiProblem;
use crate::queries::Pairs;

/// Wait unless told, in seconds.
const USUAL_WAIT: u64 = 25;

/// What a long poll answers.
#[derive(serde::Serialize, ToSchema)]
pub struct PollAnswer {
    /// Give it back as `after`.
    pub position: String,
    /// The frames hold the whole state of a topic: replace yours. Its `live` frame, with `resumed` false, names which.
    pub reset: bool,
    pub frames: Vec<ServerFrame>,
}

/// Follow topics by asking again and again.
#[utoipa::path(
    get, path = "/live/poll", operation_id = "livePoll", tag = "live",
    params(
        ("topic" = Vec<String>, Query, description = "A topic as JSON; 1 to 20 times"),
        (
            "after" = Option<Vec<String>>, Query,
            description = "Position of the answer before. Once: for all topics. As often as `topic`: for each in order, empty where one begins anew; for an output topic it is `attempt:offset`",
        ),
        ("outputAfter" = Option<String>, Query, description = "Where output topics without an `after` of their own go on: attempt:offset"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for something, at most 55; 25 unless told"),
    ),
    responses(
        (status = 200, description = "What happened", body = PollAnswer),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn poll(State(context): State<Context>, caller: LiveCaller, address: Address, uri: Uri) -> Answer {
    caller.known.require(Scope::JobsRead)?;
    let mut pairs = Pairs::of(&uri)?;
    let topics = topics(&mut pairs, &caller)?;
    let after = After::take(&mut pairs, &topics, None)?;
    let wait = pairs.number("wait")?.unwrap_or(USUAL_WAIT);
    if wait > WAIT_SECONDS {
        return Err(ApiProblem::invalid("wait", format!("{wait} seconds, at most {WAIT_SECONDS} are allowed")).limit(WAIT_SECONDS));
    }
    pairs.all("ticket");
    pairs.finish(&["topic", "after", "outputAfter", "wait"])?;

    let (connection, rights) = open(&context, &caller, address, Edge::Wait)?;
    let oldest = after.oldest(&topics);
    follow(&connection, topics, &after);
    let mut polling = pin!(connection.poll(Duration::from_secs(wait)));
    let mut stopping = pin!(stopping(&context, oldest));
    let polled = loop {
        tokio::select! {
            biased;
            polled = polling.as_mut() => break polled,
            // Whoever only waits for more is sent off at once, to ask again where it stands.
            position = stopping.as_mut() => {
                let nothing = Polled { position, reset: false, frames: Vec::new() };
                return Ok(with_cookie(answer(&nothing), &caller));
            }
            () = context.shutdown.cancelled() => break Err(Close::GoingAway),
            news = rights.news() => rights.apply(news, &connection).await,
        }
    };
    let polled = polled.map_err(|close| refusal(closed(close)))?;
    Ok(with_cookie(answer(&polled), &caller))
}

/// Waits for the server to drain; for a caller with a topic that begins anew, for ever.
async fn stopping(context: &Context, after: Option<String>) -> String {
    context.draining.cancelled().await;
    match after {
        Some(after) => after,
        None => std::future::pending().await,
    }
}

fn answer(polled: &Polled) -> Response {
    let mut text =
        format!("{{\"position\":{},\"reset\":{},\"frames\":[", wire::convert::to_json(&polled.position), polled.reset).into_bytes();
    for (index, frame) in polled.frames.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        text.extend_from_slice(frame.json());
    }
    text.extend_from_slice(b"]}");
    json_text(StatusCode::OK, String::from_utf8_lossy(&text).into_owned())
}
