//! `run -- COMMAND…`, the part at the terminal: starts the detached host, hands it what to run, and watches the job.
//!
//! What is handed over goes through a pipe as JSON, so that neither token nor environment stand in a list of processes. The host answers
//! on another pipe with the job's id and, at the end, the command's exit code. Ctrl-C ends only this part.

use std::collections::BTreeMap;
use std::process::Stdio;

use client::{Client, Connection, Happened};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};
use tokio::time::{Duration, timeout};

use super::client;
use super::logs::{Printed, print};
use super::submit::described;
use super::watch::{detached, given_up};
use crate::cli::{Reach, Run};
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, Style};
use crate::terminal::cut;

/// Name of the task that such jobs carry.
const TASK: &str = "run";
/// Columns of the command that become the title.
const TITLE: usize = 80;
/// How long the host may take to say how the command ended, after the job has.
const LAST_WORD: Duration = Duration::from_secs(2);

/// What the host is to run, and for whom.
#[derive(Serialize, Deserialize)]
pub struct Order {
    pub url: String,
    pub token: Option<String>,
    pub argv: Vec<String>,
    /// The caller's folder.
    pub cwd: std::path::PathBuf,
    /// The caller's whole environment: it is the caller's own command.
    pub env: Vec<(String, String)>,
    pub submit: wire::body::Submit,
}

/// What the host says, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// The job exists, and the command is being started.
    Job(String),
    /// Nothing was started.
    Refused {
        /// The exit code.
        code: u8,
        /// The server's word for it, if it is the server's.
        kind: Option<String>,
        words: String,
    },
    /// The command ended with this code; none when a signal ended it.
    Exit(Option<i32>),
}

pub async fn run(reach: &Reach, args: Run) -> Result<(), Failure> {
    let client = client(reach)?;
    let mut submit = described(&args.about)?;
    submit.task = TASK.to_owned();
    submit.title.get_or_insert_with(|| title(&args.command));
    let text = |value: std::ffi::OsString| value.into_string().ok();
    let environment: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
    let order = Order {
        url: client.url().to_owned(),
        token: client.token().map(str::to_owned),
        argv: args.command,
        cwd: std::env::current_dir()?,
        env: environment.into_iter().filter(|(name, _)| !matches!(name.as_str(), "TIDINGS_TOKEN" | "TIDINGS_TOKEN_FILE")).collect(),
        submit,
    };
    let mut host = start_host(&order).await?;
    let id = match next(&mut host).await {
        Some(Said::Job(id)) => id,
        Some(Said::Refused { code, kind, words }) => return Err(Failure { exit: Exit::Own(code), words, code: kind }),
        _ => return Err(Failure::new(Exit::Failed, "the detached part ended before it could submit the job; its log says why")),
    };
    let mut screen = Screen::new(Style::fitting(reach.json, true));
    let mut host = Some(host);
    let (status, code) = tokio::select! {
        ended = attend(&client, &id, &mut screen, &mut host) => ended?,
        _ = tokio::signal::ctrl_c() => {
            screen.clear();
            return Err(detached(&[&id], "tidings watch"));
        }
    };
    screen.clear();
    let code = match (code, &mut host) {
        (None, Some(host)) => match timeout(LAST_WORD, next(host)).await {
            Ok(Some(Said::Exit(code))) => code,
            _ => None,
        },
        (code, _) => code,
    };
    match end(&status, code) {
        Exit::Done => Ok(()),
        exit => Err(Failure::silent(exit)),
    }
}

/// The command on one line.
fn title(command: &[String]) -> String {
    let words: Vec<&str> = command.iter().flat_map(|argument| argument.split_whitespace()).collect();
    cut(&words.join(" "), TITLE)
}

/// The exit code: the job's, and for a command that failed by itself the command's own.
fn end(status: &str, code: Option<i32>) -> Exit {
    match (Exit::of_status(status), code) {
        (Exit::Failed, Some(code @ 1..=127)) => Exit::Own(code as u8),
        (exit, _) => exit,
    }
}

type Host = Lines<BufReader<ChildStdout>>;

async fn start_host(order: &Order) -> Result<Host, Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::Failed, format!("the detached part cannot be started: {error}"));
    let log = super::run_host::log_file();
    let mut host = Command::new(std::env::current_exe().map_err(failed)?)
        .arg("run-host")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log.map_or_else(Stdio::null, Stdio::from))
        .spawn()
        .map_err(failed)?;
    let (Some(mut stdin), Some(stdout)) = (host.stdin.take(), host.stdout.take()) else {
        return Err(Failure::new(Exit::Failed, "the detached part has no pipes"));
    };
    let order = serde_json::to_vec(order).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    stdin.write_all(&order).await.map_err(failed)?;
    drop(stdin);
    Ok(BufReader::new(stdout).lines())
}

async fn next(host: &mut Host) -> Option<Said> {
    let line = host.next_line().await.ok()??;
    serde_json::from_str(&line).ok()
}

/// What the host says next, while it lives.
async fn said(host: &mut Option<Host>) -> Option<Said> {
    match host {
        Some(lines) => next(lines).await,
        None => std::future::pending().await,
    }
}

/// Shows the job and its output until it ends; gives the end, and the command's exit code as far as the host has told it. `lost` is no
/// end while the host lives: its next word puts that right.
async fn attend(client: &Client, id: &str, screen: &mut Screen, host: &mut Option<Host>) -> Result<(String, Option<i32>), Failure> {
    let mut watch = client.watch(vec![json!({"job": id}), json!({"output": id})]);
    let mut printed = Printed::default();
    let mut exit_code = None;
    let mut status = String::new();
    loop {
        let happened = tokio::select! {
            happened = watch.next() => happened,
            said = said(host) => {
                match said {
                    Some(Said::Exit(code)) => exit_code = code,
                    Some(_) => {}
                    None => *host = None,
                }
                if host.is_none() && status == "lost" {
                    return Ok((status, exit_code));
                }
                continue;
            }
        };
        let Some(happened) = happened else { break };
        let job = match happened {
            Happened::Snapshot { topic: 0, jobs, .. } => match jobs.into_iter().next() {
                Some(job) => {
                    screen.job("snapshot", &job);
                    job
                }
                None => continue,
            },
            Happened::Update { kind, job } => {
                screen.job(&kind, &job);
                *job
            }
            Happened::Progress { id, progress } => {
                screen.progress(&id, &progress);
                continue;
            }
            Happened::Output { attempt, next, chunks, gap, .. } => {
                if printed.take(attempt, next) {
                    print(screen, attempt, &chunks, gap);
                }
                continue;
            }
            Happened::Left { deleted: true, .. } => return Err(Failure::new(Exit::NotFound, format!("{id} was deleted"))),
            Happened::Refused { code, message, .. } => return Err(Failure::of_topic(code, message)),
            Happened::Connection(Connection::GivenUp { code, why }) => return Err(given_up(code, &why)),
            Happened::Connection(connection) => {
                screen.connection(&connection);
                continue;
            }
            _ => continue,
        };
        status = job.status.to_string();
        if client::is_end(&status) && (status != "lost" || host.is_none()) {
            drop(watch);
            printed.catch_up(client, id, None, screen).await?;
            return Ok((status, exit_code));
        }
    }
    Err(Failure::new(Exit::Unreachable, "the watch ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line() {
        let command = |script: &str| ["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        assert_eq!(title(&command("for i in 1 2\n  do\techo $i\ndone")), "sh -c for i in 1 2 do echo $i done");
        let long = title(&command(&"echo a\n".repeat(40)));
        assert!(long.chars().count() <= TITLE && long.ends_with('…'), "{long}");
    }

    #[test]
    fn the_exit_code_is_the_commands_own_when_it_failed_by_itself() {
        for (status, code, exit) in [
            ("completed", Some(0), 0),
            ("failed", Some(3), 3),
            ("failed", Some(125), 125),
            ("failed", Some(127), 127),
            ("failed", Some(200), 1),
            ("failed", None, 1),
            ("aborted", Some(143), 3),
            ("timed_out", None, 4),
            ("lost", Some(2), 5),
        ] {
            assert_eq!(end(status, code).code(), exit, "{status} {code:?}");
        }
    }
}
