//! The engine's runner port on top of this crate: its launches become ours, and what children say becomes its words.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::job::JobError;
use domain::policy::Pause;
use domain::{JobId, Json};
use engine::port::{Child, Ended, Launch, Order, Runner, Said, Swept, Written};
use tokio::sync::mpsc;

use crate::census::{Census, Left};
use crate::outcome::Outcome;
use crate::{ChildHandle, ChildSaid, Home, Started};

/// Words of a child that wait for the engine.
const WAITING: usize = 256;

/// Runs the children of one server.
pub struct Children {
    home: Arc<Home>,
    base: PathBuf,
}

impl Children {
    /// `base`: the folder that tasks' relative folders are meant from.
    pub fn new(home: Home, base: PathBuf) -> Children {
        Children { home: Arc::new(home), base }
    }
}

#[async_trait]
impl Runner for Children {
    fn start(&self, launch: Launch) -> Child {
        let Started { handle, said, output } = crate::spawn(self.home.clone(), ours(&launch));
        let (said_sender, said_receiver) = mpsc::channel(WAITING);
        let (written_sender, written) = mpsc::channel(WAITING);
        tokio::spawn(translate(said, said_sender));
        tokio::spawn(pass_on(output, written_sender));
        Child { said: said_receiver, written, orders: Box::new(move |order| give(&handle, order)) }
    }

    async fn sweep(&self) -> Vec<Swept> {
        let census = Census::new(&self.home.children_folder, &self.home.host);
        let swept = tokio::task::spawn_blocking(move || census.sweep()).await.unwrap_or_default();
        let told = swept.into_iter().filter_map(|swept| {
            let (ended, is_left) = match swept.left {
                Left::Nothing => (0, false),
                Left::Killed(count) => (count, false),
                Left::Surviving(count) => (count, true),
            };
            Some(Swept { job: JobId::parse(&swept.record.job)?, attempt: swept.record.attempt, ended, is_left })
        });
        told.collect()
    }

    fn base(&self) -> PathBuf {
        self.base.clone()
    }
}

fn ours(launch: &Launch) -> crate::Launch {
    let program = &launch.program;
    crate::Launch {
        job: launch.job.to_string(),
        attempt: launch.attempt,
        task: launch.task.to_string(),
        owner: launch.owner.to_string(),
        argv: program.argv.clone(),
        cwd: Some(program.cwd.clone()),
        env: program.env.clone(),
        channel: match program.channel {
            engine::task::Channel::Plain => crate::Channel::Plain,
            engine::task::Channel::Lines => crate::Channel::Lines,
            engine::task::Channel::NodeIpc => crate::Channel::NodeIpc,
        },
        input_json: launch.input.as_ref().map(|input| Bytes::copy_from_slice(input.as_str().as_bytes())),
        pause: match launch.pause {
            Pause::Cooperative => crate::PauseKind::Cooperative,
            Pause::Freeze => crate::PauseKind::Freeze,
            Pause::None => crate::PauseKind::None,
        },
        progress: match program.progress {
            engine::task::ProgressFrom::Channel => crate::ProgressFrom::ChannelOnly,
            engine::task::ProgressFrom::Percent => crate::ProgressFrom::Percent,
        },
        memory_bytes: program.memory_bytes,
        abort_grace: Duration::from_millis(launch.abort_grace_ms),
        exit_grace: Duration::from_millis(program.exit_grace_ms),
    }
}

fn give(handle: &ChildHandle, order: Order) {
    let given = match order {
        Order::Pause { wish } => handle.pause(wish),
        Order::Resume { wish } => handle.resume(wish),
        Order::Abort { wish } => handle.abort(wish),
        Order::Kill => handle.kill(),
    };
    if let Err(error) = given {
        tracing::debug!(?order, %error, "an order could not be given");
    }
}

/// Ends when the child's stream does; `Gone` is passed on last.
async fn translate(mut said: mpsc::Receiver<ChildSaid>, sender: mpsc::Sender<Said>) {
    while let Some(word) = said.recv().await {
        if let Some(word) = word_of(word)
            && sender.send(word).await.is_err()
        {
            return;
        }
    }
}

fn word_of(said: ChildSaid) -> Option<Said> {
    Some(match said {
        ChildSaid::Spawned { pid, .. } => Said::Spawned { pid },
        ChildSaid::SpawnFailed { reason, message } => {
            Said::Ended(Ended::Failed { error: JobError { kind: reason.into(), message: message.into() }, again: false })
        }
        ChildSaid::Progress(progress) => Said::Progress(domain::job::Progress {
            percentage: progress
                .percentage
                .filter(|percentage| percentage.is_finite())
                .map(|percentage| percentage.clamp(0.0, 100.0)),
            current: progress.current,
            total: progress.total,
            message: progress.message.map(|message| domain::limits::cut(&message, domain::limits::MESSAGE_BYTES).into()),
            ok: progress.ok,
            failed: progress.failed,
            skipped: progress.skipped,
        }),
        ChildSaid::Log { level, text } => Said::Log { level: level_word(level), text },
        ChildSaid::Paused { wish } => Said::Paused { wish },
        ChildSaid::Resumed => Said::Resumed,
        ChildSaid::Completed { result } => Said::Completed { result: result.map(Json::from_valid) },
        ChildSaid::Failed { message, kind, no_retry } => {
            Said::Failed { error: error_of(kind, "error", &message), again: !no_retry }
        }
        // It is confirmed when its processes are gone.
        ChildSaid::Aborted => return None,
        ChildSaid::Garbage { text } => Said::Log { level: "warn", text: format!("not understood on the channel: {text}") },
        ChildSaid::OutOfMemory { bytes } => Said::Log {
            level: "error",
            text: format!("used {} MB of memory, more than its limit; ending it", bytes.div_ceil(1_000_000)),
        },
        ChildSaid::Exited { outcome, .. } => Said::Ended(match outcome {
            Outcome::Completed { result } => Ended::Completed { result: result.map(Json::from_valid) },
            Outcome::Failed { reason, message, kind, no_retry } => {
                let reason = if reason == "reported" { "error" } else { reason };
                Ended::Failed { error: error_of(kind, reason, &message), again: !no_retry }
            }
            Outcome::Aborted | Outcome::TimedOut => Ended::Stopped,
        }),
        ChildSaid::Gone => Said::Gone,
    })
}

fn error_of(kind: Option<String>, reason: &str, message: &str) -> JobError {
    let kind = kind.unwrap_or_else(|| reason.to_owned());
    JobError {
        kind: domain::limits::cut(&kind, domain::limits::NAME_BYTES).into(),
        message: domain::limits::cut(message, domain::limits::ERROR_BYTES).into(),
    }
}

fn level_word(level: crate::Level) -> &'static str {
    match level {
        crate::Level::Debug => "debug",
        crate::Level::Info => "info",
        crate::Level::Warn => "warn",
        crate::Level::Error => "error",
    }
}

async fn pass_on(mut output: mpsc::Receiver<crate::OutputChunk>, sender: mpsc::Sender<Written>) {
    let mut dropped: HashMap<&'static str, u64> = HashMap::new();
    while let Some(chunk) = output.recv().await {
        let stream = match chunk.stream {
            crate::Stream::Stdout => "stdout",
            crate::Stream::Stderr => "stderr",
        };
        if chunk.dropped_before > 0 {
            *dropped.entry(stream).or_default() += chunk.dropped_before;
            let note =
                format!("[{} bytes of {stream} were dropped: it wrote faster than they could be kept]\n", chunk.dropped_before);
            if sender.send(Written { stream: "warn", bytes: note.into() }).await.is_err() {
                return;
            }
        }
        if !chunk.bytes.is_empty() && sender.send(Written { stream, bytes: chunk.bytes }).await.is_err() {
            return;
        }
    }
    for (stream, bytes) in dropped {
        tracing::warn!(stream, bytes, "output was dropped");
    }
}
