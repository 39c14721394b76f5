//! Mirrored jobs: what a source says of work that another engine does, and what a person or an app says in its place.
//!
//! Refuses what is said of a job that runs here: only whoever runs it tells how it goes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use domain::access::{Denied, Principal, Scope};
use domain::job::{Job, Silence};
use domain::policy::{Mode, Policy};
use domain::request::{About, Asked, Expects, Listening, NewJob, Word};
use domain::{Answer, JobId, Refusal, Request, Text, Timestamp};
use wire::body::Submit;

use crate::bounds::{self, Frame};
use crate::engine::{Conditions, Engine};
use crate::error::Error;
use crate::random;
use crate::submit::Made;

/// Who feeds the changes of another engine in, and how a job is made that is first heard of there.
#[derive(Debug, Clone)]
pub struct Source {
    /// With the tenant and a job's external id it names the job.
    pub name: Text,
    pub tenant: Text,
    pub owner: Text,
    pub task: Text,
    /// `None`: a job that runs may be silent for ever.
    pub silence: Option<Silence>,
}

/// A job after a word.
#[derive(Debug, Clone)]
pub struct Observed {
    pub job: Arc<Job>,
    /// Whether an event tells of it. False for an older word, the same one again, and one that says nothing new.
    pub is_news: bool,
}

impl Engine {
    /// What a configured source says. A job that is heard of for the first time is made. 409 `run_here` for one that runs here, whether it is named by
    /// its id or by its `externalId`.
    pub async fn observe(&self, source: &Source, external_id: &str, word: Word) -> Result<Observed, Error> {
        self.hear(source, external_id, word, Expects::Anything).await
    }

    /// The same, of a job that was heard of before; any other is not found.
    pub async fn observe_known(&self, source: &Source, external_id: &str, word: Word) -> Result<Observed, Error> {
        self.hear(source, external_id, word, Expects::Known).await
    }

    async fn hear(&self, source: &Source, external_id: &str, word: Word, expects: Expects) -> Result<Observed, Error> {
        let external_id = bounds::name("externalId", external_id)?;
        let word = bounds::word(word)?;
        let asked = Asked { by: Some(format!("source:{}", source.name).into()), ..Asked::default() };
        let (id, Source { tenant, owner, task, .. }) = (random::job_id(self.clock.now()), source);
        let first = Box::new(NewJob::plain(id, tenant.clone(), owner.clone(), task.clone(), Mode::Mirrored));
        let about = About::Named { source: source.name.clone(), external_id, silence: source.silence, first, expects };
        self.observed(self.commit(Request::Observe { about, word, asked }).await?).await
    }

    /// The same, said by a person or an app of a job that it may control.
    pub async fn observe_as(
        &self,
        principal: &Principal,
        id: JobId,
        word: Word,
        conditions: &Conditions<'_>,
    ) -> Result<Observed, Error> {
        let job = self.controllable(principal, id).await?;
        let word = bounds::word(word)?;
        let asked = self.asked_of(principal, &job, conditions)?;
        let about = About::Known { tenant: job.tenant, id };
        self.observed(self.commit(Request::Observe { about, word, asked }).await?).await
    }

    /// Makes a mirrored job of a source by hand. Without an `externalId` its own id is its name at the source; where others speak of the source's jobs,
    /// only a service may choose one.
    pub async fn mirror(
        &self,
        principal: &Principal,
        source: &str,
        body: &Submit,
        word: Word,
        conditions: &Conditions<'_>,
    ) -> Result<Made, Error> {
        principal.require(Scope::JobsSubmit)?;
        let owner = principal.owner_for(body.owner.as_deref().map(|owner| bounds::name("owner", owner)).transpose()?)?;
        let id = random::job_id(self.clock.now());
        let (tenant, policy) = (principal.tenant.clone(), Arc::new(Policy::default()));
        let asked = self.asked(principal, &owner, conditions)?;
        let frame = Frame { id, tenant, owner, mode: Mode::Mirrored, policy };
        let first = Box::new(bounds::new_job(body, frame)?);
        if first.external_id.is_some() && !principal.is_service && self.is_fed(source) {
            // Whoever came first would be shown what the source says of somebody else's.
            return Err(Error::Denied(Denied::NameAtSource));
        }
        if first.external_id.as_deref().is_some_and(|name| JobId::parse(name).is_some()) {
            return Err(Error::invalid("externalId", "has the form of an id of this server: nobody may choose one"));
        }
        let external_id = first.external_id.clone().unwrap_or_else(|| id.to_string().into());
        let about =
            About::Named { source: bounds::name("source", source)?, external_id, silence: None, first, expects: Expects::New };
        let word = bounds::word(word)?;
        let answer = self.commit(Request::Observe { about, word, asked }).await?;
        let is_new = !matches!(answer, Answer::Replayed(_));
        Ok(Made { job: self.observed(answer).await?.job, lease: None, is_new })
    }

    /// Tells that others speak of this source's jobs, by names of their own. Called once, at the start.
    pub fn feed(&self, source: &str) {
        self.fed.lock().unwrap_or_else(PoisonError::into_inner).insert(source.into());
    }

    fn is_fed(&self, source: &str) -> bool {
        self.fed.lock().unwrap_or_else(PoisonError::into_inner).contains(source)
    }

    /// Tells since when a source is heard without a break; `None`: nobody listens to it. Only what could have been heard counts as silence.
    pub fn listening(&self, source: &str, since: Option<Timestamp>) {
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        let mut heard: BTreeMap<Text, Timestamp> = (**listening).clone();
        match since {
            Some(since) => heard.insert(source.into(), since),
            None => heard.remove(source),
        };
        *listening = Arc::new(heard);
    }

    /// The clock was put back: sources are heard since as long before as they were.
    pub(crate) fn put_back_listening(&self, by_ms: u64) {
        let mut listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        let by_ms = i64::try_from(by_ms).unwrap_or(i64::MAX);
        let moved = listening.iter().map(|(source, since)| (source.clone(), Timestamp(since.0.saturating_sub(by_ms))));
        *listening = Arc::new(moved.collect());
    }

    pub(crate) fn heard_sources(&self) -> Listening {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn observed(&self, answer: Answer) -> Result<Observed, Error> {
        let is_news = matches!(answer, Answer::Changed(_));
        match answer {
            Answer::Changed(job) | Answer::Unchanged(job) => Ok(Observed { job, is_news }),
            Answer::Replayed(ids) => {
                let job = self.store.jobs(&ids).await?.into_iter().next().ok_or(Refusal::NotFound)?;
                Ok(Observed { job: Arc::new(job), is_news })
            }
            _ => Err(Error::Refused(Refusal::NotFound)),
        }
    }
}
