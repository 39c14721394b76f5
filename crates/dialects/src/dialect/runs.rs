//! System 0, background task monitoring: the runs of whoever asks, and a socket that tells each of their changes.
//!
//! A run is a job; its task identifier is the job's task, and its tags are the job's with `user:<owner>`. Runs are started by the app's own
//! routes, which submit jobs. Everything here is about the caller's own runs. Stored notices are not kept yet and are answered as none. What
//! that system's socket carries besides (chat, events of the app's domain) is the app's own business.

mod notices;
mod record;
mod requests;
mod socket;
mod words;

use serde::Serialize;
use wire::problem::Problem;

use super::{Answer, Dialect, Method, Route};
use crate::told;

pub struct Runs;

const ROUTES: &[Route] = &[
    Route::http(Method::Get, "/api/runs/active", requests::active),
    Route::http(Method::Get, "/api/runs/{id}", requests::one),
    Route::http(Method::Delete, "/api/runs/{id}", requests::cancel),
    Route::http(Method::Delete, "/api/runs", requests::no_id),
    Route::http(Method::Get, "/api/websocket-token", requests::token),
    Route::http(Method::Get, "/api/monitoring/trigger", requests::monitoring),
    Route::http(Method::Get, "/api/notifications", notices::list),
    Route::http(Method::Patch, "/api/notifications/read", notices::read),
    Route::socket("/api/websocket", |_| Box::new(socket::RunSocket::default())),
];

impl Dialect for Runs {
    fn name(&self) -> &'static str {
        "runs"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn refuse(&self, problem: &Problem) -> Answer {
        error(problem.status, &told::sentence(problem))
    }
}

/// As that system's server framework tells an error.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody<'a> {
    error: bool,
    status_code: u16,
    status_message: &'a str,
    message: &'a str,
}

fn error(status: u16, message: &str) -> Answer {
    Answer::json(status, &ErrorBody { error: true, status_code: status, status_message: message, message })
}

#[cfg(test)]
mod tests;
