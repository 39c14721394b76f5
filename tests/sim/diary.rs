//! What happened, in readable lines, and the first invariant that was broken.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::JobId;

/// Lines that a failure shows, unless `TIDINGS_SIM_LINES` says another number.
const SHOWN: usize = 50;

fn shown() -> usize {
    std::env::var("TIDINGS_SIM_LINES").ok().and_then(|text| text.parse().ok()).unwrap_or(SHOWN)
}

/// An invariant that did not hold.
#[derive(Debug, Clone)]
pub struct Broken {
    pub invariant: &'static str,
    pub what: String,
}

#[derive(Default)]
struct Kept {
    step: usize,
    lines: Vec<String>,
    hash: DefaultHasher,
    broken: Option<Broken>,
    /// Jobs in the order in which they were first told of: the lines number them.
    jobs: Vec<JobId>,
}

/// Shared by all parts of one run.
#[derive(Clone, Default)]
pub struct Diary(Arc<Mutex<Kept>>);

impl Diary {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin_step(&self, step: usize) {
        self.kept().step = step;
    }

    pub fn note(&self, line: impl std::fmt::Display) {
        let mut kept = self.kept();
        let line = format!("{:>4}  {line}", kept.step);
        line.hash(&mut kept.hash);
        kept.lines.push(line);
    }

    /// Keeps the first.
    pub fn broke(&self, invariant: &'static str, what: impl Into<String>) {
        let what = what.into();
        self.note(format!("BROKEN {invariant}: {what}"));
        self.kept().broken.get_or_insert(Broken { invariant, what });
    }

    pub fn require(&self, holds: bool, invariant: &'static str, what: impl FnOnce() -> String) {
        if !holds {
            self.broke(invariant, what());
        }
    }

    pub fn broken(&self) -> Option<Broken> {
        self.kept().broken.clone()
    }

    /// `#3` for the third job of the run.
    pub fn name(&self, id: JobId) -> String {
        let mut kept = self.kept();
        let at = kept.jobs.iter().position(|known| *known == id).unwrap_or_else(|| {
            kept.jobs.push(id);
            kept.jobs.len() - 1
        });
        format!("#{}", at + 1)
    }

    pub fn lines(&self) -> Vec<String> {
        let kept = self.kept();
        let skipped = kept.lines.len().saturating_sub(shown());
        kept.lines.iter().skip(skipped).cloned().collect()
    }

    /// Two runs of one seed have the same.
    pub fn fingerprint(&self) -> u64 {
        self.kept().hash.finish()
    }
}
