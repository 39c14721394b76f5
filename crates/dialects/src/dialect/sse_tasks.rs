//! System 2, the SSE task system: start, pause, resume and abort by task type, and one event stream per task.
//!
//! A task of that system is a job here, its type the job's task. What differs from its document is that nothing is lost: a stream begins
//! with where the task stands, goes on after a reconnect, and ends with 204 once everything was told.

mod requests;
mod stream;
mod updates;
mod words;

use wire::problem::Problem;

use super::{Answer, Dialect, Method, Route};
use crate::told;

pub struct SseTasks;

const PATH: &str = "/api/tasks/{taskType}";

const ROUTES: &[Route] = &[
    Route::http(Method::Post, PATH, requests::act),
    Route::http(Method::Get, PATH, requests::watch).meant_by("taskId"),
    Route::http(Method::Delete, PATH, requests::abort).meant_by("taskId"),
];

impl Dialect for SseTasks {
    fn name(&self) -> &'static str {
        "sse_tasks"
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
