//! A store in memory that the tests write themselves, a hub over it, and clients that apply frames by the protocol's three rules.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::access::{Principal, Scope};
use domain::event::{EventKind, NewEvent};
use domain::job::{Attempt, Job, Progress, Ticked, Wish};
use domain::policy::{Mode, Policy};
use domain::query::{Counts, JobQuery};
use domain::topic::View;
use domain::{Answer, JobId, Request, Status, Text, Timestamp, Topic};
use engine::clock::ManualClock;
use engine::port::*;
use serde_json::Value;
use wire::LoggedEvent;
use wire::close::Close;
use wire::convert::Payloads;
use wire::record::TaskRecord;

use crate::lock;
use crate::{AuthRefusal, Authenticator, Connection, Edge, Hub, HubLimits, Peer};

#[derive(Default)]
pub struct Rows {
    pub jobs: BTreeMap<JobId, Job>,
    pub log: Vec<LoggedEvent>,
    pub floor: u64,
    released: usize,
}

pub struct FakeStore {
    pub rows: Mutex<Rows>,
    pub epoch: Mutex<Text>,
    pub snapshots: AtomicU64,
    pub log_reads: AtomicU64,
    /// Run once, between the reading of a snapshot and its answer.
    pub during_snapshot: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

#[async_trait]
impl Store for FakeStore {
    fn identity(&self) -> Identity {
        Identity { epoch: lock(&self.epoch).clone(), host: "h".into(), secret: [0; 32] }
    }
    fn head(&self) -> Head {
        let rows = lock(&self.rows);
        Head { place: rows.log.len() as u64, floor: rows.floor }
    }
    async fn commit(&self, _: Request) -> Result<Answer, CommitError> {
        Err(CommitError::Closed)
    }
    async fn events(&self, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        self.log_reads.fetch_add(1, Ordering::Relaxed);
        let rows = lock(&self.rows);
        let after = after.max(rows.floor) as usize;
        Ok(rows.log.iter().skip(after).take(limit).cloned().collect())
    }
    async fn job(&self, id: JobId) -> Result<Option<Job>, ReadError> {
        Ok(lock(&self.rows).jobs.get(&id).cloned())
    }
    async fn jobs(&self, _: &[JobId]) -> Result<Vec<Job>, ReadError> {
        Err(ReadError::Closed)
    }
    async fn payloads(&self, _: JobId) -> Result<Payloads, ReadError> {
        Err(ReadError::Closed)
    }
    async fn attempts(&self, _: JobId) -> Result<Vec<Attempt>, ReadError> {
        Err(ReadError::Closed)
    }
    async fn history(&self, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        let rows = lock(&self.rows);
        Ok(rows.log.iter().filter(|event| event.job == id && event.rev > after_rev).take(limit).cloned().collect())
    }
    async fn list(&self, _: JobQuery) -> Result<Page, ReadError> {
        Err(ReadError::Closed)
    }
    async fn snapshot(&self, view: &View, topic: &Topic) -> Result<Snapshot, ReadError> {
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        let snapshot = {
            let rows = lock(&self.rows);
            let jobs = rows.jobs.values().filter(|job| view.sees(job) && topic.matches(job)).cloned().collect();
            Snapshot { jobs, place: rows.log.len() as u64, truncated: false }
        };
        tokio::task::yield_now().await;
        if let Some(meanwhile) = lock(&self.during_snapshot).take() {
            meanwhile();
        }
        Ok(snapshot)
    }
    async fn counts(&self, view: &View) -> Result<Counts, ReadError> {
        let mut counts = Counts::default();
        lock(&self.rows).jobs.values().filter(|job| view.sees(job)).for_each(|job| counts.add(job.status, 1));
        Ok(counts)
    }
    async fn counts_by_task(&self, _: &View) -> Result<BTreeMap<Text, Counts>, ReadError> {
        Err(ReadError::Closed)
    }
    async fn due(&self, _: Timestamp, _: usize) -> Result<Due, ReadError> {
        Err(ReadError::Closed)
    }
    async fn open_attempts(&self) -> Result<Vec<Job>, ReadError> {
        Ok(lock(&self.rows).jobs.values().filter(|job| job.status.is_active()).cloned().collect())
    }
    async fn sweep(&self, _: Timestamp) -> Result<u64, CommitError> {
        Err(CommitError::Closed)
    }
    async fn close(&self) {}
}

/// Stream and bytes of what was written, in order.
type Written = Vec<(&'static str, Vec<u8>)>;

/// Output by job and attempt.
#[derive(Default)]
pub struct FakeOutput(pub Mutex<HashMap<(JobId, u32), Written>>);

#[async_trait]
impl Output for FakeOutput {
    async fn append(&self, _: JobId, _: u32, _: Vec<(Text, Timestamp, Bytes)>) -> Result<u64, OutputError> {
        Err(OutputError("read only".into()))
    }
    async fn read(&self, job: JobId, attempt: u32, offset: u64, limit: u64) -> Result<OutputRead, OutputError> {
        let kept = lock(&self.0);
        let (mut at, mut read) = (0, OutputRead { next: offset, ..OutputRead::default() });
        for (stream, bytes) in kept.get(&(job, attempt)).into_iter().flatten() {
            let (from, to) = (offset.max(at), (offset + limit).min(at + bytes.len() as u64));
            if from < to {
                let bytes = Bytes::copy_from_slice(&bytes[(from - at) as usize..(to - at) as usize]);
                read.pieces.push(OutputPiece { offset: from, stream: (*stream).into(), at: Timestamp(0), bytes });
                read.next = to;
            }
            at += bytes.len() as u64;
        }
        read.end = at;
        Ok(read)
    }
    async fn end(&self, job: JobId, attempt: u32) -> Result<u64, OutputError> {
        Ok(lock(&self.0).get(&(job, attempt)).map_or(0, |pieces| pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum()))
    }
    async fn jobs(&self, _: Option<JobId>, _: usize) -> Result<Vec<JobId>, OutputError> {
        Ok(Vec::new())
    }
    async fn remove(&self, _: JobId) -> Result<(), OutputError> {
        Ok(())
    }
    async fn close(&self) {}
}

#[derive(Default)]
pub struct FakeLookup(pub Mutex<HashMap<JobId, (u64, Ticked)>>);

#[async_trait]
impl Lookup for FakeLookup {
    fn latest_progress(&self, job: JobId) -> Option<(u64, Ticked)> {
        lock(&self.0).get(&job).cloned()
    }
    async fn tasks(&self, _: &View) -> Result<Vec<TaskRecord>, ReadError> {
        Ok(Vec::new())
    }
}

/// Knows the tokens that the test gives it.
#[derive(Default)]
pub struct Tokens(pub Mutex<HashMap<String, Principal>>);

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthRefusal> {
        let known = lock(&self.0).get(token.unwrap_or_default()).cloned();
        known.ok_or(AuthRefusal::new(Close::Unauthenticated, "no such token"))
    }
    fn still_valid(&self, principal: &Principal) -> bool {
        lock(&self.0).values().any(|known| known == principal)
    }
}

pub struct Rig {
    pub store: Arc<FakeStore>,
    pub output: Arc<FakeOutput>,
    pub lookup: Arc<FakeLookup>,
    pub clock: Arc<ManualClock>,
    pub tokens: Arc<Tokens>,
    pub hub: Arc<Hub>,
}

pub fn limits() -> HubLimits {
    HubLimits { shards: 2, ..HubLimits::default() }
}

impl Rig {
    pub fn new(limits: HubLimits) -> Rig {
        let store = Arc::new(FakeStore {
            rows: Mutex::default(),
            epoch: Mutex::new("e1".into()),
            snapshots: AtomicU64::new(0),
            log_reads: AtomicU64::new(0),
            during_snapshot: Mutex::default(),
        });
        let (output, lookup) = (Arc::new(FakeOutput::default()), Arc::new(FakeLookup::default()));
        let clock = ManualClock::at(Timestamp(1_000_000));
        let hub = Hub::new(store.clone(), output.clone(), lookup.clone(), clock.clone(), limits);
        Rig { store, output, lookup, clock, tokens: Arc::default(), hub }
    }

    /// The same store under a hub that was just started.
    pub fn restart(&mut self, limits: HubLimits) {
        self.hub = Hub::new(self.store.clone(), self.output.clone(), self.lookup.clone(), self.clock.clone(), limits);
    }

    /// Commits an event without releasing it to the hub.
    pub fn commit(&self, id: u128, kind: EventKind, change: impl FnOnce(&mut Job)) -> u64 {
        let mut rows = lock(&self.store.rows);
        let before = rows.jobs.get(&JobId(id)).cloned();
        let mut job = before.clone().unwrap_or_else(|| blank(id));
        change(&mut job);
        job.rev += 1;
        let removed_tags = before.iter().flat_map(|job| job.tags.iter()).filter(|tag| !job.tags.contains(tag)).cloned().collect();
        let from = before.map(|job| job.status);
        let event = NewEvent { kind, at: Timestamp(0), by: None, from, removed_tags, job: Arc::new(job.clone()) };
        let place = rows.log.len() as u64 + 1;
        rows.log.push(LoggedEvent::new(place, &event));
        match kind {
            EventKind::Deleted => rows.jobs.remove(&JobId(id)),
            _ => rows.jobs.insert(JobId(id), job),
        };
        place
    }

    /// Hands what was committed to the hub.
    pub fn release(&self) {
        let batch: Arc<[LoggedEvent]> = {
            let mut rows = lock(&self.store.rows);
            let from = std::mem::replace(&mut rows.released, 0);
            rows.released = rows.log.len();
            rows.log[from..].to_vec().into()
        };
        if !batch.is_empty() {
            self.hub.events(&batch);
        }
    }

    pub fn event(&self, id: u128, kind: EventKind, change: impl FnOnce(&mut Job)) -> u64 {
        let place = self.commit(id, kind, change);
        self.release();
        place
    }

    /// An event of a job of ann's.
    pub fn bump(&self, id: u128) -> u64 {
        self.event(id, EventKind::Changed, |_| {})
    }

    /// Forgets to release what was committed, as a bus may.
    pub fn lose(&self) {
        let mut rows = lock(&self.store.rows);
        rows.released = rows.log.len();
    }

    pub fn progress(&self, id: u128, rev: u64, tick: u64) {
        let keys =
            lock(&self.store.rows).log.iter().rfind(|event| event.job == JobId(id)).map(|event| Arc::new(event.keys.clone()));
        let progress = Progress { current: Some(tick), ..Progress::default() };
        self.hub.notice(&Notice::Progress { job: JobId(id), keys: keys.unwrap(), rev, tick, progress });
    }

    pub fn open(&self, principal: Principal) -> Connection {
        self.open_edge(Edge::Socket, Some(principal)).unwrap()
    }

    pub fn open_edge(&self, edge: Edge, principal: Option<Principal>) -> Result<Connection, AuthRefusal> {
        self.hub.open(Peer { edge, authenticator: self.tokens.clone(), principal })
    }
}

pub fn blank(id: u128) -> Job {
    Job {
        id: JobId(id),
        tenant: "default".into(),
        owner: "ann".into(),
        task: "t".into(),
        mode: Mode::Tracked,
        subject: None,
        session: None,
        parent: None,
        root: JobId(id),
        batch: None,
        external_id: None,
        rerun_of: None,
        mirror: None,
        policy: Arc::new(Policy::default()),
        created_at: Timestamp(0),
        title: None,
        link: None,
        tags: Arc::new([]),
        metadata: None,
        priority: 0,
        status: Status::Running,
        reason: None,
        rev: 0,
        settlement: 1,
        settled: false,
        wish: Wish::none(),
        attempt: 0,
        tries: 0,
        interruptions: 0,
        lease: None,
        held: None,
        waiting: None,
        limit_enforced: false,
        slot_until: None,
        due_at: None,
        start_by: None,
        started_at: None,
        ended_at: None,
        updated_at: Timestamp(0),
        ran_ms: 0,
        running_since: None,
        progress: Progress::default(),
        tick: 0,
        error: None,
        queued_at: Timestamp(0),
    }
}

pub fn user(subject: &str) -> Principal {
    Principal {
        subject: subject.into(),
        tenant: "default".into(),
        scopes: vec![Scope::JobsRead],
        is_tenant_wide: false,
        is_service: false,
        expires_at: None,
    }
}

pub fn operator() -> Principal {
    Principal { is_tenant_wide: true, ..user("op") }
}

/// Waits until nobody has anything left to do.
pub async fn idle() {
    pass(Duration::from_millis(1)).await;
}

/// Takes all frames until none comes any more.
pub async fn drain(connection: &Connection) -> Vec<Value> {
    let mut all = Vec::new();
    while let Ok(Ok(frames)) = tokio::time::timeout(Duration::from_millis(1), connection.next()).await {
        all.extend(frames.iter().map(|frame| {
            let json: Value = serde_json::from_slice(frame.json()).unwrap();
            assert_eq!(json["type"], frame.kind);
            json
        }));
    }
    all
}

/// Frames in short: `update 3 [1]`, `live 1 resumed`, …
/// Moves the paused clock: whatever is due within this time happens.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

pub async fn told(connection: &Connection) -> Vec<String> {
    drain(connection).await.iter().filter(|frame| frame["type"] != "hello").map(short).collect()
}

pub fn place_of(frame: &Value) -> Option<u64> {
    frame["position"].as_str().and_then(wire::Position::parse).map(|position| position.place)
}

fn short(frame: &Value) -> String {
    let kind = frame["type"].as_str().unwrap();
    let place = place_of(frame).unwrap_or_default();
    match kind {
        "update" => format!("update {place} {}", frame["subs"]),
        "left" => {
            format!("left {place} {}{}", frame["subs"], frame["kind"].as_str().map(|kind| format!(" {kind}")).unwrap_or_default())
        }
        "snapshot" => format!("snapshot {} of {}", frame["id"], frame["jobs"].as_array().unwrap().len()),
        "live" if frame["position"].is_null() => format!("live {}", frame["id"]),
        "live" => match frame["resumed"].as_bool().unwrap() {
            true => format!("live {} at {place} resumed", frame["id"]),
            false => format!("live {} at {place} {}", frame["id"], frame["reason"].as_str().unwrap()),
        },
        "progress" => format!("progress {}.{} {}", frame["rev"], frame["tick"], frame["subs"]),
        "error" => format!("error {} {}", frame["code"].as_str().unwrap(), frame["id"]),
        "heartbeat" => format!("heartbeat {place}"),
        other => other.to_owned(),
    }
}
