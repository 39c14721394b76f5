//! Making jobs.

use axum::extract::State;
use axum::response::Response;
use domain::access::Scope;
use domain::{Job, Json};
use engine::Made;
use http::{HeaderMap, StatusCode, header};
use wire::body::{BatchMade, Submit, SubmitBatch};
use wire::convert::Payloads;
use wire::problem::Problem;
use wire::record::JobRecord;

use crate::access::Caller;
use crate::answers::{Answer, json_text, put};
use crate::body::{BATCH_BYTES, JsonBody};
use crate::conditions::{IDEMPOTENCY_REPLAYED, PREFERENCE_APPLIED, Preference, conditions, etag};
use crate::context::Context;
use crate::problems::ApiProblem;

/// Make a job.
///
/// With `Prefer: wait=N` (at most 55 seconds) the answer waits for the end: 201 with the ended job, or 202 when it is not over by then.
/// With `Prefer: respond-async` the answer is 202 at once. A repeated `Idempotency-Key` is answered 200 with the job of the first time.
#[utoipa::path(
    post, path = "/jobs", operation_id = "submitJob", tag = "jobs", request_body = Submit,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; kept for 24 h"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`, `respond-async`"),
    ),
    responses(
        (status = 201, description = "Made", body = JobRecord),
        (status = 200, description = "Made by the same request before", body = JobRecord),
        (status = 202, description = "Made, and not over yet", body = JobRecord),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn submit(State(context): State<Context>, caller: Caller, headers: HeaderMap, body: JsonBody<Submit>) -> Answer {
    let epoch = context.epoch();
    let preference = Preference::read(&headers);
    if matches!(preference, Preference::Wait(_)) {
        caller.0.require(Scope::JobsRead)?;
    }
    let conditions = conditions(&headers, &epoch, "POST /jobs", &body.bytes)?;
    let made = context.engine.submit(&caller.0, std::slice::from_ref(&body.value), &conditions).await?;
    let made = made.into_iter().next().ok_or_else(ApiProblem::no_job)?;
    let input = body.value.input.as_ref().map(|input| Json::from_valid(input.get()));
    answer_made(&context, &caller, made, input, preference).await
}

/// Answers a job that was made, in the way that is preferred.
pub(super) async fn answer_made(
    context: &Context,
    caller: &Caller,
    made: Made,
    input: Option<Json>,
    preference: Preference,
) -> Answer {
    let done = if made.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let id = made.job.id;
    let (status, job, payloads) = match preference {
        Preference::Wait(longest) => {
            let waited = tokio::select! {
                job = context.engine.wait_for_end(&caller.0, id, longest) => Some(job?),
                () = context.draining.cancelled() => None,
            };
            let (job, payloads) = context.engine.whole_job(&caller.0, id).await?;
            let is_over = waited.is_some_and(|job| job.status.is_end());
            (if is_over { done } else { StatusCode::ACCEPTED }, job, payloads)
        }
        _ => {
            let status = if preference == Preference::Async { StatusCode::ACCEPTED } else { done };
            let payloads = match made.is_new {
                true => Payloads { input, ..Payloads::default() },
                false => context.engine.store().payloads(id).await.map_err(engine::Error::from)?,
            };
            (status, (*made.job).clone(), payloads)
        }
    };
    let mut response = job_response(context, status, &job, &payloads, made.lease.as_ref());
    put(&mut response, header::LOCATION, &format!("/api/v1/jobs/{id}"));
    if !made.is_new {
        put(&mut response, IDEMPOTENCY_REPLAYED, "true");
    }
    if let Some(applied) = preference.applied() {
        put(&mut response, PREFERENCE_APPLIED, &applied);
    }
    Ok(response)
}

/// A whole job with its validator.
pub(super) fn job_response(
    context: &Context,
    status: StatusCode,
    job: &Job,
    payloads: &Payloads,
    lease: Option<&wire::record::Lease>,
) -> Response {
    let mut response = json_text(status, wire::convert::record_json(job, payloads, lease));
    put(&mut response, header::ETAG, &etag(&context.epoch(), job));
    response
}

/// Make several jobs, all or none.
#[utoipa::path(
    post, path = "/jobs/batch", operation_id = "submitBatch", tag = "jobs", request_body = SubmitBatch,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; kept for 24 h")),
    responses(
        (status = 201, description = "Made", body = BatchMade),
        (status = 200, description = "Made by the same request before", body = BatchMade),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn submit_batch(
    State(context): State<Context>,
    caller: Caller,
    headers: HeaderMap,
    body: JsonBody<SubmitBatch, BATCH_BYTES>,
) -> Answer {
    let epoch = context.epoch();
    let conditions = conditions(&headers, &epoch, "POST /jobs/batch", &body.bytes)?;
    let made = context.engine.submit(&caller.0, &body.value.jobs, &conditions).await?;
    let is_new = made.iter().all(|made| made.is_new);
    let jobs: Vec<String> = made.iter().map(summary_with_lease).collect();
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = json_text(status, format!("{{\"jobs\":[{}]}}", jobs.join(",")));
    if !is_new {
        put(&mut response, IDEMPOTENCY_REPLAYED, "true");
    }
    Ok(response)
}

/// The summary; a tracked job's with its lease.
fn summary_with_lease(made: &Made) -> String {
    let mut text = wire::convert::summary_json(&made.job);
    if let Some(lease) = &made.lease {
        text.pop();
        text.push_str(",\"lease\":");
        text.push_str(&wire::convert::to_json(lease));
        text.push('}');
    }
    text
}
