//! A job as the page of system 3 reads it.

use domain::Status;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wire::record::JobSummary;

use super::priority;
use super::words::word;
use crate::dialect::{WholeJob, status};
use crate::told;

/// Bytes of an input or a result in a list and in an update. What is larger is left out there and named in `omitted`; the job itself has it.
pub(super) const LISTED_BYTES: usize = 16 * 1024;

/// What a job of this system brings along that ours has no field for.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Kept {
    /// As it was asked for, where that is not the number of attempts: 0 is one attempt too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    id: &'a str,
    name: &'a str,
    data: Option<&'a RawValue>,
    status: &'static str,
    priority: i64,
    /// Attempts of which each counts, the running one included.
    attempts: u32,
    /// Attempts in all, as that system counts them.
    max_retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    created_at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    processing_by: Option<&'a str>,
    /// Why it is where it is: `no_worker`, for example. Not of that system.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Of `data` and `result`, what was too large for a list. Not of that system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omitted: Vec<&'static str>,
    /// Only in the last update of a job that was deleted. Not of that system.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

/// By the name that the app gave it, if it did.
pub(super) fn id(job: &JobSummary) -> &str {
    job.external_id.as_deref().unwrap_or(&job.id)
}

impl<'a> Record<'a> {
    /// The job itself.
    pub(super) fn whole(job: &'a WholeJob) -> Record<'a> {
        Record::of(&job.found.summary, job, usize::MAX)
    }

    /// As a list has it.
    pub(super) fn listed(job: &'a WholeJob) -> Record<'a> {
        Record::of(&job.found.summary, job, LISTED_BYTES)
    }

    /// As it was after an event; `job` may have been read later.
    pub(super) fn at(summary: &'a JobSummary, job: &'a WholeJob) -> Record<'a> {
        Record::of(summary, job, LISTED_BYTES)
    }

    /// As it was after an event, by the event alone: the job is no longer there.
    pub(super) fn gone(summary: &'a JobSummary) -> Record<'a> {
        let attempts = summary.attempt;
        Record::bare(summary, attempts, attempts.max(1))
    }

    /// What is left of a job that was deleted.
    pub(super) fn deleted(summary: &'a JobSummary) -> Record<'a> {
        Record { deleted: true, ..Record::gone(summary) }
    }

    fn of(summary: &'a JobSummary, job: &'a WholeJob, most: usize) -> Record<'a> {
        let is_same = summary.settlement == job.found.summary.settlement;
        // Attempts that were begun between the event and the reading.
        let later = job.found.summary.attempt.saturating_sub(summary.attempt);
        let attempts = if is_same { job.tries.saturating_sub(later) } else { summary.attempt };
        let kept = job.metadata.as_deref().and_then(|kept| serde_json::from_str::<Kept>(kept.get()).ok()).unwrap_or_default();
        let mut omitted = Vec::new();
        let mut payload = |name: &'static str, value: &'a Option<Box<RawValue>>| {
            let is_large = value.as_ref().is_some_and(|value| value.get().len() > most);
            if is_large {
                omitted.push(name);
            }
            value.as_deref().filter(|_| !is_large)
        };
        let data = payload("data", &job.found.input);
        let has_result = is_same && status(summary) == Status::Completed;
        let result = if has_result { payload("result", &job.found.result) } else { None };
        let holder = job.holder.as_deref().filter(|_| summary.attempt == job.found.summary.attempt);
        Record {
            data,
            result,
            omitted,
            processing_by: holder.filter(|_| word(status(summary)) == "running"),
            ..Record::bare(summary, attempts, kept.max_retries.unwrap_or(job.attempts))
        }
    }

    fn bare(summary: &'a JobSummary, attempts: u32, max_retries: u32) -> Record<'a> {
        Record {
            id: id(summary),
            name: &summary.task,
            data: None,
            status: word(status(summary)),
            priority: priority::theirs(summary.priority),
            attempts,
            max_retries,
            error: error(summary),
            result: None,
            created_at: &summary.created_at,
            started_at: summary.started_at.as_deref(),
            completed_at: summary.ended_at.as_deref(),
            scheduled_for: summary.due_at.as_deref(),
            processing_by: None,
            reason: summary.reason.as_deref(),
            omitted: Vec::new(),
            deleted: false,
        }
    }
}

fn error(job: &JobSummary) -> Option<String> {
    match status(job) {
        Status::Aborted => Some("The job was aborted".to_owned()),
        Status::Retrying => job.error.as_ref().map(|error| error.message.to_string()),
        _ => told::why_it_ended(job),
    }
}
