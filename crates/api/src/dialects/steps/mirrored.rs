//! Steps about jobs that another system runs.

use std::sync::atomic::Ordering::Relaxed;

use dialects::dialect::{Health, Observed, WholeJob};
use domain::access::Scope;
use domain::job::Job;
use domain::request::Word;
use engine::{Conditions, Error};
use wire::body::Submit;
use wire::record::AttemptRecord;

use super::{Outcome, Run, job_id, whole_job};
use crate::conditions::conditions;

impl Run<'_> {
    pub(super) async fn mirror(&self, source: &str, body: &Submit, word: Word) -> Outcome<WholeJob> {
        let epoch = self.context.epoch();
        let conditions = conditions(&self.parts.headers, &epoch, &self.route, &self.body)?;
        let made = self.context.engine.mirror(self.known, source, body, word, &conditions).await?;
        self.whole(&made.job).await
    }

    pub(super) async fn observe(&self, id: &str, word: Word) -> Outcome<Observed> {
        let observed = self.context.engine.observe_as(self.known, job_id(id)?, word, &Conditions::default()).await?;
        Ok(Observed { job: self.whole(&observed.job).await?, is_news: observed.is_news })
    }

    async fn whole(&self, job: &Job) -> Outcome<WholeJob> {
        let payloads = self.context.engine.store().payloads(job.id).await.map_err(Error::from)?;
        Ok(whole_job(job, &payloads))
    }

    pub(super) async fn attempts(&self, id: &str, most: usize) -> Outcome<Vec<AttemptRecord>> {
        let attempts = self.context.engine.attempts(self.known, job_id(id)?).await?;
        Ok(attempts.iter().rev().take(most).map(wire::convert::attempt_out).collect())
    }

    /// For operators, as `/metrics` is.
    pub(super) fn health(&self) -> Outcome<Health> {
        if !self.context.metrics_open {
            self.known.require(Scope::Admin)?;
        }
        let sources = self.context.sources.iter().map(|ask| ask());
        Ok(Health {
            connections: self.context.hub.stats().connections.load(Relaxed) as u64,
            sources: sources.map(|source| (source.name.to_owned(), source.is_connected)).collect(),
        })
    }
}
