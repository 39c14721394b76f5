//! The engine in this process on a real SQLite store, with its release loop, as the server runs it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::InProcess;
use domain::access::{Principal, Scope};
use domain::policy::{Mode, Policy};
use engine::clock::SystemClock;
use engine::port::{Bus, Listener, Published, Received, SharedStore};
use engine::task::{Catalog, Task};
use engine::{Engine, Parts, Release};
use store::{MemoryOutput, SqliteOptions, SqliteStore};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::outcome::Outcome;

/// The task of every job here.
pub const TASK: &str = "noop";

pub struct Stage {
    pub engine: Arc<Engine>,
    pub store: SharedStore,
    pub groups: Arc<Groups>,
    stop: CancellationToken,
}

/// What the store committed: groups, and events in them.
#[derive(Default)]
pub struct Groups {
    pub commits: AtomicU64,
    pub events: AtomicU64,
}

impl Groups {
    /// Commits and events so far.
    pub fn seen(&self) -> (u64, u64) {
        (self.commits.load(Ordering::Relaxed), self.events.load(Ordering::Relaxed))
    }
}

/// Two threads, as the machine that the goals are for.
pub fn runtime() -> Outcome<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

impl Stage {
    /// Must be called on a runtime.
    pub fn open(folder: &Path) -> Outcome<Stage> {
        let bus: Arc<dyn Bus> = Arc::new(InProcess::default());
        let clock = Arc::new(SystemClock);
        let store: SharedStore = SqliteStore::open(folder, clock.clone(), bus.clone(), SqliteOptions::default())?;
        let task = Task {
            name: TASK.into(),
            mode: Mode::Worker,
            policy: Arc::new(Policy::default()),
            concurrency: 1_000_000,
            program: None,
            title: None,
            description: None,
            example: None,
            schemas: Default::default(),
        };
        let catalog = Catalog { tasks: [(TASK.into(), Arc::new(task))].into(), total: 1_000_000 };
        let output = MemoryOutput::new();
        let engine = Engine::new(Parts { store: store.clone(), output, bus: bus.clone(), clock, catalog });
        let stop = CancellationToken::new();
        let listeners: Vec<Arc<dyn Listener>> = vec![engine.clone()];
        tokio::spawn(Release::new(store.clone(), listeners).run(bus.clone(), stop.clone()));
        let groups = Arc::new(Groups::default());
        tokio::spawn(count(bus, groups.clone(), stop.clone()));
        Ok(Stage { engine, store, groups, stop })
    }

    pub async fn close(self) {
        self.stop.cancel();
        self.store.close().await;
    }
}

/// The store tells the bus once a group.
async fn count(bus: Arc<dyn Bus>, groups: Arc<Groups>, stop: CancellationToken) {
    let mut received = bus.subscribe();
    while let Some(Some(next)) = stop.run_until_cancelled(received.recv()).await {
        if let Received::Published(Published::Events(events)) = next {
            groups.commits.fetch_add(1, Ordering::Relaxed);
            groups.events.fetch_add(events.len() as u64, Ordering::Relaxed);
        }
    }
}

/// A caller that may do everything for itself.
pub fn caller(name: &str) -> Principal {
    Principal {
        subject: name.into(),
        tenant: "default".into(),
        scopes: Scope::ALL.to_vec(),
        is_tenant_wide: false,
        is_service: false,
        expires_at: None,
    }
}

/// The body of a submit of a no-op job.
pub fn noop() -> wire::body::Submit {
    wire::body::Submit { task: TASK.to_owned(), ..Default::default() }
}

/// Makes the database of a folder, empty and cleanly closed, for a baseline on the same tables.
pub async fn make_tables(folder: &Path) -> Outcome<()> {
    let stage = Stage::open(folder)?;
    stage.close().await;
    // The release loop lets go of the store a moment after it was told to.
    tokio::time::sleep(Duration::from_millis(10)).await;
    Ok(())
}
