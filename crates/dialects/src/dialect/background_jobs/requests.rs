//! What the pages of system 1 ask. Filters come before limits, literal addresses before ids, and another user's jobs do not exist.

use domain::request::Ask;
use domain::{Status, Timestamp};
use serde::{Deserialize, Serialize};
use wire::problem::Problem;

use super::record::Row;
use super::words::statuses;
use crate::dialect::{Answer, CLEARED_JOBS, Cleared, FoundJob, JobFilter, LISTED_JOBS, Refused, Request, Step, Which};
use crate::told;

/// Rows of a list unless the query says otherwise.
const USUAL: usize = 50;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How far back completions are told.
const COMPLETIONS_MS: i64 = 5 * MINUTE_MS;
/// Age of what a cleanup takes, in days: the least, the most, and the usual.
const DAYS_OLD: (u32, u32, u32) = (1, 365, 7);

#[derive(Serialize)]
struct Jobs<'a> {
    jobs: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Job<'a> {
    job: Option<Row<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    success: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_count: Option<usize>,
}

fn before(now: Timestamp, ms: i64) -> Timestamp {
    Timestamp(now.0.saturating_sub(ms))
}

fn own(status: Vec<Status>) -> JobFilter {
    JobFilter { own: true, status, ..JobFilter::default() }
}

fn statuses_where(wanted: impl Fn(Status) -> bool) -> Vec<Status> {
    Status::ALL.iter().copied().filter(|status| wanted(*status)).collect()
}

fn refused(problem: &Problem) -> Step {
    told::error(problem.status, &told::sentence(problem)).into()
}

fn listed(filter: JobFilter, limit: usize) -> Step {
    Step::List(
        filter,
        limit,
        Box::new(|found| match found {
            Ok(found) => Answer::json(200, &Jobs { jobs: found.iter().map(Row::listed).collect() }).into(),
            Err(problem) => refused(&problem),
        }),
    )
}

/// The limit of a query; more than are answered at once counts as that many.
fn limit(request: &Request<'_>) -> Result<usize, Answer> {
    match request.query("limit").map(str::parse::<u32>) {
        None => Ok(USUAL),
        Some(Ok(limit)) if limit > 0 => Ok((limit as usize).min(LISTED_JOBS)),
        Some(_) => Err(told::error(400, "limit must be a whole number above 0")),
    }
}

/// `GET /api/background-jobs?status=&limit=`
pub(super) fn list(request: &Request<'_>) -> Step {
    let limit = match limit(request) {
        Ok(limit) => limit,
        Err(refusal) => return refusal.into(),
    };
    match request.query("status") {
        None => listed(own(Vec::new()), limit),
        Some(word) => match statuses(word) {
            none if none.is_empty() => told::error(400, "status must be pending, running, completed or failed").into(),
            status => listed(own(status), limit),
        },
    }
}

/// `GET /api/background-jobs/running`: what has not ended.
pub(super) fn running(_: &Request<'_>) -> Step {
    listed(own(statuses_where(Status::is_active)), LISTED_JOBS)
}

/// `GET /api/background-jobs/recent?limit=`: what was made within a day.
pub(super) fn recent(request: &Request<'_>) -> Step {
    match limit(request) {
        Ok(limit) => {
            let day = before(request.now, DAY_MS);
            listed(JobFilter { created_after: Some(day), ..own(Vec::new()) }, limit)
        }
        Err(refusal) => refusal.into(),
    }
}

/// `GET /api/background-jobs/recent-completions`: what ended within five minutes, however it ended.
pub(super) fn recent_completions(request: &Request<'_>) -> Step {
    let ended_after = Some(before(request.now, COMPLETIONS_MS));
    listed(JobFilter { ended_after, ..own(statuses_where(Status::is_end)) }, LISTED_JOBS)
}

/// `GET /api/background-jobs/by-session/:sessionId`: the newest of that session, or `null`.
pub(super) fn by_session(request: &Request<'_>) -> Step {
    let session = Some(request.param(0).to_owned());
    Step::List(
        JobFilter { session, ..own(Vec::new()) },
        1,
        Box::new(|found| match found {
            Ok(found) => Answer::json(200, &Job { job: found.first().map(Row::whole) }).into(),
            Err(problem) => refused(&problem),
        }),
    )
}

/// `GET /api/background-jobs/:id`
pub(super) fn one(request: &Request<'_>) -> Step {
    Step::Find(
        Which::Ours(request.param(0).to_owned()),
        Box::new(|found: Result<FoundJob, Refused>| match found {
            Ok(job) => Answer::json(200, &Job { job: Some(Row::whole(&job)) }).into(),
            Err(problem) if problem.status == 404 => told::error(404, "Job not found").into(),
            Err(problem) => refused(&problem),
        }),
    )
}

/// `DELETE /api/background-jobs/:id`: cancel. What is not there, not the caller's, or over already is told alike.
pub(super) fn cancel(request: &Request<'_>) -> Step {
    let id = request.param(0).to_owned();
    let not_possible = || told::error(400, "Job not found or cannot be cancelled").into();
    Step::Find(
        Which::Ours(id.clone()),
        Box::new(move |found| match found {
            Err(problem) if problem.status == 404 => not_possible(),
            Err(problem) => refused(&problem),
            // An abort that is said again is no error, but here there is nothing to cancel.
            Ok(job) if job.status().is_end() => not_possible(),
            Ok(_) => Step::Ask(
                id,
                Ask::Abort,
                Box::new(move |asked| match asked {
                    Ok(asked) => {
                        let message = if asked.is_done { "Job cancelled successfully" } else { "The job was asked to stop" };
                        Answer::json(200, &Done { success: true, message: message.to_owned(), deleted_count: None }).into()
                    }
                    Err(problem) if problem.code == "not_here" => told::error(400, &told::sentence(&problem)).into(),
                    Err(problem) if matches!(problem.status, 404 | 409) => not_possible(),
                    Err(problem) => refused(&problem),
                }),
            ),
        }),
    )
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Cleanup {
    days_old: Option<u32>,
}

/// `POST /api/background-jobs/cleanup {daysOld}`: deletes the caller's own ended jobs that were made before then.
pub(super) fn cleanup(request: &Request<'_>) -> Step {
    let (least, most, usual) = DAYS_OLD;
    let asked = if request.body.is_empty() { Some(Cleanup::default()) } else { serde_json::from_slice(request.body).ok() };
    let days = asked.map(|asked: Cleanup| asked.days_old.unwrap_or(usual)).filter(|days| (least..=most).contains(days));
    let Some(days) = days else {
        return told::error(400, &format!("daysOld must be a whole number from {least} to {most}")).into();
    };
    let created_before = Some(before(request.now, i64::from(days) * DAY_MS));
    Step::Clear(
        JobFilter { created_before, ..own(statuses_where(Status::is_end)) },
        Box::new(move |cleared| match cleared {
            Ok(Cleared { count, is_more }) => {
                let rest = if is_more { format!("; there are more than {CLEARED_JOBS}, clean up again") } else { String::new() };
                let message = format!("Deleted {count} jobs older than {days} days{rest}");
                Answer::json(200, &Done { success: true, message, deleted_count: Some(count) }).into()
            }
            Err(problem) => refused(&problem),
        }),
    )
}
