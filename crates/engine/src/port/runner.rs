//! The runner: starts one child program for each attempt, tells what it says, takes orders for it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::job::{JobError, Progress};
use domain::policy::Pause;
use domain::{JobId, Json, Text};
use tokio::sync::mpsc;

use crate::task::Program;

/// One attempt to run.
#[derive(Debug, Clone)]
pub struct Launch {
    pub job: JobId,
    /// From 1.
    pub attempt: u32,
    pub task: Text,
    pub owner: Text,
    pub input: Option<Json>,
    pub program: Arc<Program>,
    pub pause: Pause,
    pub abort_grace_ms: u64,
}

/// What a child says, in order. `Gone` is always the last.
#[derive(Debug, Clone)]
pub enum Said {
    /// The program runs.
    Spawned {
        pid: i32,
    },
    Progress(Progress),
    /// A line for the log of the job; `level` is `debug`, `info`, `warn` or `error`.
    Log {
        level: &'static str,
        text: String,
    },
    /// It stopped at a safe point, or is frozen. `wish`: the one it names, if it names one.
    Paused {
        wish: Option<u64>,
    },
    Resumed,
    /// It reported its end; it may live on for a moment.
    Completed {
        result: Option<Json>,
    },
    Failed {
        error: JobError,
        again: bool,
    },
    /// Its main process ended, or it could not be started: this is what follows, unless it reported an end before.
    Ended(Ended),
    /// No process of it is left.
    Gone,
}

/// The end of a child that reported none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// `result`: what it completed with, if its channel says so.
    Completed {
        result: Option<Json>,
    },
    Failed {
        error: JobError,
        again: bool,
    },
    /// It stopped because it was asked, or by itself.
    Stopped,
}

/// A piece of what a child wrote.
#[derive(Debug, Clone)]
pub struct Written {
    /// `stdout` or `stderr`.
    pub stream: &'static str,
    pub bytes: Bytes,
}

/// What a child is ordered. An order that cannot be given any more is dropped: `Gone` tells why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Pause {
        wish: u64,
    },
    Resume {
        wish: u64,
    },
    /// Message, grace, SIGTERM, five seconds, SIGKILL.
    Abort {
        wish: u64,
    },
    Kill,
}

/// A child that was started.
pub struct Child {
    pub said: mpsc::Receiver<Said>,
    pub written: mpsc::Receiver<Written>,
    pub orders: Box<dyn Fn(Order) + Send + Sync>,
}

/// What was found of a server that ended without ending its children.
#[derive(Debug, Clone)]
pub struct Swept {
    pub job: JobId,
    pub attempt: u32,
    /// Processes that were still alive and were ended.
    pub ended: usize,
    /// Whether some could not be ended.
    pub is_left: bool,
}

#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Starts a child. What goes wrong is said on its stream.
    fn start(&self, launch: Launch) -> Child;

    /// Ends whatever a former server on the same data left running. Called once, before the first start.
    async fn sweep(&self) -> Vec<Swept>;

    /// The folder that tasks' relative folders are meant from.
    fn base(&self) -> PathBuf;
}
