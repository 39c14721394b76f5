//! The routes of jobs, one file for each kind of use.

pub mod actions;
mod change;
pub mod changes;
pub mod claims;
pub mod listing;
pub mod output;
pub mod reading;
pub mod reports;
pub mod submit;
pub mod verbs;

use axum::extract::{FromRequestParts, Path};
use domain::JobId;
use http::request::Parts;

use crate::problems::ApiProblem;

/// The id of a job in a path. What is no id is told as a job that does not exist.
pub struct JobPath(pub JobId);

impl<S: Send + Sync> FromRequestParts<S> for JobPath {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<JobPath, ApiProblem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.ok().and_then(|Path(id)| JobId::parse(&id)).map(JobPath).ok_or_else(ApiProblem::no_job)
    }
}
