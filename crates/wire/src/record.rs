//! A job as everybody sees it. Fields without a value are left out.

use domain::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A job as it stands in the log, in frames and in lists: at most 4 KB, without input, result and output.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobSummary {
    /// `job_` and 26 characters; ids sort by age.
    #[schema(value_type = String, example = "job_01jd9v3k5efx4b8n6w2q7r0mzt")]
    pub id: Text,
    /// The kind of work: a task of the server, or any name for a tracked job.
    #[schema(value_type = String)]
    pub task: Text,
    /// Who does the work.
    #[schema(value_type = crate::words::ModeWord)]
    pub mode: Text,
    /// Where it stands; the last five are ends. Treat a word you do not know as active and show it.
    #[schema(value_type = crate::words::StatusWord)]
    pub status: Text,
    /// Explains the status; an open list of words, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Text>,
    /// Grows by one with each event of this job. Keep the highest, drop the rest.
    pub rev: u64,
    /// Which of its ends it is on the way to, or at; from 1. `retry` after an end begins the next.
    pub settlement: u32,
    /// Number of the newest attempt; 0 before the first.
    pub attempt: u32,
    /// The wall between customers; `default` unless the token says otherwise.
    #[schema(value_type = String)]
    pub tenant: Text,
    /// The user who may see it.
    #[schema(value_type = String)]
    pub owner: Text,
    /// What it is about, so that a page can ask whether something runs for this document.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<Subject>,
    /// The page or wizard it was started from: any text of the app.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub session: Option<Text>,
    /// What people see instead of the task.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub title: Option<Text>,
    /// Where the app shows the result.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub link: Option<Text>,
    /// Sorted. Can be changed later.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schema(value_type = Vec<String>)]
    pub tags: Vec<Text>,
    /// How many tags were left out because the summary would have passed its 4 KB.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub tags_omitted: u32,
    /// The job that it was started by, if the submit named one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<Text>,
    /// Absent when it is the job itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub root_id: Option<Text>,
    /// What the jobs of one batch have in common.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub batch_id: Option<Text>,
    /// Its name in another system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Text>,
    /// The job whose input it took over.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub rerun_of: Option<Text>,
    /// −100 to 100; higher starts first.
    pub priority: i16,
    /// How far the work is. Kept after the end.
    pub progress: Progress,
    /// What somebody asked of the running attempt; absent when nothing stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wish: Option<Wish>,
    /// How a running attempt is paused.
    #[schema(value_type = crate::words::PauseWord)]
    pub pause: Text,
    /// What the status allows to be asked now.
    #[schema(value_type = Vec<crate::words::VerbWord>)]
    pub verbs: Vec<Text>,
    /// Why it failed. In a summary the message is cut at 500 bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<JobError>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it may start, while it is scheduled or retrying.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due_at: Option<String>,
    /// Start of the newest attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started_at: Option<String>,
    /// When it reached its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<String>,
    /// Time of the event that this is the state of.
    pub updated_at: String,
    /// Running time of the newest attempt up to `updatedAt`, paused time not counted, in milliseconds.
    pub ran_ms: u64,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What a job is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subject {
    /// A word of the app, for example `document`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Text,
    /// Its id in the app.
    #[schema(value_type = String)]
    pub id: Text,
}

/// How far the work is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub percentage: Option<f64>,
    /// Items done, in the work's own unit.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "crate::counts::optional")]
    pub current: Option<u64>,
    /// Items in all.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "crate::counts::optional")]
    pub total: Option<u64>,
    /// Cut at 500 bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub message: Option<Text>,
    /// Items that went well.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "crate::counts::optional")]
    pub ok: Option<u64>,
    /// Items that failed.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "crate::counts::optional")]
    pub failed: Option<u64>,
    /// Items that were left out.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "crate::counts::optional")]
    pub skipped: Option<u64>,
    /// Grows with each progress of this job. The server's; ignored in a report.
    #[serde(default, deserialize_with = "crate::counts::count")]
    pub tick: u64,
}

/// What somebody asked of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Wish {
    /// What was asked.
    #[schema(value_type = crate::words::WishWord)]
    pub kind: Text,
    /// Grows with each wish of this job; an acknowledgement names it.
    pub number: u64,
    /// When it was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<String>,
    /// Who asked; absent when a time limit did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub by: Option<Text>,
}

/// Why a job or an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// A stable word for the class of error: ours (`exit_code`, `signal`, `no_result`, `time_limit`, `out_of_memory`, `program_not_found`,
    /// `reporter_gone`, `server_gone`, …) or the app's.
    #[schema(value_type = String, required = true)]
    #[serde(default = "plain_error")]
    pub kind: Text,
    /// A sentence for people.
    #[schema(value_type = String)]
    pub message: Text,
}

fn plain_error() -> Text {
    "error".into()
}

/// One job, whole.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    #[serde(flatten)]
    pub summary: JobSummary,
    /// As submitted; any JSON value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub input: Option<serde_json::Value>,
    /// What the work brought: any JSON value.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub result: Option<serde_json::Value>,
    /// The value that `answer` brought.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub answer: Option<serde_json::Value>,
    /// What the app put beside it; not in summaries.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub metadata: Option<serde_json::Value>,
    /// The limits and the retry policy, as of its submit.
    pub limits: Limits,
    /// Only in the answer to a tracked submit or a claim: the right to report.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Lease>,
}

/// The limits and the retry policy of a job, as of its submit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Longest running time of an attempt, paused time not counted, in milliseconds; absent is unlimited.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_limit_ms: Option<u64>,
    /// How long an asked abort may take before it is enforced, in milliseconds.
    pub abort_grace_ms: u64,
    /// How long it may wait to start, in milliseconds; absent is for ever.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start_within_ms: Option<u64>,
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// Wait before the second attempt, in milliseconds; it doubles with each further one.
    pub retry_base_ms: u64,
    /// Longest wait between attempts, in milliseconds.
    pub retry_max_ms: u64,
    /// Whether a passed time limit is tried again too.
    pub retry_on_timeout: bool,
    /// What becomes of it when its holder vanishes.
    #[schema(value_type = crate::words::RescueWord)]
    pub rescue: Text,
}

/// The right to run one attempt until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Goes into the header `Tidings-Lease` of each report. A secret.
    pub token: String,
    /// Report before then. RFC 3339.
    pub expires_at: String,
}

/// One execution of a job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRecord {
    /// From 1.
    pub number: u32,
    #[schema(value_type = String)]
    pub holder: Text,
    pub started_at: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_at: Option<String>,
    /// How it went: a status, or `interrupted`, `error`, `time_limit`; absent while under way.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub outcome: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<JobError>,
}

/// One entry of a job's history.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord {
    pub position: String,
    /// What happened.
    #[schema(value_type = crate::words::EventWord)]
    pub kind: Text,
    pub rev: u64,
    #[schema(value_type = crate::words::StatusWord)]
    pub status: Text,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Text>,
    pub at: String,
    /// Who caused it; absent when the clock did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<String>)]
    pub by: Option<Text>,
    /// For `wished`: what was asked; absent when a wish was fulfilled without another change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<crate::words::AskedWord>)]
    pub wish: Option<Text>,
}

/// Counts by status; every status is there, and they add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    pub by_status: std::collections::BTreeMap<String, u64>,
    pub total: u64,
    pub active: u64,
}

/// A piece of a job's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputChunk {
    /// `stdout`, `stderr`, or the level of a log line: `debug`, `info`, `warn`, `error`.
    #[schema(value_type = String)]
    pub stream: Text,
    pub at: String,
    /// Bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// Bytes of output that were dropped because an attempt wrote more than is kept (the first 1 MB and the last 4 MB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputGap {
    pub from: u64,
    pub to: u64,
}

/// A range of a job's output.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutputRange {
    pub attempt: u32,
    /// Byte offset of the first chunk.
    pub offset: u64,
    /// Where to go on.
    pub next: u64,
    /// Whether the attempt is over and nothing will follow `next`.
    pub ended: bool,
    pub chunks: Vec<OutputChunk>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gap: Option<OutputGap>,
}

/// A task that can be started.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskRecord {
    #[schema(value_type = String)]
    pub name: Text,
    #[schema(value_type = crate::words::ModeWord)]
    pub mode: Text,
    #[schema(value_type = crate::words::PauseWord)]
    pub pause: Text,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// How many of it run at once.
    pub concurrency: u32,
    /// How many of the caller's own run and wait now.
    pub running: u64,
    pub pending: u64,
    /// An input to start with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub example: Option<serde_json::Value>,
    /// JSON Schema of the input, for types and forms: no input is refused by it. Not in the live topic `tasks`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub input_schema: Option<serde_json::Value>,
    /// JSON Schema of the result. Not in the live topic `tasks`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub output_schema: Option<serde_json::Value>,
}

/// Passes a stored JSON text through without reading its structure.
pub fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}
