//! What requests and their answers carry.

use domain::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::record::{AttemptRecord, EventRecord, JobError, JobSummary, Progress, Subject, TaskRecord, Wish};

/// A job to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submit {
    /// A task that `GET /tasks` lists, or, with `mode: "tracked"`, any name.
    pub task: String,
    /// Any JSON value, at most 1 MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub input: Option<Box<serde_json::value::RawValue>>,
    /// `tracked`: the caller does the work and reports; the answer brings its lease. Left out: as the task says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::words::SubmitMode>)]
    pub mode: Option<String>,
    /// Whose job it is. Only a service may name another than itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The page or wizard it was started from: any text of the app's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the app shows the result: an http or https URL, or a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// At most 50, of at most 100 bytes each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// −100 to 100; higher starts first. 0 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// RFC 3339. Not before then; now when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<String>,
    /// Any JSON value, at most 16 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub metadata: Option<Box<serde_json::value::RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// For a tracked job: how long it may be silent before it is `lost`, in milliseconds (1,000 to 3,600,000). 30,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::counts::optional")]
    pub lease_ms: Option<u64>,
    /// For a tracked job whose task is not declared: `cooperative` (unless told) or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::words::SubmitPause>)]
    pub pause: Option<String>,
}

/// Several jobs, all or none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitBatch {
    /// 1 to 1,000.
    pub jobs: Vec<Submit>,
}

/// The jobs that a batch made, in its order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BatchMade {
    pub jobs: Vec<JobSummary>,
}

/// A page of jobs, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobPage {
    pub jobs: Vec<JobSummary>,
    /// Give it back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Follow from here with `after`, and nothing is missed.
    pub position: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptList {
    pub attempts: Vec<AttemptRecord>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventList {
    pub events: Vec<EventRecord>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskList {
    pub tasks: Vec<TaskRecord>,
}

/// New values. What is left out stays; `null` clears.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchJob {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub link: Option<Option<String>>,
    /// Replaces all tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// A new due time, while the job is scheduled, retrying or held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub metadata: Option<Option<serde_json::Value>>,
}

/// Tells a field that is `null` from one that is left out.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// `POST /jobs/{id}/progress`. All fields may be left out; what is left out stays as it was.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportProgress {
    #[serde(flatten)]
    pub progress: Progress,
    /// Number of the wish that was carried out: the job is paused, or goes on, or stopped.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::counts::optional")]
    pub acknowledge: Option<u64>,
}

/// `POST /jobs/{id}/heartbeat`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportHeartbeat {
    /// A new length of the lease, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::counts::optional")]
    pub lease_ms: Option<u64>,
}

/// `POST /jobs/{id}/complete`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportComplete {
    /// Any JSON value, at most 1 MB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub result: Option<Box<serde_json::value::RawValue>>,
    /// Last progress, put over what was told before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// `POST /jobs/{id}/fail`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportFail {
    #[schema(value_type = ReportedError)]
    pub error: JobError,
    /// False: never again, whatever attempts are left. True unless told.
    #[serde(default = "yes")]
    pub retry: bool,
    /// The attempt was cut short by a deploy: free, at most three times.
    #[serde(default)]
    pub interrupted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

fn yes() -> bool {
    true
}

/// Why it failed, as a report says it.
// Read as a `JobError`; it stands apart in the API document, where a report may leave out what an answer always has.
#[derive(ToSchema)]
pub struct ReportedError {
    /// A stable word for the class of error; `error` unless told.
    #[schema(required = false)]
    pub kind: String,
    /// A sentence for people.
    pub message: String,
}

/// `POST /jobs/{id}/wait`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportWait {
    /// What it waits for: `input`, `child`, `timer`, `callback`, or the app's own word.
    pub on: String,
    /// RFC 3339. After it the job is `timed_out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// `POST /jobs/{id}/output`: lines of a tracked job's own log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportOutput {
    pub chunks: Vec<OutputLine>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputLine {
    /// `stdout`, `stderr`, `debug`, `info`, `warn`, `error`. `info` unless told.
    #[serde(default = "info")]
    pub stream: String,
    pub text: String,
}

fn info() -> String {
    "info".to_owned()
}

/// The answer to every report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer {
    /// `running`, or `paused`, or the end that the report brought.
    #[schema(value_type = crate::words::StatusWord)]
    pub status: Text,
    pub rev: u64,
    /// What is asked of the reporter now.
    pub wish: Wish,
    /// Report again before then. Absent after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_expires_at: Option<String>,
}

/// `POST /jobs/{id}/answer`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerJob {
    #[schema(value_type = serde_json::Value)]
    pub value: Box<serde_json::value::RawValue>,
}

/// `POST /jobs/{id}/rerun`. Without `input` the old one is copied.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub input: Option<Box<serde_json::value::RawValue>>,
}

/// `POST /jobs/actions`: one verb on many jobs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Action {
    /// `pause`, `resume`, `abort`, `kill`, `retry`, `run-now`, `delete`.
    #[schema(value_type = crate::words::ActionWord)]
    pub verb: String,
    pub filter: ActionFilter,
    /// True: only count, change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// How many jobs at most, 1 to 1,000; 1,000 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Which jobs. At least one field; all must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionFilter {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
}

/// What an action did, or would do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionResult {
    /// Jobs that the filter found, up to the limit.
    pub matched: u32,
    /// Whether more would match.
    pub more: bool,
    /// Empty on a dry run.
    pub items: Vec<ActionItem>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionItem {
    pub id: String,
    /// `changed`, `asked`, `unchanged`, or the code of the refusal.
    pub outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `POST /claims`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// Names of tasks whose mode is `worker`.
    pub tasks: Vec<String>,
    /// The worker's own name, for people.
    pub worker: String,
    /// 1 to 100; 1 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Seconds to wait for a job, 0 to 55; 0 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::counts::optional")]
    pub lease_ms: Option<u64>,
}

/// `POST /tickets`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTicket {
    /// The only topics that the ticket opens; all that the caller may see when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<crate::topic::TopicShape>)]
    pub topics: Vec<serde_json::Value>,
}

/// A single-use ticket for a browser's `EventSource`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// Goes into the query as `ticket`. Good once, for half a minute, from the same origin.
    pub ticket: String,
    pub expires_at: String,
}

/// `POST /tokens`: a service makes a short token for a browser.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    /// The user.
    pub subject: String,
    /// Among `jobs:read`, `jobs:submit`, `jobs:control`, `jobs:report`; read, submit and control unless told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// 10 to 86,400; 900 unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    pub token: String,
    pub expires_at: String,
}

/// `GET /me`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    pub subject: String,
    pub tenant: String,
    pub scopes: Vec<String>,
    /// Whether it sees all jobs of its tenant.
    pub tenant_wide: bool,
    /// Whether the server runs without access control, for development.
    pub open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}
