//! `list`, `show`, `tasks`, `stats`: reading.

use client::ListQuery;
use serde_json::json;

use super::{client, print_pretty, subject};
use crate::cli::{List, Reach};
use crate::exit::Failure;
use crate::{find, words};

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
    let colour = words::has_colour(&std::io::stdout());
    let rows: Vec<Vec<String>> = page
        .jobs
        .iter()
        .map(|job| {
            let known = [words::progress(&job.progress), words::because(job)];
            let known: Vec<String> = known.into_iter().filter(|part| !part.is_empty()).collect();
            let about: String = known.join("; ").chars().take(60).collect();
            let name: String = words::name(job).chars().take(40).collect();
            vec![
                job.id.to_string(),
                words::status(&job.status, colour),
                name,
                words::plain(&job.owner),
                job.created_at.clone(),
                about,
            ]
        })
        .collect();
    if rows.is_empty() {
        outln!("no job fits");
        return Ok(());
    }
    out!("{}", words::table(&["ID", "STATUS", "NAME", "OWNER", "CREATED", "PROGRESS"], &rows));
    if let Some(cursor) = page.cursor {
        outln!("there are more: --cursor {cursor}");
    }
    Ok(())
}

pub async fn show(reach: &Reach, id: &str) -> Result<(), Failure> {
    let client = client(reach)?;
    let id = find::job_id(&client, id).await?;
    let job = client.job(&id).await?;
    let attempts = client.attempts(&id).await?;
    let events = client.events(&id).await?;
    if reach.json {
        return print_pretty(&json!({"job": job, "attempts": attempts, "events": events}));
    }
    let colour = words::has_colour(&std::io::stdout());
    out!("{}", words::page(&job, colour));
    let told = |text: &Option<wire::record::JobError>| text.as_ref().map(|error| words::plain(&error.message)).unwrap_or_default();
    if !attempts.is_empty() {
        let rows: Vec<Vec<String>> = attempts
            .iter()
            .map(|attempt| {
                let outcome = attempt.outcome.as_ref().map_or_else(|| "under way".to_owned(), |outcome| outcome.to_string());
                let ended = attempt.ended_at.clone().unwrap_or_default();
                vec![attempt.number.to_string(), attempt.started_at.clone(), ended, outcome, told(&attempt.error)]
            })
            .collect();
        out!("\n{}", words::table(&["ATTEMPT", "STARTED", "ENDED", "OUTCOME", "ERROR"], &rows));
    }
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            let by = event.by.as_ref().map(|by| words::plain(by)).unwrap_or_default();
            let reason = event.reason.as_ref().map(|reason| words::plain(reason)).unwrap_or_default();
            vec![event.rev.to_string(), event.at.clone(), event.kind.to_string(), words::status(&event.status, colour), reason, by]
        })
        .collect();
    out!("\n{}", words::table(&["REV", "AT", "EVENT", "STATUS", "REASON", "BY"], &rows));
    Ok(())
}

pub async fn tasks(reach: &Reach) -> Result<(), Failure> {
    let tasks = client(reach)?.tasks().await?;
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
    out!("{}", words::table(&["TASK", "MODE", "PAUSE", "PLACES", "RUNNING", "PENDING", "TITLE"], &rows));
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
    out!("{}", words::table(&["STATUS", "JOBS"], &rows));
    Ok(())
}
