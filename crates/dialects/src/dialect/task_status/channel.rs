//! The messages of the Redis channel of system 4, both ways. Whoever listens and publishes hands bytes in and gets bytes out; nothing here
//! knows Redis. What lacks one of the three fields that the document asks for is refused with a sentence that says so.

use domain::request::Word;
use domain::{Json, Text, Timestamp, limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use super::facts::{ASSIGNEE, NameOrNumber, PROJECT, as_text, error, is_mirrored, label, label_bytes, name, output};
use super::words::{DELETED, UNDERSTOOD, understood, word};
use crate::dialect::FoundJob;

/// Channel of the document.
pub const CHANNEL: &str = "task_status_update";

/// Below this a number counts seconds since 1970, from it on milliseconds: the year 5138, and 1973.
const MILLISECONDS_FROM: f64 = 1e11;
/// Above this it is no time: the year 5138 in milliseconds.
const LAST_MS: f64 = 1e14;

/// A message that was understood.
#[derive(Debug)]
pub struct Heard {
    /// As the publisher names it: the job's `externalId`, or our id.
    pub task_id: String,
    pub word: Word,
    /// Its publisher deleted it: what is not known needs not be made for that.
    pub is_deleted: bool,
    /// Who published it, when a Tidings server did.
    pub from: Option<String>,
}

/// Why a message was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("it is no JSON object: {{task_id, status, updated_at, …}} is expected")]
    NoObject,
    #[error("{0} is missing: task_id, status and updated_at are needed")]
    Missing(&'static str),
    #[error("{field} must be {expected}; it is {found}")]
    Wrong { field: &'static str, expected: String, found: String },
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(default)]
    task_id: Value,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(default)]
    assignee: Value,
    #[serde(default)]
    project_id: Value,
    #[serde(default)]
    from: Value,
}

/// Reads what was published. `now`: a time that is further ahead of it than a clock may be is not believed, and counts as the time of its
/// arrival.
pub fn read(bytes: &[u8], now: Timestamp) -> Result<Heard, Unreadable> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Unreadable::NoObject);
    }
    let message: Message<'_> = serde_json::from_slice(bytes).map_err(|_| Unreadable::NoObject)?;
    let task_id = text("task_id", &message.task_id, limits::NAME_BYTES)?.filter(|id| !id.is_empty());
    let task_id = task_id.ok_or(Unreadable::Missing("task_id"))?;
    let status = match &message.status {
        Value::Null => return Err(Unreadable::Missing("status")),
        Value::String(said) => understood(said),
        _ => None,
    };
    let status = status.ok_or_else(|| wrong("status", UNDERSTOOD, &message.status))?;
    let said_us = match &message.updated_at {
        Value::Null => return Err(Unreadable::Missing("updated_at")),
        Value::String(text) => moment(text),
        Value::Number(number) => number.as_f64().and_then(|number| counted(number, number_us(&message.updated_at))),
        _ => None,
    };
    let said_us =
        said_us.ok_or_else(|| wrong("updated_at", "a time as isoformat() or toISOString() writes it", &message.updated_at))?;
    let latest_us = now.plus_ms(limits::SOURCE_AHEAD_MS).0.saturating_mul(1_000);
    let word = Word {
        status: Some(status),
        at_us: Some(said_us).filter(|at| *at <= latest_us),
        error: message.error.and_then(as_text).map(Text::from),
        output: message.output.map(|output| Json::from_valid(output.get())),
        labels: labels(&message.assignee, &message.project_id)?,
        ..Word::default()
    };
    let is_deleted = message.status == DELETED;
    Ok(Heard { task_id, word, is_deleted, from: message.from.as_str().map(str::to_owned) })
}

/// Who does it and for which project, as far as it is said.
fn labels(assignee: &Value, project: &Value) -> Result<Vec<(Text, Text)>, Unreadable> {
    let mut labels = Vec::new();
    for (field, name, value) in [("assignee", ASSIGNEE, assignee), ("project_id", PROJECT, project)] {
        if let Some(value) = text(field, value, label_bytes(name))? {
            labels.push((name.into(), value.into()));
        }
    }
    Ok(labels)
}

/// A short text, or a number that stands for one; `None` when nothing is said.
fn text(field: &'static str, value: &Value, most: usize) -> Result<Option<String>, Unreadable> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return Err(wrong(field, "a text or a whole number", value)),
    };
    if text.len() > most || text.chars().any(char::is_control) {
        return Err(wrong(field, &format!("of {most} bytes at most, without control characters"), value));
    }
    Ok(Some(text))
}

fn wrong(field: &'static str, expected: &str, found: &Value) -> Unreadable {
    Unreadable::Wrong { field, expected: expected.to_owned(), found: limits::cut(&found.to_string(), 100) }
}

/// Microseconds since 1970. A time without a zone is UTC, as `datetime.utcnow().isoformat()` writes it.
fn moment(text: &str) -> Option<i64> {
    let time = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time,
        Err(_) => text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
    };
    Some(time.as_microsecond()).filter(|us| *us >= 0)
}

/// A whole number of seconds or milliseconds, exactly.
fn number_us(value: &Value) -> Option<i64> {
    let number = value.as_i64()?;
    number.checked_mul(if (number as f64) < MILLISECONDS_FROM { 1_000_000 } else { 1_000 })
}

fn counted(number: f64, exact: Option<i64>) -> Option<i64> {
    if !(0.0..LAST_MS).contains(&number) {
        return None;
    }
    let scale = if number < MILLISECONDS_FROM { 1e6 } else { 1e3 };
    Some(exact.unwrap_or((number * scale).round() as i64))
}

#[derive(Serialize)]
struct Told<'a> {
    task_id: NameOrNumber<'a>,
    status: &'static str,
    updated_at: String,
    output: Option<String>,
    error: Option<String>,
    assignee: Option<&'a str>,
    project_id: Option<NameOrNumber<'a>>,
    from: &'a str,
}

/// Writes how a job is now. `from` is who publishes it: a server knows its own messages by it. A field is `null` when there is nothing to say
/// of it, and empty when what may have been said before holds no longer.
pub fn write(job: &FoundJob, from: &str) -> String {
    let summary = &job.summary;
    // An earlier attempt may have had an output and an error, and what is told of a mirrored job's error may be taken back.
    let before = (summary.settlement > 1 || summary.attempt > 1).then(String::new);
    let no_error = if is_mirrored(summary) { Some(String::new()) } else { before.clone() };
    wire::convert::to_json(&Told {
        task_id: NameOrNumber(name(summary)),
        status: word(job.status()),
        updated_at: with_offset(&summary.updated_at),
        output: output(summary, job.result.as_deref()).or(before),
        error: error(summary).or(no_error),
        assignee: label(summary, ASSIGNEE),
        project_id: label(summary, PROJECT).map(NameOrNumber),
        from,
    })
}

/// `datetime.fromisoformat` of Python before 3.11 reads an offset, and no `Z`.
fn with_offset(time: &str) -> String {
    time.strip_suffix('Z').map_or_else(|| time.to_owned(), |time| format!("{time}+00:00"))
}

#[cfg(test)]
mod tests;
