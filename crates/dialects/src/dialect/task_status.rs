//! System 4, task status updates: tasks that other engines run, told of by a Redis channel and by `PUT`, and pushed to pages over a socket.
//!
//! A task of that system is a job here. One that it runs itself is a mirrored job, whose name there is its `externalId`: what its source says
//! of it counts. One that runs on this server is shown in the same words, and a status that is put to it is a wish. The document's
//! addresses are primary; those of its code, which collide with this server's own, stand under the dialect's name. [`channel`] is the
//! translation of the Redis channel, for whoever listens to it.

mod activity;
mod body;
mod change;
pub mod channel;
mod cron;
mod facts;
mod health;
mod record;
mod requests;
mod socket;
mod words;

use serde::Serialize;
use wire::problem::Problem;

use super::{Answer, Dialect, Method, Route, Step};
use crate::told;

/// Codes of refusals that are made here; the server's own have the same.
const INVALID: &str = "invalid";
const RUN_HERE: &str = "run_here";
const WRONG_STATUS: &str = "wrong_status";

/// The source of its mirrored jobs.
pub const SOURCE: &str = "task_status";

pub struct TaskStatus;

const ROUTES: &[Route] = &[
    // As the document has it; FastAPI takes the lists with a slash behind them too. Another system has an address in common: there the query
    // says which is meant.
    Route::http(Method::Post, "/api/tasks", requests::create),
    Route::http(Method::Get, "/api/tasks", requests::list),
    Route::http(Method::Post, "/api/tasks/", requests::create),
    Route::http(Method::Get, "/api/tasks/", requests::list),
    Route::http(Method::Get, "/api/tasks/{id}", requests::one),
    Route::http(Method::Put, "/api/tasks/{id}", change::change),
    Route::http(Method::Delete, "/api/tasks/{id}", requests::delete),
    Route::http(Method::Get, "/ws/health", health::health),
    Route::socket("/ws", socket::open),
    // As its code has it.
    Route::http(Method::Post, "/api/v1/tasks", requests::create).under_its_name_only(),
    Route::http(Method::Get, "/api/v1/tasks", requests::list).under_its_name_only(),
    Route::http(Method::Post, "/api/v1/tasks/", requests::create).under_its_name_only(),
    Route::http(Method::Get, "/api/v1/tasks/", requests::list).under_its_name_only(),
    Route::http(Method::Get, "/api/v1/tasks/{id}", requests::one).under_its_name_only(),
    Route::http(Method::Put, "/api/v1/tasks/{id}", change::change).under_its_name_only(),
    Route::http(Method::Delete, "/api/v1/tasks/{id}", requests::delete).under_its_name_only(),
    Route::http(Method::Post, "/api/v1/agents/activity", activity::log).under_its_name_only(),
];

impl Dialect for TaskStatus {
    fn name(&self) -> &'static str {
        "task_status"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn refuse(&self, problem: &Problem) -> Answer {
        refused(problem)
    }
}

#[derive(Serialize)]
struct Refusal<'a> {
    detail: &'a str,
    /// As in the problems of this server. Not of that system.
    code: &'a str,
}

/// `{detail}`, the shape of that system's refusals, and a code that stays as it is.
fn detail(status: u16, code: &str, sentence: &str) -> Answer {
    Answer::json(status, &Refusal { detail: sentence, code })
}

/// A value of the body that is out of its bounds is told as FastAPI does.
fn refused(problem: &Problem) -> Answer {
    let of_body = match (problem.code.as_str(), problem.field.as_deref()) {
        ("invalid" | "too_large", Some("task" | "title")) => Some("skill_name"),
        ("invalid" | "too_large", Some("metadata")) => Some("params"),
        ("invalid" | "too_large", Some("result" | "output")) => Some("output"),
        ("invalid" | "too_large", Some("tags")) => Some("assignee"),
        _ => None,
    };
    match of_body {
        Some(field) => body::unprocessable(&[body::Detail::new("body", field, &*problem.detail, "value_error")]),
        None => detail(problem.status, &problem.code, &told::sentence(problem)),
    }
}

/// A refusal about a task: of one that is not there, how one comes into being.
fn task_or(problem: &Problem, asked: &str) -> Step {
    if problem.status != 404 {
        return refused(problem).into();
    }
    let sentence = format!(
        "Task {} not found among those that you may see. A task comes into being by POST /api/tasks, or by its first message on the Redis \
         channel {}",
        domain::limits::cut(asked, 100),
        channel::CHANNEL
    );
    detail(404, &problem.code, &sentence).into()
}

#[cfg(test)]
mod tests;
