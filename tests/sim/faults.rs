//! What goes wrong below the engine: commits that fail or whose answer is lost, reads that fail, answers that come late, a log whose
//! oldest part is gone, a log that was replaced, a bus that loses, repeats and turns round.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bus::InProcess;
use domain::job::Attempt;
use domain::query::{Counts, JobQuery};
use domain::topic::View;
use domain::{Answer, Job, JobId, Request, Text, Timestamp, Topic};
use engine::clock::Clock;
use engine::port::{Bus, CommitError, Due, Head, Identity, Page, Published, ReadError, Received, Snapshot, Store};
use store::MemoryStore;
use tokio::sync::mpsc;
use wire::LoggedEvent;
use wire::convert::Payloads;

use super::clock::JumpingClock;
use super::dice::Dice;
use super::ledger::{Commit, Ledger};

/// How bad it is, in times of a thousand, and how late answers come, in turns of other tasks.
pub struct Weather {
    pub unavailable: u64,
    pub outcome_unknown: u64,
    pub unreadable: u64,
    pub bus: u64,
    pub turns: u64,
    /// Nothing goes wrong any more.
    pub is_calm: AtomicBool,
}

impl Weather {
    pub fn of(dice: &Dice) -> Arc<Weather> {
        Arc::new(Weather {
            unavailable: *dice.pick(&[0, 0, 10, 60]),
            outcome_unknown: *dice.pick(&[0, 0, 10, 60]),
            unreadable: *dice.pick(&[0, 0, 10]),
            bus: *dice.pick(&[0, 30, 150]),
            turns: *dice.pick(&[1, 2, 4, 8]),
            is_calm: AtomicBool::new(false),
        })
    }

    fn strikes(&self, dice: &Dice, permille: u64) -> bool {
        permille > 0 && !self.is_calm.load(Ordering::Relaxed) && dice.chance(permille)
    }
}

/// What survives a restart.
pub struct Disk {
    pub rows: Arc<MemoryStore>,
    ledger: Mutex<Ledger>,
    clock: Arc<JumpingClock>,
    pub weather: Arc<Weather>,
    dice: Dice,
    /// Events at or below are gone.
    floor: AtomicU64,
    epoch: Mutex<Text>,
    ids: AtomicU64,
    /// How far the clock had jumped at the last commit, in milliseconds.
    jumped_ms: AtomicI64,
}

impl Disk {
    pub fn new(rows: Arc<MemoryStore>, ledger: Ledger, clock: Arc<JumpingClock>, weather: Arc<Weather>, dice: Dice) -> Arc<Disk> {
        let (floor, ids, ledger) = (AtomicU64::new(0), AtomicU64::new(1), Mutex::new(ledger));
        let (epoch, jumped_ms) = (Mutex::new("e1".into()), AtomicI64::new(0));
        Arc::new(Disk { rows, ledger, clock, weather, dice, floor, epoch, ids, jumped_ms })
    }

    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all events but the newest `kept`.
    pub fn raise_floor(&self, kept: u64) {
        self.floor.fetch_max(self.rows.head().place.saturating_sub(kept), Ordering::Relaxed);
    }

    /// As after a restore: the same rows, another life of the log.
    pub fn replace_log(&self) -> Text {
        let mut epoch = self.epoch.lock().unwrap_or_else(PoisonError::into_inner);
        *epoch = format!("{epoch}x").into();
        epoch.clone()
    }

    /// Ids are drawn by the operating system, and their order decides who is first: in a run they count up.
    fn name(&self, request: &mut Request) {
        let Request::Submit { jobs, .. } = request else { return };
        for job in jobs.iter_mut().filter(|job| job.lease.is_none()) {
            let time = job.id.0 >> 80 << 80;
            job.id = JobId(time | 0x7000_8000_0000_0000_0000 | u128::from(self.ids.fetch_add(1, Ordering::Relaxed)));
        }
    }

    async fn commit(&self, mut request: Request) -> Result<Answer, CommitError> {
        self.name(&mut request);
        let now = self.clock.now();
        let head = self.rows.head().place;
        let has_jumped = self.jumped_ms.swap(self.clock.jumped_ms(), Ordering::Relaxed) != self.clock.jumped_ms();
        let answer = self.rows.commit(request.clone()).await;
        let events = self.rows.events(head, usize::MAX).await.unwrap_or_default();
        let mut after = BTreeMap::new();
        let mut touched = Ledger::touched(&request, &answer, &events);
        if has_jumped {
            // With the first commit after a jump, every length of time that runs is carried over it.
            touched.extend(self.ledger().rows.keys());
        }
        for id in touched {
            after.insert(id, self.rows.job(id).await.ok().flatten());
        }
        self.ledger().committed(&Commit { request: &request, answer: &answer, now, has_jumped }, events, after);
        answer
    }
}

/// The store as one life of the server holds it.
pub struct Handle {
    pub disk: Arc<Disk>,
    is_cut: AtomicBool,
}

impl Handle {
    pub fn new(disk: &Arc<Disk>) -> Arc<Handle> {
        Arc::new(Handle { disk: disk.clone(), is_cut: AtomicBool::new(false) })
    }

    /// The server was killed: nothing that it still does reaches the disk.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    async fn linger(&self) {
        let turns = self.disk.dice.below(self.disk.weather.turns);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    async fn before_read(&self) -> Result<&MemoryStore, ReadError> {
        self.linger().await;
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(ReadError::Closed);
        }
        match self.disk.weather.strikes(&self.disk.dice, self.disk.weather.unreadable) {
            true => Err(ReadError::Failed("the disk does not answer".into())),
            false => Ok(&self.disk.rows),
        }
    }
}

#[async_trait]
impl Store for Handle {
    fn identity(&self) -> Identity {
        let epoch = self.disk.epoch.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Identity { epoch, ..self.disk.rows.identity() }
    }

    fn head(&self) -> Head {
        Head { floor: self.disk.floor.load(Ordering::Relaxed), ..self.disk.rows.head() }
    }

    async fn commit(&self, request: Request) -> Result<Answer, CommitError> {
        self.linger().await;
        let weather = &self.disk.weather;
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(CommitError::Closed);
        }
        if weather.strikes(&self.disk.dice, weather.unavailable) {
            return Err(CommitError::DiskFull("of the simulation".into()));
        }
        let answer = self.disk.commit(request).await;
        self.linger().await;
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(CommitError::Closed);
        }
        match answer.is_ok() && weather.strikes(&self.disk.dice, weather.outcome_unknown) {
            true => Err(CommitError::OutcomeUnknown("the answer was lost".into())),
            false => answer,
        }
    }

    async fn events(&self, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        let rows = self.before_read().await?;
        let after = after.max(self.disk.floor.load(Ordering::Relaxed));
        let events = rows.events(after, limit).await;
        self.linger().await;
        events
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, ReadError> {
        let job = self.before_read().await?.job(id).await;
        self.linger().await;
        job
    }

    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, ReadError> {
        let jobs = self.before_read().await?.jobs(ids).await;
        self.linger().await;
        jobs
    }

    async fn payloads(&self, id: JobId) -> Result<Payloads, ReadError> {
        self.before_read().await?.payloads(id).await
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, ReadError> {
        self.before_read().await?.attempts(id).await
    }

    async fn history(&self, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        let floor = self.disk.floor.load(Ordering::Relaxed);
        let mut events = self.before_read().await?.history(id, after_rev, limit).await?;
        events.retain(|event| event.place > floor);
        Ok(events)
    }

    async fn list(&self, query: JobQuery) -> Result<Page, ReadError> {
        self.before_read().await?.list(query).await
    }

    async fn snapshot(&self, view: &View, topic: &Topic) -> Result<Snapshot, ReadError> {
        let snapshot = self.before_read().await?.snapshot(view, topic).await;
        self.linger().await;
        snapshot
    }

    async fn counts(&self, view: &View) -> Result<Counts, ReadError> {
        let counts = self.before_read().await?.counts(view).await;
        self.linger().await;
        counts
    }

    async fn counts_by_task(&self, view: &View) -> Result<BTreeMap<Text, Counts>, ReadError> {
        self.before_read().await?.counts_by_task(view).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Due, ReadError> {
        self.before_read().await?.due(now, limit).await
    }

    async fn open_attempts(&self) -> Result<Vec<Job>, ReadError> {
        self.before_read().await?.open_attempts().await
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, CommitError> {
        self.disk.rows.sweep(now).await
    }

    async fn close(&self) {}
}

/// Loses, repeats and turns round what it carries of the log.
pub struct LossyBus {
    inner: InProcess,
    weather: Arc<Weather>,
    dice: Dice,
    late: Mutex<Option<Published>>,
}

impl LossyBus {
    pub fn new(weather: Arc<Weather>, dice: Dice) -> Arc<LossyBus> {
        Arc::new(LossyBus { inner: InProcess::default(), weather, dice, late: Mutex::default() })
    }
}

impl Bus for LossyBus {
    fn publish(&self, published: Published) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let is_log = matches!(published, Published::Events(_));
        match (is_log && self.weather.strikes(&self.dice, self.weather.bus), self.dice.below(3)) {
            (true, 0) => return,
            (true, 1) => {
                self.inner.publish(published.clone());
                self.inner.publish(published);
            }
            (true, _) => {
                late.get_or_insert(published);
                return;
            }
            (false, _) => self.inner.publish(published),
        }
        if let Some(late) = late.take() {
            self.inner.publish(late);
        }
    }

    fn subscribe(&self) -> mpsc::Receiver<Received> {
        self.inner.subscribe()
    }
}
