//! From what a request carries to a job that may be made: names, sizes and words within their bounds, or an error that names the field
//! and the limit that was passed.

use std::sync::Arc;

use domain::policy::{Mode, Pause, Policy, Rescue, Retry};
use domain::request::{NewJob, Patch, Word};
use domain::{JobId, Json, Text, Timestamp, limits};
use serde_json::value::RawValue;
use wire::body::{PatchJob, Submit};
use wire::convert;

use crate::error::Error;

/// A short text that names something.
pub fn name(field: &'static str, text: &str) -> Result<Text, Error> {
    if text.is_empty() {
        return Err(Error::invalid(field, "must not be empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "must not hold control characters"));
    }
    at_most(field, text, limits::NAME_BYTES)
}

fn at_most(field: &'static str, text: &str, bytes: usize) -> Result<Text, Error> {
    match text.len() > bytes {
        true => Err(Error::over(field, format!("{} bytes, at most {bytes} are allowed", text.len()), bytes as u64)),
        false => Ok(text.into()),
    }
}

fn optional_name(field: &'static str, text: Option<&String>) -> Result<Option<Text>, Error> {
    text.map(|text| name(field, text)).transpose()
}

/// A JSON value of the caller's, within `bytes`.
pub fn payload(field: &'static str, value: &RawValue, bytes: usize) -> Result<Json, Error> {
    json(field, value.get(), bytes).map(Json::from_valid)
}

/// A text that is valid JSON, within `bytes` and not too deep.
fn json(field: &'static str, text: &str, bytes: usize) -> Result<Text, Error> {
    let depth = depth(text);
    if depth > limits::JSON_DEPTH {
        let most = limits::JSON_DEPTH;
        return Err(Error::over(field, format!("is {depth} levels deep, at most {most} are allowed"), most as u64));
    }
    at_most(field, text, bytes)
}

/// How deep arrays and objects stand in each other, in a text that is valid JSON.
pub(crate) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match (is_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_text = !is_text,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

pub fn time(field: &'static str, text: &str) -> Result<Timestamp, Error> {
    wire::time::parse(text)
        .ok_or_else(|| Error::invalid(field, "must be a time of RFC 3339 before 9999-12-30, for example 2026-01-31T09:00:00Z"))
}

fn priority(number: Option<i64>) -> Result<i16, Error> {
    let most = i64::from(limits::PRIORITY);
    match number.unwrap_or(0) {
        number if (-most..=most).contains(&number) => Ok(number as i16),
        number => Err(Error::over("priority", format!("{number} is not between -{most} and {most}"), most as u64)),
    }
}

fn tags(tags: &[String]) -> Result<Vec<Text>, Error> {
    if tags.len() > limits::TAGS {
        return Err(Error::over("tags", format!("{} tags, at most {} are allowed", tags.len(), limits::TAGS), limits::TAGS as u64));
    }
    tags.iter()
        .map(|tag| {
            name("tags", tag)?;
            at_most("tags", tag, limits::TAG_BYTES)
        })
        .collect()
}

/// An address that a page may show as a link.
fn link(text: &str) -> Result<Text, Error> {
    let is_path = text.starts_with('/') && !text.starts_with("//");
    if !is_path && !text.starts_with("https://") && !text.starts_with("http://") {
        return Err(Error::invalid("link", "must begin with https://, http:// or a single /"));
    }
    at_most("link", text, limits::LINK_BYTES)
}

pub fn job_id(field: &'static str, text: &str) -> Result<JobId, Error> {
    JobId::parse(text).ok_or_else(|| Error::invalid(field, "is not a job id (job_ and 26 characters)"))
}

/// What the caller has settled before: who the job is for, how it runs, its id.
pub struct Frame {
    pub id: JobId,
    pub tenant: Text,
    pub owner: Text,
    pub mode: Mode,
    pub policy: Arc<Policy>,
}

pub fn new_job(body: &Submit, frame: Frame) -> Result<NewJob, Error> {
    if let Some(subject) = &body.subject {
        name("subject.type", &subject.kind)?;
        name("subject.id", &subject.id)?;
    }
    Ok(NewJob {
        id: frame.id,
        tenant: frame.tenant,
        owner: frame.owner,
        task: name("task", &body.task)?,
        mode: frame.mode,
        policy: frame.policy,
        subject: body.subject.as_ref().map(convert::subject_in),
        session: optional_name("session", body.session.as_ref())?,
        parent: body.parent_id.as_deref().map(|id| job_id("parentId", id)).transpose()?,
        batch: optional_name("batchId", body.batch_id.as_ref())?,
        external_id: optional_name("externalId", body.external_id.as_ref())?,
        rerun_of: None,
        title: body.title.as_ref().map(|title| at_most("title", title, limits::TITLE_BYTES)).transpose()?,
        link: body.link.as_deref().map(link).transpose()?,
        tags: tags(&body.tags)?,
        metadata: body.metadata.as_ref().map(|value| payload("metadata", value, limits::METADATA_BYTES)).transpose()?,
        priority: priority(body.priority)?,
        input: body.input.as_ref().map(|value| payload("input", value, limits::PAYLOAD_BYTES)).transpose()?,
        run_at: body.run_at.as_deref().map(|at| time("runAt", at)).transpose()?,
        cannot_start: None,
        wait_reason: None,
        lease: None,
    })
}

/// What is said of a mirrored job. A text that is only shown is cut; what is kept or found by is refused when it is too long.
pub fn word(word: Word) -> Result<Word, Error> {
    let labels = word.labels.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>();
    tags(&labels)?;
    for (field, value, bytes) in
        [("output", &word.output, limits::PAYLOAD_BYTES), ("metadata", &word.metadata, limits::METADATA_BYTES)]
    {
        value.as_ref().map(|value| json(field, value.as_str(), bytes)).transpose()?;
    }
    Ok(Word {
        title: word.title.map(|title| limits::cut(&title, limits::TITLE_BYTES).into()),
        error: word.error.map(|error| limits::cut(&error, limits::ERROR_BYTES).into()),
        ..word
    })
}

/// The length of a lease that a reporter asks for.
pub fn lease_ms(asked: Option<u64>) -> Result<u64, Error> {
    let (least, most) = limits::LEASE_RANGE_MS;
    match asked.unwrap_or(limits::LEASE_MS) {
        ms if (least..=most).contains(&ms) => Ok(ms),
        ms => Err(Error::over("leaseMs", format!("{ms} is not between {least} and {most}"), most)),
    }
}

/// How a tracked job whose task nobody declared can be paused; a declared task says so itself.
pub fn pause(body: &Submit) -> Result<Pause, Error> {
    match body.pause.as_deref() {
        None | Some("cooperative") => Ok(Pause::Cooperative),
        Some("none") => Ok(Pause::None),
        Some(_) => Err(Error::invalid("pause", "must be cooperative or none")),
    }
}

/// The policy of a tracked job whose task nobody declared.
pub fn undeclared_policy(pause: Pause) -> Arc<Policy> {
    let retry = Retry { attempts: 1, ..Policy::default().retry };
    Arc::new(Policy { pause, rescue: Rescue::Lost, retry, ..Policy::default() })
}

pub fn patch(body: &PatchJob) -> Result<Patch, Error> {
    let title =
        body.title.as_ref().map(|title| title.as_ref().map(|title| at_most("title", title, limits::TITLE_BYTES)).transpose());
    let metadata = body.metadata.as_ref().map(|value| {
        value
            .as_ref()
            .map(|value| at_most("metadata", &value.to_string(), limits::METADATA_BYTES).map(Json::from_valid))
            .transpose()
    });
    Ok(Patch {
        title: title.transpose()?,
        link: body.link.as_ref().map(|text| text.as_deref().map(link).transpose()).transpose()?,
        tags: body.tags.as_ref().map(|list| tags(list)).transpose()?,
        priority: body.priority.map(|number| priority(Some(number))).transpose()?,
        metadata: metadata.transpose()?,
        run_at: body.run_at.as_deref().map(|at| time("runAt", at)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn depth_counts_what_stands_in_each_other_and_no_text() {
        for (json, expected) in [("1", 0), ("[]", 1), ("{\"a\":[{\"b\":1}],\"c\":[]}", 3), ("\"[[{\\\"[[\"", 0), ("[\"]\",[1]]", 2)]
        {
            assert_eq!(depth(json), expected, "{json}");
        }
    }
}
