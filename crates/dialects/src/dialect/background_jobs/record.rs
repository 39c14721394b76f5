//! A row of system 1, as its pages read it: every column is there, `null` where it has no value.

use domain::Status;
use serde::Serialize;
use serde_json::value::RawValue;

use super::words::word;
use crate::dialect::FoundJob;
use crate::told;

/// Bytes of an input or a result in a list. What is larger is `null` there, and whole in the row itself: lists are polled.
pub(super) const LISTED_BYTES: usize = 16 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row<'a> {
    id: &'a str,
    user_id: &'a str,
    job_type: &'a str,
    status: &'static str,
    /// 0 to 100.
    progress: u8,
    progress_message: Option<&'a str>,
    input_data: Option<&'a RawValue>,
    result_data: Option<&'a RawValue>,
    error_message: Option<String>,
    /// Always `null`: where the work failed in the app's code is the app's business, and no page shows it.
    error_stack: Option<()>,
    session_id: Option<&'a str>,
    related_entity_id: Option<&'a str>,
    related_entity_type: Option<&'a str>,
    started_at: Option<&'a str>,
    completed_at: Option<&'a str>,
    failed_at: Option<&'a str>,
    created_at: &'a str,
    updated_at: &'a str,
}

impl<'a> Row<'a> {
    /// The row itself.
    pub(super) fn whole(job: &'a FoundJob) -> Row<'a> {
        Row::of(job, usize::MAX)
    }

    /// The row as a list has it.
    pub(super) fn listed(job: &'a FoundJob) -> Row<'a> {
        Row::of(job, LISTED_BYTES)
    }

    fn of(job: &'a FoundJob, most: usize) -> Row<'a> {
        let (summary, status) = (&job.summary, job.status());
        let ended_at = summary.ended_at.as_deref();
        let payload = |value: &'a Option<Box<RawValue>>| value.as_deref().filter(|value| value.get().len() <= most);
        Row {
            id: &summary.id,
            user_id: &summary.owner,
            job_type: &summary.task,
            status: word(status),
            progress: progress(job, status),
            progress_message: summary.progress.message.as_deref(),
            input_data: payload(&job.input),
            result_data: payload(&job.result),
            error_message: error(job, status),
            error_stack: None,
            session_id: summary.session.as_deref(),
            related_entity_id: summary.subject.as_ref().map(|subject| &*subject.id),
            related_entity_type: summary.subject.as_ref().map(|subject| &*subject.kind),
            started_at: summary.started_at.as_deref(),
            completed_at: ended_at.filter(|_| status == Status::Completed),
            failed_at: ended_at.filter(|_| status != Status::Completed),
            created_at: &summary.created_at,
            updated_at: &summary.updated_at,
        }
    }
}

/// A whole number, as that column was.
fn progress(job: &FoundJob, status: Status) -> u8 {
    match (status, job.summary.progress.percentage) {
        (Status::Completed, _) => 100,
        (_, percentage) => percentage.unwrap_or(0.0).clamp(0.0, 100.0) as u8,
    }
}

fn error(job: &FoundJob, status: Status) -> Option<String> {
    match status {
        Status::Aborted => Some("Job cancelled by user".to_owned()),
        status if status.is_end() => told::why_it_ended(&job.summary),
        _ => None,
    }
}
