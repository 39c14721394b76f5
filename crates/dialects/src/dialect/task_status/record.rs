//! A task as clients of system 4 read it: every field is there, `null` where it has no value.

use std::collections::BTreeMap;

use domain::{Json, Text};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wire::record::{AttemptRecord, JobSummary};

use super::facts::{ASSIGNEE, NameOrNumber, PROJECT, error, is_mirrored, label, name, output};
use super::words::{execution, word};
use crate::dialect::{WholeJob, status};

/// Bytes of an output or of parameters in a list. What is larger is `null` there and named in `omitted`; the task itself has it.
pub(super) const LISTED_BYTES: usize = 16 * 1024;
/// Attempts that a task tells of, the newest.
pub(super) const TOLD_ATTEMPTS: usize = 10;

/// What a task of this system brings along that a job has no field for: it is kept as the job's metadata.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_cron: Option<String>,
}

impl Kept {
    /// What is kept of a job; nothing of one whose metadata is the app's own.
    pub(super) fn of(job: &WholeJob) -> Kept {
        // A list is no record, though a derived reader would take it for one.
        let there = job.metadata.as_deref().filter(|there| there.get().starts_with('{'));
        there.and_then(|kept| serde_json::from_str(kept.get()).ok()).unwrap_or_default()
    }

    /// The metadata of a job with these values put in, and all else that stands in it.
    pub(super) fn put_into(self, job: &WholeJob) -> Json {
        let there = job.metadata.as_deref().and_then(|there| serde_json::from_str(there.get()).ok());
        let mut all: BTreeMap<String, Box<RawValue>> = there.unwrap_or_default();
        let put = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(&wire::convert::to_json(&self));
        all.extend(put.unwrap_or_default());
        Json::from_valid(wire::convert::to_json(&all))
    }
}

#[derive(Serialize)]
pub(super) struct Record<'a> {
    id: NameOrNumber<'a>,
    skill_name: &'a str,
    schedule_cron: Option<String>,
    next_run_at: Option<&'a str>,
    params: Option<Box<RawValue>>,
    status: &'static str,
    created_at: &'a str,
    updated_at: &'a str,
    user_id: &'a str,
    output: Option<String>,
    error: Option<String>,
    assignee: Option<&'a str>,
    project_id: Option<NameOrNumber<'a>>,
    /// Of `output` and `params`, what was too large for a list. Not of that system.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omitted: Vec<&'static str>,
    /// Only of a task that is asked for by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_results: Option<Vec<Execution<'a>>>,
}

#[derive(Serialize)]
struct Execution<'a> {
    /// Its number among those of the task, from 1.
    id: u32,
    task_id: NameOrNumber<'a>,
    started_at: &'a str,
    ended_at: &'a str,
    status: &'static str,
    duration_ms: u64,
    output_text: Option<String>,
    error_text: Option<Text>,
}

impl<'a> Record<'a> {
    pub(super) fn whole(job: &'a WholeJob) -> Record<'a> {
        Record::of(job, usize::MAX)
    }

    pub(super) fn listed(job: &'a WholeJob) -> Record<'a> {
        Record::of(job, LISTED_BYTES)
    }

    /// With how it went; `attempts` are the newest first.
    pub(super) fn with_executions(job: &'a WholeJob, attempts: &'a [AttemptRecord]) -> Record<'a> {
        let executions = attempts.iter().filter_map(|attempt| Execution::of(job, attempt)).collect();
        Record { execution_results: Some(executions), ..Record::whole(job) }
    }

    fn of(job: &'a WholeJob, most: usize) -> Record<'a> {
        let summary = &job.found.summary;
        let kept = Kept::of(job);
        let mut omitted = Vec::new();
        let mut params = kept.params.or_else(|| job.found.input.clone());
        if params.as_ref().is_some_and(|params| params.get().len() > most) {
            (params, omitted) = (None, vec!["params"]);
        }
        let mut result = job.found.result.as_deref();
        if result.is_some_and(|result| result.get().len() > most) {
            result = None;
            omitted.push("output");
        }
        Record {
            id: NameOrNumber(name(summary)),
            skill_name: &summary.task,
            schedule_cron: kept.schedule_cron,
            next_run_at: summary.due_at.as_deref(),
            params,
            status: word(status(summary)),
            created_at: &summary.created_at,
            updated_at: &summary.updated_at,
            user_id: &summary.owner,
            output: output(summary, result),
            error: error(summary),
            assignee: label(summary, ASSIGNEE),
            project_id: label(summary, PROJECT).map(NameOrNumber),
            omitted,
            execution_results: None,
        }
    }
}

impl<'a> Execution<'a> {
    /// `None` while it is under way: it has no result yet.
    fn of(job: &'a WholeJob, attempt: &'a AttemptRecord) -> Option<Execution<'a>> {
        let summary = &job.found.summary;
        let ended_at = attempt.ended_at.as_deref()?;
        let is_newest = attempt.number == summary.attempt;
        let outcome = execution(attempt.outcome.as_deref());
        // What is told of a task that has not ended is of an execution that is still to come, or to end.
        let has_output = is_newest && status(summary).is_end() && (outcome == "success" || is_mirrored(summary));
        Some(Execution {
            id: attempt.number,
            task_id: NameOrNumber(name(summary)),
            started_at: &attempt.started_at,
            ended_at,
            status: outcome,
            duration_ms: duration_ms(&attempt.started_at, ended_at),
            output_text: if has_output { output(summary, job.found.result.as_deref()) } else { None },
            error_text: error_text(summary, attempt, is_newest, outcome),
        })
    }
}

fn error_text(job: &JobSummary, attempt: &AttemptRecord, is_newest: bool, status: &str) -> Option<Text> {
    let said = attempt.error.as_ref().map(|error| error.message.clone()).filter(|message| !message.is_empty());
    said.or_else(|| error(job).filter(|_| is_newest && status != "success").map(Text::from))
}

fn duration_ms(from: &str, to: &str) -> u64 {
    match (wire::time::parse(from), wire::time::parse(to)) {
        (Some(from), Some(to)) => to.since_ms(from),
        _ => 0,
    }
}
