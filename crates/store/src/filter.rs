//! Whether a job is what a list asks for: the one meaning of [`JobQuery`], whatever index found the job.

use domain::job::Job;
use domain::query::JobQuery;
use domain::topic::{Topic, View};

/// Whether the job passes every filter. The bounds of paging (`before`, `limit`) are not looked at.
pub(crate) fn passes(query: &JobQuery, job: &Job) -> bool {
    query.view.sees(job)
        && (query.status.is_empty() || query.status.contains(&job.status))
        && query.task.as_ref().is_none_or(|task| job.task == *task)
        && query.owner.as_ref().is_none_or(|owner| job.owner == *owner)
        && query.session.as_ref().is_none_or(|session| job.session.as_ref() == Some(session))
        && query.subject.as_ref().is_none_or(|subject| job.subject.as_ref() == Some(subject))
        && query.tag.as_ref().is_none_or(|tag| job.tags.contains(tag))
        && query.batch.as_ref().is_none_or(|batch| job.batch.as_ref() == Some(batch))
        && query.root.is_none_or(|root| job.root == root)
        && query.external_id.as_ref().is_none_or(|id| job.external_id.as_ref() == Some(id))
        && query.created_after.is_none_or(|after| job.created_at > after)
        && query.created_before.is_none_or(|before| job.created_at < before)
        && query.text.as_ref().is_none_or(|text| says(job, text))
}

/// Whether the text stands in title, task or a tag, or begins the id, without regard to case.
fn says(job: &Job, text: &str) -> bool {
    let wanted = text.to_lowercase();
    let holds = |text: &str| text.to_lowercase().contains(&wanted);
    job.title.as_deref().is_some_and(holds)
        || holds(&job.task)
        || job.tags.iter().any(|tag| holds(tag))
        || job.id.to_string().starts_with(&wanted)
}

/// The jobs of a topic as a query; `None` when the topic holds none.
pub(crate) fn of_topic(view: &View, topic: &Topic) -> Option<JobQuery> {
    let mut query = JobQuery::all(view.clone(), usize::MAX);
    match topic {
        Topic::Tenant | Topic::Job(_) => {}
        Topic::Owner(owner) => query.owner = Some(owner.clone()),
        Topic::Session(session) => query.session = Some(session.clone()),
        Topic::Subject(subject) => query.subject = Some(subject.clone()),
        Topic::Task(task) => query.task = Some(task.clone()),
        Topic::Tag(tag) => query.tag = Some(tag.clone()),
        Topic::Batch(batch) => query.batch = Some(batch.clone()),
        Topic::Root(root) => query.root = Some(*root),
        Topic::Stats | Topic::Output(_) | Topic::Tasks => return None,
    }
    Some(query)
}
