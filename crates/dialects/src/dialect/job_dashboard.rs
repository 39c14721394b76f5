//! System 3, WebSocket job updates: the admin page of a job queue. Jobs over REST, and a socket that tells each change.
//!
//! Its document has the jobs at `/api/jobs/jobs…` and its code at `/api/jobs…`; both are served, and only their lists differ in shape. Its socket,
//! `/api/notifications/ws`, authenticates by a message and tells jobs to whoever subscribed. A page sees what its user may see: that system's
//! administrators are those whose token sees the whole tenant. Stored notices and schedules are not kept yet: notices are answered as none,
//! schedules are refused.

mod create;
mod notices;
mod priority;
mod record;
mod requests;
mod schedules;
mod socket;
mod words;

use serde::Serialize;
use wire::problem::Problem;

use super::{Answer, Dialect, Method, Route};
use crate::told;

pub struct JobDashboard;

const ROUTES: &[Route] = &[
    // As the document has it.
    Route::http(Method::Get, "/api/jobs/jobs", requests::list),
    Route::http(Method::Post, "/api/jobs/jobs", create::create),
    Route::http(Method::Get, "/api/jobs/jobs/stats", requests::stats),
    Route::http(Method::Post, "/api/jobs/jobs/cleanup", requests::cleanup),
    Route::http(Method::Get, "/api/jobs/jobs/{id}", requests::one),
    Route::http(Method::Delete, "/api/jobs/jobs/{id}", requests::delete),
    Route::http(Method::Post, "/api/jobs/jobs/{id}/retry", requests::retry),
    // As its code has it.
    Route::http(Method::Get, "/api/jobs", requests::list_by_cursor),
    Route::http(Method::Post, "/api/jobs", create::create),
    Route::http(Method::Post, "/api/jobs/create", create::create),
    Route::http(Method::Get, "/api/jobs/stats", requests::stats),
    Route::http(Method::Post, "/api/jobs/cleanup", requests::cleanup),
    Route::http(Method::Get, "/api/jobs/{id}", requests::one),
    Route::http(Method::Delete, "/api/jobs/{id}", requests::delete),
    Route::http(Method::Delete, "/api/jobs/{id}/delete", requests::delete),
    Route::http(Method::Post, "/api/jobs/{id}/retry", requests::retry),
    Route::http(Method::Get, "/api/jobs/schedules", schedules::later),
    Route::http(Method::Post, "/api/jobs/schedules", schedules::later),
    Route::http(Method::Get, "/api/jobs/schedules/{name}", schedules::later),
    Route::http(Method::Delete, "/api/jobs/schedules/{name}", schedules::later),
    Route::http(Method::Patch, "/api/jobs/schedules/{name}", schedules::later),
    Route::http(Method::Delete, "/api/jobs/schedules/{name}/delete", schedules::later),
    Route::http(Method::Post, "/api/jobs/schedules/{name}/trigger", schedules::later),
    Route::http(Method::Post, "/api/jobs/schedules/{name}/enable", schedules::later),
    Route::http(Method::Post, "/api/jobs/schedules/{name}/disable", schedules::later),
    // Another system has notices at this address too, and pages by number: which is meant, the query says.
    Route::http(Method::Get, "/api/notifications", notices::list).meant_by("offset"),
    Route::http(Method::Get, "/api/notifications", notices::list).meant_by("cursor"),
    Route::http(Method::Post, "/api/notifications", notices::post),
    Route::http(Method::Get, "/api/notifications/unread-count", notices::unread_count),
    Route::http(Method::Post, "/api/notifications/read-all", notices::read_all),
    Route::http(Method::Patch, "/api/notifications/{id}/read", notices::one),
    Route::http(Method::Delete, "/api/notifications/{id}", notices::one),
    Route::socket("/api/notifications/ws", |_| Box::new(socket::JobSocket::default())),
];

impl Dialect for JobDashboard {
    fn name(&self) -> &'static str {
        "job_dashboard"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn refuse(&self, problem: &Problem) -> Answer {
        refused(problem, &problem.code.to_uppercase())
    }
}

/// `{error: {code, message, details?}}`
#[derive(Serialize)]
struct Refusal<'a> {
    error: RefusalBody<'a>,
}

#[derive(Serialize)]
struct RefusalBody<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &Refusal { error: RefusalBody { code, message, details: None } })
}

fn refused(problem: &Problem, code: &str) -> Answer {
    let (field, limit) = (problem.field.as_deref(), problem.limit);
    let details = (field.is_some() || limit.is_some()).then_some(Details { field, limit });
    Answer::json(problem.status, &Refusal { error: RefusalBody { code, message: &told::sentence(problem), details } })
}

/// `{message?, data, meta?}`
#[derive(Serialize)]
struct Done<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    data: T,
}

fn done(data: impl Serialize) -> Answer {
    Answer::json(200, &Done { message: None, data })
}

fn said(status: u16, message: impl Into<String>, data: impl Serialize) -> Answer {
    Answer::json(status, &Done { message: Some(message.into()), data })
}

#[cfg(test)]
mod tests;
