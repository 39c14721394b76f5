//! Jobs in words, for people: a line, a table. Status is always a word; colour only adds to it.

use std::io::IsTerminal;

use wire::record::{JobSummary, Progress};

use crate::terminal::{cut, width};

/// Characters of a short id.
const SHORT_ID: usize = 8;
/// Columns between the columns of a table.
const GAP: usize = 2;
/// Columns that a column keeps when it is cut.
const LEAST: usize = 8;

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

/// What the app or engine that it comes from calls it; empty where that is our own id.
pub fn external_id(job: &JobSummary) -> String {
    job.external_id.as_ref().filter(|id| **id != job.id).map(|id| plain(id)).unwrap_or_default()
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

/// The end of an id: enough to name the job to any command.
pub fn short_id(id: &str) -> &str {
    id.get(id.len().saturating_sub(SHORT_ID)..).unwrap_or(id)
}

/// How long something took: tenths below 10 s, whole seconds above.
pub fn took(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..10 => format!("{}.{}s", seconds, ms % 1_000 / 100),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// Columns as wide as their widest cell. `most`: columns of the terminal; the widest of the `flexible` columns is cut until all fit.
pub fn table(head: &[&str], rows: &[Vec<String>], most: Option<usize>, flexible: &[usize]) -> String {
    let mut widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| width(&row[column])).chain([width(head[column])]).max().unwrap_or(0))
        .collect();
    let gaps = GAP * head.len().saturating_sub(1);
    while most.is_some_and(|most| widths.iter().sum::<usize>() + gaps > most) {
        let widest = flexible.iter().copied().filter(|column| widths[*column] > LEAST).max_by_key(|column| widths[*column]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    let mut page = String::new();
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let fitted = |(cell, wide): (&String, &usize)| {
            let cell = if width(cell) > *wide { cut(cell, *wide) } else { cell.clone() };
            let gap = " ".repeat(wide.saturating_sub(width(&cell)));
            format!("{cell}{gap}")
        };
        let cells: Vec<String> = row.iter().zip(&widths).map(fitted).collect();
        page.push_str(cells.join(&" ".repeat(GAP)).trim_end());
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_with_and_without_colour() {
        let rows = vec![vec![status("failed", true), "x".to_owned()], vec![status("completed", false), "y".to_owned()]];
        let page = table(&["STATUS", "T"], &rows, None, &[]);
        assert_eq!(page, "STATUS     T\n\x1b[31mfailed\x1b[0m     x\ncompleted  y\n");
    }

    #[test]
    fn a_table_fits_a_terminal_and_is_whole_elsewhere() {
        let rows = vec![vec!["fixed".to_owned(), "a rather long title".to_owned(), "words without an end".to_owned()]];
        let head = ["ID", "NAME", "PROGRESS"];
        let page = table(&head, &rows, Some(40), &[1, 2]);
        assert_eq!(page, "ID     NAME              PROGRESS\nfixed  a rather long t…  words without…\n");
        assert!(page.lines().all(|line| width(line) <= 40), "{page}");
        assert!(table(&head, &rows, None, &[1, 2]).contains("words without an end"));
    }

    #[test]
    fn durations_are_exact_where_it_matters() {
        for (ms, words) in
            [(0, "0.0s"), (2_345, "2.3s"), (9_999, "9.9s"), (42_900, "42s"), (65_000, "1m 05s"), (7_380_000, "2h 03m")]
        {
            assert_eq!(took(ms), words);
        }
        assert_eq!(short_id("job_01jd9v3k5efx4b8n6w2q7r0mzt"), "2q7r0mzt");
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
