//! What the page of system 3 asks about jobs. Filters come before limits, and another user's jobs do not exist.

use domain::request::Ask;
use domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::{Record, id};
use super::words::{Buckets, statuses, word};
use super::{done, error, refused, said};
use crate::dialect::{Answer, CLEARED_JOBS, Cleared, JobFilter, LISTED_JOBS, Listing, Page, Refused, Request, Step, Which};

/// Jobs of a list unless the query says otherwise.
const USUAL: usize = 50;
/// Jobs that an `offset` may pass over; further on, a cursor goes.
const MOST_PASSED: usize = 10_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Age of what a cleanup takes, in days: the most, and the usual.
const DAYS_OLD: (u32, u32) = (3_650, 7);
const RETRY_FAILED: &str = "RETRY_FAILED";
const DELETE_FAILED: &str = "DELETE_FAILED";

pub(super) fn wrong(message: &str) -> Answer {
    error(400, "INVALID_REQUEST", message)
}

fn not_found() -> Step {
    error(404, "JOB_NOT_FOUND", "Job not found").into()
}

/// What is asked of a list: its filter, its page, and the page as the client said it.
fn asked(request: &Request<'_>) -> Result<(JobFilter, Page), Answer> {
    let number = |name: &str, usual: usize| match request.query(name).map(str::parse::<u32>) {
        None => Ok(usual),
        Some(Ok(number)) => Ok(number as usize),
        Some(Err(_)) => Err(wrong(&format!("{name} must be a whole number"))),
    };
    let status = match request.query("status") {
        None => Vec::new(),
        Some(told) => match statuses(told) {
            none if none.is_empty() => return Err(wrong("status must be pending, running, completed, failed or retrying")),
            status => status,
        },
    };
    let limit = number("limit", USUAL)?;
    if limit == 0 {
        return Err(wrong("limit must be above 0"));
    }
    let skip = number("offset", 0)?;
    if skip > MOST_PASSED {
        return Err(wrong(&format!("offset may be {MOST_PASSED} at most: go on with cursor")));
    }
    let before = request.query("cursor").map(str::to_owned);
    if before.as_deref().is_some_and(|cursor| JobId::parse(cursor).is_none()) {
        return Err(wrong("cursor must be one that a list answered"));
    }
    let filter = JobFilter { status, task: request.query("name").map(str::to_owned), ..JobFilter::default() };
    Ok((filter, Page { before, skip, limit: limit.min(LISTED_JOBS) }))
}

#[derive(Serialize)]
struct Listed<'a> {
    data: Vec<Record<'a>>,
    meta: Meta,
}

#[derive(Serialize)]
struct Meta {
    limit: usize,
    offset: usize,
    count: usize,
    /// For the next page; `null` on the last. Not of that system.
    cursor: Option<String>,
}

/// `GET /api/jobs/jobs?status=&name=&limit=&offset=`
pub(super) fn list(request: &Request<'_>) -> Step {
    let (filter, page) = match asked(request) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into(),
    };
    let (limit, offset) = (page.limit, page.skip);
    paged(filter, page, move |found| {
        let data: Vec<_> = found.jobs.iter().map(Record::listed).collect();
        let meta = Meta { limit, offset, count: data.len(), cursor: found.next.clone() };
        Answer::json(200, &Listed { data, meta })
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByCursor<'a> {
    jobs: Vec<Record<'a>>,
    cursor: Option<&'a str>,
    has_more: bool,
}

/// `GET /api/jobs?status=&limit=&cursor=`
pub(super) fn list_by_cursor(request: &Request<'_>) -> Step {
    match asked(request) {
        Ok((filter, page)) => paged(filter, page, |found| {
            let cursor = found.next.as_deref();
            done(ByCursor { jobs: found.jobs.iter().map(Record::listed).collect(), cursor, has_more: cursor.is_some() })
        }),
        Err(refusal) => refusal.into(),
    }
}

fn paged(filter: JobFilter, page: Page, answer: impl FnOnce(&Listing) -> Answer + Send + 'static) -> Step {
    Step::Page(
        filter,
        page,
        Box::new(|found| match found {
            Ok(found) => answer(&found).into(),
            Err(problem) => refused(&problem, &problem.code.to_uppercase()).into(),
        }),
    )
}

/// `GET /api/jobs/stats`
pub(super) fn stats(_: &Request<'_>) -> Step {
    Step::Count(Box::new(|stats| match stats {
        Ok(stats) => done(Buckets::of(&stats)).into(),
        Err(problem) => refused(&problem, &problem.code.to_uppercase()).into(),
    }))
}

/// `GET /api/jobs/:id`
pub(super) fn one(request: &Request<'_>) -> Step {
    Step::Look(
        Which::named(request.param(0)),
        Box::new(|found| match found {
            Ok(job) => done(Record::whole(&job)).into(),
            Err(problem) => or_not_found(&problem, "JOB_NOT_FOUND"),
        }),
    )
}

fn or_not_found(problem: &Refused, code: &str) -> Step {
    match problem.status {
        404 => not_found(),
        401 | 403 | 429 | 503 => refused(problem, &problem.code.to_uppercase()).into(),
        _ => refused(problem, code).into(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About {
    job_id: String,
}

/// `POST /api/jobs/:id/retry`: only of a job that failed.
pub(super) fn retry(request: &Request<'_>) -> Step {
    Step::Find(
        Which::named(request.param(0)),
        Box::new(|found| match found {
            Err(problem) => or_not_found(&problem, RETRY_FAILED),
            Ok(job) if word(job.status()) != "failed" => {
                let message = format!("Only failed jobs can be retried; this one is {}", word(job.status()));
                error(400, RETRY_FAILED, &message).into()
            }
            Ok(job) => Step::Ask(
                job.summary.id.to_string(),
                Ask::Retry,
                Box::new(|asked| match asked {
                    Ok(asked) => said(200, "Job queued for retry", About { job_id: id(&asked.job).to_owned() }).into(),
                    // It went on meanwhile, or nobody could run it.
                    Err(problem) if problem.status == 409 => error(400, RETRY_FAILED, &crate::told::sentence(&problem)).into(),
                    Err(problem) => or_not_found(&problem, RETRY_FAILED),
                }),
            ),
        }),
    )
}

/// `DELETE /api/jobs/:id`: what runs is refused, what waits is aborted first.
pub(super) fn delete(request: &Request<'_>) -> Step {
    Step::Find(
        Which::named(request.param(0)),
        Box::new(|found| match found {
            Err(problem) => or_not_found(&problem, DELETE_FAILED),
            Ok(job) if word(job.status()) == "running" => is_running(),
            Ok(job) => {
                let (ours, theirs) = (job.summary.id.to_string(), id(&job.summary).to_owned());
                if job.status().is_end() {
                    return gone(ours, theirs);
                }
                Step::Ask(
                    ours.clone(),
                    Ask::Abort,
                    Box::new(move |asked| match asked {
                        Ok(asked) if asked.is_done => gone(ours, theirs),
                        // It began to run meanwhile, and was asked to stop.
                        Ok(_) => error(400, DELETE_FAILED, "It had just begun to run and was asked to stop: delete it then").into(),
                        Err(problem) => or_not_found(&problem, DELETE_FAILED),
                    }),
                )
            }
        }),
    )
}

fn is_running() -> Step {
    error(400, DELETE_FAILED, "Cannot delete running jobs").into()
}

fn gone(ours: String, theirs: String) -> Step {
    Step::Delete(
        ours,
        Box::new(|deleted| match deleted {
            Ok(()) => said(200, "Job deleted successfully", About { job_id: theirs }).into(),
            Err(problem) => or_not_found(&problem, DELETE_FAILED),
        }),
    )
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Cleanup {
    days_old: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CleanedUp {
    deleted: usize,
    days_old: u32,
}

/// `POST /api/jobs/cleanup {daysOld?}`: deletes ended jobs that were made before then.
pub(super) fn cleanup(request: &Request<'_>) -> Step {
    let (most, usual) = DAYS_OLD;
    let asked = if request.body.is_empty() { Some(Cleanup::default()) } else { serde_json::from_slice(request.body).ok() };
    let Some(days_old) = asked.map(|asked: Cleanup| asked.days_old.unwrap_or(usual)).filter(|days| *days <= most) else {
        return wrong(&format!("daysOld must be a whole number from 0 to {most}")).into();
    };
    let created_before = Some(Timestamp(request.now.0.saturating_sub(i64::from(days_old) * DAY_MS)));
    let status = statuses("completed").into_iter().chain(statuses("failed")).collect();
    Step::Clear(
        JobFilter { status, created_before, ..JobFilter::default() },
        Box::new(move |cleared| match cleared {
            Ok(Cleared { count, is_more }) => {
                let rest = if is_more { format!("; there are more than {CLEARED_JOBS}, clean up again") } else { String::new() };
                said(200, format!("Cleaned up {count} jobs{rest}"), CleanedUp { deleted: count, days_old }).into()
            }
            Err(problem) => refused(&problem, &problem.code.to_uppercase()).into(),
        }),
    )
}
