//! What a person or an app asks of a job. 200: it is as asked. 202: it was asked, and the wish stands in the job.

use domain::Json;
use domain::request::Ask;
use wire::body::{AnswerJob, Rerun};
use wire::problem::Problem;
use wire::record::JobRecord;

use super::change::Change;
use super::submit::answer_made;
use crate::answers::Answer;
use crate::body::{JsonBody, OptionalBody};
use crate::conditions::Preference;

/// A body that says nothing: `{}` or none.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

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
        pub async fn $name(change: Change<OptionalBody<Nothing>>) -> Answer {
            let asked = change.context.engine.ask(&change.caller.0, change.id, Ask::$ask, &change.conditions()?).await?;
            change.answer(&asked).await
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
pub async fn rerun(change: Change<OptionalBody<Rerun>>) -> Answer {
    let Change { context, caller, .. } = &change;
    let preference = Preference::read(&change.headers);
    if matches!(preference, Preference::Wait(_)) {
        caller.0.require(domain::access::Scope::JobsRead)?;
    }
    let input = change.body.value.input.as_ref().map(|input| Json::from_valid(input.get()));
    let mut made = context.engine.rerun(&caller.0, change.id, input, &change.conditions()?).await?;
    let payloads = context.engine.store().payloads(made.job.id).await.map_err(engine::Error::from)?;
    made.lease = None;
    answer_made(context, caller, made, payloads.input, preference).await
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
pub async fn answer(change: Change<JsonBody<AnswerJob>>) -> Answer {
    let value = Json::from_valid(change.body.value.value.get());
    let asked = change.context.engine.answer(&change.caller.0, change.id, value, &change.conditions()?).await?;
    change.answer(&asked).await
}
