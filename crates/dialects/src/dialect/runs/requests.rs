//! What the clients of system 0 ask: their runs, one run, a cancel, a token for the socket, and how the last runs went.

use domain::request::Ask;
use domain::{Status, Timestamp};
use serde::Serialize;

use super::error;
use super::record::Run;
use super::socket::BY_COOKIE;
use super::words::word;
use crate::dialect::{Answer, FoundJob, JobFilter, LISTED_JOBS, Page, Refused, Request, Step, Which};
use crate::told;

/// How long a run is listed after it ended, in milliseconds.
const LISTED_AFTER_MS: i64 = 60_000;
/// Runs that are looked at to say how the last ones went, and failures that are told of them.
const MONITORED: (usize, usize) = (50, 5);

fn refused(problem: &Refused) -> Step {
    error(problem.status, &told::sentence(problem)).into()
}

fn or_not_found(problem: &Refused) -> Step {
    match problem.status {
        404 => error(404, "Run not found").into(),
        _ => refused(problem),
    }
}

fn own(wanted: impl Fn(Status) -> bool) -> JobFilter {
    let status = Status::ALL.iter().copied().filter(|status| wanted(*status)).collect();
    JobFilter { own: true, status, ..JobFilter::default() }
}

/// `GET /api/runs/active`: what has not ended, and what ended within a minute, newest first.
pub(super) fn active(request: &Request<'_>) -> Step {
    let ended_after = Some(Timestamp(request.now.0.saturating_sub(LISTED_AFTER_MS)));
    let ended = JobFilter { ended_after, ..own(Status::is_end) };
    Step::List(
        own(Status::is_active),
        LISTED_JOBS,
        Box::new(|active| match active {
            // What ends between the two looks is found by both, and told as it was found last.
            Ok(active) => Step::List(ended, LISTED_JOBS, Box::new(|ended| both(active, ended))),
            Err(problem) => refused(&problem),
        }),
    )
}

fn both(active: Vec<FoundJob>, ended: Result<Vec<FoundJob>, Refused>) -> Step {
    match ended {
        Ok(mut jobs) => {
            let is_there = |jobs: &[FoundJob], id: &str| jobs.iter().any(|job| &*job.summary.id == id);
            let active: Vec<_> = active.into_iter().filter(|job| !is_there(&jobs, &job.summary.id)).collect();
            jobs.extend(active);
            // Ids sort by age.
            jobs.sort_by(|one, other| other.summary.id.cmp(&one.summary.id));
            Answer::json(200, &jobs.iter().map(Run::listed).collect::<Vec<_>>()).into()
        }
        Err(problem) => refused(&problem),
    }
}

/// `GET /api/runs/:id`
pub(super) fn one(request: &Request<'_>) -> Step {
    Step::Find(
        Which::named(request.param(0)),
        Box::new(|found| match found {
            Ok(job) => Answer::json(200, &Run::whole(&job)).into(),
            Err(problem) => or_not_found(&problem),
        }),
    )
}

#[derive(Serialize)]
struct Done {
    success: bool,
}

/// `DELETE /api/runs/:id`: cancel. What runs is asked to stop, and is stopped when it does not.
pub(super) fn cancel(request: &Request<'_>) -> Step {
    Step::Find(
        Which::named(request.param(0)),
        Box::new(|found| match found {
            Err(problem) => or_not_found(&problem),
            // An abort that is said again is no error, but here there is nothing to cancel.
            Ok(job) if job.status().is_end() => ended(),
            Ok(job) => Step::Ask(
                job.summary.id.to_string(),
                Ask::Abort,
                Box::new(|asked| match asked {
                    Ok(_) => Answer::json(200, &Done { success: true }).into(),
                    // It ended in between; or it is run elsewhere, which is another matter.
                    Err(problem) if problem.code == "wrong_status" => ended(),
                    Err(problem) if problem.status == 409 => error(409, &crate::told::sentence(&problem)).into(),
                    Err(problem) => or_not_found(&problem),
                }),
            ),
        }),
    )
}

fn ended() -> Step {
    error(409, "The run has finished already").into()
}

/// `DELETE /api/runs`
pub(super) fn no_id(_: &Request<'_>) -> Step {
    error(400, "Run ID is required").into()
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
}

/// `GET /api/websocket-token`
pub(super) fn token(_: &Request<'_>) -> Step {
    Step::Token(Box::new(|token| match token {
        Ok(token) => Answer::json(200, &Token { token: token.as_deref().unwrap_or(BY_COOKIE) }).into(),
        Err(problem) => refused(&problem),
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Monitoring<'a> {
    status: &'static str,
    timestamp: String,
    period: String,
    stats: RunStats,
    recent_failures: Vec<Run<'a>>,
}

#[derive(Serialize, Default, PartialEq, Eq, Debug)]
pub(super) struct RunStats {
    total: u64,
    completed: u64,
    failed: u64,
    canceled: u64,
    executing: u64,
    queued: u64,
    other: u64,
}

impl RunStats {
    pub(super) fn count(&mut self, status: Status) {
        self.total += 1;
        let bucket = match word(status) {
            "COMPLETED" => &mut self.completed,
            "FAILED" | "TIMED_OUT" => &mut self.failed,
            "CANCELED" => &mut self.canceled,
            "EXECUTING" | "REATTEMPTING" | "FROZEN" => &mut self.executing,
            "QUEUED" => &mut self.queued,
            _ => &mut self.other,
        };
        *bucket += 1;
    }
}

/// `GET /api/monitoring/trigger`: how the last runs went that the caller may see.
pub(super) fn monitoring(request: &Request<'_>) -> Step {
    let timestamp = wire::time::show(request.now);
    let (limit, most) = MONITORED;
    Step::Page(
        JobFilter::default(),
        Page { limit, ..Page::default() },
        Box::new(move |found| match found {
            Ok(found) => {
                let mut stats = RunStats::default();
                found.jobs.iter().for_each(|job| stats.count(job.found.status()));
                let has_failed = |job: &&FoundJob| matches!(word(job.status()), "FAILED" | "TIMED_OUT");
                let failures = found.jobs.iter().map(|job| &job.found).filter(has_failed);
                let recent_failures = failures.take(most).map(Run::listed).collect();
                let period = format!("Last {limit} runs");
                Answer::json(200, &Monitoring { status: "ok", timestamp, period, stats, recent_failures }).into()
            }
            Err(problem) => refused(&problem),
        }),
    )
}
