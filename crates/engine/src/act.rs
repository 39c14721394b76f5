//! One verb on many jobs.

use domain::access::{Principal, Scope};
use domain::query::JobQuery;
use domain::request::Ask;
use domain::{JobId, Status, limits};
use wire::body::{Action, ActionItem, ActionResult};

use crate::ask::Asked;
use crate::bounds;
use crate::engine::{Conditions, Engine};
use crate::error::Error;

/// Most jobs of one action.
const ACTION_JOBS: u32 = 1_000;

enum Verb {
    Ask(Ask),
    Delete,
}

impl Engine {
    /// Finds the jobs of the filter, and asks each unless it is a dry run. What one refuses harms no other.
    pub async fn act(&self, principal: &Principal, body: &Action) -> Result<ActionResult, Error> {
        principal.require(Scope::JobsControl)?;
        let verb = match (body.verb.as_str(), Ask::parse(&body.verb)) {
            ("delete", _) => Verb::Delete,
            (_, Some(ask)) => Verb::Ask(ask),
            _ => return Err(Error::invalid("verb", "must be pause, resume, abort, kill, retry, run-now or delete")),
        };
        let most = body.limit.unwrap_or(ACTION_JOBS);
        if most == 0 || most > ACTION_JOBS {
            return Err(Error::over("limit", format!("{most} is not between 1 and {ACTION_JOBS}"), u64::from(ACTION_JOBS)));
        }
        let (ids, more) = self.found(principal, body, most as usize).await?;
        let mut result = ActionResult { matched: ids.len() as u32, more, items: Vec::new() };
        if body.dry_run {
            return Ok(result);
        }
        for id in ids {
            let outcome = match &verb {
                Verb::Delete => self.delete(principal, id, &Conditions::default()).await.map(|()| "changed"),
                Verb::Ask(ask) => self.ask(principal, id, *ask, &Conditions::default()).await.map(|asked| match asked {
                    Asked::Done(_) => "changed",
                    Asked::Wished(_) => "asked",
                }),
            };
            result.items.push(item(id, outcome)?);
        }
        Ok(result)
    }

    async fn found(&self, principal: &Principal, body: &Action, most: usize) -> Result<(Vec<JobId>, bool), Error> {
        let filter = &body.filter;
        if filter.ids.is_empty() && *filter == wire::body::ActionFilter::default() {
            return Err(Error::invalid(
                "filter",
                "must hold at least one field: an action on everything is not what anybody means",
            ));
        }
        let mut query = JobQuery::all(principal.view(), limits::PAGE.0);
        for word in &filter.status {
            let status =
                Status::parse(word).ok_or_else(|| Error::invalid("filter.status", format!("there is no status {word:?}")))?;
            query.status.push(status);
        }
        let name = |field, text: &Option<String>| text.as_deref().map(|text| bounds::name(field, text)).transpose();
        query.task = name("filter.task", &filter.task)?;
        query.owner = name("filter.owner", &filter.owner)?;
        query.session = name("filter.session", &filter.session)?;
        query.tag = name("filter.tag", &filter.tag)?;
        query.batch = name("filter.batch", &filter.batch)?;
        query.subject = filter.subject.as_ref().map(wire::convert::subject_in);
        if !filter.ids.is_empty() {
            let mut ids = Vec::with_capacity(filter.ids.len());
            for text in filter.ids.iter().take(most) {
                ids.push(bounds::job_id("filter.ids", text)?);
            }
            let view = principal.view();
            let jobs = self.store.jobs(&ids).await?;
            let is_meant = |job: &domain::Job| {
                view.sees(job)
                    && (query.status.is_empty() || query.status.contains(&job.status))
                    && query.task.as_ref().is_none_or(|task| job.task == *task)
                    && query.owner.as_ref().is_none_or(|owner| job.owner == *owner)
                    && query.session.is_none_or_eq(job.session.as_ref())
                    && query.tag.as_ref().is_none_or(|tag| job.tags.contains(tag))
                    && query.batch.is_none_or_eq(job.batch.as_ref())
                    && query.subject.is_none_or_eq(job.subject.as_ref())
            };
            let found = jobs.iter().filter(|job| is_meant(job)).map(|job| job.id).collect();
            return Ok((found, filter.ids.len() > most));
        }
        let mut found = Vec::new();
        loop {
            query.limit = limits::PAGE.0.min(most + 1 - found.len());
            let page = self.store.list(query.clone()).await?;
            found.extend(page.jobs.iter().map(|job| job.id));
            if found.len() > most || page.next.is_none() {
                break;
            }
            query.before = page.next;
        }
        let more = found.len() > most;
        found.truncate(most);
        Ok((found, more))
    }
}

/// A filter that may be absent, held against a value that may be.
trait NoneOrEq<T> {
    fn is_none_or_eq(&self, value: Option<&T>) -> bool;
}

impl<T: PartialEq> NoneOrEq<T> for Option<T> {
    fn is_none_or_eq(&self, value: Option<&T>) -> bool {
        self.is_none() || self.as_ref() == value
    }
}

fn item(id: JobId, outcome: Result<&'static str, Error>) -> Result<ActionItem, Error> {
    let id = id.to_string();
    match outcome {
        Ok(outcome) => Ok(ActionItem { id, outcome: outcome.to_owned(), detail: None }),
        Err(Error::Refused(refusal)) => {
            let detail = match &refusal {
                domain::Refusal::WrongStatus { status, .. } => Some(format!("it is {status}")),
                _ => None,
            };
            Ok(ActionItem { id, outcome: refusal.code().to_owned(), detail })
        }
        Err(error) => Err(error),
    }
}
