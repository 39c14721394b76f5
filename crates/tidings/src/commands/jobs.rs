//! `list`, `tasks`, `stats`: reading what there is.

use client::ListQuery;
use wire::record::JobSummary;

use super::{client, print_pretty, subject};
use crate::cli::{List, Reach};
use crate::exit::Failure;
use crate::moment::Moments;
use crate::{terminal, words};

/// Columns from which on whole ids are shown.
const WIDE: usize = 120;
/// Place of the column of external ids.
const EXTERNAL: usize = 1;

pub async fn list(reach: &Reach, args: List) -> Result<(), Failure> {
    let client = client(reach)?;
    let query = ListQuery {
        status: args.status,
        task: args.task,
        owner: args.owner,
        session: args.session,
        subject: args.subject.as_deref().map(subject).transpose()?,
        tag: args.tag,
        external_id: args.external_id,
        text: args.text,
        limit: Some(args.limit),
        cursor: args.cursor,
        ..ListQuery::default()
    };
    let page = client.list(&query).await?;
    if reach.json {
        return print_pretty(&page);
    }
    let stdout = std::io::stdout();
    let most = terminal::columns(&stdout);
    let (colour, moments) = (words::has_colour(&stdout), Moments::here(most.is_some()));
    let is_narrow = most.is_some_and(|most| most < WIDE);
    if page.jobs.is_empty() {
        outln!("no job fits");
        return Ok(());
    }
    let row = |job: &JobSummary| {
        let known = [words::progress(&job.progress), words::because(job)];
        let known: Vec<String> = known.into_iter().filter(|part| !part.is_empty()).collect();
        vec![
            if is_narrow { words::short_id(&job.id).to_owned() } else { job.id.to_string() },
            words::external_id(job),
            words::status(&job.status, colour),
            words::name(job),
            words::plain(&job.owner),
            moments.minute(&job.created_at),
            known.join("; "),
        ]
    };
    out!("{}", listed(page.jobs.iter().map(row).collect(), most));
    if let Some(cursor) = page.cursor {
        outln!("there are more: --cursor {cursor}");
    }
    Ok(())
}

/// The table of a list; external ids have a column when there are any.
fn listed(mut rows: Vec<Vec<String>>, most: Option<usize>) -> String {
    let mut head = vec!["ID", "EXTERNAL", "STATUS", "NAME", "OWNER", "CREATED", "PROGRESS"];
    if rows.iter().any(|row| !row[EXTERNAL].is_empty()) {
        return words::table(&head, &rows, most, &[EXTERNAL, 3, 4, 6]);
    }
    head.remove(EXTERNAL);
    rows.iter_mut().for_each(|row| {
        row.remove(EXTERNAL);
    });
    words::table(&head, &rows, most, &[2, 3, 5])
}

pub async fn tasks(reach: &Reach) -> Result<(), Failure> {
    let tasks = client(reach)?.tasks().await?;
    let most = terminal::columns(&std::io::stdout());
    if reach.json {
        return print_pretty(&tasks);
    }
    if tasks.is_empty() {
        outln!("no task is declared; declare one in tidings.toml");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = tasks
        .iter()
        .map(|task| {
            let counts = [task.concurrency.to_string(), task.running.to_string(), task.pending.to_string()];
            let mut row = vec![task.name.to_string(), task.mode.to_string(), task.pause.to_string()];
            row.extend(counts);
            row.push(words::plain(task.title.as_deref().unwrap_or_default()));
            row
        })
        .collect();
    out!("{}", words::table(&["TASK", "MODE", "PAUSE", "PLACES", "RUNNING", "PENDING", "TITLE"], &rows, most, &[0, 6]));
    Ok(())
}

pub async fn stats(reach: &Reach) -> Result<(), Failure> {
    let stats = client(reach)?.stats().await?;
    if reach.json {
        return print_pretty(&stats);
    }
    let colour = words::has_colour(&std::io::stdout());
    let mut rows: Vec<Vec<String>> =
        stats.by_status.iter().map(|(status, count)| vec![words::status(status, colour), count.to_string()]).collect();
    rows.push(vec!["active".to_owned(), stats.active.to_string()]);
    rows.push(vec!["total".to_owned(), stats.total.to_string()]);
    out!("{}", words::table(&["STATUS", "JOBS"], &rows, None, &[]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(external: &str) -> Vec<String> {
        ["2q7r0mzt", external, "running", "pair-programming", "ann", "09:00", "42 %, checking the links"].map(str::to_owned).into()
    }

    #[test]
    fn external_ids_have_a_column_when_there_are_any() {
        assert!(!listed(vec![row("")], None).contains("EXTERNAL"));
        let page = listed(vec![row("123"), row("")], None);
        let lines: Vec<&str> = page.lines().collect();
        assert_eq!(&lines[0][..28], "ID        EXTERNAL  STATUS  ");
        assert_eq!(&lines[1][..28], "2q7r0mzt  123       running ");
        assert_eq!(&lines[2][..28], "2q7r0mzt            running ");
        let narrow = listed(vec![row(&"x".repeat(60))], Some(80));
        assert!(narrow.lines().all(|line| terminal::width(line) <= 80), "{narrow}");
        assert!(narrow.contains("pair-programm…"), "{narrow}");
    }
}
