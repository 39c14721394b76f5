//! One life of a server: engine, hub, release loop and timers over what survives it. Ends in good order or by a kill.

use std::sync::Arc;
use std::time::Duration;

use engine::port::{Bus, Listener, Store};
use engine::{Engine, Parts, Release};
use gateway::{Hub, HubLimits};
use store::MemoryOutput;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::faults::{Handle, LossyBus};
use super::people::catalog;
use super::scene::Scene;

pub struct Life {
    pub engine: Arc<Engine>,
    pub hub: Arc<Hub>,
    pub store: Arc<Handle>,
    stop: CancellationToken,
    loops: JoinSet<()>,
    /// What people asked of it and wait for.
    pub requests: JoinSet<()>,
}

impl Life {
    pub fn begin(scene: &Scene, bus: &Arc<LossyBus>, output: &Arc<MemoryOutput>, limits: &HubLimits) -> Life {
        let store = Handle::new(&scene.disk);
        let parts = Parts {
            store: store.clone(),
            output: output.clone(),
            bus: bus.clone(),
            clock: scene.clock.clone(),
            catalog: catalog(),
        };
        let engine = Engine::new(parts);
        let hub = Hub::new(store.clone(), output.clone(), engine.clone(), scene.clock.clone(), limits.clone());
        let listeners: Vec<Arc<dyn Listener>> = vec![engine.clone(), hub.clone()];
        let release = Release::new(store.clone() as Arc<dyn Store>, listeners);
        let stop = CancellationToken::new();
        let mut loops = JoinSet::new();
        loops.spawn(release.run(bus.clone() as Arc<dyn Bus>, stop.clone()));
        loops.spawn(engine.clone().run_timers(stop.clone()));
        loops.spawn(engine.clone().run_progress(stop.clone()));
        Life { engine, hub, store, stop, loops, requests: JoinSet::new() }
    }

    /// Whatever it was doing stays as it is. In good order: progress is written once more.
    pub async fn end(mut self, is_killed: bool) {
        self.requests.abort_all();
        if is_killed {
            self.store.cut();
            self.loops.abort_all();
        }
        self.stop.cancel();
        while self.loops.join_next().await.is_some() {}
        while self.requests.join_next().await.is_some() {}
        self.store.cut();
    }

    /// Takes what was answered out of the books; tells of a loop or a request that panicked.
    pub fn tidy(&mut self, scene: &Scene) {
        let ended = std::iter::from_fn(|| self.loops.try_join_next()).map(|ended| (true, ended));
        for (is_loop, ended) in ended.chain(std::iter::from_fn(|| self.requests.try_join_next()).map(|ended| (false, ended))) {
            match ended {
                Err(error) if error.is_panic() => scene.diary.broke("nothing panics", error.to_string()),
                _ => scene.diary.require(!is_loop, "the loops of a server run on", || "a loop ended".into()),
            }
        }
    }
}

/// Lets everything run that can, for so long.
pub async fn pass(ms: u64) {
    tokio::time::advance(Duration::from_millis(ms)).await;
    settle().await;
}

/// Lets everything run that can now.
pub async fn settle() {
    for _ in 0..40 {
        tokio::task::yield_now().await;
    }
}
