//! Sentences that several dialects tell alike.

use domain::Status;
use serde::Serialize;
use wire::problem::Problem;
use wire::record::JobSummary;

use crate::dialect::{Answer, status};

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
}

/// `{error}`, the shape of errors of most older systems.
pub(crate) fn error(status: u16, error: &str) -> Answer {
    Answer::json(status, &ErrorBody { error })
}

/// What happened and what to do about it, as one text.
pub(crate) fn sentence(problem: &Problem) -> String {
    format!("{} {}", problem.title, problem.detail)
}

/// Why a job ended without its work done, for people. `None` for one that did not.
pub(crate) fn why_it_ended(job: &JobSummary) -> Option<String> {
    let said = job.error.as_ref().map(|error| error.message.clone()).filter(|message| !message.is_empty());
    let usual = match status(job) {
        Status::Failed => "It failed without saying why",
        Status::TimedOut => "It took longer than it may",
        Status::Lost => "Whoever ran it vanished; how it went is not known",
        Status::Aborted => return None,
        _ => return None,
    };
    Some(said.map_or_else(|| usual.to_owned(), |message| message.to_string()))
}
