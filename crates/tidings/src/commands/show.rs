//! `show`: one job as a page, with its attempts and its history.

use serde_json::{Value, json};
use wire::record::{AttemptRecord, EventRecord, JobError, JobRecord};

use super::{client, print_pretty};
use crate::cli::Reach;
use crate::exit::Failure;
use crate::moment::Moments;
use crate::{find, terminal, words};

/// Columns of the names on the page, with the gap behind them.
const NAMES: usize = 14;

pub async fn show(reach: &Reach, id: &str) -> Result<(), Failure> {
    let client = client(reach)?;
    let id = find::job_id(&client, id).await?;
    let job = client.job(&id).await?;
    let attempts = client.attempts(&id).await?;
    let events = client.events(&id).await?;
    if reach.json {
        return print_pretty(&json!({"job": job, "attempts": attempts, "events": events}));
    }
    let stdout = std::io::stdout();
    let most = terminal::columns(&stdout);
    let (colour, moments) = (words::has_colour(&stdout), Moments::here(most.is_some()));
    out!("{}", page(&job, colour, &moments));
    if !attempts.is_empty() {
        let rows: Vec<Vec<String>> = attempts.iter().map(|attempt| attempt_row(attempt, &moments)).collect();
        out!("\n{}", words::table(&["ATTEMPT", "STARTED", "ENDED", "OUTCOME", "ERROR"], &rows, most, &[4]));
    }
    let rows: Vec<Vec<String>> = events.iter().map(|event| event_row(event, colour, &moments)).collect();
    out!("\n{}", words::table(&["REV", "AT", "EVENT", "STATUS", "REASON", "BY"], &rows, most, &[4, 5]));
    Ok(())
}

fn attempt_row(attempt: &AttemptRecord, moments: &Moments) -> Vec<String> {
    let told = |error: &JobError| words::plain(&error.message);
    vec![
        attempt.number.to_string(),
        moments.second(&attempt.started_at),
        attempt.ended_at.as_deref().map(|at| moments.second(at)).unwrap_or_default(),
        attempt.outcome.as_ref().map_or_else(|| "under way".to_owned(), |outcome| outcome.to_string()),
        attempt.error.as_ref().map(told).unwrap_or_default(),
    ]
}

fn event_row(event: &EventRecord, colour: bool, moments: &Moments) -> Vec<String> {
    let kind = match &event.wish {
        Some(wish) => format!("{}: {}", event.kind, words::plain(wish)),
        None => event.kind.to_string(),
    };
    vec![
        event.rev.to_string(),
        moments.second(&event.at),
        kind,
        words::status(&event.status, colour),
        event.reason.as_ref().map(|reason| words::plain(reason)).unwrap_or_default(),
        event.by.as_ref().map(|by| words::plain(by)).unwrap_or_default(),
    ]
}

/// Every field that has a value.
fn page(job: &JobRecord, colour: bool, moments: &Moments) -> String {
    let summary = &job.summary;
    let at = |text: &Option<String>| text.as_deref().map(|text| moments.second(text)).unwrap_or_default();
    let rows: Vec<(&str, String)> = vec![
        ("id", summary.id.to_string()),
        ("external id", words::external_id(summary)),
        ("task", summary.task.to_string()),
        ("mode", summary.mode.to_string()),
        ("status", words::status(&summary.status, colour)),
        ("because", words::because(summary)),
        ("progress", words::progress(&summary.progress)),
        ("title", summary.title.as_ref().map(|title| words::plain(title)).unwrap_or_default()),
        ("owner", words::plain(&summary.owner)),
        ("subject", summary.subject.as_ref().map(|one| words::plain(&format!("{}:{}", one.kind, one.id))).unwrap_or_default()),
        ("session", summary.session.as_ref().map(|session| words::plain(session)).unwrap_or_default()),
        ("tags", summary.tags.iter().map(|tag| words::plain(tag)).collect::<Vec<_>>().join(", ")),
        ("attempt", attempt(summary.attempt, job.limits.attempts)),
        ("created", moments.second(&summary.created_at)),
        ("due", at(&summary.due_at)),
        ("started", at(&summary.started_at)),
        ("ended", at(&summary.ended_at)),
        ("ran", if summary.attempt > 0 { words::took(summary.ran_ms) } else { String::new() }),
        ("link", summary.link.as_ref().map(|link| words::plain(link)).unwrap_or_default()),
        ("may be asked", summary.verbs.iter().map(|verb| verb.to_string()).collect::<Vec<_>>().join(", ")),
        ("input", json_lines(job.input.as_ref())),
        ("result", json_lines(job.result.as_ref())),
        ("answer", json_lines(job.answer.as_ref())),
        ("metadata", json_lines(job.metadata.as_ref())),
    ];
    let lines = rows.iter().filter(|(_, value)| !value.is_empty());
    lines.map(|(name, value)| format!("{name:>12}  {value}\n")).collect()
}

/// The number of the newest attempt. The limit counts only tries that went wrong: an interrupted attempt costs none, so the number may
/// pass it.
fn attempt(number: u32, tries: u32) -> String {
    let limit = (tries > 1).then(|| format!("up to {tries} tries"));
    let number = (number > 0).then(|| number.to_string());
    number.into_iter().chain(limit).collect::<Vec<_>>().join(", ")
}

/// An object or a list over several lines, under each other; anything else on one.
fn json_lines(value: Option<&Value>) -> String {
    let Some(value) = value else { return String::new() };
    let text = match value {
        Value::Object(fields) if !fields.is_empty() => format!("{value:#}"),
        Value::Array(entries) if !entries.is_empty() => format!("{value:#}"),
        _ => value.to_string(),
    };
    let lines: Vec<String> = text.lines().map(words::plain).collect();
    lines.join(&format!("\n{}", " ".repeat(NAMES)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_is_never_more_than_its_limit() {
        for (number, tries, words) in [(0, 1, ""), (2, 1, "2"), (1, 3, "1, up to 3 tries"), (0, 3, "up to 3 tries")] {
            assert_eq!(attempt(number, tries), words);
        }
    }

    #[test]
    fn json_stands_under_its_name() {
        assert_eq!(json_lines(Some(&json!({"a": [1]}))).lines().nth(1), Some("                \"a\": ["));
        assert_eq!(
            (json_lines(Some(&json!(7))), json_lines(Some(&json!({}))), json_lines(None)),
            ("7".into(), "{}".into(), "".into())
        );
    }
}
