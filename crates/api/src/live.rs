//! The live edges: WebSocket, SSE and long poll over one hub. They move bytes between a socket and a gateway connection, and know
//! nothing of topics, positions or jobs. `docs/protocol.md` says what is sent.

mod after;
pub mod authenticator;
pub mod poll;
pub mod sse;
pub mod websocket;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use domain::Topic;
use gateway::{AuthRefusal, Connection, Edge, Peer};
use wire::close::Close;

use self::after::After;
use self::authenticator::ConnectionRights;
use crate::access::{Address, LiveCaller};
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};
use crate::queries::Pairs;

/// Topics of one stream or poll.
const TOPICS: usize = 20;

/// Takes `topic=…` out of a query, as meant for this caller.
fn topics(pairs: &mut Pairs, caller: &LiveCaller) -> Result<Vec<Topic>, ApiProblem> {
    let texts = pairs.all("topic");
    if texts.is_empty() || texts.len() > TOPICS {
        let problem = format!("{} are given, 1 to {TOPICS} are allowed", texts.len());
        return Err(ApiProblem::invalid("topic", problem).limit(TOPICS as u64));
    }
    let mut topics = Vec::with_capacity(texts.len());
    for text in &texts {
        let value = serde_json::from_str(text)
            .map_err(|_| ApiProblem::invalid("topic", "must be JSON, for example {\"owner\":\"me\"}, percent-encoded"))?;
        let topic = wire::convert::topic_in(&value).map_err(|why| ApiProblem::invalid("topic", why))?;
        let topic = caller.known.resolve(topic);
        caller.check(&topic)?;
        topics.push(topic);
    }
    Ok(topics)
}

/// A connection that was not let in, or closed before it could answer, as a problem.
fn refusal(refusal: AuthRefusal) -> ApiProblem {
    let kind = match refusal.close {
        Close::TooManyConnections => Kind::TooManyConnections,
        Close::TokenExpired => Kind::TokenExpired,
        Close::Unauthenticated | Close::IdentityChanged | Close::AuthTimeout => Kind::Unauthenticated,
        Close::ForbiddenOrigin => Kind::ForbiddenOrigin,
        Close::BadFrame => Kind::Invalid,
        Close::GoingAway | Close::Done => Kind::ShuttingDown,
        Close::LogReplaced | Close::Overloaded | Close::TooSlow => Kind::Unavailable,
    };
    let mut problem = ApiProblem::new(kind, format!("{}.", refusal.message.trim_end_matches('.')));
    if let Some(limit) = refusal.limit {
        problem = problem.limit(limit);
    }
    if kind.status() == 503 || kind.status() == 429 { problem.retry_after(2) } else { problem }
}

fn closed(close: Close) -> AuthRefusal {
    AuthRefusal::new(close, format!("The server ended it: {}.", close.as_str()))
}

/// Opens a connection for a caller that is known already, with what looks after its rights.
pub(crate) fn open(
    context: &Context,
    caller: &LiveCaller,
    address: Address,
    edge: Edge,
) -> Result<(Connection, Arc<ConnectionRights>), ApiProblem> {
    let rights = ConnectionRights::of(context, address, &caller.known);
    let peer = Peer { edge, authenticator: rights.clone(), principal: Some(caller.known.for_connection()) };
    let connection = context.hub.open(peer).map_err(refusal)?;
    // Rights that were withdrawn since they were looked at: the hub was told before it knew this connection.
    match context.access.stands(&caller.known) {
        true => Ok((connection, rights)),
        false => Err(refusal(closed(Close::TokenExpired))),
    }
}

/// Follows topics, each from where it goes on; their ids are their places, from 1.
fn follow(connection: &Connection, topics: Vec<Topic>, after: &After) {
    for ((id, topic), after) in (1u32..).zip(topics).zip(after.of_topics()) {
        connection.subscribe(id, topic, after);
    }
}

/// Puts the cookie of a redeemed ticket into an answer.
fn with_cookie(answer: impl IntoResponse, caller: &LiveCaller) -> Response {
    let mut response = answer.into_response();
    if let Some(cookie) = &caller.set_cookie {
        response.headers_mut().append(http::header::SET_COOKIE, cookie.clone());
    }
    response
}
