//! The updates that a stream of system 2 carries: what stands in each, and in which words.

use domain::{Status, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use wire::record::{JobSummary, Progress};

use super::words::word;
use crate::dialect::status;
use crate::told;

/// First of every stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connected<'a> {
    pub r#type: &'static str,
    pub task_id: &'a str,
    pub timestamp: String,
}

/// What is left out is not known, or did not change.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskUpdate<'a> {
    /// `status`, `progress`, `message`, `error`, `result`.
    pub r#type: &'static str,
    pub timestamp: String,
    pub task_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<TaskProgress<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<&'a RawValue>,
}

/// Pages of that system show `percentage` and `message` as they are, so that both are always there.
#[derive(Serialize)]
pub(super) struct TaskProgress<'a> {
    percentage: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    message: &'a str,
}

/// `None` while nothing was said about it.
fn progress_of(progress: &Progress) -> Option<TaskProgress<'_>> {
    let counted = || Some(progress.current? as f64 * 100.0 / progress.total.filter(|total| *total > 0)? as f64);
    let percentage = progress.percentage.or_else(counted);
    let is_known = percentage.is_some() || progress.current.is_some() || progress.message.is_some();
    is_known.then(|| TaskProgress {
        percentage: percentage.unwrap_or(0.0).clamp(0.0, 100.0),
        current: progress.current,
        total: progress.total,
        message: progress.message.as_deref().unwrap_or(""),
    })
}

fn message_of(progress: &Progress) -> Option<String> {
    progress.message.as_deref().map(str::to_owned)
}

/// Where a task stands that has not ended. `before` is how many start before it, for one that waits for its turn; `was` is how it was told
/// last.
pub(super) fn standing(job: &JobSummary, before: Option<u64>, was: Option<Status>) -> TaskUpdate<'_> {
    let status = status(job);
    let said = message_of(&job.progress);
    let message = match status {
        Status::Pending => waits(job, before.unwrap_or(0)),
        Status::Scheduled => format!("Task scheduled for {}", job.due_at.as_deref().unwrap_or("later")),
        Status::Retrying => {
            format!("Attempt {} failed; the task is tried again at {}", job.attempt, job.due_at.as_deref().unwrap_or("once"))
        }
        Status::Waiting => format!("Task waits for {}", job.reason.as_deref().unwrap_or("an answer")),
        Status::Paused => "Task paused".to_owned(),
        Status::Running if was == Some(Status::Paused) => "Task resumed".to_owned(),
        _ => said.unwrap_or_else(|| format!("Started {} task", job.task)),
    };
    TaskUpdate {
        r#type: "status",
        timestamp: job.updated_at.clone(),
        task_id: &job.id,
        status: Some(word(status)),
        progress: progress_of(&job.progress),
        message: Some(message),
        ..TaskUpdate::default()
    }
}

fn waits(job: &JobSummary, before: u64) -> String {
    match (job.reason.as_deref(), before) {
        (Some("no_worker"), _) => format!("Task queued: no worker has asked for {} yet", job.task),
        (_, 0) => "Task queued: it is the next to start".to_owned(),
        (_, 1) => "Task queued: 1 task is before it".to_owned(),
        (_, before) => format!("Task queued: {before} tasks are before it"),
    }
}

/// How a task ended. Result and error are told here, and only here.
pub(super) fn ended<'a>(job: &'a JobSummary, result: Option<&'a RawValue>) -> TaskUpdate<'a> {
    let status = status(job);
    let why = told::why_it_ended(job);
    let (kind, message, error) = match status {
        Status::Completed => ("result", message_of(&job.progress).unwrap_or_else(|| "Task completed".to_owned()), None),
        Status::Aborted => ("status", "Task aborted".to_owned(), None),
        _ => ("error", "Task failed".to_owned(), why),
    };
    TaskUpdate {
        r#type: kind,
        timestamp: job.updated_at.clone(),
        task_id: &job.id,
        status: Some(word(status)),
        progress: progress_of(&job.progress),
        message: Some(message),
        error,
        result: result.filter(|_| status == Status::Completed),
    }
}

/// How far a running task is.
pub(super) fn progressed<'a>(id: &'a str, progress: &'a Progress, now: Timestamp) -> TaskUpdate<'a> {
    TaskUpdate {
        r#type: "progress",
        timestamp: wire::time::show(now),
        task_id: id,
        progress: progress_of(progress),
        message: message_of(progress),
        ..TaskUpdate::default()
    }
}

/// A line that the worker said.
pub(super) fn said<'a>(id: &'a str, line: &str, at: &str) -> TaskUpdate<'a> {
    TaskUpdate { r#type: "message", timestamp: at.to_owned(), task_id: id, message: Some(line.to_owned()), ..TaskUpdate::default() }
}
