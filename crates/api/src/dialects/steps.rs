//! Carries out the steps of a dialect, one after another, through the use cases that the server's own routes use.

mod mirrored;
mod sorted;

use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use dialects::dialect::{
    self, Budget, CLEARED_JOBS, Cleared, FoundJob, JobFilter, LISTED_JOBS, Listing, Page, Refused, Step, Which, WholeJob,
};
use domain::access::{Principal, Scope};
use domain::job::Job;
use domain::query::JobQuery;
use domain::request::Ask;
use domain::{JobId, Refusal, Text};
use engine::{Conditions, Error, Terms, Undeclared};
use http::header;
use http::request::Parts;
use wire::body::Submit;
use wire::convert::Payloads;
use wire::record::Stats;

use super::{Asked, response, stream, with_advice};
use crate::access::{Address, Caller, Known};
use crate::conditions::conditions;
use crate::context::Context;
use crate::problems::ApiProblem;

/// Pages that are looked through for a filter that few jobs pass.
const MOST_PAGES: usize = 10;
/// Jobs among which one that ended lately is looked for, at the most.
const ENDED_JOBS: usize = 1_000;
/// How much earlier than it ended a job may have been made, to be looked for beyond the first page, in milliseconds.
const ENDED_REACH_MS: u64 = 24 * 60 * 60 * 1_000;
/// Jobs that are deleted at the same time: their commits share groups.
const DELETED_AT_ONCE: usize = 64;
/// Life of a token for a socket, in milliseconds: a socket lives as long as its token, and its page gets another when it comes again.
const TOKEN_MS: u64 = 15 * 60 * 1_000;

/// What a step is carried out for.
struct Run<'a> {
    context: &'a Context,
    known: &'a Known,
    parts: &'a Parts,
    /// Method and path, for idempotency keys.
    route: String,
    body: Bytes,
    /// How the last step was refused.
    refused: Option<ApiProblem>,
}

type Outcome<T> = Result<T, ApiProblem>;

pub(super) async fn carry_out(
    context: &Context,
    caller: Caller,
    asked: &Asked,
    handle: fn(&dialect::Request<'_>) -> Step,
    parts: &Parts,
    body: Bytes,
) -> Response {
    let mut step = handle(&asked.request(context, parts, &body));
    let route = format!("{} {}", parts.method, parts.uri.path());
    let mut run = Run { context, known: &caller.0, parts, route, body, refused: None };
    loop {
        step = match step {
            Step::Answer(answer) => {
                let response = response(answer);
                return match &run.refused {
                    Some(problem) => with_advice(response, problem),
                    None => response,
                };
            }
            Step::Stream(wanted) => {
                let address = Address::of(parts);
                return stream::answer(context, caller, address, wanted, asked.readings.clone())
                    .await
                    .unwrap_or_else(|problem| super::refused(asked.meant, &problem));
            }
            Step::Submit(body, then) => then(run.told(run.submit(&body, &Terms::of(Undeclared::ForWorkers)).await)),
            Step::SubmitWithin(body, budget, then) => then(run.told(run.submit(&body, &terms(budget)).await)),
            Step::Find(which, then) => then(run.told(run.find(&which).await)),
            Step::Look(which, then) => then(run.told(whole(context, run.known, &which).await)),
            Step::Page(filter, page, then) => then(run.told(run.page(&filter, &page).await)),
            Step::Sorted(filter, order, page, then) => then(run.told(run.sorted(&filter, order, &page).await)),
            Step::Attempts(id, most, then) => then(run.told(run.attempts(&id, most).await)),
            Step::Mirror(source, body, word, then) => then(run.told(run.mirror(source, &body, *word).await)),
            Step::Observe(id, word, then) => then(run.told(run.observe(&id, *word).await)),
            Step::Wait(id, within_ms, then) => then(run.told(run.wait(&id, within_ms).await)),
            Step::List(filter, limit, then) => then(run.told(run.list(&filter, limit).await)),
            Step::Ask(id, verb, then) => then(run.told(run.ask(&id, verb).await)),
            Step::Delete(id, then) => then(run.told(run.delete(&id).await)),
            Step::Clear(filter, then) => then(run.told(run.clear(&filter).await)),
            Step::Count(then) => then(run.told(run.count().await)),
            Step::Health(then) => then(run.told(run.health())),
            Step::Token(then) => then(run.told(run.token())),
        };
    }
}

impl Run<'_> {
    /// The outcome as a dialect is given it; what was refused is kept for the headers of the answer.
    fn told<T>(&mut self, outcome: Outcome<T>) -> Result<T, Refused> {
        outcome.map_err(|problem| {
            let told = Box::new(problem.problem().clone());
            self.refused = Some(problem);
            told
        })
    }

    async fn submit(&self, body: &Submit, terms: &Terms) -> Outcome<FoundJob> {
        let epoch = self.context.epoch();
        let conditions = conditions(&self.parts.headers, &epoch, &self.route, &self.body)?;
        let engine = &self.context.engine;
        let made = engine.submit_on(self.known, std::slice::from_ref(body), &conditions, terms).await?;
        let made = made.into_iter().next().ok_or_else(ApiProblem::no_job)?;
        self.with_payloads((*made.job).clone()).await
    }

    async fn find(&self, which: &Which) -> Outcome<FoundJob> {
        match which {
            Which::Ours(id) => found(self.context, self.known, id).await,
            Which::Theirs(name) => self.with_payloads(named(self.context, self.known, name).await?).await,
        }
    }

    async fn page(&self, filter: &JobFilter, page: &Page) -> Outcome<Listing> {
        let mut query = self.query(filter);
        query.before = page.before.as_deref().map(job_id).transpose()?;
        // One more than is asked for says whether there are more.
        let wanted = page.skip + page.limit + 1;
        let mut seen = Vec::new();
        for _ in 0..=wanted.div_ceil(LISTED_JOBS) + MOST_PAGES {
            query.limit = LISTED_JOBS.min(wanted - seen.len());
            let (found, _) = self.context.engine.list(self.known, query.clone()).await?;
            seen.extend(found.jobs);
            query.before = found.next;
            if seen.len() == wanted || query.before.is_none() {
                break;
            }
        }
        let is_more = seen.len() == wanted;
        seen.truncate(wanted - 1);
        let next = if is_more { seen.last().map(|job| job.id) } else { query.before };
        let mut jobs = Vec::with_capacity(page.limit);
        for job in seen.into_iter().skip(page.skip) {
            let payloads = self.context.engine.store().payloads(job.id).await.map_err(Error::from)?;
            jobs.push(whole_job(&job, &payloads));
        }
        Ok(Listing { jobs, next: next.map(|id| id.to_string()) })
    }

    async fn wait(&self, id: &str, within_ms: u64) -> Outcome<FoundJob> {
        let job = job_id(id)?;
        tokio::select! {
            job = self.context.engine.wait_for_end(self.known, job, Duration::from_millis(within_ms)) => { job?; }
            () = self.context.draining.cancelled() => {}
        }
        found(self.context, self.known, id).await
    }

    async fn list(&self, filter: &JobFilter, limit: usize) -> Outcome<Vec<FoundJob>> {
        let jobs = self.matching(filter, limit.min(LISTED_JOBS)).await?;
        let mut found = Vec::with_capacity(jobs.len());
        for job in jobs {
            found.push(self.with_payloads(job).await?);
        }
        Ok(found)
    }

    fn query(&self, filter: &JobFilter) -> JobQuery {
        let text = |text: &Option<String>| text.as_deref().map(Text::from);
        JobQuery {
            status: filter.status.clone(),
            owner: filter.own.then(|| self.known.subject.clone()),
            task: text(&filter.task),
            session: text(&filter.session),
            created_after: filter.created_after,
            created_before: filter.created_before,
            ..JobQuery::all(self.known.view(), LISTED_JOBS)
        }
    }

    /// Jobs that the filter finds, newest first.
    async fn matching(&self, filter: &JobFilter, most: usize) -> Outcome<Vec<Job>> {
        let mut query = self.query(filter);
        let (mut found, mut seen) = (Vec::new(), 0);
        for _ in 0..MOST_PAGES {
            if filter.ended_after.is_none() {
                query.limit = LISTED_JOBS.min(most - found.len());
            }
            let (page, _) = self.context.engine.list(self.known, query.clone()).await?;
            seen += page.jobs.len();
            let is_far = filter.ended_after.is_some_and(|after| {
                let oldest = page.jobs.last().map_or(after, |job| job.created_at);
                seen >= ENDED_JOBS || oldest.plus_ms(ENDED_REACH_MS) < after
            });
            let has_ended = |job: &Job| filter.ended_after.is_none_or(|after| job.ended_at.is_some_and(|at| at > after));
            found.extend(page.jobs.into_iter().filter(has_ended));
            if found.len() >= most || page.next.is_none() || is_far {
                break;
            }
            query.before = page.next;
        }
        found.truncate(most);
        Ok(found)
    }

    async fn with_payloads(&self, job: Job) -> Outcome<FoundJob> {
        let payloads = self.context.engine.store().payloads(job.id).await.map_err(Error::from)?;
        Ok(found_job(&job, &payloads))
    }

    async fn ask(&self, id: &str, verb: Ask) -> Outcome<dialect::Asked> {
        let asked = self.context.engine.ask(self.known, job_id(id)?, verb, &Conditions::default()).await?;
        let is_done = matches!(asked, engine::Asked::Done(_));
        Ok(dialect::Asked { job: wire::convert::summary(asked.job()), is_done })
    }

    async fn delete(&self, id: &str) -> Outcome<()> {
        Ok(self.context.engine.delete(self.known, job_id(id)?, &Conditions::default()).await?)
    }

    /// What another deleted first, or took up again, is left out of the count.
    async fn clear(&self, filter: &JobFilter) -> Outcome<Cleared> {
        let ended = self.matching(filter, CLEARED_JOBS + 1).await?.into_iter().filter(|job| job.status.is_end());
        let ids: Vec<JobId> = ended.map(|job| job.id).collect();
        let mut cleared = Cleared { count: 0, is_more: ids.len() > CLEARED_JOBS };
        for some in ids[..ids.len().min(CLEARED_JOBS)].chunks(DELETED_AT_ONCE) {
            let conditions = Conditions::default();
            let deletes = some.iter().map(|id| self.context.engine.delete(self.known, *id, &conditions));
            for deleted in futures::future::join_all(deletes).await {
                match deleted {
                    Ok(()) => cleared.count += 1,
                    Err(Error::Refused(Refusal::NotFound | Refusal::WrongStatus { .. })) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(cleared)
    }

    /// A token for a socket of the caller's.
    fn token(&self) -> Outcome<Option<String>> {
        let known = self.known;
        if known.is_of_session() && self.parts.headers.contains_key(header::COOKIE) {
            return Ok(None);
        }
        let wanted = self.context.engine.clock().now().plus_ms(TOKEN_MS);
        let principal = Principal {
            scopes: known.scopes.iter().copied().filter(|scope| *scope == Scope::JobsRead).collect(),
            is_tenant_wide: false,
            is_service: false,
            expires_at: Some(known.expires_at.map_or(wanted, |end| end.min(wanted))),
            ..known.principal.clone()
        };
        Ok(Some(self.context.access.mint(principal, known)?.token))
    }

    async fn count(&self) -> Outcome<Stats> {
        Ok(wire::convert::stats_out(&self.context.engine.stats(self.known).await?))
    }
}

/// What is no id of ours is told as a job that does not exist.
pub(super) fn job_id(text: &str) -> Outcome<JobId> {
    JobId::parse(text).ok_or_else(ApiProblem::no_job)
}

/// A job as the caller may see it.
pub(super) async fn found(context: &Context, principal: &Principal, id: &str) -> Outcome<FoundJob> {
    let (job, payloads) = context.engine.whole_job(principal, job_id(id)?).await?;
    Ok(found_job(&job, &payloads))
}

/// The newest that bears this name and may be seen.
async fn named(context: &Context, principal: &Principal, name: &str) -> Outcome<Job> {
    let query = JobQuery { external_id: Some(name.into()), ..JobQuery::all(principal.view(), 1) };
    let (page, _) = context.engine.list(principal, query).await?;
    page.jobs.into_iter().next().ok_or_else(ApiProblem::no_job)
}

/// The same, with the terms that it was taken on.
pub(super) async fn whole(context: &Context, principal: &Principal, which: &Which) -> Outcome<WholeJob> {
    let id = match which {
        Which::Ours(id) => job_id(id)?,
        Which::Theirs(name) => named(context, principal, name).await?.id,
    };
    let (job, payloads) = context.engine.whole_job(principal, id).await?;
    Ok(whole_job(&job, &payloads))
}

fn terms(budget: Budget) -> Terms {
    let Budget { attempts, undeclared } = budget;
    Terms { undeclared: Undeclared::ForWorkers, attempts, retry: undeclared }
}

pub(super) fn whole_job(job: &Job, payloads: &Payloads) -> WholeJob {
    WholeJob {
        found: found_job(job, payloads),
        tries: job.tries,
        attempts: job.policy.retry.attempts,
        holder: job.lease.as_ref().filter(|_| job.is_attempt_open()).map(|lease| lease.holder.to_string()),
        metadata: job.metadata.as_ref().and_then(|value| wire::record::raw(value.as_str())),
    }
}

fn found_job(job: &Job, payloads: &Payloads) -> FoundJob {
    let raw = |value: &Option<domain::Json>| value.as_ref().and_then(|value| wire::record::raw(value.as_str()));
    FoundJob { summary: wire::convert::summary(job), input: raw(&payloads.input), result: raw(&payloads.result) }
}
