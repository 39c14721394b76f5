//! Changes to a job's description, and its removal.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use wire::body::PatchJob;
use wire::problem::Problem;
use wire::record::JobRecord;

use super::JobPath;
use super::change::Change;
use crate::access::Caller;
use crate::answers::{Answer, no_content};
use crate::body::JsonBody;
use crate::conditions::conditions;
use crate::context::Context;

/// Change title, link, tags, priority, metadata or due time.
#[utoipa::path(
    patch, path = "/jobs/{id}", operation_id = "patchJob", tag = "jobs", request_body = PatchJob,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "ETag of what you decided on")),
    responses(
        (status = 200, description = "The job as it is now", body = JobRecord),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn patch(change: Change<JsonBody<PatchJob>>) -> Answer {
    let job = change.context.engine.patch(&change.caller.0, change.id, &change.body.value, &change.conditions()?).await?;
    change.show(StatusCode::OK, &job).await
}

/// Delete an ended job with its output.
#[utoipa::path(
    delete, path = "/jobs/{id}", operation_id = "deleteJob", tag = "jobs",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "ETag of what you decided on")),
    responses(
        (status = 204, description = "Gone"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(State(context): State<Context>, caller: Caller, JobPath(id): JobPath, headers: HeaderMap) -> Answer {
    let epoch = context.epoch();
    let conditions = conditions(&headers, &epoch, "", &[])?;
    // A delete that is said twice finds nothing the second time: a key would add nothing.
    let conditions = engine::Conditions { key: None, ..conditions };
    context.engine.delete(&caller.0, id, &conditions).await?;
    Ok(no_content())
}
