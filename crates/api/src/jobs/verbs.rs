//! What a person or an app asks of a job. 200: it is as asked. 202: it was asked, and the wish stands in the job.

use axum::extract::State;
use domain::request::Ask;
use domain::{JobId, Json};
use engine::Asked;
use http::{HeaderMap, Method, StatusCode, Uri};
use wire::body::{AnswerJob, Rerun};
use wire::problem::Problem;
use wire::record::JobRecord;

use super::JobPath;
use super::changes::route;
use super::submit::{answer_made, job_response};
use crate::access::Caller;
use crate::answers::Answer;
use crate::body::{JsonBody, OptionalBody};
use crate::conditions::{Preference, conditions};
use crate::context::Context;

/// A body that says nothing: `{}` or none.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What every verb is told beside its name.
struct Told<'a> {
    id: JobId,
    headers: &'a HeaderMap,
    route: String,
    body: &'a [u8],
}

async fn ask(context: &Context, caller: &Caller, what: Ask, told: Told<'_>) -> Answer {
    let epoch = context.epoch();
    let conditions = conditions(told.headers, &epoch, &told.route, told.body)?;
    let asked = context.engine.ask(&caller.0, told.id, what, &conditions).await?;
    answer_asked(context, &asked).await
}

async fn answer_asked(context: &Context, asked: &Asked) -> Answer {
    let job = asked.job();
    let payloads = context.engine.store().payloads(job.id).await.map_err(engine::Error::from)?;
    let status = match asked {
        Asked::Done(_) => StatusCode::OK,
        Asked::Wished(_) => StatusCode::ACCEPTED,
    };
    Ok(job_response(context, status, job, &payloads, None))
}

macro_rules! verbs {
    ($($(#[$meta:meta])* $name:ident $operation:literal $path:literal $ask:ident),+ $(,)?) => { $(
        $(#[$meta])*
        #[utoipa::path(
            post, path = $path, operation_id = $operation, tag = "verbs",
            params(
                ("id" = String, Path),
                ("If-Match" = Option<String>, Header, description = "ETag of what you decided on"),
                ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; kept for 24 h"),
            ),
            responses(
                (status = 200, description = "It is as asked", body = JobRecord),
                (status = 202, description = "It was asked; the wish stands in the job", body = JobRecord),
                (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub async fn $name(
            State(context): State<Context>,
            caller: Caller,
            JobPath(id): JobPath,
            method: Method,
            uri: Uri,
            headers: HeaderMap,
            body: OptionalBody<Nothing>,
        ) -> Answer {
            let told = Told { id, headers: &headers, route: route(&method, &uri), body: &body.bytes };
            ask(&context, &caller, Ask::$ask, told).await
        }
    )+ };
}

verbs! {
    /// Pause: at the next safe point, or before the start.
    pause "pauseJob" "/jobs/{id}/pause" Pause,
    /// Go on after a pause.
    resume "resumeJob" "/jobs/{id}/resume" Resume,
    /// Stop for good: asked first, enforced after the grace period.
    abort "abortJob" "/jobs/{id}/abort" Abort,
    /// Stop for good, at once.
    kill "killJob" "/jobs/{id}/kill" Kill,
    /// Run an ended job again, or a retrying one at once.
    retry "retryJob" "/jobs/{id}/retry" Retry,
    /// Start now what is due later.
    run_now "runJobNow" "/jobs/{id}/run-now" RunNow,
}

/// Make a new job of the same task, with the same input or another.
#[utoipa::path(
    post, path = "/jobs/{id}/rerun", operation_id = "rerunJob", tag = "verbs", request_body = Option<Rerun>,
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; kept for 24 h"),
        ("Prefer" = Option<String>, Header, description = "`wait=N`, `respond-async`"),
    ),
    responses(
        (status = 201, description = "The new job", body = JobRecord),
        (status = 200, description = "Made by the same request before", body = JobRecord),
        (status = 202, description = "Made, and not over yet", body = JobRecord),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn rerun(
    State(context): State<Context>,
    caller: Caller,
    JobPath(id): JobPath,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: OptionalBody<Rerun>,
) -> Answer {
    let (epoch, route) = (context.epoch(), route(&method, &uri));
    let preference = Preference::read(&headers);
    if matches!(preference, Preference::Wait(_)) {
        caller.0.require(domain::access::Scope::JobsRead)?;
    }
    let conditions = conditions(&headers, &epoch, &route, &body.bytes)?;
    let input = body.value.input.map(|input| Json::from_valid(input.get()));
    let mut made = context.engine.rerun(&caller.0, id, input, &conditions).await?;
    let payloads = context.engine.store().payloads(made.job.id).await.map_err(engine::Error::from)?;
    made.lease = None;
    answer_made(&context, &caller, made, payloads.input, preference).await
}

/// Bring a waiting job what it waits for.
#[utoipa::path(
    post, path = "/jobs/{id}/answer", operation_id = "answerJob", tag = "verbs", request_body = AnswerJob,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 bytes; kept for 24 h")),
    responses(
        (status = 200, description = "It goes on", body = JobRecord),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn answer(
    State(context): State<Context>,
    caller: Caller,
    JobPath(id): JobPath,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: JsonBody<AnswerJob>,
) -> Answer {
    let (epoch, route) = (context.epoch(), route(&method, &uri));
    let conditions = conditions(&headers, &epoch, &route, &body.bytes)?;
    let value = Json::from_valid(body.value.value.get());
    let asked = context.engine.answer(&caller.0, id, value, &conditions).await?;
    answer_asked(&context, &asked).await
}
