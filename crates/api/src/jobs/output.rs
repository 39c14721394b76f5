//! What a job's attempts wrote.

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use engine::OUTPUT_READ_BYTES;
use http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use wire::problem::Problem;
use wire::record::OutputRange;

use super::JobPath;
use crate::access::Caller;
use crate::answers::{Answer, json, put};
use crate::conditions::WAIT_SECONDS;
use crate::context::Context;
use crate::problems::ApiProblem;
use crate::queries::Pairs;

/// Bytes of one answer, unless told.
const USUAL_BYTES: u64 = 256 * 1024;
/// How often a follower looks whether the attempt has ended, which is told by the log and not by its output.
const LOOK_EVERY: Duration = Duration::from_millis(200);

const NEXT: HeaderName = HeaderName::from_static("tidings-output-next");
const ENDED: HeaderName = HeaderName::from_static("tidings-output-ended");

/// Read a range of a job's output.
///
/// With `Accept: text/plain` the answer is the bare text; the headers `Tidings-Output-Next` and `Tidings-Output-Ended` tell where to go on.
#[utoipa::path(
    get, path = "/jobs/{id}/output", operation_id = "readOutput", tag = "jobs",
    params(
        ("id" = String, Path),
        ("attempt" = Option<u32>, Query, description = "The newest unless told"),
        ("offset" = Option<u64>, Query, description = "Byte to begin at; 0 unless told"),
        ("limit" = Option<u64>, Query, description = "Bytes, about; at most 1 MB"),
        ("follow" = Option<u32>, Query, maximum = 55, description = "Seconds to wait for output when there is none yet, at most 55"),
    ),
    responses(
        (status = 200, description = "A range", content((OutputRange = "application/json"), (String = "text/plain"))),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn output(State(context): State<Context>, caller: Caller, JobPath(id): JobPath, headers: HeaderMap, uri: Uri) -> Answer {
    let mut pairs = Pairs::of(&uri)?;
    let attempt = pairs.number("attempt")?;
    let attempt =
        attempt.map(|number| u32::try_from(number).map_err(|_| ApiProblem::invalid("attempt", "is too large"))).transpose()?;
    let offset = pairs.number("offset")?.unwrap_or(0);
    let limit = pairs.number("limit")?.unwrap_or(USUAL_BYTES).clamp(1, OUTPUT_READ_BYTES);
    let follow = pairs.number("follow")?.unwrap_or(0);
    if follow > WAIT_SECONDS {
        let problem = format!("{follow} seconds, at most {WAIT_SECONDS} are allowed");
        return Err(ApiProblem::invalid("follow", problem).limit(WAIT_SECONDS));
    }
    let follow = Duration::from_secs(follow);
    pairs.finish(&["attempt", "offset", "limit", "follow"])?;

    let deadline = tokio::time::Instant::now() + follow;
    let range = loop {
        let grown = context.engine.output_grew();
        tokio::pin!(grown);
        grown.as_mut().enable();
        let range = context.engine.output(&caller.0, id, attempt, offset, limit).await?;
        let is_over = !range.chunks.is_empty() || range.ended || range.gap.is_some();
        let now = tokio::time::Instant::now();
        if is_over || now >= deadline || context.draining.is_cancelled() {
            break range;
        }
        tokio::select! {
            () = grown => {}
            () = tokio::time::sleep_until(deadline.min(now + LOOK_EVERY)) => {}
            () = context.draining.cancelled() => {}
        }
    };
    let wants_text =
        headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.starts_with("text/plain"));
    Ok(match wants_text {
        true => plain(&range),
        false => json(&range),
    })
}

fn plain(range: &OutputRange) -> axum::response::Response {
    let text: String = range.chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (StatusCode::OK, headers, text).into_response();
    put(&mut response, NEXT, &range.next.to_string());
    put(&mut response, ENDED, if range.ended { "true" } else { "false" });
    response
}
