//! The tasks that are declared: what can be started, how it runs, how many at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use domain::policy::{Mode, Policy};
use domain::request::TaskSlots;
use domain::{Json, Text, named};

named! {
    /// How the server and a child talk, besides the child's output.
    pub enum Channel {
        /// Any program.
        Plain = "plain",
        /// JSON lines both ways.
        Lines = "lines",
        /// `process.send` and `process.on('message')`.
        NodeIpc = "node-ipc",
    }
}

named! {
    /// Where progress may be read from, besides the channel.
    pub enum ProgressFrom {
        Channel = "channel",
        /// The last percentage that the program printed.
        Percent = "percent",
    }
}

/// A program that the server starts. Comes from the configuration alone; no request carries any of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Program and arguments, never through a shell.
    pub argv: Vec<String>,
    /// Folder to start in.
    pub cwd: PathBuf,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    pub channel: Channel,
    pub progress: ProgressFrom,
    /// Resident memory of its whole tree, in bytes; `None` is unlimited.
    pub memory_bytes: Option<u64>,
    /// From a reported end to SIGTERM, in milliseconds.
    pub exit_grace_ms: u64,
}

/// A kind of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub name: Text,
    pub mode: Mode,
    pub policy: Arc<Policy>,
    /// How many of it run at once.
    pub concurrency: u32,
    /// For mode `process`.
    pub program: Option<Arc<Program>>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// An input to start with.
    pub example: Option<Json>,
    pub schemas: Schemas,
}

/// JSON Schemas of what goes into a task and what comes out. They are for types and forms: nothing is refused by them, and nothing that they
/// name is fetched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schemas {
    pub input: Option<Json>,
    pub output: Option<Json>,
}

/// All declared tasks, as of the newest configuration.
#[derive(Debug, Default, PartialEq)]
pub struct Catalog {
    pub tasks: BTreeMap<Text, Arc<Task>>,
    /// How many jobs of mode `process` run at once, in all.
    pub total: u32,
}

impl Catalog {
    /// The places of all tasks of a mode, with those of `lingering` children taken off.
    pub fn slots(&self, mode: Mode, lingering: &BTreeMap<Text, u32>) -> Vec<TaskSlots> {
        self.tasks
            .values()
            .filter(|task| task.mode == mode)
            .map(|task| TaskSlots {
                task: task.name.clone(),
                limit: task.concurrency.saturating_sub(lingering.get(&task.name).copied().unwrap_or(0)),
            })
            .collect()
    }

    pub fn names(&self) -> Vec<Text> {
        self.tasks.keys().cloned().collect()
    }
}

/// The catalog as everybody reads it; replaced as a whole when the configuration is read again.
#[derive(Debug, Default)]
pub struct CurrentCatalog(RwLock<Arc<Catalog>>);

impl CurrentCatalog {
    pub fn new(catalog: Catalog) -> CurrentCatalog {
        CurrentCatalog(RwLock::new(Arc::new(catalog)))
    }

    pub fn get(&self) -> Arc<Catalog> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn replace(&self, catalog: Catalog) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
    }
}
