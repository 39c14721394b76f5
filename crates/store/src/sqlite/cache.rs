//! Job rows as last written, so that a job that moves often is not read back each time. Only the writer uses it.

use std::sync::Arc;

use domain::{Job, JobId};

use crate::books::ById;

/// Rows in each of the two generations.
const GENERATION: usize = 8_192;

/// A row as it stands in the tables.
#[derive(Clone)]
pub(super) struct Cached {
    pub(super) job: Arc<Job>,
    /// Place of its newest event.
    pub(super) last_event: u64,
}

/// Two generations: what is not asked for while one fills is forgotten.
#[derive(Default)]
pub(super) struct Cache {
    young: ById<Cached>,
    old: ById<Cached>,
}

impl Cache {
    pub(super) fn get(&mut self, id: JobId) -> Option<&Cached> {
        if !self.young.contains_key(&id)
            && let Some(cached) = self.old.remove(&id)
        {
            self.put(cached);
        }
        self.young.get(&id)
    }

    pub(super) fn put(&mut self, cached: Cached) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(cached.job.id, cached);
    }

    pub(super) fn remove(&mut self, id: JobId) {
        self.young.remove(&id);
        self.old.remove(&id);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}
