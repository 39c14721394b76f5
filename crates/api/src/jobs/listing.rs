//! Lists of jobs: filters before limits, newest first, pages by key.

use axum::extract::State;
use domain::job::Subject;
use domain::query::JobQuery;
use domain::{JobId, Status, limits};
use http::{StatusCode, Uri};
use wire::body::JobPage;
use wire::problem::Problem;

use crate::access::Caller;
use crate::answers::{Answer, json_text};
use crate::context::Context;
use crate::problems::ApiProblem;
use crate::queries::Pairs;

const KNOWN: &[&str] = &[
    "status",
    "task",
    "owner",
    "session",
    "subjectType",
    "subjectId",
    "tag",
    "batch",
    "root",
    "externalId",
    "createdAfter",
    "createdBefore",
    "text",
    "limit",
    "cursor",
];

/// List jobs, newest first.
#[utoipa::path(
    get, path = "/jobs", operation_id = "listJobs", tag = "jobs",
    params(
        ("status" = Option<String>, Query, description = "Statuses, separated by commas; may be repeated. `active` and `ended` stand for their groups"),
        ("task" = Option<String>, Query, description = "Name of the task"),
        ("owner" = Option<String>, Query, description = "A user, or `me`"),
        ("session" = Option<String>, Query, description = "Session it was started from"),
        ("subjectType" = Option<String>, Query, description = "With `subjectId`: what it is about"),
        ("subjectId" = Option<String>, Query, description = "With `subjectType`"),
        ("tag" = Option<String>, Query, description = "A tag it carries"),
        ("batch" = Option<String>, Query, description = "Batch it was submitted in"),
        ("root" = Option<String>, Query, description = "Job that it descends from, itself included"),
        ("externalId" = Option<String>, Query, description = "Its name elsewhere"),
        ("createdAfter" = Option<String>, Query, description = "RFC 3339"),
        ("createdBefore" = Option<String>, Query, description = "RFC 3339"),
        ("text" = Option<String>, Query, description = "In title, task, tags or the beginning of the id; case does not matter"),
        ("limit" = Option<u32>, Query, description = "1 to 200 jobs a page; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "From the page before"),
    ),
    responses(
        (status = 200, description = "A page", body = JobPage),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(State(context): State<Context>, caller: Caller, uri: Uri) -> Answer {
    let mut pairs = Pairs::of(&uri)?;
    let query = query(&mut pairs, &caller)?;
    pairs.finish(KNOWN)?;
    let (page, position) = context.engine.list(&caller.0, query).await?;
    let jobs = page.jobs.iter().map(wire::convert::summary_json).collect::<Vec<_>>().join(",");
    let cursor = page.next.map_or_else(String::new, |next| format!(",\"cursor\":\"{}\"", show_cursor(next)));
    Ok(json_text(StatusCode::OK, format!("{{\"jobs\":[{jobs}]{cursor},\"position\":\"{position}\"}}")))
}

fn query(pairs: &mut Pairs, caller: &Caller) -> Result<JobQuery, ApiProblem> {
    let (most, usual) = limits::PAGE;
    let limit = match pairs.number("limit")? {
        None => usual,
        Some(limit) if (1..=most as u64).contains(&limit) => limit as usize,
        Some(limit) => return Err(ApiProblem::invalid("limit", format!("{limit} is not between 1 and {most}")).limit(most as u64)),
    };
    let subject = match (pairs.name("subjectType")?, pairs.name("subjectId")?) {
        (Some(kind), Some(id)) => Some(Subject { kind, id }),
        (None, None) => None,
        (Some(_), None) => return Err(ApiProblem::invalid("subjectId", "must come with subjectType")),
        (None, Some(_)) => return Err(ApiProblem::invalid("subjectType", "must come with subjectId")),
    };
    let root = pairs.one("root")?;
    let before = pairs.one("cursor")?;
    Ok(JobQuery {
        status: statuses(&pairs.all("status"))?,
        task: pairs.name("task")?,
        owner: pairs.name("owner")?.map(|owner| if &*owner == "me" { caller.0.subject.clone() } else { owner }),
        session: pairs.name("session")?,
        subject,
        tag: pairs.name("tag")?,
        batch: pairs.name("batch")?,
        root: root.map(|id| JobId::parse(&id).ok_or_else(|| ApiProblem::invalid("root", "is not a job id"))).transpose()?,
        external_id: pairs.name("externalId")?,
        created_after: pairs.time("createdAfter")?,
        created_before: pairs.time("createdBefore")?,
        text: pairs.name("text")?,
        before: before
            .map(|text| {
                read_cursor(&text)
                    .ok_or_else(|| ApiProblem::invalid("cursor", "is not one that this server gave: leave it out to begin anew"))
            })
            .transpose()?,
        ..JobQuery::all(caller.0.view(), limit)
    })
}

fn statuses(values: &[String]) -> Result<Vec<Status>, ApiProblem> {
    let mut found = Vec::new();
    for word in values.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
        match (word, Status::parse(word)) {
            (_, Some(status)) => found.push(status),
            ("active", None) => found.extend(Status::ALL.iter().filter(|status| status.is_active())),
            ("ended", None) => found.extend(Status::ALL.iter().filter(|status| status.is_end())),
            _ => {
                let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
                let problem = format!("there is no status {:?}; there are {}", limits::cut(word, 40), words.join(", "));
                return Err(ApiProblem::invalid("status", problem));
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Where a page ended. Opaque to clients.
fn show_cursor(before: JobId) -> String {
    before.to_string().replacen("job_", "c", 1)
}

fn read_cursor(text: &str) -> Option<JobId> {
    JobId::parse(&format!("job_{}", text.strip_prefix('c')?))
}
