//! The engine: everything that the use cases share.
//!
//! Use cases are methods of [`Engine`], one file each: `submit`, `ask`, `report`, `claim`, `observe`, `read`, `act`. Every one takes the caller as a
//! [`Principal`] and checks its rights through [`domain::access`]; a job that the caller may not see does not exist for it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::access::{Principal, Scope};
use domain::job::{Job, Ticked};
use domain::request::{Asked, IdempotencyKey, Listening};
use domain::topic::View;
use domain::{Answer, JobId, Json, Refusal, Request, Text};
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use wire::LoggedEvent;
use wire::record::TaskRecord;

use crate::book::Book;
use crate::clock::SharedClock;
use crate::error::Error;
use crate::port::{Bus, CommitError, Listener, Lookup, Notice, Output, ReadError, SharedStore};
use crate::task::{Catalog, CurrentCatalog, Task};

/// How long a worker counts as present after its last claim.
const WORKER_PRESENT_SECONDS: u64 = 60;

pub struct Engine {
    pub(crate) store: SharedStore,
    pub(crate) output: Arc<dyn Output>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) clock: SharedClock,
    pub(crate) catalog: CurrentCatalog,
    pub(crate) book: Book,
    /// Name of this server among the holders of leases.
    pub(crate) node: Text,
    /// Rung when a job may have become claimable, or a place free.
    pub(crate) claimable: Notify,
    /// Rung for one waiting worker when jobs for workers are on their way to the store: its claim shares their group, or is the next.
    pub(crate) submitted: Notify,
    /// Rung when the clock loop should look again.
    pub(crate) timer: Notify,
    /// Rung when the output of some job grew.
    output_grew: Notify,
    /// Place of the newest released event.
    pub(crate) released: watch::Sender<u64>,
    /// Since when each source is heard without a break.
    pub(crate) listening: Mutex<Listening>,
    /// Sources of whose jobs others speak.
    pub(crate) fed: Mutex<BTreeSet<Text>>,
    /// When a worker last asked for jobs, by tenant and task.
    workers: Mutex<HashMap<(Text, Text), Instant>>,
    /// Jobs of this node's own children whose wish may have changed.
    pub(crate) wished: Mutex<HashMap<JobId, Arc<Notify>>>,
    /// When the store last could not write; `None` while it always could.
    outage: Mutex<Option<Instant>>,
}

/// A caller's idempotency key with its route and body.
#[derive(Debug, Clone)]
pub struct CallerKey<'a> {
    pub route: &'a str,
    pub key: &'a str,
    pub body: &'a [u8],
}

/// What a caller may put beside a request that changes something.
#[derive(Debug, Clone, Default)]
pub struct Conditions<'a> {
    /// From `If-Match`: refuse unless the job has this revision.
    pub expected_rev: Option<u64>,
    pub key: Option<CallerKey<'a>>,
}

/// What the program hands the engine.
pub struct Parts {
    pub store: SharedStore,
    pub output: Arc<dyn Output>,
    pub bus: Arc<dyn Bus>,
    pub clock: SharedClock,
    pub catalog: Catalog,
}

impl Engine {
    pub fn new(parts: Parts) -> Arc<Engine> {
        domain::limits::assert_consistent();
        let identity = parts.store.identity();
        let node = Text::from(format!("server-{}", &identity.host[..identity.host.len().min(8)]));
        let released = watch::Sender::new(parts.store.head().place);
        Arc::new(Engine {
            store: parts.store,
            output: parts.output,
            bus: parts.bus,
            clock: parts.clock,
            catalog: CurrentCatalog::new(parts.catalog),
            book: Book::default(),
            node,
            claimable: Notify::new(),
            submitted: Notify::new(),
            timer: Notify::new(),
            output_grew: Notify::new(),
            released,
            listening: Mutex::default(),
            fed: Mutex::default(),
            workers: Mutex::default(),
            wished: Mutex::default(),
            outage: Mutex::default(),
        })
    }

    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.get()
    }

    /// Takes a newly read configuration. Jobs keep the limits of their submit.
    pub fn replace_catalog(&self, catalog: Catalog) {
        self.catalog.replace(catalog);
        self.bus.publish(crate::port::Published::Notice(Notice::Tasks));
        self.claimable.notify_waiters();
    }

    /// Tells live connections to check their rights again.
    pub fn rights_changed(&self, view: Option<View>) {
        self.bus.publish(crate::port::Published::Notice(Notice::Rights(view)));
    }

    /// Answers when the output of some job has grown since this was called.
    pub fn output_grew(&self) -> tokio::sync::futures::Notified<'_> {
        self.output_grew.notified()
    }

    pub(crate) async fn commit(&self, request: Request) -> Result<Answer, Error> {
        let answer = self.store.commit(request).await.map_err(Error::from);
        if answer.as_ref().is_err_and(is_outage) {
            *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        if let Ok(answer) = &answer
            && let Some(job) = answer.job()
        {
            self.book.refresh(job);
        }
        answer
    }

    pub(crate) fn last_outage(&self) -> Option<Instant> {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job, if the caller may see it.
    pub(crate) async fn visible(&self, principal: &Principal, id: JobId) -> Result<Job, Error> {
        match self.store.job(id).await? {
            Some(job) if principal.view().sees(&job) => Ok(job),
            _ => Err(Error::Refused(Refusal::NotFound)),
        }
    }

    /// The job, if the caller may see it and has the right to change it.
    pub(crate) async fn controllable(&self, principal: &Principal, id: JobId) -> Result<Job, Error> {
        let job = self.visible(principal, id).await?;
        principal.require(Scope::JobsControl)?;
        Ok(job)
    }

    pub(crate) fn asked(&self, principal: &Principal, owner: &str, conditions: &Conditions<'_>) -> Result<Asked, Error> {
        let key = conditions.key.as_ref().map(|key| kept_key(principal, owner, key)).transpose()?;
        Ok(Asked { by: Some(principal.subject.clone()), expected_rev: conditions.expected_rev, key, ticked: None })
    }

    /// As [`Engine::asked`], with the progress of this job that is not written yet.
    pub(crate) fn asked_of(&self, principal: &Principal, job: &Job, conditions: &Conditions<'_>) -> Result<Asked, Error> {
        let ticked: Option<Ticked> = self.book.unsaved(job.id);
        Ok(Asked { ticked, ..self.asked(principal, &job.owner, conditions)? })
    }

    pub(crate) fn worker_was_here(&self, tenant: &Text, task: &Text) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.insert((tenant.clone(), task.clone()), Instant::now());
    }

    pub(crate) fn has_worker(&self, tenant: &Text, task: &Text) -> bool {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.get(&(tenant.clone(), task.clone())).is_some_and(|seen| seen.elapsed().as_secs() < WORKER_PRESENT_SECONDS)
    }

    /// Waits until the log is released beyond `place`.
    pub(crate) async fn released_beyond(&self, place: u64) {
        let mut released = self.released.subscribe();
        let _ = released.wait_for(|newest| *newest > place).await;
    }
}

/// The scope of a key: tenant, principal, owner, route and key.
fn kept_key(principal: &Principal, owner: &str, key: &CallerKey<'_>) -> Result<IdempotencyKey, Error> {
    let most = domain::limits::IDEMPOTENCY_KEY_BYTES;
    if key.key.is_empty() || key.key.len() > most {
        return Err(Error::over("Idempotency-Key", format!("must have 1 to {most} bytes"), most as u64));
    }
    let parts = [&*principal.tenant, &*principal.subject, owner, key.route, key.key];
    let scope = parts.map(|part| format!("{}:{part}", part.len())).concat();
    Ok(IdempotencyKey { scope: scope.into(), fingerprint: Sha256::digest(key.body).into() })
}

impl Listener for Engine {
    fn events(&self, events: &Arc<[LoggedEvent]>) {
        self.book.follow(events);
        let wished = self.wished.lock().unwrap_or_else(PoisonError::into_inner);
        let mut may_claim = false;
        for event in events.iter() {
            tracing::debug!(
                job = %event.job, task = %event.keys.task, rev = event.rev, kind = %event.kind, status = %event.status,
                place = event.place, "transition"
            );
            may_claim |=
                event.status == domain::Status::Pending || event.status.is_end() || event.from == Some(domain::Status::Running);
            if let Some(notify) = wished.get(&event.job) {
                notify.notify_one();
            }
        }
        drop(wished);
        if may_claim {
            self.claimable.notify_waiters();
        }
        self.timer.notify_one();
        if let Some(newest) = events.last() {
            self.released.send_replace(newest.place);
        }
    }

    fn notice(&self, notice: &Notice) {
        if matches!(notice, Notice::Output { .. }) {
            self.output_grew.notify_waiters();
        }
    }
}

impl Engine {
    /// As [`Lookup::tasks`], with the schemas, which do not change while somebody looks on and are too long to be sent with every count.
    pub async fn tasks_with_schemas(&self, view: &View) -> Result<Vec<TaskRecord>, ReadError> {
        let mut records = self.tasks(view).await?;
        let catalog = self.catalog.get();
        for record in &mut records {
            let Some(task) = catalog.tasks.get(&record.name) else { continue };
            record.input_schema = task.schemas.input.as_ref().and_then(json_value);
            record.output_schema = task.schemas.output.as_ref().and_then(json_value);
        }
        Ok(records)
    }
}

fn json_value(text: &Json) -> Option<serde_json::Value> {
    serde_json::from_str(text.as_str()).ok()
}

#[async_trait]
impl Lookup for Engine {
    fn latest_progress(&self, job: JobId) -> Option<(u64, Ticked)> {
        self.book.latest(job)
    }

    async fn tasks(&self, view: &View) -> Result<Vec<TaskRecord>, ReadError> {
        let counts = self.store.counts_by_task(view).await?;
        let catalog = self.catalog.get();
        let record = |task: &Arc<Task>| {
            let counts = counts.get(&task.name).copied().unwrap_or_default();
            TaskRecord {
                name: task.name.clone(),
                mode: task.mode.as_str().into(),
                pause: task.policy.pause.as_str().into(),
                title: task.title.clone(),
                description: task.description.clone(),
                concurrency: task.concurrency,
                running: counts.of(domain::Status::Running),
                pending: counts.of(domain::Status::Pending),
                example: task.example.as_ref().and_then(json_value),
                input_schema: None,
                output_schema: None,
            }
        };
        Ok(catalog.tasks.values().map(record).collect())
    }
}

/// Whether a commit failed because the store cannot write, so that leases must not be judged for a while.
pub(crate) fn is_outage(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_) | Error::DiskFull(_) | Error::OutcomeUnknown(_))
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        CommitError::Refused(refusal).into()
    }
}
