//! `run`, the detached part: a session of its own that runs the command under a shim and reports it as a tracked job.
//!
//! It goes on when the terminal goes, and keeps the command running while the server is away; what it has to say waits, and a late word
//! puts right what was `lost` meanwhile. Refuses to start the command before the job exists.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use client::{Client, Heard, Tracked};
use runner::outcome::Outcome;
use runner::{Channel, ChildHandle, ChildSaid, Exit as ChildExit, Home, Launch, OutputChunk, PauseKind, ProgressFrom, Stream};
use tokio::time::timeout;
use wire::body::ReportComplete;
use wire::record::{JobError, Progress};

use super::run::{Order, Said};
use crate::exit::{Exit, Failure};

/// From SIGTERM to SIGKILL after an abort.
const ABORT_GRACE: Duration = Duration::from_secs(10);
/// How long the last word is tried for.
const LAST_REPORT: Duration = Duration::from_secs(24 * 3_600);

/// Where the host keeps what it needs while it lives: `$XDG_STATE_HOME/tidings`.
fn state_folder() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")))?;
    Some(state.join("tidings"))
}

/// The file that hosts write their troubles to; `None` when there is no place for it.
pub fn log_file() -> Option<File> {
    let folder = state_folder()?;
    std::fs::create_dir_all(&folder).ok()?;
    File::options().create(true).append(true).open(folder.join("run.log")).ok()
}

pub async fn host() -> Result<(), Failure> {
    // Refused only for the leader of a group, which cannot be reached by a Ctrl-C meant for another.
    rustix::process::setsid().ok();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let mut order = Vec::new();
    std::io::stdin().read_to_end(&mut order)?;
    let order: Order =
        serde_json::from_slice(&order).map_err(|error| Failure::usage(format!("`tidings run` starts this part: {error}")))?;
    let mut front = Front::default();
    let tracked = match begin(&order).await {
        Ok(tracked) => tracked,
        Err(failure) => {
            front.say(&Said::Refused { code: failure.exit.code(), kind: failure.code, words: failure.words });
            return Err(Failure::silent(failure.exit));
        }
    };
    front.say(&Said::Job(tracked.id().to_owned()));
    let scratch = scratch_folder()?;
    let home = Home {
        shim: std::env::current_exe()?,
        shim_args: vec!["shim".to_owned()],
        host: format!("run-{}", engine::random::word(20)),
        children_folder: scratch.join("children"),
        input_folder: scratch.join("inputs"),
    };
    let started = runner::spawn(Arc::new(home), launch(&order, &tracked));
    let ended =
        Performance { tracked: &tracked, handle: started.handle.clone(), decoders: Default::default() }.attend(started).await;
    std::fs::remove_dir_all(&scratch).ok();
    front.say(&Said::Exit(ended.code));
    match timeout(LAST_REPORT, report(&tracked, ended)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::new(Exit::Refused, format!("{}: {error}", tracked.id()))),
        Err(_) => Err(Failure::new(Exit::Unreachable, format!("{}: the server did not come back", tracked.id()))),
    }
}

async fn begin(order: &Order) -> Result<Tracked, Failure> {
    let client = Client::new(&order.url, order.token.clone())?;
    Ok(client.track(order.submit.clone()).await?)
}

fn scratch_folder() -> Result<PathBuf, Failure> {
    let base = state_folder().unwrap_or_else(std::env::temp_dir);
    let folder = base.join(format!("run-{}", engine::random::word(12)));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn launch(order: &Order, tracked: &Tracked) -> Launch {
    Launch {
        job: tracked.id().to_owned(),
        attempt: tracked.job().summary.attempt.max(1),
        task: order.submit.task.clone(),
        owner: tracked.job().summary.owner.to_string(),
        argv: order.argv.clone(),
        cwd: Some(order.cwd.clone()),
        env: order.env.clone(),
        channel: Channel::Plain,
        input_json: None,
        pause: PauseKind::Freeze,
        progress: ProgressFrom::Percent,
        memory_bytes: None,
        abort_grace: ABORT_GRACE,
        exit_grace: Duration::from_secs(5),
    }
}

/// The pipe to the terminal's part, which may be gone.
#[derive(Default)]
struct Front {
    is_gone: bool,
}

impl Front {
    fn say(&mut self, said: &Said) {
        if self.is_gone {
            return;
        }
        let line = serde_json::to_string(said).unwrap_or_default();
        let mut out = std::io::stdout().lock();
        self.is_gone = writeln!(out, "{line}").and_then(|()| out.flush()).is_err();
    }
}

/// How the command ended.
struct Ended {
    outcome: Outcome,
    /// Its exit code; none when a signal ended it.
    code: Option<i32>,
    /// The last wish that was carried out.
    wish: u64,
}

/// The command while it runs.
struct Performance<'a> {
    tracked: &'a Tracked,
    handle: ChildHandle,
    /// Of stdout and stderr.
    decoders: [Decoder; 2],
}

impl Performance<'_> {
    async fn attend(mut self, mut started: runner::Started) -> Ended {
        let shim_lost = Outcome::Failed { reason: "shim_lost", message: "ended unseen".to_owned(), kind: None, no_retry: false };
        let mut ended = Ended { outcome: shim_lost, code: None, wish: 0 };
        let mut heard = self.tracked.heard();
        let mut output_open = true;
        loop {
            tokio::select! {
                chunk = started.output.recv(), if output_open => match chunk {
                    Some(chunk) => self.output(chunk).await,
                    None => output_open = false,
                },
                said = started.said.recv() => match said {
                    Some(ChildSaid::Gone) | None => break,
                    Some(said) => self.said(said, &mut ended).await,
                },
                Ok(()) = heard.changed() => {
                    let now = heard.borrow_and_update().clone();
                    self.obey(&now, &mut ended);
                }
            }
        }
        while let Some(chunk) = started.output.recv().await {
            self.output(chunk).await;
        }
        for (place, stream) in [(0, "stdout"), (1, "stderr")] {
            let rest = self.decoders[place].finish();
            if !rest.is_empty() {
                self.tracked.output(stream, rest).await;
            }
        }
        ended
    }

    async fn output(&mut self, chunk: OutputChunk) {
        let (place, stream) = match chunk.stream {
            Stream::Stdout => (0, "stdout"),
            Stream::Stderr => (1, "stderr"),
        };
        if chunk.dropped_before > 0 {
            self.tracked.output("warn", format!("({} bytes of {stream} were dropped)\n", chunk.dropped_before)).await;
        }
        let text = self.decoders[place].decode(&chunk.bytes);
        if !text.is_empty() {
            self.tracked.output(stream, text).await;
        }
    }

    async fn said(&mut self, said: ChildSaid, ended: &mut Ended) {
        match said {
            ChildSaid::Progress(progress) => {
                let progress =
                    Progress { percentage: progress.percentage, message: progress.message.map(Into::into), ..Progress::default() };
                self.tracked.progress(progress).await;
            }
            ChildSaid::Paused { wish } => self.tracked.acknowledge(wish.unwrap_or(ended.wish)).await,
            ChildSaid::Resumed => self.tracked.acknowledge(ended.wish).await,
            ChildSaid::SpawnFailed { reason, message } => {
                ended.code = Some(if reason == "program_not_found" { 127 } else { 126 });
                let reason = if reason == "program_not_found" { "program_not_found" } else { "cannot_start" };
                ended.outcome = Outcome::Failed { reason, message, kind: None, no_retry: true };
            }
            ChildSaid::Exited { exit, outcome, .. } => {
                ended.outcome = outcome;
                ended.code = match exit {
                    ChildExit::Code(code) => Some(code),
                    ChildExit::Signal(_) | ChildExit::Unseen => None,
                };
            }
            _ => {}
        }
    }

    fn obey(&self, heard: &Heard, ended: &mut Ended) {
        if heard.is_revoked {
            // Whoever waits for the job was told another end: nothing may go on behind it.
            self.handle.kill().ok();
            return;
        }
        if heard.wish.number <= ended.wish {
            return;
        }
        let number = heard.wish.number;
        let given = match &*heard.wish.kind {
            "pause" => self.handle.pause(number),
            "resume" => self.handle.resume(number),
            "abort" => self.handle.abort(number),
            "kill" => self.handle.kill(),
            _ => return,
        };
        ended.wish = number;
        if let Err(refused) = given {
            tracing::warn!(job = self.tracked.id(), wish = &*heard.wish.kind, %refused, "a wish was not carried out");
        }
    }
}

async fn report(tracked: &Tracked, ended: Ended) -> Result<(), client::Error> {
    match ended.outcome {
        Outcome::Completed { .. } => tracked.complete(ReportComplete::default()).await,
        Outcome::Aborted => tracked.aborted(ended.wish).await,
        Outcome::TimedOut => {
            tracked.fail(JobError { kind: "time_limit".into(), message: "the time limit passed".into() }, false).await
        }
        Outcome::Failed { reason, message, .. } => {
            tracked.fail(JobError { kind: reason.into(), message: message.into() }, false).await
        }
    }
    .map(drop)
}

/// Turns pieces of bytes into text; a character that is cut between two pieces is put together.
#[derive(Default)]
struct Decoder {
    held: Vec<u8>,
}

impl Decoder {
    fn decode(&mut self, bytes: &[u8]) -> String {
        self.held.extend_from_slice(bytes);
        let complete = match std::str::from_utf8(&self.held) {
            Ok(_) => self.held.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            // Broken bytes are replaced; only a start at the very end may still become a character.
            Err(_) => self.held.len() - unfinished(&self.held),
        };
        let rest = self.held.split_off(complete);
        let text = String::from_utf8_lossy(&self.held).into_owned();
        self.held = rest;
        text
    }

    fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }
}

/// Bytes at the end that are the beginning of one more character.
fn unfinished(bytes: &[u8]) -> usize {
    for length in 1..=3.min(bytes.len()) {
        let tail = &bytes[bytes.len() - length..];
        if tail[0] & 0b1100_0000 == 0b1000_0000 {
            continue;
        }
        return match std::str::from_utf8(tail) {
            Err(error) if error.error_len().is_none() => length,
            _ => 0,
        };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_survive_any_cut_and_broken_bytes_do_not_stop_it() {
        let text = "aä€😀b".as_bytes();
        for cut in 0..=text.len() {
            let mut decoder = Decoder::default();
            let joined = decoder.decode(&text[..cut]) + &decoder.decode(&text[cut..]) + &decoder.finish();
            assert_eq!(joined, "aä€😀b", "{cut}");
        }
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"x\xffy\xe2\x82"), "x\u{fffd}y");
        assert_eq!(decoder.decode(b"\xac") + &decoder.finish(), "€");
    }
}
