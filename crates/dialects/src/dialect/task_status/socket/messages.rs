//! What is said over the socket of system 4, both ways. Its document has two shapes: the base frame, with `data`, and the one that its pages
//! understand, with `payload`. An update has the second; what an agent does has both.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wire::record::JobSummary;

use super::super::facts::{ASSIGNEE, NameOrNumber, PROJECT, error, is_mirrored, label, name, output};
use super::super::words::{DELETED, agent, execution, word};
use crate::dialect::status;

/// Bytes of an output and of an error in what an agent does; the update beside it has more.
const ACTIVITY_OUTPUT_BYTES: usize = 1_000;
const ACTIVITY_ERROR_BYTES: usize = 500;

pub(super) enum FromClient {
    Ping,
    Pong,
    Ack,
    /// Its type, as far as it has one.
    Unknown(String),
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    r#type: String,
}

impl FromClient {
    pub(super) fn read(text: &str) -> FromClient {
        let message = Some(text).filter(|text| text.trim_start().starts_with('{')).and_then(|text| serde_json::from_str(text).ok());
        let Some(Message { r#type }) = message else { return FromClient::Unknown("no JSON object with a type".into()) };
        match r#type.as_str() {
            "ping" => FromClient::Ping,
            "pong" => FromClient::Pong,
            "ack" => FromClient::Ack,
            other => FromClient::Unknown(format!("{:?}", domain::limits::cut(other, 100))),
        }
    }
}

/// `event_id` is what a client hands back as `last_event_id`; empty where it holds no place of the log yet.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ToClient<'a> {
    Ack { event_id: &'a str, timestamp: &'a str, ack_event_id: &'a str, data: Nothing },
    Ping { event_id: &'a str, timestamp: &'a str, data: Nothing },
    Pong { event_id: &'a str, timestamp: &'a str, data: Nothing },
    Error { event_id: &'a str, timestamp: &'a str, error: &'a str, details: &'a str, data: Nothing },
    TaskStatusUpdate { payload: Update<'a>, timestamp: &'a str, event_id: &'a str },
    AgentActivityUpdate { event_id: &'a str, timestamp: &'a str, data: Activity<'a>, payload: Agent<'a> },
}

#[derive(Serialize)]
pub(super) struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update<'a> {
    task_id: &'a str,
    status: &'static str,
    updated_at: &'a str,
    output: Option<String>,
    error: Option<String>,
    assignee: Option<&'a str>,
    project_id: Option<NameOrNumber<'a>>,
}

impl<'a> Update<'a> {
    pub(super) fn of(job: &'a JobSummary, result: Option<&RawValue>) -> Update<'a> {
        // As over the channel: what may have been told before, and holds no longer, is told as empty.
        let before = (job.settlement > 1 || job.attempt > 1).then(String::new);
        let no_error = if is_mirrored(job) { Some(String::new()) } else { before.clone() };
        Update {
            task_id: name(job),
            status: word(status(job)),
            updated_at: &job.updated_at,
            output: output(job, result).or(before),
            error: error(job).or(no_error),
            assignee: label(job, ASSIGNEE),
            project_id: label(job, PROJECT).map(NameOrNumber),
        }
    }

    /// The last one of a task.
    pub(super) fn deleted(task_id: &'a str, at: &'a str) -> Update<'a> {
        Update { task_id, status: DELETED, updated_at: at, output: None, error: None, assignee: None, project_id: None }
    }
}

#[derive(Serialize)]
pub(super) struct Activity<'a> {
    agent_id: NameOrNumber<'a>,
    task_id: NameOrNumber<'a>,
    status: &'static str,
    output: Option<String>,
    error: Option<String>,
    duration_ms: Option<u64>,
    timestamp: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent<'a> {
    agent_id: &'a str,
    status: &'static str,
    current_task: Option<&'a str>,
    timestamp: &'a str,
}

/// What the agent of a task does, as of an update of it; `None` for a task without one.
pub(super) fn activity<'a>(job: &'a JobSummary, result: Option<&RawValue>) -> Option<(Activity<'a>, Agent<'a>)> {
    let assignee = label(job, ASSIGNEE)?;
    let status = status(job);
    let cut = |text: Option<String>, bytes| text.filter(|text| !text.is_empty()).map(|text| domain::limits::cut(&text, bytes));
    let activity = Activity {
        agent_id: NameOrNumber(assignee),
        task_id: NameOrNumber(name(job)),
        status: if status.is_end() { execution(Some(status.as_str())) } else { word(status) },
        output: cut(output(job, result), ACTIVITY_OUTPUT_BYTES),
        error: cut(error(job), ACTIVITY_ERROR_BYTES),
        duration_ms: status.is_end().then_some(job.ran_ms),
        timestamp: &job.updated_at,
    };
    let state = agent(status);
    let current_task = (state == "busy").then(|| name(job));
    Some((activity, Agent { agent_id: assignee, status: state, current_task, timestamp: &job.updated_at }))
}
