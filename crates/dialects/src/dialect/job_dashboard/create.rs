//! Making a job: what stands in the body, in our words.

use domain::policy::Retry;
use domain::{Timestamp, limits};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use wire::body::Submit;

use super::record::{Kept, Record};
use super::requests::wrong;
use super::{error, priority, refused, said};
use crate::dialect::{Answer, Budget, FoundJob, Refused, Request, Step, Which};

/// Characters of a name.
const NAME_CHARACTERS: usize = 100;
/// Attempts of a job whose task is not declared, and the waits between them, as that system has them: 2 s, 4 s, 8 s, up to a minute.
const USUAL: Retry = Retry { attempts: 3, base_ms: 2_000, max_ms: 60_000, on_timeout: false };
/// Longest delay, in milliseconds: ten years.
const LONGEST_DELAY_MS: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(default)]
    name: Value,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    options: Option<Options>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    priority: Value,
    delay: Value,
    max_retries: Value,
    scheduled_for: Value,
    job_id: Value,
}

/// `POST /api/jobs {name, data, options?}`
pub(super) fn create(request: &Request<'_>) -> Step {
    match wanted(request) {
        Ok((body, budget)) => match body.external_id.clone() {
            // The app's own name for it, which no other job of its may have.
            Some(name) => Step::Find(Which::Theirs(name), Box::new(move |found| unless_there(found, body, budget))),
            None => submit(body, budget),
        },
        Err(refusal) => refusal.into(),
    }
}

fn unless_there(found: Result<FoundJob, Refused>, body: Submit, budget: Budget) -> Step {
    match found {
        Ok(_) => error(409, "JOB_EXISTS", "A job with this jobId exists").into(),
        Err(problem) if problem.status == 404 => submit(body, budget),
        Err(problem) => refused(&problem, "JOB_CREATION_FAILED").into(),
    }
}

fn submit(body: Submit, budget: Budget) -> Step {
    Step::SubmitWithin(
        Box::new(body),
        budget,
        Box::new(|made| match made {
            Ok(job) => Step::Look(
                Which::Ours(job.summary.id.to_string()),
                Box::new(|found| match found {
                    Ok(job) => said(201, "Job created successfully", Record::whole(&job)).into(),
                    Err(problem) => refused(&problem, "JOB_CREATION_FAILED").into(),
                }),
            ),
            Err(problem) => refused(&problem, "JOB_CREATION_FAILED").into(),
        }),
    )
}

fn wanted(request: &Request<'_>) -> Result<(Submit, Budget), Answer> {
    let body: Body<'_> = serde_json::from_slice(request.body).map_err(|_| wrong("The body must be {name, data, options?}"))?;
    let name = body.name.as_str().filter(|name| !name.is_empty()).ok_or_else(|| wrong("Job name is required"))?;
    if name.chars().count() > NAME_CHARACTERS {
        return Err(wrong(&format!("Job name may have {NAME_CHARACTERS} characters at most")));
    }
    let data = body.data.filter(|data| data.get().starts_with(['{', '[']));
    let data = data.ok_or_else(|| wrong("Job data is required and must be an object"))?;
    let options = body.options.unwrap_or_default();
    let (least, most, usual) = priority::RANGE;
    let theirs = whole(&options.priority, "options.priority", least, most)?.unwrap_or(usual);
    let max_retries = whole(&options.max_retries, "options.maxRetries", 0, i64::from(limits::ATTEMPTS))?;
    let max_retries = max_retries.map(|count| count as u32);
    let kept = Kept { max_retries: max_retries.filter(|count| *count == 0) };
    let submit = Submit {
        task: name.to_owned(),
        input: Some(data.to_owned()),
        priority: Some(priority::ours(theirs)),
        run_at: run_at(&options, request.now)?,
        external_id: job_id(&options.job_id)?,
        metadata: if kept == Kept::default() { None } else { wire::record::raw(&wire::convert::to_json(&kept)) },
        ..Submit::default()
    };
    let budget = Budget { attempts: max_retries.map(|count| count.max(1)), undeclared: USUAL };
    Ok((submit, budget))
}

/// A whole number, or `None` when it is left out or `null`.
fn whole(value: &Value, name: &str, least: i64, most: i64) -> Result<Option<i64>, Answer> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && (least as f64..=most as f64).contains(number));
    number.map(|number| Some(number as i64)).ok_or_else(|| wrong(&format!("{name} must be a whole number from {least} to {most}")))
}

/// `scheduledFor` counts before `delay`.
fn run_at(options: &Options, now: Timestamp) -> Result<Option<String>, Answer> {
    let at = match &options.scheduled_for {
        Value::Null => {
            let delay = whole(&options.delay, "options.delay", 0, LONGEST_DELAY_MS as i64)?;
            delay.filter(|ms| *ms > 0).map(|ms| now.plus_ms(ms as u64))
        }
        at => {
            let time = at.as_str().and_then(wire::time::parse).or_else(|| at.as_i64().map(Timestamp));
            Some(time.ok_or_else(|| wrong("options.scheduledFor must be a time as new Date().toISOString() writes it"))?)
        }
    };
    Ok(at.map(wire::time::show))
}

fn job_id(value: &Value) -> Result<Option<String>, Answer> {
    match value {
        Value::Null => Ok(None),
        Value::String(name) if !name.is_empty() && matches!(Which::named(name), Which::Theirs(_)) => Ok(Some(name.clone())),
        _ => Err(wrong("options.jobId must be a text of your own, and not look like an id of Tidings")),
    }
}
