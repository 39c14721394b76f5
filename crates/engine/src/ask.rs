//! The verbs of a person or an app, and changes to a job's description.

use std::sync::Arc;

use domain::access::Principal;
use domain::job::Job;
use domain::request::Ask;
use domain::{Answer, JobId, Json, Refusal, Request};
use wire::body::PatchJob;

use crate::bounds;
use crate::engine::{Conditions, Engine};
use crate::error::Error;

/// What came of a verb.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The job is as asked, now or already.
    Done(Arc<Job>),
    /// The wish stands in the job and waits for whoever runs it.
    Wished(Arc<Job>),
}

impl Asked {
    pub fn job(&self) -> &Arc<Job> {
        match self {
            Asked::Done(job) | Asked::Wished(job) => job,
        }
    }
}

impl Engine {
    pub async fn ask(&self, principal: &Principal, id: JobId, what: Ask, conditions: &Conditions<'_>) -> Result<Asked, Error> {
        let job = self.controllable(principal, id).await?;
        let asked = self.asked_of(principal, &job, conditions)?;
        let answer = self.commit(Request::Ask { tenant: job.tenant, id, what, asked }).await?;
        self.asked_answer(answer).await
    }

    /// Brings a waiting job what it waits for.
    pub async fn answer(&self, principal: &Principal, id: JobId, value: Json, conditions: &Conditions<'_>) -> Result<Asked, Error> {
        let job = self.controllable(principal, id).await?;
        let asked = self.asked_of(principal, &job, conditions)?;
        let answer = self.commit(Request::Answer { tenant: job.tenant, id, value, asked }).await?;
        self.asked_answer(answer).await
    }

    pub async fn patch(
        &self,
        principal: &Principal,
        id: JobId,
        body: &PatchJob,
        conditions: &Conditions<'_>,
    ) -> Result<Arc<Job>, Error> {
        let job = self.controllable(principal, id).await?;
        let patch = bounds::patch(body)?;
        let asked = self.asked_of(principal, &job, conditions)?;
        let answer = self.commit(Request::Patch { tenant: job.tenant, id, patch, asked }).await?;
        Ok(self.asked_answer(answer).await?.job().clone())
    }

    /// Removes an ended job with its output.
    pub async fn delete(&self, principal: &Principal, id: JobId, conditions: &Conditions<'_>) -> Result<(), Error> {
        let job = self.controllable(principal, id).await?;
        let asked = self.asked(principal, &job.owner, conditions)?;
        self.commit(Request::Delete { tenant: job.tenant, id, asked }).await?;
        self.output.remove(id).await?;
        Ok(())
    }

    async fn asked_answer(&self, answer: Answer) -> Result<Asked, Error> {
        match answer {
            Answer::Wished(job) => Ok(Asked::Wished(job)),
            Answer::Changed(job) | Answer::Unchanged(job) => Ok(Asked::Done(job)),
            Answer::Replayed(ids) => {
                let job = self.store.jobs(&ids).await?.into_iter().next();
                job.map(|job| Asked::Done(Arc::new(job))).ok_or(Error::Refused(Refusal::NotFound))
            }
            _ => Err(Error::Refused(Refusal::NotFound)),
        }
    }
}
