//! One job, and its history.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use wire::body::{AttemptList, EventList};
use wire::problem::Problem;
use wire::record::JobRecord;

use super::JobPath;
use super::submit::job_response;
use crate::access::Caller;
use crate::answers::{Answer, json};
use crate::conditions::{etag, is_known};
use crate::context::Context;
use crate::queries::Pairs;

/// Read one job, whole.
#[utoipa::path(
    get, path = "/jobs/{id}", operation_id = "readJob", tag = "jobs",
    params(("id" = String, Path), ("If-None-Match" = Option<String>, Header, description = "ETag of what you hold")),
    responses(
        (status = 200, description = "The job", body = JobRecord),
        (status = 304, description = "It is as you know it"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read(State(context): State<Context>, caller: Caller, JobPath(id): JobPath, headers: HeaderMap) -> Answer {
    if headers.contains_key(header::IF_NONE_MATCH) {
        let job = context.engine.job(&caller.0, id).await?;
        let etag = etag(&context.epoch(), &job);
        if is_known(&headers, &etag) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            if let Ok(value) = HeaderValue::from_str(&etag) {
                response.headers_mut().insert(header::ETAG, value);
            }
            return Ok(response);
        }
    }
    let (job, payloads) = context.engine.whole_job(&caller.0, id).await?;
    Ok(job_response(&context, StatusCode::OK, &job, &payloads, None))
}

/// List the attempts of a job, oldest first.
#[utoipa::path(
    get, path = "/jobs/{id}/attempts", operation_id = "listAttempts", tag = "jobs", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Its attempts", body = AttemptList),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn attempts(State(context): State<Context>, caller: Caller, JobPath(id): JobPath) -> Answer {
    let attempts = context.engine.attempts(&caller.0, id).await?;
    Ok(json(&AttemptList { attempts: attempts.iter().map(wire::convert::attempt_out).collect() }))
}

/// List what happened to a job, oldest first; at most 1,000 events.
#[utoipa::path(
    get, path = "/jobs/{id}/events", operation_id = "listEvents", tag = "jobs",
    params(("id" = String, Path), ("afterRev" = Option<u64>, Query, description = "Only events after this revision")),
    responses(
        (status = 200, description = "Its events", body = EventList),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(State(context): State<Context>, caller: Caller, JobPath(id): JobPath, uri: Uri) -> Answer {
    let mut pairs = Pairs::of(&uri)?;
    let after_rev = pairs.number("afterRev")?.unwrap_or(0);
    pairs.finish(&["afterRev"])?;
    let epoch = context.epoch();
    let events = context.engine.history(&caller.0, id, after_rev).await?;
    Ok(json(&EventList { events: events.iter().map(|event| event.record(&epoch)).collect() }))
}
