//! What clients of system 4 ask of tasks but for changing them: make, list, read, delete.

use domain::request::{Ask, Word};
use domain::{Json, Status, limits};
use serde::Serialize;
use wire::body::Submit;

use super::body::Fields;
use super::facts::{ASSIGNEE, NameOrNumber, PROJECT, is_mirrored, label_bytes, name};
use super::record::{Kept, Record, TOLD_ATTEMPTS};
use super::words::{DELETED, statuses, word};
use super::{INVALID, SOURCE, cron, detail, refused, task_or};
use crate::dialect::{
    Answer, FoundJob, JobFilter, Order, Page, Refused, Request, SORTED_JOBS, SortKey, Sorted, Step, Which, WholeJob,
};
use crate::told;

/// Tasks of one page: unless told, and at most.
const PAGE: (u64, u64) = (20, 100);
/// Tasks that may be passed over at most.
const MOST_PASSED: u64 = 10_000;
/// How long a task that runs here may take to stop before its deletion is given up, in milliseconds.
const STOPS_WITHIN_MS: u64 = 5_000;

/// `POST /api/tasks {skill_name, schedule_cron?, params?, status?, task_id?, user_id?, assignee?, project_id?}`
pub(super) fn create(request: &Request<'_>) -> Step {
    let (submit, word) = match wanted(request.body) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal.into(),
    };
    let named = submit.external_id.clone().unwrap_or_default();
    Step::Mirror(
        SOURCE,
        Box::new(submit),
        Box::new(word),
        Box::new(move |made| match made {
            Ok(task) => Answer::json(201, &Record::whole(&task)).into(),
            Err(problem) if problem.field.as_deref() == Some("externalId") => {
                let sentence = format!(
                    "The task_id {} is taken: there is a task of this name. If it is yours, PUT /api/tasks/{{task_id}} changes it; else \
                     choose another task_id, or leave it out",
                    limits::cut(&named, 100)
                );
                detail(409, "taken", &sentence).into()
            }
            Err(problem) if problem.field.as_deref() == Some("owner") => detail(problem.status, &problem.code, OTHER_OWNER).into(),
            Err(problem) => refused(&problem).into(),
        }),
    )
}

const OTHER_OWNER: &str = "Only a service may make a task for another user: leave user_id out, or ask with the key of a service";

fn wanted(body: &[u8]) -> Result<(Submit, Word), Answer> {
    let mut fields = Fields::of_body(body)?;
    let skill = fields.skill();
    let skill = fields.needs("skill_name", skill);
    let schedule_cron = fields.cron();
    let params = fields.object("params");
    let status = fields.status();
    let external_id = fields.own_name("task_id");
    let owner = fields.owner();
    let labels = labels(&mut fields);
    let read = (Kept { params, schedule_cron }, status, labels);
    let (kept, status, labels) = fields.or_wrong(read)?;
    if let Some(problem) = kept.schedule_cron.as_deref().and_then(cron::problem) {
        return Err(detail(400, INVALID, &problem));
    }
    let metadata = wire::convert::to_json(&kept);
    let metadata = if metadata == "{}" { None } else { wire::record::raw(&metadata) };
    let submit = Submit { task: skill.clone(), title: Some(skill), external_id, owner, metadata, ..Submit::default() };
    let status = status.map_or(Status::Pending, |said| said.status);
    Ok((submit, Word { status: Some(status), labels, ..Word::default() }))
}

/// Who does it and for which project, as far as it is said; an empty name takes it back.
pub(super) fn labels(fields: &mut Fields) -> Vec<(domain::Text, domain::Text)> {
    let mut labels = Vec::new();
    for (field, label) in [("assignee", ASSIGNEE), ("project_id", PROJECT)] {
        if let Some(name) = fields.name(field, label_bytes(label)) {
            labels.push((label.into(), name.into()));
        }
    }
    labels
}

#[derive(Serialize)]
struct Listed<'a> {
    tasks: Vec<Record<'a>>,
    total: u64,
    limit: u64,
    offset: u64,
    has_more: bool,
    /// Only when there are more than `total`, which are not counted. Not of that system.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_capped: bool,
}

/// `GET /api/tasks?status=&skill_name=&limit=&offset=&sort_by=&sort_order=`
pub(super) fn list(request: &Request<'_>) -> Step {
    let (filter, order, limit, offset) = match asked(request) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into(),
    };
    let page = Page { before: None, skip: offset as usize, limit: limit as usize };
    Step::Sorted(
        filter,
        order,
        page,
        Box::new(move |found| match found {
            Ok(found) if !found.is_all && order != Order::NEWEST => too_many_to_sort(),
            Ok(found) => listed(&found, limit, offset),
            Err(problem) => refused(&problem).into(),
        }),
    )
}

fn too_many_to_sort() -> Step {
    let sentence = format!(
        "There are more than {SORTED_JOBS} such tasks, which are not sorted so: ask for fewer with status or skill_name, or for the newest \
         first (sort_by=created_at, sort_order=desc)"
    );
    detail(400, INVALID, &sentence).into()
}

fn listed(found: &Sorted, limit: u64, offset: u64) -> Step {
    let tasks = found.jobs.iter().map(Record::listed).collect();
    let (total, has_more, total_is_capped) = (found.total, found.is_more, !found.is_all);
    Answer::json(200, &Listed { tasks, total, limit, offset, has_more, total_is_capped }).into()
}

/// What is asked for.
fn asked(request: &Request<'_>) -> Result<(JobFilter, Order, u64, u64), Answer> {
    let mut fields = Fields::of_query(request);
    let words = ["pending", "running", "completed", "failed", "disabled"];
    let told: Vec<(&str, Option<&str>)> = [("", None)].into_iter().chain(words.map(|word| (word, Some(word)))).collect();
    let status = fields.one_of("status", &told).flatten();
    let skill = fields.text("skill_name");
    let (usual, most) = PAGE;
    let limit = fields.whole("limit", 1, most).unwrap_or(usual);
    let offset = fields.whole("offset", 0, MOST_PASSED).unwrap_or(0);
    let keys = [("created_at", SortKey::Created), ("next_run_at", SortKey::Due), ("updated_at", SortKey::Updated)];
    let by = fields.one_of("sort_by", &keys).unwrap_or(SortKey::Created);
    let is_ascending = fields.one_of("sort_order", &[("desc", false), ("asc", true)]).unwrap_or(false);
    let filter = JobFilter { status: status.map(statuses).unwrap_or_default(), task: skill, ..JobFilter::default() };
    fields.or_wrong((filter, Order { by, is_ascending }, limit, offset))
}

/// `GET /api/tasks/:id`
pub(super) fn one(request: &Request<'_>) -> Step {
    let asked = request.param(0).to_owned();
    Step::Look(
        Which::named(&asked),
        Box::new(move |found| match found {
            Err(problem) => task_or(&problem, &asked),
            Ok(task) => Step::Attempts(
                task.found.summary.id.to_string(),
                TOLD_ATTEMPTS,
                Box::new(move |attempts| match attempts {
                    Ok(attempts) => Answer::json(200, &Record::with_executions(&task, &attempts)).into(),
                    Err(problem) => task_or(&problem, &asked),
                }),
            ),
        }),
    )
}

/// What a deletion is about: our id, how the client named it, and how clients are told of it.
#[derive(Clone)]
struct Doomed {
    ours: String,
    asked: String,
    told: String,
}

#[derive(Serialize)]
struct Deletion<'a> {
    message: &'a str,
    task_id: NameOrNumber<'a>,
    status: &'a str,
}

/// `DELETE /api/tasks/:id`: what is under way is ended first.
pub(super) fn delete(request: &Request<'_>) -> Step {
    let asked = request.param(0).to_owned();
    Step::Look(
        Which::named(&asked),
        Box::new(move |found| match found {
            Err(problem) => task_or(&problem, &asked),
            Ok(task) => {
                let summary = &task.found.summary;
                let doomed = Doomed { ours: summary.id.to_string(), asked, told: name(summary).to_owned() };
                match (task.found.status().is_end(), is_mirrored(summary)) {
                    (true, _) => gone(doomed),
                    (false, true) => end_there(doomed),
                    (false, false) => end_here(doomed),
                }
            }
        }),
    )
}

/// Another system runs it: here it is over.
fn end_there(doomed: Doomed) -> Step {
    let word = Word { status: Some(Status::Aborted), ..Word::default() };
    Step::Observe(
        doomed.ours.clone(),
        Box::new(word),
        Box::new(move |observed| match observed {
            Ok(_) => gone(doomed),
            Err(problem) => task_or(&problem, &doomed.asked),
        }),
    )
}

/// It runs here: it is stopped, and its stop is waited for.
fn end_here(doomed: Doomed) -> Step {
    let ours = doomed.ours.clone();
    Step::Ask(
        ours,
        Ask::Abort,
        Box::new(move |asked| match asked {
            Ok(asked) if asked.is_done => gone(doomed),
            // It was asked to stop before, or just now.
            Ok(_) => wait(doomed),
            Err(problem) if &*problem.code == "stop_asked" => wait(doomed),
            Err(problem) => task_or(&problem, &doomed.asked),
        }),
    )
}

fn wait(doomed: Doomed) -> Step {
    Step::Wait(
        doomed.ours.clone(),
        STOPS_WITHIN_MS,
        Box::new(move |found: Result<FoundJob, Refused>| match found {
            Ok(job) if job.status().is_end() => gone(doomed),
            Ok(job) => {
                let message = "It was asked to stop and has not yet: delete it again when it has";
                let task_id = NameOrNumber(&doomed.told);
                Answer::json(202, &Deletion { message, task_id, status: word(job.status()) }).into()
            }
            Err(problem) => task_or(&problem, &doomed.asked),
        }),
    )
}

fn gone(doomed: Doomed) -> Step {
    Step::Delete(
        doomed.ours.clone(),
        Box::new(move |deleted| match deleted {
            Ok(()) => {
                let task_id = NameOrNumber(&doomed.told);
                Answer::json(200, &Deletion { message: "Task successfully deleted", task_id, status: DELETED }).into()
            }
            // It was taken up again meanwhile.
            Err(problem) if problem.status == 409 => detail(409, &problem.code, &told::sentence(&problem)).into(),
            Err(problem) => task_or(&problem, &doomed.asked),
        }),
    )
}

/// A task, answered as it is.
pub(super) fn shown(task: &WholeJob) -> Step {
    Answer::json(200, &Record::whole(task)).into()
}

/// Metadata with these values put in; `None` when none is said.
pub(super) fn metadata(kept: Kept, task: &WholeJob) -> Option<Json> {
    let is_said = kept.params.is_some() || kept.schedule_cron.is_some();
    is_said.then(|| kept.put_into(task))
}
