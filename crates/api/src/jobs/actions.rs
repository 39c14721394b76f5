//! One verb on many jobs.

use axum::extract::State;
use wire::body::{Action, ActionResult};
use wire::problem::Problem;

use crate::access::Caller;
use crate::answers::{Answer, json};
use crate::body::JsonBody;
use crate::context::Context;

/// Ask one verb of all jobs that a filter finds; with `dryRun`, only count them.
#[utoipa::path(
    post, path = "/jobs/actions", operation_id = "actOnJobs", tag = "verbs", request_body = Action,
    responses(
        (status = 200, description = "What became of each", body = ActionResult),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn act(State(context): State<Context>, caller: Caller, body: JsonBody<Action>) -> Answer {
    Ok(json(&context.engine.act(&caller.0, &body.value).await?))
}
