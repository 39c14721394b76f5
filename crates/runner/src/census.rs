//! What survives a crash: a small file per living child, and the sweep that ends what an earlier server or a killed shim
//! left behind.
//!
//! A child is found again by pid and start time, and by its environment: every process below a shim inherits `TIDINGS_HOST`
//! and `TIDINGS_JOB`. A descendant that overwrote its own environment is found only while an ancestor of it lives. Records
//! of an earlier boot need no look: nothing outlives a boot.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::tree::{self, Process, Signal};

/// How long a sweep kills before it says that something survives.
const SWEEP_WAIT: Duration = Duration::from_secs(5);
/// How long a living shim may take to end by itself once its tree is gone.
const SHIM_WAIT: Duration = Duration::from_millis(500);

/// A process that can be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    pub pid: i32,
    /// Clock ticks since boot.
    pub start_time: u64,
}

impl Trace {
    fn process(self) -> Option<Process> {
        tree::process(self.pid).filter(|now| now.start_time == self.start_time && !now.is_dead())
    }
}

/// What is written down about one child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub job: String,
    pub attempt: u32,
    pub boot_id: String,
    pub shim: Trace,
    /// None: it had not been spawned yet.
    pub child: Option<Trace>,
}

/// What a sweep found of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing of it lived, or the machine was restarted since.
    Nothing,
    /// So many processes lived and are gone now.
    Killed(usize),
    /// So many still live: not ours to signal, or stuck in the kernel. The record stays.
    Surviving(usize),
}

/// One record with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    pub record: Record,
    pub left: Left,
}

/// The records of one data folder.
#[derive(Clone, Debug)]
pub struct Census {
    folder: PathBuf,
    host: String,
}

impl Census {
    /// `folder`: where the records are; `host`: the random id that this folder's children carry as `TIDINGS_HOST`.
    pub fn new(folder: impl Into<PathBuf>, host: impl Into<String>) -> Self {
        Self { folder: folder.into(), host: host.into() }
    }

    /// Writes a record, replacing the job's earlier one. Not forced to disk: a record is worthless after a power loss.
    pub fn record(&self, record: &Record) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(&record.job);
        let fresh = path.with_extension("new");
        let mut file = fs::File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        fs::rename(fresh, path)
    }

    /// Forgets a job's child. Fine when there was no record.
    pub fn forget(&self, job: &str) {
        if let Err(error) = fs::remove_file(self.path(job))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(job, %error, "the record of a child that is gone stays");
        }
    }

    /// Every readable record; unreadable ones are logged and removed.
    pub fn records(&self) -> Vec<Record> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let is_record = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
        entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_record(path))
            .filter_map(|path| match fs::read(&path).map(|text| serde_json::from_slice(&text)) {
                Ok(Ok(record)) => Some(record),
                _ => {
                    tracing::warn!(path = %path.display(), "an unreadable record of a child is dropped");
                    fs::remove_file(&path).ok();
                    None
                }
            })
            .collect()
    }

    /// At a server start: ends all that earlier servers of this data folder left. Blocks up to a few seconds per survivor.
    pub fn sweep(&self) -> Vec<Swept> {
        self.records().into_iter().map(|record| Swept { left: self.sweep_one(&record), record }).collect()
    }

    /// Ends what is left of one child and forgets it once nothing is. Blocks.
    pub fn sweep_one(&self, record: &Record) -> Left {
        let mut killed: HashMap<(i32, u64), Process> = HashMap::new();
        if record.boot_id == tree::boot_id() {
            let deadline = Instant::now() + SWEEP_WAIT;
            let mut alone_since = None;
            loop {
                let (tree, shim) = self.living(record);
                // A process that is being torn down has lost its environment already, but not yet its files and ports.
                if tree.is_empty() && shim.is_none() && !killed.values().any(Process::lives) {
                    break;
                }
                if Instant::now() > deadline {
                    return Left::Surviving(tree.len() + usize::from(shim.is_some()));
                }
                killed.extend(tree.iter().chain(&shim).map(|process| ((process.pid, process.start_time), *process)));
                // The shim goes last: as long as it lives, nothing can leave its tree.
                if tree.is_empty() {
                    let since = *alone_since.get_or_insert_with(Instant::now);
                    if since.elapsed() > SHIM_WAIT {
                        shim.map(|shim| shim.signal(Signal::KILL));
                    }
                } else {
                    tree::kill_all(|| self.living(record).0);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.forget(&record.job);
        if killed.is_empty() { Left::Nothing } else { Left::Killed(killed.len()) }
    }

    /// The living processes of a record's tree, parents first, and its shim.
    fn living(&self, record: &Record) -> (Vec<Process>, Option<Process>) {
        let all = tree::all();
        let shim = record.shim.process();
        let child = record.child.and_then(Trace::process);
        let is_shim = |process: &Process| Some(process.pid) == shim.map(|shim| shim.pid);
        let mut found: Vec<_> = child.into_iter().collect();
        found.extend(all.iter().filter(|process| !process.is_dead() && self.marks(process.pid, &record.job)));
        let mut roots: Vec<_> = found.iter().map(|process| process.pid).collect();
        roots.extend(shim.map(|shim| shim.pid));
        found.extend(tree::below(&all, &roots));
        found.retain(|process| !is_shim(process) && process.pid != std::process::id() as i32);
        found.sort_by_key(|process| (process.start_time, process.pid));
        found.dedup();
        (found, shim)
    }

    /// Whether a process carries the names of this data folder and job in its environment.
    fn marks(&self, pid: i32, job: &str) -> bool {
        let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
        let has = |name: &str, value: &str| {
            environment
                .split(|byte| *byte == 0)
                .any(|entry| entry.strip_prefix(name.as_bytes()).is_some_and(|rest| rest == value.as_bytes()))
        };
        has("TIDINGS_HOST=", &self.host) && has("TIDINGS_JOB=", job)
    }

    fn path(&self, job: &str) -> PathBuf {
        self.folder.join(format!("{job}.json"))
    }
}
