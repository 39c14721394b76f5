//! A run as the clients of system 0 read it, from a list, by its id, and from the socket.

use domain::Status;
use serde::Serialize;
use serde_json::value::RawValue;
use wire::record::JobSummary;

use super::words::word;
use crate::dialect::{FoundJob, status};
use crate::told;

/// Bytes of an output in a list and in an update. What is larger is left out there; the run itself has it.
pub(super) const LISTED_BYTES: usize = 16 * 1024;

/// What all three have. Fields without a value are left out: clients keep the value they hold.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facts<'a> {
    task_identifier: &'a str,
    status: &'static str,
    /// When it was made, while it has not started: clients sort by it.
    started_at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    tags: Vec<String>,
}

#[derive(Serialize)]
struct RunError {
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run<'a> {
    id: &'a str,
    /// Always false: there are no runs on trial here.
    is_test: bool,
    created_at: &'a str,
    #[serde(flatten)]
    facts: Facts<'a>,
}

/// By the name that another engine gave it, if one did.
pub(super) fn id(job: &JobSummary) -> &str {
    job.external_id.as_deref().unwrap_or(&job.id)
}

impl<'a> Run<'a> {
    pub(super) fn whole(job: &'a FoundJob) -> Run<'a> {
        Run::of(job, usize::MAX)
    }

    pub(super) fn listed(job: &'a FoundJob) -> Run<'a> {
        Run::of(job, LISTED_BYTES)
    }

    fn of(job: &'a FoundJob, most: usize) -> Run<'a> {
        let summary = &job.summary;
        let facts = Facts::of(summary, job.result.as_deref().filter(|output| output.get().len() <= most));
        Run { id: id(summary), is_test: false, created_at: &summary.created_at, facts }
    }
}

impl<'a> Facts<'a> {
    pub(super) fn of(job: &'a JobSummary, output: Option<&'a RawValue>) -> Facts<'a> {
        let status = status(job);
        let why = match status {
            Status::Retrying => job.error.as_ref().map(|error| error.message.to_string()),
            _ => told::why_it_ended(job),
        };
        Facts {
            task_identifier: &job.task,
            status: word(status),
            started_at: job.started_at.as_deref().unwrap_or(&job.created_at),
            finished_at: job.ended_at.as_deref(),
            output: output.filter(|_| status == Status::Completed),
            error: why.map(|message| RunError { message }),
            tags: tags(job),
        }
    }
}

/// The job's, and whose it is.
fn tags(job: &JobSummary) -> Vec<String> {
    job.tags.iter().map(|tag| tag.to_string()).chain([format!("user:{}", job.owner)]).collect()
}
