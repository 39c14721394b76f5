//! How much each measurement does, and where.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::outcome::Outcome;

/// Longest time that anything may be waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Plan {
    folder: tempfile::TempDir,
    /// Where files that are costly to make stay for the next run; `None` keeps none.
    kept: Option<PathBuf>,
    /// Longest time of the whole run.
    pub longest: Duration,
    /// How often a measurement and its baseline are taken, one after the other. Figures are medians of them.
    pub rounds: usize,
    /// How long one round of a rate takes.
    pub span: Duration,
    /// No-op jobs run from submit to end.
    pub noop_jobs: usize,
    pub fanout_watchers: usize,
    /// Of each round: events sent one at a time, and groups of waiting events.
    pub fanout_events: usize,
    pub fanout_bursts: usize,
    /// Events of one group.
    pub fanout_burst_events: usize,
    /// Of each round.
    pub broadcasts: usize,
    /// Of each round.
    pub pickups: usize,
    pub idle_watchers: usize,
    /// How long idle watchers are looked at.
    pub idle_span: Duration,
    pub ended_jobs: u64,
    /// Of each round and filter.
    pub list_pages: usize,
    pub resume_watchers: usize,
    /// Jobs that change while watchers resume.
    pub resume_jobs: usize,
    pub starts: usize,
}

impl Plan {
    pub fn new(is_quick: bool, jobs: Option<u64>, watchers: Option<usize>, folder: Option<PathBuf>) -> Outcome<Plan> {
        let beside_binary = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("bench"));
        let within = |folder: &PathBuf| folder.join("tidings-bench-kept");
        let kept = folder.as_ref().map(within).or_else(beside_binary).filter(|_| !is_quick);
        let folder = tempfile::Builder::new().prefix("tidings-bench-").tempdir_in(folder.unwrap_or_else(std::env::temp_dir))?;
        let choose = |full, quick| if is_quick { quick } else { full };
        let watching = |full, quick| watchers.unwrap_or(choose(full, quick)).max(1);
        Ok(Plan {
            folder,
            kept,
            longest: Duration::from_secs(60 * choose(90, 10) as u64),
            rounds: choose(5, 2),
            span: Duration::from_millis(choose(2_000, 200) as u64),
            noop_jobs: choose(20_000, 500),
            fanout_watchers: watching(1_000, 50),
            fanout_events: choose(40, 5),
            fanout_bursts: choose(2, 1),
            fanout_burst_events: choose(300, 50),
            broadcasts: choose(200, 10),
            pickups: choose(200, 10),
            idle_watchers: watching(2_000, 200),
            idle_span: Duration::from_millis(choose(16_000, 500) as u64),
            ended_jobs: jobs.unwrap_or(choose(10_000_000, 20_000) as u64),
            list_pages: choose(200, 20),
            resume_watchers: watching(10_000, 100),
            resume_jobs: choose(100, 40),
            starts: choose(7, 2),
        })
    }

    /// A folder of its own for a measurement, on the disk of the run.
    pub fn room(&self, name: &str) -> Outcome<PathBuf> {
        let room = self.folder.path().join(name);
        std::fs::create_dir_all(&room)?;
        Ok(room)
    }

    /// Where something large stays for the next run, on the disk of the run when one was named; `None` when nothing is kept.
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }
}
