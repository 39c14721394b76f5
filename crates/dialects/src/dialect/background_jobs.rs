//! System 1, hybrid background jobs: the lists that its pages poll, one job, cancel, and cleanup.
//!
//! A row of that system is a job here that the app tracks in its own request: its type is the job's task, its session the job's session, its
//! related entity the job's subject. Rows are made and updated inside the app, which `packages/track` does; over HTTP they are only read,
//! cancelled and cleaned up. All that is listed or cleaned up is the caller's own.

mod record;
mod requests;
mod words;

use wire::problem::Problem;

use super::{Answer, Dialect, Method, Route};
use crate::told;

pub struct BackgroundJobs;

const ROUTES: &[Route] = &[
    Route::http(Method::Get, "/api/background-jobs", requests::list),
    Route::http(Method::Get, "/api/background-jobs/running", requests::running),
    Route::http(Method::Get, "/api/background-jobs/recent", requests::recent),
    Route::http(Method::Get, "/api/background-jobs/recent-completions", requests::recent_completions),
    Route::http(Method::Get, "/api/background-jobs/by-session/{sessionId}", requests::by_session),
    Route::http(Method::Post, "/api/background-jobs/cleanup", requests::cleanup),
    Route::http(Method::Get, "/api/background-jobs/{id}", requests::one),
    Route::http(Method::Delete, "/api/background-jobs/{id}", requests::cancel),
];

impl Dialect for BackgroundJobs {
    fn name(&self) -> &'static str {
        "background_jobs"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn refuse(&self, problem: &Problem) -> Answer {
        told::error(problem.status, &told::sentence(problem))
    }
}

#[cfg(test)]
mod tests;
