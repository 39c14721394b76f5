//! Jobs in words, for people: a line, a table, a page. Status is always a word; colour only adds to it.

use std::io::IsTerminal;

use wire::record::{JobRecord, JobSummary, Progress};

/// Whether a stream takes colours: a terminal, and nobody said `NO_COLOR` (<https://no-color.org>).
pub fn has_colour(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !refused && !dumb
}

/// A status in its colour.
pub fn status(status: &str, colour: bool) -> String {
    let code = match status {
        "running" => 33,
        "completed" => 32,
        "failed" | "timed_out" | "lost" => 31,
        "pending" | "scheduled" => 34,
        "aborted" => 35,
        _ => 36,
    };
    if colour { format!("\x1b[{code}m{status}\x1b[0m") } else { status.to_owned() }
}

/// `42 %, 3 of 7, checking links`; empty when nothing is known.
pub fn progress(progress: &Progress) -> String {
    let mut parts = Vec::new();
    if let Some(percentage) = progress.percentage {
        parts.push(format!("{percentage:.0} %"));
    }
    match (progress.current, progress.total) {
        (Some(current), Some(total)) => parts.push(format!("{current} of {total}")),
        (Some(current), None) => parts.push(current.to_string()),
        _ => {}
    }
    for (count, word) in [(progress.ok, "ok"), (progress.failed, "failed"), (progress.skipped, "skipped")] {
        if let Some(count) = count.filter(|count| *count > 0) {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.extend(progress.message.as_ref().map(|message| plain(message)));
    parts.join(", ")
}

/// What stands behind the status: reason, error, wish.
pub fn because(job: &JobSummary) -> String {
    let mut parts = Vec::new();
    match &job.error {
        Some(error) => parts.push(format!("{}: {}", error.kind, plain(&error.message))),
        None => parts.extend(job.reason.as_ref().map(|reason| plain(reason))),
    }
    if let Some(wish) = job.wish.as_ref().filter(|wish| &*wish.kind != "none" && !client::is_end(&job.status)) {
        parts.push(format!("asked to {}", wish.kind));
    }
    parts.join(", ")
}

/// What people call the job.
pub fn name(job: &JobSummary) -> String {
    plain(job.title.as_ref().unwrap_or(&job.task))
}

/// One line about a job.
pub fn line(job: &JobSummary, colour: bool) -> String {
    let mut line = format!("{}  {}  {}", job.id, status(&job.status, colour), name(job));
    for extra in [progress(&job.progress), because(job)] {
        if !extra.is_empty() {
            line = format!("{line}  ({extra})");
        }
    }
    line
}

/// Text of others without what a terminal would obey.
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Columns as wide as their widest cell.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| width(&row[column])).chain([width(head[column])]).max().unwrap_or(0))
        .collect();
    let mut page = String::new();
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide - width(cell)))).collect();
        page.push_str(cells.join("  ").trim_end());
        page.push('\n');
    }
    page
}

/// Characters of a cell that are seen: colour codes are not.
fn width(cell: &str) -> usize {
    let mut seen = 0;
    let mut inside = false;
    for letter in cell.chars() {
        match letter {
            '\x1b' => inside = true,
            'm' if inside => inside = false,
            _ if !inside => seen += 1,
            _ => {}
        }
    }
    seen
}

/// A job as a page: every field that has a value.
pub fn page(job: &JobRecord, colour: bool) -> String {
    let summary = &job.summary;
    let mut rows: Vec<(&str, String)> = vec![
        ("id", summary.id.to_string()),
        ("task", summary.task.to_string()),
        ("mode", summary.mode.to_string()),
        ("status", status(&summary.status, colour)),
        ("because", because(summary)),
        ("progress", progress(&summary.progress)),
        ("title", summary.title.as_ref().map(|title| plain(title)).unwrap_or_default()),
        ("owner", summary.owner.to_string()),
        ("subject", summary.subject.as_ref().map(|subject| format!("{}:{}", subject.kind, subject.id)).unwrap_or_default()),
        ("session", summary.session.as_ref().map(|session| plain(session)).unwrap_or_default()),
        ("tags", summary.tags.iter().map(|tag| plain(tag)).collect::<Vec<_>>().join(", ")),
        ("attempt", format!("{} of {}", summary.attempt, job.limits.attempts)),
        ("created", summary.created_at.clone()),
        ("due", summary.due_at.clone().unwrap_or_default()),
        ("started", summary.started_at.clone().unwrap_or_default()),
        ("ended", summary.ended_at.clone().unwrap_or_default()),
        ("ran", crate::config::units::show_ms(summary.ran_ms / 1_000 * 1_000)),
        ("link", summary.link.as_ref().map(|link| plain(link)).unwrap_or_default()),
        ("may be asked", summary.verbs.iter().map(|verb| verb.to_string()).collect::<Vec<_>>().join(", ")),
    ];
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(|value| format!("{value}")).unwrap_or_default();
    rows.extend([("input", json(&job.input)), ("result", json(&job.result)), ("metadata", json(&job.metadata))]);
    let lines = rows.iter().filter(|(_, value)| !value.is_empty());
    lines.map(|(name, value)| format!("{name:>12}  {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_with_and_without_colour() {
        let rows = vec![vec![status("failed", true), "x".to_owned()], vec![status("completed", false), "y".to_owned()]];
        let page = table(&["STATUS", "T"], &rows);
        assert_eq!(page, "STATUS     T\n\x1b[31mfailed\x1b[0m     x\ncompleted  y\n");
    }

    #[test]
    fn progress_says_what_is_known() {
        let known = Progress {
            percentage: Some(41.7),
            current: Some(3),
            total: Some(7),
            message: Some("a\x1b[2Jb".into()),
            ..Progress::default()
        };
        assert_eq!(progress(&known), "42 %, 3 of 7, a [2Jb");
        assert_eq!(progress(&Progress::default()), "");
    }
}
