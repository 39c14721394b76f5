//! A request that changes one job: who asks, of which job, under which conditions. What all such requests share is read here once.

use axum::extract::{FromRequest, FromRequestParts, Request};
use domain::{Job, JobId};
use engine::{Asked, Conditions};
use http::{HeaderMap, StatusCode};

use super::JobPath;
use super::submit::job_response;
use crate::access::Caller;
use crate::answers::Answer;
use crate::body::{JsonBody, OptionalBody};
use crate::conditions::conditions;
use crate::context::Context;
use crate::problems::ApiProblem;

/// A body that knows its bytes: an idempotency key is bound to them.
pub trait Sent: FromRequest<Context, Rejection = ApiProblem> {
    fn bytes(&self) -> &[u8];
}

impl<T: serde::de::DeserializeOwned> Sent for JsonBody<T> {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T: serde::de::DeserializeOwned + Default> Sent for OptionalBody<T> {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

pub struct Change<B> {
    pub context: Context,
    pub caller: Caller,
    pub id: JobId,
    pub headers: HeaderMap,
    pub body: B,
    epoch: domain::Text,
    /// The route of an idempotency key: method and path, the job's id included.
    route: String,
}

impl<B: Sent> FromRequest<Context> for Change<B> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, context: &Context) -> Result<Change<B>, ApiProblem> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, context).await?;
        let JobPath(id) = JobPath::from_request_parts(&mut parts, context).await?;
        let (headers, route) = (parts.headers.clone(), format!("{} {}", parts.method, parts.uri.path()));
        let body = B::from_request(Request::from_parts(parts, body), context).await?;
        Ok(Change { context: context.clone(), caller, id, headers, body, epoch: context.epoch(), route })
    }
}

impl<B: Sent> Change<B> {
    pub fn conditions(&self) -> Result<Conditions<'_>, ApiProblem> {
        conditions(&self.headers, &self.epoch, &self.route, self.body.bytes())
    }

    /// 200: it is as asked. 202: it was asked, and the wish stands in the job.
    pub async fn answer(&self, asked: &Asked) -> Answer {
        let status = match asked {
            Asked::Done(_) => StatusCode::OK,
            Asked::Wished(_) => StatusCode::ACCEPTED,
        };
        self.show(status, asked.job()).await
    }

    /// The job as it is now, whole.
    pub async fn show(&self, status: StatusCode, job: &Job) -> Answer {
        let payloads = self.context.engine.store().payloads(job.id).await.map_err(engine::Error::from)?;
        Ok(job_response(&self.context, status, job, &payloads, None))
    }
}
