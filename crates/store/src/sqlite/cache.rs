//! Job rows as last written, so that a job that moves often is not read back each time. Only the writer uses it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Job, JobId};

/// Rows in each of the two generations.
const GENERATION: usize = 8_192;

/// Two generations: what is not asked for while one fills is forgotten.
#[derive(Default)]
pub(super) struct Cache {
    young: HashMap<JobId, Arc<Job>>,
    old: HashMap<JobId, Arc<Job>>,
}

impl Cache {
    pub(super) fn get(&mut self, id: JobId) -> Option<Arc<Job>> {
        if let Some(job) = self.young.get(&id) {
            return Some(job.clone());
        }
        let job = self.old.remove(&id)?;
        self.put(job.clone());
        Some(job)
    }

    pub(super) fn put(&mut self, job: Arc<Job>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(job.id, job);
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
