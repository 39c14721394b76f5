//! `watch`: jobs as they go, over restarts of the server, until all that are watched have ended.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The active jobs of a topic, until none is left but scheduled ones.
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
    let ended = until_ended(&client, target, &mut screen).await?;
    let worst = ended.values().map(|job| Exit::of_status(&job.status)).find(|exit| *exit != Exit::Done);
    match worst {
        Some(exit) if ended.len() == 1 => Err(Failure::silent(exit)),
        Some(_) => Err(Failure::silent(Exit::Failed)),
        None => Ok(()),
    }
}

/// Shows what happens until every job of the target has ended; gives them as they ended. Ctrl-C lets go of them.
pub async fn until_ended(client: &Client, target: Target, screen: &mut Screen) -> Result<BTreeMap<String, JobSummary>, Failure> {
    let mut held = Held::new(&target);
    let topics = match target {
        Target::Jobs(ids) => ids.iter().map(|id| json!({"job": id})).collect(),
        Target::Topic(topic) => vec![topic],
    };
    let outcome = tokio::select! {
        outcome = held.follow(client.watch(topics), screen) => outcome,
        _ = tokio::signal::ctrl_c() => Err(held.let_go()),
    };
    screen.clear();
    outcome.map(|()| held.ended)
}

/// What a watch knows of its jobs.
struct Held {
    /// Whether they were named one by one: then each counts, and the end of each is shown.
    is_named: bool,
    /// Those that have not ended; of a topic only those that are not scheduled.
    open: BTreeSet<String>,
    ended: BTreeMap<String, JobSummary>,
}

impl Held {
    fn new(target: &Target) -> Held {
        let (is_named, open) = match target {
            Target::Jobs(ids) => (true, ids.iter().cloned().collect()),
            Target::Topic(_) => (false, BTreeSet::new()),
        };
        Held { is_named, open, ended: BTreeMap::new() }
    }

    async fn follow(&mut self, mut watch: client::Watch, screen: &mut Screen) -> Result<(), Failure> {
        // A topic may turn out to be empty; only when it is live is that known.
        let mut is_known = self.is_named;
        while let Some(happened) = watch.next().await {
            match happened {
                Happened::Snapshot { jobs, truncated, .. } => {
                    for job in jobs.iter().rev().filter(|job| self.take(job)) {
                        screen.job("snapshot", job);
                    }
                    if !self.is_named && !truncated {
                        self.keep(&jobs, screen);
                    }
                }
                // Before a topic is live, updates are its past; the snapshot has them all.
                Happened::Update { .. } if !is_known => {}
                Happened::Update { kind, job } => {
                    if self.take(&job) {
                        screen.job(&kind, &job);
                    }
                }
                Happened::Progress { id, progress } => screen.progress(&id, &progress),
                Happened::Left { id, deleted, .. } => {
                    screen.left(&id);
                    let was_open = (deleted || !self.is_named) && self.open.remove(&id);
                    if deleted && was_open {
                        screen.say(&format!("{id} was deleted"));
                    }
                }
                Happened::Refused { code, message, .. } => return Err(Failure::of_topic(code, message)),
                Happened::Connection(Connection::GivenUp { code, why }) => return Err(given_up(code, &why)),
                Happened::Connection(connection) => screen.connection(&connection),
                Happened::Live { .. } => {
                    if !is_known && self.open.is_empty() {
                        screen.say("no job is active, scheduled ones aside");
                    }
                    is_known = true;
                }
                Happened::Output { .. } | Happened::Stats(_) => {}
            }
            if is_known && self.open.is_empty() {
                return Ok(());
            }
        }
        Err(Failure::new(Exit::Unreachable, "the watch ended"))
    }

    /// Notes where a job stands; whether it is to be shown.
    fn take(&mut self, job: &JobSummary) -> bool {
        let id = job.id.to_string();
        if client::is_end(&job.status) {
            let was_open = self.open.remove(&id);
            if !was_open && !self.is_named {
                return false;
            }
            self.ended.insert(id, job.clone());
            return true;
        }
        self.ended.remove(&id);
        if self.is_named || &*job.status != "scheduled" {
            self.open.insert(id);
        } else {
            self.open.remove(&id);
        }
        true
    }

    /// Lets go of what a whole snapshot no longer has.
    fn keep(&mut self, jobs: &[JobSummary], screen: &mut Screen) {
        let gone: Vec<String> = self.open.iter().filter(|id| jobs.iter().all(|job| *job.id != ***id)).cloned().collect();
        for id in gone {
            screen.left(&id);
            self.open.remove(&id);
        }
    }

    fn let_go(&self) -> Failure {
        let ids: Vec<&str> = self.open.iter().map(String::as_str).collect();
        detached(&ids, "tidings watch")
    }
}

/// Ctrl-C: what goes on, and how to see it again.
pub fn detached(ids: &[&str], command: &str) -> Failure {
    let words = match ids {
        [] => "no job is active any more".to_owned(),
        [id] => format!("the job goes on; watch it again with: {command} {id}"),
        _ => format!("{} jobs go on; watch them again with: {command} {}", ids.len(), ids.join(" ")),
    };
    Failure::new(Exit::Detached, words)
}

/// The failure of a connection that will not be tried again.
pub fn given_up(code: u16, why: &str) -> Failure {
    match code {
        4100..=4201 => Failure::new(Exit::Denied, format!("the server does not let this token watch: {why} ({code})")),
        _ => Failure::new(Exit::Refused, format!("the server ended the watch: {why} ({code})")),
    }
}

#[cfg(test)]
mod tests;
