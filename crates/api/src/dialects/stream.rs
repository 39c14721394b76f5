//! The event stream of a dialect. The caller is known before it begins.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialects::dialect::{Heard, Stream};
use domain::Topic;
use domain::access::Scope;
use gateway::Edge;
use http::{StatusCode, header};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::readings::Readings;
use super::session::Driver;
use super::steps::job_id;
use crate::access::{Address, Caller, LiveCaller};
use crate::answers::put;
use crate::context::Context;
use crate::live::sse::event_stream;
use crate::problems::ApiProblem;

/// The app's own origin forwards these streams, and frameworks compress what they forward: a compressed stream waits for more to compress.
const UNCHANGED: &str = "no-store, no-transform";

pub(super) async fn answer(
    context: &Context,
    caller: Caller,
    address: Address,
    stream: Stream,
    readings: Arc<Readings>,
) -> Result<Response, ApiProblem> {
    let caller = LiveCaller { known: caller.0, topics: Vec::new(), set_cookie: None };
    caller.known.require(Scope::JobsRead)?;
    if let Some((id, position)) = &stream.held {
        let topics = [Topic::Job(job_id(id)?)];
        if context.hub.is_over(&caller.known.principal, &topics, Some(position)).await {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let (connection, rights) = crate::live::open(context, &caller, address, Edge::Stream)?;
    let driver = Driver::new(context.clone(), connection, rights, stream.session, readings);
    let source = Source { driver, is_opened: false, _tracked: context.tasks.token() };
    let body = Body::from_stream(futures::stream::unfold(source, |mut source| async move {
        let bytes = source.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(bytes), source))
    }));
    let mut response = event_stream(body);
    put(&mut response, header::CACHE_CONTROL, UNCHANGED);
    Ok(response)
}

/// What a stream is read from.
struct Source {
    driver: Driver,
    is_opened: bool,
    _tracked: TaskTrackerToken,
}

impl Source {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.driver.end().is_some() {
                return None;
            }
            let said = match std::mem::replace(&mut self.is_opened, true) {
                false => self.driver.hear(Heard::Opened).await,
                true => {
                    let happened = self.driver.happens().await;
                    self.driver.take(happened).await
                }
            };
            if !said.is_empty() {
                return Some(Bytes::from(said.concat()));
            }
        }
    }
}
