//! `watch`: jobs as they go, over restarts of the server, until all that were named have ended.

use std::collections::BTreeMap;

use client::{Client, Connection, Happened};
use serde_json::{Value, json};
use wire::record::JobSummary;

use super::{client, job_ids};
use crate::cli::{Reach, Watch};
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, Style};

/// What is watched.
pub enum Target {
    /// These jobs, until all have ended.
    Jobs(Vec<String>),
    /// All that fit, until Ctrl-C.
    Topic(Value),
}

pub async fn watch(reach: &Reach, args: Watch) -> Result<(), Failure> {
    let client = client(reach)?;
    let target = match (args.task, args.tag) {
        (Some(task), _) => Target::Topic(json!({"task": task})),
        (None, Some(tag)) => Target::Topic(json!({"tag": tag})),
        (None, None) if args.ids.is_empty() => Target::Topic(json!({"owner": "me"})),
        (None, None) => Target::Jobs(job_ids(&client, &args.ids).await?),
    };
    // A watch waits for a server that restarts, but not for one that was never there.
    client.me().await?;
    let mut screen = Screen::new(Style::fitting(reach.json, false));
    let ended = tokio::select! {
        ended = until_ended(&client, target, &mut screen) => ended?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::silent(Exit::Detached)),
    };
    let worst = ended.values().map(|job| Exit::of_status(&job.status)).find(|exit| *exit != Exit::Done);
    match worst {
        Some(exit) if ended.len() == 1 => Err(Failure::silent(exit)),
        Some(_) => Err(Failure::silent(Exit::Failed)),
        None => Ok(()),
    }
}

/// Shows what happens until every job of the target has ended; gives them as they ended.
pub async fn until_ended(client: &Client, target: Target, screen: &mut Screen) -> Result<BTreeMap<String, JobSummary>, Failure> {
    let (topics, mut open) = match target {
        Target::Jobs(ids) => (ids.iter().map(|id| json!({"job": id})).collect(), Some(ids)),
        Target::Topic(topic) => (vec![topic], None),
    };
    let mut ended = BTreeMap::new();
    let mut watch = client.watch(topics);
    while let Some(happened) = watch.next().await {
        match happened {
            Happened::Snapshot { jobs, .. } => {
                for job in jobs.iter().rev() {
                    screen.job("snapshot", job);
                    note(job, &mut open, &mut ended);
                }
            }
            Happened::Update { kind, job } => {
                screen.job(&kind, &job);
                note(&job, &mut open, &mut ended);
            }
            Happened::Progress { id, progress } => screen.progress(&id, &progress),
            Happened::Left { id, deleted, .. } => {
                screen.left(&id);
                if deleted && let Some(open) = &mut open {
                    screen.say(&format!("{id} was deleted"));
                    open.retain(|one| *one != id);
                }
            }
            Happened::Refused { code, message, .. } => {
                let exit = if code == "not_found" { Exit::NotFound } else { Exit::Refused };
                screen.clear();
                return Err(Failure::new(exit, format!("{message} [{code}]")));
            }
            Happened::Connection(Connection::GivenUp { code, why }) => {
                screen.clear();
                return Err(given_up(code, &why));
            }
            Happened::Connection(connection) => screen.connection(&connection),
            Happened::Live { .. } | Happened::Output { .. } | Happened::Stats(_) => {}
        }
        if open.as_ref().is_some_and(Vec::is_empty) {
            screen.clear();
            return Ok(ended);
        }
    }
    Err(Failure::new(Exit::Unreachable, "the watch ended"))
}

/// The failure of a connection that will not be tried again.
pub fn given_up(code: u16, why: &str) -> Failure {
    match code {
        4100..=4201 => Failure::new(Exit::Denied, format!("the server does not let this token watch: {why} ({code})")),
        _ => Failure::new(Exit::Refused, format!("the server ended the watch: {why} ({code})")),
    }
}

fn note(job: &JobSummary, open: &mut Option<Vec<String>>, ended: &mut BTreeMap<String, JobSummary>) {
    let Some(open) = open else { return };
    if client::is_end(&job.status) {
        open.retain(|id| **id != *job.id);
        ended.insert(job.id.to_string(), job.clone());
    }
}
