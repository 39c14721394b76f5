//! `POST /api/v1/agents/activity`: what an agent says of the task that it does. The agent becomes the task's assignee.
//!
//! How long it ran is told with its end; when nobody told of its beginning, that is when it began.

use domain::request::Word;
use domain::{Json, Status, Text, Timestamp, limits};
use serde::Serialize;
use wire::record::JobSummary;

use super::body::Fields;
use super::change::output_and_error;
use super::facts::{ASSIGNEE, NameOrNumber, is_mirrored, label_bytes};
use super::{RUN_HERE, detail, refused, task_or};
use crate::dialect::{Answer, Request, Step, Which, status};

/// Longest duration that is believed, in milliseconds: a year.
const LONGEST_MS: u64 = 366 * 24 * 60 * 60 * 1_000;

struct Activity {
    agent: String,
    task: String,
    status: Status,
    output: Option<Json>,
    error: Option<Text>,
    duration_ms: Option<u64>,
}

fn read(body: &[u8]) -> Result<Activity, Answer> {
    let mut fields = Fields::of_body(body)?;
    let agent = fields.name("agent_id", label_bytes(ASSIGNEE));
    let agent = fields.needs("agent_id", agent);
    let task = fields.name("task_id", limits::NAME_BYTES);
    let task = fields.needs("task_id", task);
    let said = fields.status();
    let status = said.as_ref().map_or(Status::Running, |said| said.status);
    fields.needs("status", said.map(|said| said.word));
    let (output, error) = output_and_error(&mut fields);
    let duration_ms = fields.whole("duration_ms", 0, LONGEST_MS);
    fields.or_wrong(Activity { agent, task, status, output, error, duration_ms })
}

#[derive(Serialize)]
struct Logged<'a> {
    status: &'a str,
    message: &'a str,
    agent_id: NameOrNumber<'a>,
    task_id: NameOrNumber<'a>,
    /// Always false: there is no such memory here.
    stored_in_memory_mcp: bool,
    /// Whether there was anything new to tell.
    broadcasted_via_websocket: bool,
}

pub(super) fn log(request: &Request<'_>) -> Step {
    let (activity, now) = match read(request.body) {
        Ok(activity) => (activity, request.now),
        Err(refusal) => return refusal.into(),
    };
    Step::Look(
        Which::named(&activity.task.clone()),
        Box::new(move |found| match found {
            Err(problem) => task_or(&problem, &activity.task),
            Ok(task) if !is_mirrored(&task.found.summary) => {
                detail(409, RUN_HERE, "This task runs on the server, so whoever runs it reports how it goes").into()
            }
            Ok(task) => {
                let id = task.found.summary.id.to_string();
                match began(&activity, &task.found.summary, now) {
                    Some(began) => Step::Observe(
                        id.clone(),
                        Box::new(began),
                        Box::new(move |observed| match observed {
                            Ok(_) => said(id, activity),
                            Err(problem) => refused(&problem).into(),
                        }),
                    ),
                    None => said(id, activity),
                }
            }
        }),
    )
}

/// That it began, for an end whose beginning nobody told of: so long ago as is said, and after all that was told of it.
fn began(activity: &Activity, task: &JobSummary, now: Timestamp) -> Option<Word> {
    let is_first_word = activity.status.is_end() && status(task).is_before_start();
    let duration_ms = activity.duration_ms.filter(|_| is_first_word)?;
    let told_at = wire::time::parse(&task.updated_at)?;
    let at = Timestamp(now.0.saturating_sub(duration_ms as i64)).max(told_at.plus_ms(1));
    let at_us = at.0.saturating_mul(1_000);
    (at < now).then(|| Word { status: Some(Status::Running), at_us: Some(at_us), ..Word::default() })
}

fn said(id: String, activity: Activity) -> Step {
    let Activity { agent, task, status, output, error, .. } = activity;
    let labels = vec![(ASSIGNEE.into(), agent.as_str().into())];
    Step::Observe(
        id,
        Box::new(Word { status: Some(status), output, error, labels, ..Word::default() }),
        Box::new(move |observed| match observed {
            Ok(observed) => {
                let logged = Logged {
                    status: "success",
                    message: "Agent activity logged successfully",
                    agent_id: NameOrNumber(&agent),
                    task_id: NameOrNumber(&task),
                    stored_in_memory_mcp: false,
                    broadcasted_via_websocket: observed.is_news,
                };
                Answer::json(201, &logged).into()
            }
            Err(problem) => refused(&problem).into(),
        }),
    )
}
