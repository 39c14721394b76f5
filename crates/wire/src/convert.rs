//! Between the domain's values and their JSON twins. The only file that knows both sides.

use std::fmt::Write as _;

use domain::job::{Job, JobError, Progress, Subject};
use domain::query::Counts;
use domain::{JobId, Json, Status, Text, Topic, limits};

use crate::record::{self, JobSummary};
use crate::time::show;

fn id_text(id: JobId) -> Text {
    id.to_string().into()
}

/// A job as the log, frames and lists show it. Not yet held to its size; see [`summary_json`].
pub fn summary(job: &Job) -> JobSummary {
    JobSummary {
        id: id_text(job.id),
        task: job.task.clone(),
        mode: job.mode.as_str().into(),
        status: job.status.as_str().into(),
        reason: job.reason.clone(),
        rev: job.rev,
        settlement: job.settlement,
        attempt: job.attempt,
        tenant: job.tenant.clone(),
        owner: job.owner.clone(),
        subject: job.subject.as_ref().map(subject_out),
        session: job.session.clone(),
        title: job.title.clone(),
        link: job.link.clone(),
        tags: job.tags.to_vec(),
        tags_omitted: 0,
        parent_id: job.parent.map(id_text),
        root_id: (job.root != job.id).then(|| id_text(job.root)),
        batch_id: job.batch.clone(),
        external_id: job.external_id.clone(),
        rerun_of: job.rerun_of.map(id_text),
        priority: job.priority,
        progress: progress_out(&job.progress, job.tick),
        wish: wish_standing(job),
        pause: job.policy.pause.as_str().into(),
        verbs: domain::decide::allowed_verbs(job).into_iter().map(Text::from).collect(),
        error: job.error.as_ref().map(error_out),
        created_at: show(job.created_at),
        due_at: job.due_at.filter(|_| job.status.is_active()).map(show),
        started_at: job.started_at.map(show),
        ended_at: job.ended_at.map(show),
        updated_at: show(job.updated_at),
        ran_ms: job.ran_ms_at(job.updated_at),
    }
}

/// The summary as bytes, at most [`limits::SUMMARY_BYTES`] long: error text first, then tags are shortened to fit.
pub fn summary_json(job: &Job) -> String {
    let text = crate::summary::write(job, |message| limits::cut(message, limits::MESSAGE_BYTES));
    if text.len() <= limits::SUMMARY_BYTES { text } else { cut_summary_json(job) }
}

fn cut_summary_json(job: &Job) -> String {
    let mut summary = summary(job);
    if let Some(error) = &mut summary.error {
        error.message = limits::cut(&error.message, limits::MESSAGE_BYTES).into();
    }
    let mut text = to_json(&summary);
    let mut tags_kept = summary.tags.len();
    while text.len() > limits::SUMMARY_BYTES && tags_kept > 0 {
        tags_kept /= 2;
        summary.tags_omitted += (summary.tags.len() - tags_kept) as u32;
        summary.tags.truncate(tags_kept);
        text = to_json(&summary);
    }
    if text.len() > limits::SUMMARY_BYTES {
        summary.error = summary.error.map(|error| record::JobError { message: "…".into(), ..error });
        summary.progress.message = None;
        text = to_json(&summary);
    }
    text
}

/// The payloads that a whole job shows beside its row.
#[derive(Debug, Clone, Default)]
pub struct Payloads {
    pub input: Option<Json>,
    pub result: Option<Json>,
    pub answer: Option<Json>,
}

/// The whole job. Stored JSON goes through as it is, so that numbers of any size stay exact.
pub fn record_json(job: &Job, payloads: &Payloads, lease: Option<&record::Lease>) -> String {
    let mut text = crate::summary::write(job, str::to_owned);
    text.pop();
    let mut put = |name: &str, value: &str| {
        let _ = write!(text, ",\"{name}\":{value}");
    };
    let fields =
        [("input", &payloads.input), ("result", &payloads.result), ("answer", &payloads.answer), ("metadata", &job.metadata)];
    for (name, value) in fields {
        if let Some(value) = value {
            put(name, value.as_str());
        }
    }
    put("limits", &to_json(&limits_out(job)));
    if let Some(lease) = lease {
        put("lease", &to_json(lease));
    }
    text.push('}');
    text
}

fn limits_out(job: &Job) -> record::Limits {
    let policy = &job.policy;
    record::Limits {
        time_limit_ms: policy.time_limit_ms,
        abort_grace_ms: policy.abort_grace_ms,
        start_within_ms: policy.start_within_ms,
        attempts: policy.retry.attempts,
        retry_base_ms: policy.retry.base_ms,
        retry_max_ms: policy.retry.max_ms,
        retry_on_timeout: policy.retry.on_timeout,
        rescue: policy.rescue.as_str().into(),
    }
}

/// JSON of a value of ours. Our types have only text keys and finite numbers, so that this cannot fail.
pub fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"unserializable\":{:?}}}", error.to_string()))
}

pub fn subject_out(subject: &Subject) -> record::Subject {
    record::Subject { kind: subject.kind.clone(), id: subject.id.clone() }
}

pub fn subject_in(subject: &record::Subject) -> Subject {
    Subject { kind: subject.kind.clone(), id: subject.id.clone() }
}

pub fn progress_out(progress: &Progress, tick: u64) -> record::Progress {
    record::Progress {
        percentage: progress.percentage,
        current: progress.current,
        total: progress.total,
        message: progress.message.clone(),
        ok: progress.ok,
        failed: progress.failed,
        skipped: progress.skipped,
        tick,
    }
}

pub fn progress_in(progress: &record::Progress) -> Progress {
    Progress {
        percentage: progress.percentage,
        current: progress.current,
        total: progress.total,
        message: progress.message.as_deref().map(|message| limits::cut(message, limits::MESSAGE_BYTES).into()),
        ok: progress.ok,
        failed: progress.failed,
        skipped: progress.skipped,
    }
}

pub fn error_out(error: &JobError) -> record::JobError {
    record::JobError { kind: error.kind.clone(), message: error.message.clone() }
}

pub fn error_in(error: &record::JobError) -> JobError {
    JobError {
        kind: limits::cut(&error.kind, limits::NAME_BYTES).into(),
        message: limits::cut(&error.message, limits::ERROR_BYTES).into(),
    }
}

/// The wish for a summary: absent when nothing stands.
fn wish_standing(job: &Job) -> Option<record::Wish> {
    (job.wish.kind != domain::job::WishKind::None).then(|| wish_out(job))
}

/// The wish for the answer to a report: always there, `none` when nothing stands.
pub fn wish_out(job: &Job) -> record::Wish {
    let wish = &job.wish;
    record::Wish {
        kind: wish.kind.as_str().into(),
        number: wish.number,
        at: (wish.number > 0).then(|| show(wish.at)),
        by: wish.by.clone(),
    }
}

pub fn attempt_out(attempt: &domain::job::Attempt) -> record::AttemptRecord {
    record::AttemptRecord {
        number: attempt.number,
        holder: attempt.holder.clone(),
        started_at: show(attempt.started_at),
        ended_at: attempt.ended_at.map(show),
        outcome: attempt.outcome.clone(),
        error: attempt.error.as_ref().map(error_out),
    }
}

pub fn stats_out(counts: &Counts) -> record::Stats {
    record::Stats {
        by_status: Status::ALL.iter().map(|status| (status.as_str().to_owned(), counts.of(*status))).collect(),
        total: counts.total(),
        active: counts.active(),
    }
}

/// A topic as clients write it, with the reason why it is none if so.
pub fn topic_in(value: &serde_json::Value) -> Result<Topic, String> {
    let one_key =
        "a topic is an object with one key: job, owner, session, subject, task, tag, batch, root, tenant, stats, output or tasks";
    let object = value.as_object().filter(|object| object.len() == 1).ok_or(one_key)?;
    let (key, value) = object.iter().next().ok_or(one_key)?;
    let bounded = |name: &str, text: &str| match text.len() {
        0 => Err(format!("topic {name}: must not be empty")),
        length if length > limits::NAME_BYTES => {
            Err(format!("topic {name}: {length} bytes, at most {} are allowed", limits::NAME_BYTES))
        }
        _ => Ok(()),
    };
    let text = || -> Result<Text, String> {
        let text = value.as_str().ok_or_else(|| format!("topic {key}: must be a text"))?;
        bounded(key, text).map(|()| text.into())
    };
    let id = || -> Result<JobId, String> {
        JobId::parse(&text()?).ok_or_else(|| format!("topic {key}: not a job id (job_ and 26 characters)"))
    };
    let yes = |topic: Topic| match value.as_bool() {
        Some(true) => Ok(topic),
        _ => Err(format!("topic {key}: must be true")),
    };
    match key.as_str() {
        "job" => Ok(Topic::Job(id()?)),
        "owner" => Ok(Topic::Owner(text()?)),
        "session" => Ok(Topic::Session(text()?)),
        "task" => Ok(Topic::Task(text()?)),
        "tag" => Ok(Topic::Tag(text()?)),
        "batch" => Ok(Topic::Batch(text()?)),
        "root" => Ok(Topic::Root(id()?)),
        "output" => Ok(Topic::Output(id()?)),
        "tenant" => yes(Topic::Tenant),
        "stats" => yes(Topic::Stats),
        "tasks" => yes(Topic::Tasks),
        "subject" => {
            let object = if value.is_object() { value.clone() } else { serde_json::Value::Null };
            let subject: record::Subject =
                serde_json::from_value(object).map_err(|_| "topic subject: must be {\"type\":\"…\",\"id\":\"…\"}".to_owned())?;
            bounded("subject.type", &subject.kind)?;
            bounded("subject.id", &subject.id)?;
            Ok(Topic::Subject(subject_in(&subject)))
        }
        _ => Err(format!("there is no topic \"{}\"; {one_key}", limits::cut(key, 40))),
    }
}

/// The topic as JSON, as [`topic_in`] reads it.
pub fn topic_out(topic: &Topic) -> serde_json::Value {
    use serde_json::json;
    match topic {
        Topic::Job(id) => json!({"job": id.to_string()}),
        Topic::Owner(owner) => json!({"owner": &**owner}),
        Topic::Session(session) => json!({"session": &**session}),
        Topic::Subject(subject) => json!({"subject": {"type": &*subject.kind, "id": &*subject.id}}),
        Topic::Task(task) => json!({"task": &**task}),
        Topic::Tag(tag) => json!({"tag": &**tag}),
        Topic::Batch(batch) => json!({"batch": &**batch}),
        Topic::Root(id) => json!({"root": id.to_string()}),
        Topic::Tenant => json!({"tenant": true}),
        Topic::Stats => json!({"stats": true}),
        Topic::Output(id) => json!({"output": id.to_string()}),
        Topic::Tasks => json!({"tasks": true}),
    }
}
