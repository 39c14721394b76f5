//! What the clients of system 2 ask: start, pause, resume, abort, watch. A task is looked up by its id and its type together: one of another
//! type, one of somebody else's and one that does not exist are told alike.

use std::collections::BTreeMap;

use domain::request::Ask;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use wire::body::Submit;
use wire::problem::Problem;

use super::stream::TaskStream;
use super::updates::ended;
use crate::dialect::{Answer, Asked, FoundJob, Refused, Request, Step, Stream, Which};
use crate::told;

/// How long a start is watched for a program that cannot even begin, in milliseconds: a task that failed by then was not started.
const BEGINS_WITHIN_MS: u64 = 250;
/// Fields of a body that are no input.
const ACTION: &str = "action";
const TASK_ID: &str = "taskId";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// `POST`: what the body's `action` says.
pub(super) fn act(request: &Request<'_>) -> Step {
    let mut fields: BTreeMap<String, Box<RawValue>> = match serde_json::from_slice(request.body) {
        Ok(fields) => fields,
        Err(_) => return failed(400, "the body must be a JSON object".to_owned()),
    };
    let text = |value: Option<Box<RawValue>>| value.and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    let has_action = fields.contains_key(ACTION);
    let (action, task_id) = (text(fields.remove(ACTION)), text(fields.remove(TASK_ID)));
    let action = if has_action { action } else { Some("start".to_owned()) };
    let task = request.param(0).to_owned();
    match (action.as_deref(), task_id) {
        (Some("start"), _) => start(task, &fields),
        (Some("pause"), Some(id)) => ask(task, id, Ask::Pause),
        (Some("resume"), Some(id)) => ask(task, id, Ask::Resume),
        _ => told::error(400, "Invalid action").into(),
    }
}

/// All other fields of the body are the input.
fn start(task: String, fields: &BTreeMap<String, Box<RawValue>>) -> Step {
    let submit = Submit { task: task.clone(), input: to_raw_value(fields).ok(), ..Submit::default() };
    Step::Submit(
        Box::new(submit),
        Box::new(move |made| match made {
            Err(problem) => refused(&problem),
            // Whoever waits for a place, or for a worker, cannot fail before its turn.
            Ok(job) if &*job.summary.mode != "process" || job.summary.reason.as_deref() != Some("queued") => started(&job, &task),
            Ok(job) => {
                let id = job.summary.id.to_string();
                Step::Wait(id, BEGINS_WITHIN_MS, Box::new(move |now| started(now.as_ref().unwrap_or(&job), &task)))
            }
        }),
    )
}

/// A task that failed before anybody could look at it was not started, and the answer says why.
fn started(job: &FoundJob, task: &str) -> Step {
    let summary = &job.summary;
    match ended(summary, None).error.filter(|_| job.status().is_end()) {
        Some(error) => {
            let outcome =
                Outcome { success: false, task_id: Some(&summary.id), task_type: None, message: None, error: Some(error) };
            Answer::json(500, &outcome).into()
        }
        None => {
            let message = Some(format!("{task} task started"));
            let outcome = Outcome { success: true, task_id: Some(&summary.id), task_type: None, message, error: None };
            Answer::json(200, &outcome).into()
        }
    }
}

fn refused(problem: &Problem) -> Step {
    failed(problem.status, told::sentence(problem))
}

fn failed(status: u16, error: String) -> Step {
    Answer::json(status, &Outcome { success: false, task_id: None, task_type: None, message: None, error: Some(error) }).into()
}

/// Whether these are the words for a job of this type: no other exists under this address.
fn of_type(found: Result<FoundJob, Refused>, task: &str) -> Result<FoundJob, Refused> {
    let other = || Box::new(Problem::new(404, "not_found", "There is no such task.", format!("No {task} task has this id.")));
    found.and_then(|job| if &*job.summary.task == task { Ok(job) } else { Err(other()) })
}

/// A verb on a task of this type.
fn ask(task: String, id: String, verb: Ask) -> Step {
    Step::Find(
        Which::Ours(id.clone()),
        Box::new(move |found| match of_type(found, &task) {
            Err(problem) => told_asked(&id, &task, verb, Err(problem)),
            Ok(_) => Step::Ask(id.clone(), verb, Box::new(move |asked| told_asked(&id, &task, verb, asked))),
        }),
    )
}

/// 200 in any case: `success` says whether it was possible. A refusal that is not about the task keeps its status.
fn told_asked(id: &str, task: &str, verb: Ask, asked: Result<Asked, Refused>) -> Step {
    let (infinitive, done, task_type) = match verb {
        Ask::Pause => ("pause", "Task paused", None),
        Ask::Resume => ("resume", "Task resumed", None),
        _ => ("abort", "Task aborted", Some(task)),
    };
    let outcome = |success, message, error| Outcome { success, task_id: Some(id), task_type, message: Some(message), error };
    match asked {
        Ok(asked) => {
            let message = if asked.is_done { done.to_owned() } else { format!("The task was asked to {infinitive}") };
            Answer::json(200, &outcome(true, message, None)).into()
        }
        Err(problem) if matches!(problem.status, 404 | 409) => {
            let message = format!("Failed to {infinitive} task");
            Answer::json(200, &outcome(false, message, Some(why_not(&problem)))).into()
        }
        Err(problem) => refused(&problem),
    }
}

fn why_not(problem: &Problem) -> String {
    match problem.job.as_ref().and_then(|job| job.status.as_deref()) {
        Some(status) => format!("The task is {status}"),
        None => told::sentence(problem),
    }
}

/// `DELETE`: abort, whether it runs, waits or is paused.
pub(super) fn abort(request: &Request<'_>) -> Step {
    match request.query(TASK_ID) {
        Some(id) => ask(request.param(0).to_owned(), id.to_owned(), Ask::Abort),
        None => told::error(400, "taskId is required").into(),
    }
}

/// `GET`: the stream of a task.
pub(super) fn watch(request: &Request<'_>) -> Step {
    let Some(id) = request.query(TASK_ID).map(str::to_owned) else { return told::error(400, "taskId is required").into() };
    let task = request.param(0).to_owned();
    let held = request.last_event_id.map(str::to_owned);
    Step::Find(
        Which::Ours(id.clone()),
        Box::new(move |found| match of_type(found, &task) {
            Err(problem) => told::error(problem.status, &told::sentence(&problem)).into(),
            Ok(_) => {
                let session = TaskStream::new(id.clone(), held.as_deref());
                let held = session.position().map(|position| (id, position.to_owned()));
                Step::Stream(Stream { held, session: Box::new(session) })
            }
        }),
    )
}
