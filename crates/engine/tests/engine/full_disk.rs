//! A store whose disk is full as long as the test says so: reads go on, and so does a look at the clock that moves nothing. Or of which
//! no job can be read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use domain::job::Attempt;
use domain::query::{Counts, JobQuery};
use domain::topic::View;
use domain::{Answer, Job, JobId, Request, Text, Timestamp, Topic};
use engine::port::{CommitError, Due, Head, Identity, Page, ReadError, SharedStore, Snapshot, Store};
use wire::LoggedEvent;
use wire::convert::Payloads;

pub struct FullDisk {
    store: SharedStore,
    is_full: AtomicBool,
    is_unreadable: AtomicBool,
}

impl FullDisk {
    pub fn below(store: SharedStore) -> Arc<FullDisk> {
        Arc::new(FullDisk { store, is_full: AtomicBool::new(false), is_unreadable: AtomicBool::new(false) })
    }

    pub fn hide(&self, is_unreadable: bool) {
        self.is_unreadable.store(is_unreadable, Ordering::SeqCst);
    }

    fn read(&self) -> Result<&SharedStore, ReadError> {
        match self.is_unreadable.load(Ordering::SeqCst) {
            true => Err(ReadError::Failed("the disk does not answer".into())),
            false => Ok(&self.store),
        }
    }

    pub fn fill(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for FullDisk {
    fn identity(&self) -> Identity {
        self.store.identity()
    }

    fn head(&self) -> Head {
        self.store.head()
    }

    async fn commit(&self, request: Request) -> Result<Answer, CommitError> {
        let moves_nothing = matches!(request, Request::Clock { judge_leases: false, .. });
        match self.is_full.load(Ordering::SeqCst) && !moves_nothing {
            true => Err(CommitError::DiskFull("of the test".into())),
            false => self.store.commit(request).await,
        }
    }

    async fn events(&self, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        self.store.events(after, limit).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, ReadError> {
        self.read()?.job(id).await
    }

    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, ReadError> {
        self.store.jobs(ids).await
    }

    async fn payloads(&self, id: JobId) -> Result<Payloads, ReadError> {
        self.read()?.payloads(id).await
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, ReadError> {
        self.store.attempts(id).await
    }

    async fn history(&self, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        self.store.history(id, after_rev, limit).await
    }

    async fn list(&self, query: JobQuery) -> Result<Page, ReadError> {
        self.store.list(query).await
    }

    async fn snapshot(&self, view: &View, topic: &Topic) -> Result<Snapshot, ReadError> {
        self.store.snapshot(view, topic).await
    }

    async fn counts(&self, view: &View) -> Result<Counts, ReadError> {
        self.store.counts(view).await
    }

    async fn counts_by_task(&self, view: &View) -> Result<BTreeMap<Text, Counts>, ReadError> {
        self.store.counts_by_task(view).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Due, ReadError> {
        self.store.due(now, limit).await
    }

    async fn open_attempts(&self) -> Result<Vec<Job>, ReadError> {
        self.store.open_attempts().await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, CommitError> {
        self.store.sweep(now).await
    }

    async fn close(&self) {
        self.store.close().await
    }
}
