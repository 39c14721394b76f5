//! Mirrored jobs: what a source says of work that another engine does, and what a person or an app says in its place.
//!
//! Refuses what is said of a job that runs here: only whoever runs it tells how it goes.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, PoisonError};

use domain::access::{Principal, Scope};
use domain::job::{Job, Silence};
use domain::policy::{Mode, Policy};
use domain::query::JobQuery;
use domain::request::{About, Asked, Listening, NewJob, Word};
use domain::topic::{View, Visibility};
use domain::{Answer, JobId, Refusal, Request, Text, Timestamp, limits};
use wire::body::Submit;

use crate::bounds::{self, Frame};
use crate::engine::{Conditions, Engine};
use crate::error::Error;
use crate::random;
use crate::submit::Made;

/// Names that are remembered to be of mirrored jobs, so that they are not looked for among the others at each word.
const NAMES: usize = 20_000;

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

/// Names of mirrored jobs by (tenant, source, external id).
#[derive(Default)]
pub(crate) struct Names(HashSet<(Text, Text, Text)>);

impl Engine {
    /// What a configured source says. A job that is heard of for the first time is made. 409 `run_here` for one that runs here, whether it is named by
    /// its id or by its `externalId`.
    pub async fn observe(&self, source: &Source, external_id: &str, word: Word) -> Result<Observed, Error> {
        let external_id = bounds::name("externalId", external_id)?;
        let word = bounds::word(word)?;
        let asked = Asked { by: Some(format!("source:{}", source.name).into()), ..Asked::default() };
        let name = (source.tenant.clone(), source.name.clone(), external_id.clone());
        let is_known = self.mirrored.lock().unwrap_or_else(PoisonError::into_inner).0.contains(&name);
        if !is_known {
            self.refuse_own(&source.tenant, &external_id).await?;
        }
        let first = Box::new(first(source, random::job_id(self.clock.now())));
        let about = About::Named { source: source.name.clone(), external_id, silence: source.silence, first, is_new: false };
        let observed = self.observed(self.commit(Request::Observe { about, word, asked }).await?).await?;
        if !is_known {
            let mut names = self.mirrored.lock().unwrap_or_else(PoisonError::into_inner);
            if names.0.len() >= NAMES {
                names.0.clear();
            }
            names.0.insert(name);
        }
        Ok(observed)
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

    /// Makes a mirrored job of a source by hand. Without an `externalId` its own id is its name at the source.
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
        let external_id = first.external_id.clone().unwrap_or_else(|| id.to_string().into());
        let about = About::Named { source: bounds::name("source", source)?, external_id, silence: None, first, is_new: true };
        let word = bounds::word(word)?;
        let answer = self.commit(Request::Observe { about, word, asked }).await?;
        let is_new = !matches!(answer, Answer::Replayed(_));
        Ok(Made { job: self.observed(answer).await?.job, lease: None, is_new })
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

    pub(crate) fn heard_sources(&self) -> Listening {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A source's name for a job may be the name of one that runs here.
    async fn refuse_own(&self, tenant: &Text, external_id: &Text) -> Result<(), Error> {
        let by_id = match JobId::parse(external_id) {
            Some(id) => self.store.job(id).await?.filter(|job| job.tenant == *tenant),
            None => None,
        };
        let view = View { tenant: tenant.clone(), visibility: Visibility::Tenant };
        let query = JobQuery { external_id: Some(external_id.clone()), ..JobQuery::all(view, limits::PAGE.0) };
        let by_name = self.store.list(query).await?.jobs;
        let own = by_id.iter().chain(&by_name).find(|job| job.mirror.is_none());
        own.map_or(Ok(()), |job| Err(Error::Refused(Refusal::RunHere { rev: job.rev })))
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

/// How a job is made that a source is first to tell of.
fn first(source: &Source, id: JobId) -> NewJob {
    NewJob {
        id,
        tenant: source.tenant.clone(),
        owner: source.owner.clone(),
        task: source.task.clone(),
        mode: Mode::Mirrored,
        policy: Arc::new(Policy::default()),
        subject: None,
        session: None,
        parent: None,
        batch: None,
        external_id: None,
        rerun_of: None,
        title: None,
        link: None,
        tags: Vec::new(),
        metadata: None,
        priority: 0,
        input: None,
        run_at: None,
        cannot_start: None,
        wait_reason: None,
        lease: None,
    }
}
