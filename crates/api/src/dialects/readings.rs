//! Readings that connections share: when a change is told to a hundred sockets, its job is read once.
//!
//! A reading serves whoever asks for its revision or an earlier one, as when many changes of a job are told at once; whether it may see the job
//! is asked each time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use dialects::dialect::{SHARED_BYTES, WholeJob};
use domain::access::{Principal, Scope};
use domain::{JobId, Json, Text};
use engine::Error;
use tokio::sync::OnceCell;
use wire::convert::Payloads;

use super::steps::whole_job;
use crate::context::Context;

/// Readings that are kept, the newest.
const KEPT: usize = 64;

#[derive(Default)]
pub(super) struct Readings(Mutex<VecDeque<Reading>>);

struct Reading {
    id: JobId,
    rev: u64,
    found: Arc<OnceCell<Option<Found>>>,
}

impl Reading {
    /// Whether it was read, and as of this revision or later.
    fn is_of(&self, rev: u64) -> bool {
        self.found.get().and_then(Option::as_ref).is_some_and(|found| found.job.found.summary.rev >= rev)
    }
}

/// A job with its payloads, without those that are too large to be kept, and whose it is.
struct Found {
    tenant: Text,
    owner: Text,
    job: Arc<WholeJob>,
}

impl Readings {
    /// The job as of this revision or later, if the caller may see it.
    pub(super) async fn look(&self, context: &Context, principal: &Principal, id: JobId, rev: u64) -> Option<Arc<WholeJob>> {
        principal.require(Scope::JobsRead).ok()?;
        let cell = self.of(id, rev);
        // One that failed is tried again by the next who asks.
        let found = cell.get_or_try_init(|| read(context, id)).await.ok()?.as_ref()?;
        let view = principal.view();
        (view.tenant == found.tenant && view.visibility.sees_owner(&found.owner)).then(|| found.job.clone())
    }

    fn of(&self, id: JobId, rev: u64) -> Arc<OnceCell<Option<Found>>> {
        let mut readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let serves = |reading: &Reading| reading.id == id && (reading.rev == rev || reading.is_of(rev));
        if let Some(reading) = readings.iter().rev().find(|reading| serves(reading)) {
            return reading.found.clone();
        }
        if readings.len() == KEPT {
            readings.pop_front();
        }
        let found = Arc::default();
        readings.push_back(Reading { id, rev, found: Arc::clone(&found) });
        found
    }
}

/// `None` when it is gone.
async fn read(context: &Context, id: JobId) -> Result<Option<Found>, Error> {
    let store = context.engine.store();
    let Some(job) = store.job(id).await? else { return Ok(None) };
    let payloads = store.payloads(id).await?;
    let kept = |value: Option<Json>| value.filter(|value| value.as_str().len() <= SHARED_BYTES);
    let payloads = Payloads { input: kept(payloads.input), result: kept(payloads.result), answer: None };
    let whole = Arc::new(whole_job(&job, &payloads));
    Ok(Some(Found { tenant: job.tenant, owner: job.owner, job: whole }))
}
