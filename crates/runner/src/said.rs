//! What a child, its shim and the ladder tell the caller: one closed enum, in the order in which it became true.

use crate::exit::Exit;
use crate::outcome::Outcome;

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// A report of progress. A field that the child did not mention is None and leaves what was known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// 0 to 100.
    pub percentage: Option<f64>,
    /// Steps done.
    pub current: Option<u64>,
    /// Steps in all.
    pub total: Option<u64>,
    pub message: Option<String>,
    /// Items that went well, failed, and were skipped.
    pub ok: Option<u64>,
    pub failed: Option<u64>,
    pub skipped: Option<u64>,
}

impl Progress {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes over every field that `newer` mentions.
    pub(crate) fn update(&mut self, newer: Self) {
        self.percentage = newer.percentage.or(self.percentage);
        self.current = newer.current.or(self.current);
        self.total = newer.total.or(self.total);
        self.message = newer.message.or(self.message.take());
        self.ok = newer.ok.or(self.ok);
        self.failed = newer.failed.or(self.failed);
        self.skipped = newer.skipped.or(self.skipped);
    }
}

/// One thing that happened to a child. `Gone` is always the last; every stream ends with it.
#[derive(Clone, Debug, PartialEq)]
pub enum ChildSaid {
    /// The program runs. Start time in clock ticks since boot.
    Spawned {
        pid: i32,
        start_time: u64,
    },
    /// The program could not be started: `reason` is `program_not_found`, `cwd_missing`, `permission_denied` or
    /// `spawn_failed`.
    SpawnFailed {
        reason: String,
        message: String,
    },
    /// Several reports may be merged into one while the caller is slow.
    Progress(Progress),
    Log {
        level: Level,
        text: String,
    },
    /// Paused, or frozen. `wish`: as the child named it, else the last one it was asked for.
    Paused {
        wish: Option<u64>,
    },
    Resumed,
    /// The child reported its end. What follows on its channel is ignored.
    Completed {
        result: Option<String>,
    },
    Failed {
        message: String,
        kind: Option<String>,
        no_retry: bool,
    },
    Aborted,
    /// A line on the channel that is not understood, cut to a few hundred characters.
    Garbage {
        text: String,
    },
    /// The tree was over its memory limit by then, and is being killed. Bytes measured.
    OutOfMemory {
        bytes: u64,
    },
    /// The main process ended. `outcome` is what follows from all that was said and ordered.
    Exited {
        exit: Exit,
        in_words: String,
        outcome: Outcome,
    },
    /// No process of the tree is left: the slot is free.
    Gone,
}
