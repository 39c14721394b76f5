//! Counts and tasks.

use axum::extract::State;
use domain::access::Scope;
use wire::body::TaskList;
use wire::problem::Problem;
use wire::record::Stats;

use crate::access::Caller;
use crate::answers::{Answer, json};
use crate::context::Context;

/// Count jobs by status, of what the caller may see.
#[utoipa::path(
    get, path = "/stats", operation_id = "readStats", tag = "overview",
    responses(
        (status = 200, description = "Counts", body = Stats),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn stats(State(context): State<Context>, caller: Caller) -> Answer {
    let counts = context.engine.stats(&caller.0).await?;
    Ok(json(&wire::convert::stats_out(&counts)))
}

/// List the tasks that can be started, with the counts of what the caller may see.
#[utoipa::path(
    get, path = "/tasks", operation_id = "listTasks", tag = "overview",
    responses(
        (status = 200, description = "Tasks", body = TaskList),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn tasks(State(context): State<Context>, caller: Caller) -> Answer {
    caller.0.require(Scope::JobsRead)?;
    let tasks = context.engine.tasks_with_schemas(&caller.0.view()).await.map_err(engine::Error::from)?;
    Ok(json(&TaskList { tasks }))
}
