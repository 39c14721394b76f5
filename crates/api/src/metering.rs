//! The layer around every request: counts it by route and status, and turns a panic into a problem document.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::context::Context;
use crate::problems::{ApiProblem, Kind};

/// Requests by method, route pattern and status. Patterns are a closed list, so that strangers cannot make it grow.
#[derive(Default)]
pub struct RequestCounts(Mutex<BTreeMap<(&'static str, String, u16), Count>>);

#[derive(Default, Clone, Copy)]
struct Count {
    requests: u64,
    taken: Duration,
}

impl RequestCounts {
    fn add(&self, method: &'static str, route: &str, status: u16, taken: Duration) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((method, route.to_owned(), status)).or_default();
        count.requests += 1;
        count.taken += taken;
    }

    /// As Prometheus text.
    pub(crate) fn write(&self, out: &mut String) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        out.push_str("# HELP tidings_http_requests_total Requests answered.\n# TYPE tidings_http_requests_total counter\n");
        for ((method, route, status), count) in &counts {
            let _ = writeln!(
                out,
                "tidings_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {}",
                count.requests
            );
        }
        out.push_str("# HELP tidings_http_request_seconds_total Time until the head of the answer.\n");
        out.push_str("# TYPE tidings_http_request_seconds_total counter\n");
        for ((method, route, status), count) in &counts {
            let _ = writeln!(
                out,
                "tidings_http_request_seconds_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {:.6}",
                count.taken.as_secs_f64()
            );
        }
    }
}

fn known(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

pub(crate) async fn meter(State(context): State<Context>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = request.uri().path().to_owned();
    let response = guarded(&path, next.run(request)).await;
    let (status, taken) = (response.status().as_u16(), started.elapsed());
    // The path without its query, which may hold a ticket.
    tracing::debug!(method, path, status, ms = taken.as_millis() as u64, "answered");
    context.counts.add(method, route.as_ref().map_or("none", MatchedPath::as_str), status, taken);
    response
}

/// The answer, or the problem that a panic becomes.
async fn guarded(path: &str, answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|panic| defect(path, panic.as_ref()))
}

fn defect(path: &str, panic: &(dyn std::any::Any + Send)) -> Response {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(path, message, "a handler panicked");
    ApiProblem::new(Kind::Defect, "This should never happen: report it with the time. The log of the server says more.")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_as_a_defect_and_says_nothing_of_itself() {
        let response = guarded("/x", async { panic!("secret detail") }).await;
        assert_eq!(response.status(), http::StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("\"code\":\"defect\"") && !text.contains("secret"), "{text}");
    }
}
