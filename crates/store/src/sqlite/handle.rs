//! The store as everybody holds it: sends what changes to the writer, reads beside it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;

use async_trait::async_trait;
use domain::job::{Attempt, Job};
use domain::query::{Counts, JobQuery};
use domain::topic::View;
use domain::{Answer, JobId, Request, Text, Timestamp, Topic};
use engine::port::{CommitError, Due, Head, Identity, Page, ReadError, Snapshot, Store};
use tokio::sync::{mpsc, oneshot};
use wire::LoggedEvent;
use wire::convert::Payloads;

use super::readers::Readers;
use super::writer::{Call, Message};
use super::{chain, list, read};
use crate::books::Counters;

/// What the writer knows and everybody may read without asking it.
pub(super) struct Shared {
    identity: Identity,
    place: AtomicU64,
    floor: AtomicU64,
    counters: RwLock<Counters>,
    /// Pages of the write-ahead log after the last commit.
    pub(super) wal_pages: AtomicU32,
}

impl Shared {
    pub(super) fn new(identity: Identity, head: Head, counters: Counters) -> Shared {
        Shared {
            identity,
            place: AtomicU64::new(head.place),
            floor: AtomicU64::new(head.floor),
            counters: RwLock::new(counters),
            wal_pages: AtomicU32::new(0),
        }
    }

    pub(super) fn head(&self) -> Head {
        Head { place: self.place.load(Ordering::Acquire), floor: self.floor.load(Ordering::Acquire) }
    }

    pub(super) fn set_place(&self, place: u64) {
        self.place.store(place, Ordering::Release);
    }

    pub(super) fn set_floor(&self, floor: u64) {
        self.floor.store(floor, Ordering::Release);
    }

    pub(super) fn counters(&self) -> RwLockReadGuard<'_, Counters> {
        self.counters.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counters_to_change(&self) -> RwLockWriteGuard<'_, Counters> {
        self.counters.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The embedded store. Dropping the last handle ends its threads; [`Store::close`] does so at a chosen moment.
pub struct SqliteStore {
    shared: std::sync::Arc<Shared>,
    inbox: Mutex<Option<mpsc::Sender<Message>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    readers: Readers,
    reader_count: usize,
    scan_rows: usize,
}

/// What an opened folder consists of.
pub(super) struct Opened {
    pub(super) shared: std::sync::Arc<Shared>,
    pub(super) inbox: mpsc::Sender<Message>,
    pub(super) thread: JoinHandle<()>,
    pub(super) readers: Readers,
    pub(super) reader_count: usize,
    pub(super) scan_rows: usize,
}

impl SqliteStore {
    pub(super) fn new(opened: Opened) -> SqliteStore {
        SqliteStore {
            shared: opened.shared,
            inbox: Mutex::new(Some(opened.inbox)),
            thread: Mutex::new(Some(opened.thread)),
            readers: opened.readers,
            reader_count: opened.reader_count,
            scan_rows: opened.scan_rows,
        }
    }

    /// Bounds the database to this many pages of 4 KiB, or lifts the bound. Above, commits are answered [`CommitError::DiskFull`].
    /// The bound ends with the process.
    pub async fn bound_pages(&self, pages: Option<u32>) -> Result<(), CommitError> {
        self.ask(|reply| Message::Bound(pages.unwrap_or(0), reply)).await
    }

    fn inbox(&self) -> Option<mpsc::Sender<Message>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A writer that ended, by `close` or by a panic, drops what it was asked: nobody hangs.
    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, CommitError> {
        let inbox = self.inbox().ok_or(CommitError::Closed)?;
        let (reply, answer) = oneshot::channel();
        inbox.send(message(reply)).await.map_err(|_| CommitError::Closed)?;
        drop(inbox);
        answer.await.map_err(|_| CommitError::Closed)
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn identity(&self) -> Identity {
        self.shared.identity.clone()
    }

    fn head(&self) -> Head {
        self.shared.head()
    }

    async fn commit(&self, request: Request) -> Result<Answer, CommitError> {
        self.ask(|reply| Message::Commit(Box::new(Call { request, reply }))).await?
    }

    async fn events(&self, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        self.readers.run(move |conn| read::events(conn, after, limit)).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, ReadError> {
        self.readers.run(move |conn| read::job(conn, id)).await
    }

    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, ReadError> {
        let ids = ids.to_vec();
        self.readers.run(move |conn| read::jobs(conn, &ids)).await
    }

    async fn payloads(&self, id: JobId) -> Result<Payloads, ReadError> {
        self.readers.run(move |conn| read::payloads(conn, id)).await
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, ReadError> {
        self.readers.run(move |conn| read::attempts(conn, id)).await
    }

    async fn history(&self, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        self.readers.run(move |conn| chain::history(conn, id, after_rev, limit)).await
    }

    async fn list(&self, query: JobQuery) -> Result<Page, ReadError> {
        let scan_rows = self.scan_rows;
        self.readers.run(move |conn| list::list(conn, &query, scan_rows)).await
    }

    async fn snapshot(&self, view: &View, topic: &Topic) -> Result<Snapshot, ReadError> {
        let (view, topic, scan_rows) = (view.clone(), topic.clone(), self.scan_rows);
        self.readers.run(move |conn| list::snapshot(conn, &view, &topic, scan_rows)).await
    }

    async fn counts(&self, view: &View) -> Result<Counts, ReadError> {
        Ok(self.shared.counters().counts(view))
    }

    async fn counts_by_task(&self, view: &View) -> Result<BTreeMap<Text, Counts>, ReadError> {
        Ok(self.shared.counters().by_task(view))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Due, ReadError> {
        self.readers.run(move |conn| read::due(conn, now, limit)).await
    }

    async fn open_attempts(&self) -> Result<Vec<Job>, ReadError> {
        self.readers.run(read::open_attempts).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, CommitError> {
        let mut rows = 0;
        loop {
            let swept = self.ask(|reply| Message::Sweep(now, reply)).await??;
            rows += swept.rows;
            if !swept.has_more {
                return Ok(rows);
            }
        }
    }

    async fn close(&self) {
        if let Some(inbox) = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Full means that the writer will find the others gone once it has worked through what waits.
            let _ = inbox.try_send(Message::Close);
        }
        self.readers.close(self.reader_count).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let ended = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::error!("the writer of the store ended by a panic");
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}
