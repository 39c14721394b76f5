//! `list`, `tasks`, `stats`: reading what there is.

use client::ListQuery;

use super::{client, print_pretty, subject};
use crate::cli::{List, Reach};
use crate::exit::Failure;
use crate::moment::Moments;
use crate::{terminal, words};

/// Columns from which on whole ids are shown.
const WIDE: usize = 120;

pub async fn list(reach: &Reach, args: List) -> Result<(), Failure> {
    let client = client(reach)?;
    let query = ListQuery {
        status: args.status,
        task: args.task,
        owner: args.owner,
        session: args.session,
        subject: args.subject.as_deref().map(subject).transpose()?,
        tag: args.tag,
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
    let rows: Vec<Vec<String>> = page
        .jobs
        .iter()
        .map(|job| {
            let known = [words::progress(&job.progress), words::because(job)];
            let known: Vec<String> = known.into_iter().filter(|part| !part.is_empty()).collect();
            vec![
                if is_narrow { words::short_id(&job.id).to_owned() } else { job.id.to_string() },
                words::status(&job.status, colour),
                words::name(job),
                words::plain(&job.owner),
                moments.minute(&job.created_at),
                known.join("; "),
            ]
        })
        .collect();
    if rows.is_empty() {
        outln!("no job fits");
        return Ok(());
    }
    out!("{}", words::table(&["ID", "STATUS", "NAME", "OWNER", "CREATED", "PROGRESS"], &rows, most, &[2, 3, 5]));
    if let Some(cursor) = page.cursor {
        outln!("there are more: --cursor {cursor}");
    }
    Ok(())
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
