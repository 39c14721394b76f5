//! A server without a socket, on a store in memory and a clock that stands still. Timers do not wait: when nothing else is to be done, the
//! next one is due.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Access, AccessConfig, Context, RateLimits, RequestLimits};
use domain::policy::{Mode, Policy};
use domain::{Text, Timestamp};
use engine::clock::ManualClock;
use engine::port::{Bus, SharedStore};
use engine::task::{Catalog, Task};
use engine::{Engine, Parts, Release};
use gateway::{Hub, HubLimits};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Inputs after which a world is thrown away with all its jobs.
const INPUTS: u32 = 300;

pub(crate) struct World {
    pub(crate) app: axum::Router,
    pub(crate) hub: Arc<Hub>,
    pub(crate) store: SharedStore,
    /// How far the log was looked at.
    pub(crate) seen: u64,
    stop: CancellationToken,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn task(name: &str, mode: Mode) -> (Text, Arc<Task>) {
    let policy = Arc::new(Policy::default());
    let task = Task {
        name: name.into(),
        mode,
        policy,
        concurrency: 10,
        program: None,
        title: None,
        description: None,
        example: None,
        schemas: Default::default(),
    };
    (name.into(), Arc::new(task))
}

impl World {
    fn new() -> World {
        api::install_crypto();
        let clock = ManualClock::at(Timestamp(1_795_372_200_000));
        let bus: Arc<dyn Bus> = Arc::new(bus::InProcess::default());
        let store: SharedStore = store::MemoryStore::new(clock.clone(), bus.clone());
        let output = store::MemoryOutput::new();
        let tasks = BTreeMap::from([task("review", Mode::Worker), task("app", Mode::Tracked)]);
        let catalog = Catalog { tasks, total: 4 };
        let engine =
            Engine::new(Parts { store: store.clone(), output: output.clone(), bus: bus.clone(), clock: clock.clone(), catalog });
        let hub = Hub::new(store.clone(), output, engine.clone(), clock.clone(), HubLimits::default());
        let stop = CancellationToken::new();
        let release = Release::new(store.clone(), vec![engine.clone(), hub.clone()]);
        tokio::spawn(release.run(bus, stop.clone()));
        let config = AccessConfig { open: true, port: 8430, own_secret: [7; 32], ..AccessConfig::default() };
        let context = Context {
            engine,
            hub: hub.clone(),
            access: Access::new(config, clock).expect("a good configuration"),
            limits: Arc::new(RequestLimits::new(RateLimits { in_open_mode: false, ..RateLimits::default() })),
            counts: Arc::default(),
            released: Arc::default(),
            metrics_open: true,
            dialects: dialects::ALL.into(),
            sources: [].into(),
            draining: CancellationToken::new(),
            shutdown: CancellationToken::new(),
            tasks: Default::default(),
        };
        World { app: api::router(context), hub, store, seen: 0, stop }
    }
}

thread_local! {
    static WORLD: RefCell<Option<(Runtime, World, u32)>> = const { RefCell::new(None) };
}

/// Runs one input in the world of this thread.
pub(crate) fn visit(input: impl AsyncFnOnce(&mut World)) {
    WORLD.with_borrow_mut(|held| {
        if held.as_ref().is_none_or(|(_, _, inputs)| *inputs >= INPUTS) {
            *held = None;
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime starts");
            let world = runtime.block_on(async { World::new() });
            *held = Some((runtime, world, 0));
        }
        let (runtime, world, inputs) = held.as_mut().expect("it was made above");
        *inputs += 1;
        runtime.block_on(input(world));
    });
}
