//! Jobs for workers.

use axum::extract::State;
use domain::access::Principal;
use http::StatusCode;
use utoipa::ToSchema;
use wire::body::Claim;
use wire::problem::Problem;
use wire::record::JobRecord;

use crate::access::Caller;
use crate::answers::{Answer, json_text};
use crate::body::JsonBody;
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};

/// Jobs that were given to a worker, each with its lease.
#[derive(serde::Serialize, ToSchema)]
pub struct ClaimedJobs {
    pub jobs: Vec<JobRecord>,
}

/// A worker runs jobs of all owners: a user's own token is not enough.
fn require_worker(principal: &Principal) -> Result<(), ApiProblem> {
    let may = principal.is_service || principal.is_tenant_wide || principal.has(domain::access::Scope::Admin);
    match may {
        true => Ok(()),
        false => Err(ApiProblem::new(Kind::NotAService, "A worker runs everybody's jobs: claim with the key of a service.")),
    }
}

/// Take jobs to work on, waiting for the first.
#[utoipa::path(
    post, path = "/claims", operation_id = "claimJobs", tag = "reports", request_body = Claim,
    responses(
        (status = 200, description = "None, one or several jobs", body = ClaimedJobs),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn claim(State(context): State<Context>, caller: Caller, body: JsonBody<Claim>) -> Answer {
    caller.0.require(domain::access::Scope::JobsReport)?;
    require_worker(&caller.0)?;
    let claimed = tokio::select! {
        claimed = context.engine.claim(&caller.0, &body.value) => claimed?,
        // Whoever waits is sent off at once, so that the server can stop.
        () = context.draining.cancelled() => Vec::new(),
    };
    let mut jobs = Vec::with_capacity(claimed.len());
    for claimed in &claimed {
        let payloads = context.engine.store().payloads(claimed.job.id).await.map_err(engine::Error::from)?;
        jobs.push(wire::convert::record_json(&claimed.job, &payloads, Some(&claimed.lease)));
    }
    Ok(json_text(StatusCode::OK, format!("{{\"jobs\":[{}]}}", jobs.join(","))))
}
