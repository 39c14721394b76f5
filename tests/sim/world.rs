//! One run: a world made from a seed, its steps, and how it comes to rest.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::{JobId, Json, Status};
use engine::port::Store;
use gateway::HubLimits;
use store::{MemoryOutput, MemoryStore};

use super::clock::JumpingClock;
use super::diary::{Broken, Diary};
use super::dice::Dice;
use super::faults::{Disk, LossyBus, Weather};
use super::ledger::Ledger;
use super::life::{Life, pass, settle};
use super::people::{operator, stranger};
use super::scene::Scene;
use super::watchers::{ENOUGH_TURNS, Watcher};
use super::{checks, users, workers};

/// Why a run failed.
pub struct Failure {
    pub broken: Broken,
    pub lines: Vec<String>,
}

/// What a run came through, to see that the seeds reach everything.
#[derive(Default, Clone, Copy)]
pub struct Reached {
    pub jobs: usize,
    pub events: usize,
    pub restarts: u64,
    pub resumes: u64,
    pub fingerprint: u64,
}

struct World {
    scene: Arc<Scene>,
    life: Option<Life>,
    bus: Arc<LossyBus>,
    output: Arc<MemoryOutput>,
    limits: HubLimits,
    watchers: Vec<Watcher>,
    dice: Dice,
    /// How likely each kind of step is, in this world.
    weights: [u64; KINDS],
    restarts: u64,
    jumps: u64,
}

const KINDS: usize = 12;
/// Jumps of the clock in one run, at most.
const JUMPS: u64 = 4;

pub async fn run(seed: u64, steps: usize) -> Result<Reached, Failure> {
    let mut world = World::new(seed);
    let diary = world.scene.diary.clone();
    let outcome = world.live(steps).await;
    if let Some(life) = world.life.take() {
        world.watchers.clear();
        life.end(true).await;
    }
    match (outcome, diary.broken()) {
        (_, Some(broken)) => Err(Failure { broken, lines: diary.lines() }),
        (reached, None) => Ok(reached),
    }
}

impl World {
    fn new(seed: u64) -> World {
        let dice = Dice::new(seed, 1);
        let weather = Weather::of(&Dice::new(seed, 2));
        let clock = Arc::new(JumpingClock::new());
        let bus = LossyBus::new(weather.clone(), Dice::new(seed, 3));
        let diary = Diary::default();
        let rows = MemoryStore::new(clock.clone(), bus.clone());
        let disk = Disk::new(rows, Ledger::new(diary.clone()), clock.clone(), weather, Dice::new(seed, 4));
        let scene = Scene::new(diary, disk, clock, Dice::new(seed, 5));
        let limits = HubLimits {
            shards: 2,
            outbox_bytes: *dice.pick(&[3_000, 20_000, 1_000_000]),
            ring_events: *dice.pick(&[4, 32, 10_000]),
            total_outbox_bytes: *dice.pick(&[20_000, 100_000_000]),
            resume_events: *dice.pick(&[20, 10_000]),
            snapshot_lag_events: dice.below(50),
            sockets_per_principal: 1_000,
            ..HubLimits::default()
        };
        // Each world is its own: some things happen often in one and never in another.
        let weights = [24, 20, 14, 6, 40, 30, 10, 24, 4, 1, 2, 2].map(|weight: u64| weight * dice.below(4));
        let output = Arc::new(MemoryOutput::default());
        World { scene, life: None, bus, output, limits, watchers: Vec::new(), dice, weights, restarts: 0, jumps: 0 }
    }

    fn begin_life(&mut self) {
        self.life = Some(Life::begin(&self.scene, &self.bus, &self.output, &self.limits));
    }

    fn life(&mut self) -> &mut Life {
        self.life.as_mut().expect("a server runs")
    }

    fn is_broken(&self) -> bool {
        self.scene.diary.broken().is_some()
    }

    async fn live(&mut self, steps: usize) -> Reached {
        self.begin_life();
        settle().await;
        for step in 0..steps {
            self.scene.diary.begin_step(step);
            self.step().await;
            let scene = self.scene.clone();
            self.life().tidy(&scene);
            checks::books(&scene).await;
            if self.is_broken() {
                return Reached::default();
            }
        }
        self.rest().await;
        let ledger = self.scene.disk.ledger();
        Reached {
            jobs: ledger.rows.len(),
            events: ledger.log.len(),
            restarts: self.restarts,
            resumes: self.watchers.iter().map(|watcher| watcher.resumes).sum(),
            fingerprint: self.scene.diary.fingerprint(),
        }
    }

    async fn step(&mut self) {
        let mut at = self.dice.below(self.weights.iter().sum::<u64>().max(1));
        let kind = self.weights.iter().position(|weight| {
            let is_here = at < *weight;
            at = at.saturating_sub(*weight);
            is_here
        });
        let scene = self.scene.clone();
        let (engine, store) = (self.life().engine.clone(), self.life().store.clone() as Arc<dyn Store>);
        let requests = &mut self.life().requests;
        match kind.unwrap_or(0) {
            0 => drop(requests.spawn(users::submit(scene, engine))),
            1 => drop(requests.spawn(users::ask(scene, engine))),
            2 => drop(requests.spawn(workers::claim(scene, engine))),
            3 => drop(requests.spawn(workers::start_children(scene, store))),
            4 => drop(requests.spawn(workers::report(scene, engine, store))),
            5 => self.somebody_reads().await,
            6 => self.somebody_connects(),
            7 => pass(*self.dice.pick(&[1, 20, 100, 300, 1_100])).await,
            8 => pass(*self.dice.pick(&[3_000, 11_000, 31_000])).await,
            9 => self.jump(),
            10 => self.restart().await,
            _ => self.log_is_cut(),
        }
        tokio::task::yield_now().await;
        for _ in 0..self.dice.below(8) {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(std::time::Duration::from_millis(1)).await;
    }

    async fn somebody_reads(&mut self) {
        for watcher in &mut self.watchers {
            if self.dice.chance(watcher.eagerness) {
                watcher.read(&self.scene, 1 + self.dice.below(4)).await;
            }
        }
    }

    fn somebody_connects(&mut self) {
        let at = self.dice.below(5) as usize;
        if at >= self.watchers.len() {
            self.watchers.push(Watcher::new(&self.scene, self.watchers.len()));
        }
        let at = at.min(self.watchers.len() - 1);
        let hub = self.life().hub.clone();
        self.watchers[at].connect(&self.scene, &hub);
    }

    fn jump(&mut self) {
        self.jumps += 1;
        if self.jumps <= JUMPS {
            let ms = *self.dice.pick(&[-3_600_000, -7_000, 7_000, 3_600_000]);
            self.scene.diary.note(format!("the clock jumps by {ms} ms"));
            self.scene.clock.jump_ms(ms);
        }
    }

    async fn restart(&mut self) {
        let is_killed = self.dice.chance(600);
        self.scene.diary.note(if is_killed { "the server is killed" } else { "the server stops in good order" });
        self.watchers.iter_mut().for_each(Watcher::cut);
        if let Some(life) = self.life.take() {
            life.end(is_killed).await;
        }
        self.restarts += 1;
        self.begin_life();
        let store = self.life().store.clone() as Arc<dyn Store>;
        workers::rescue_children(&self.scene, &store).await;
    }

    fn log_is_cut(&mut self) {
        if self.dice.chance(700) {
            let kept = self.dice.below(20);
            self.scene.diary.note(format!("the log forgets all but its newest {kept}"));
            self.scene.disk.raise_floor(kept);
        } else {
            let epoch = self.scene.disk.replace_log();
            self.scene.diary.note(format!("the log is replaced: {epoch}"));
        }
    }

    /// Everybody goes home; what is left comes to its end.
    async fn rest(&mut self) {
        self.scene.diary.note("everybody goes home");
        self.scene.disk.weather.is_calm.store(true, Ordering::Relaxed);
        for _ in 0..4 {
            pass(400).await;
        }
        self.compare().await;
        // Leases last 30 s, and after an outage, a jump or a start nobody judges them for as long; an attempt may follow another.
        self.life().requests.abort_all();
        // Steps of more than five seconds would count as a standstill of the server.
        for _ in 0..40 {
            pass(3_500).await;
        }
        checks::nothing_runs(&self.scene);
        for _ in 0..12 {
            if checks::all_ended(&self.scene) || self.is_broken() {
                break;
            }
            self.finish().await;
        }
        checks::everything_ended(&self.scene);
        checks::books(&self.scene).await;
        self.compare().await;
    }

    /// Watchers come back and read until there is no more, as does a newcomer beside each.
    async fn compare(&mut self) {
        let hub = self.life().hub.clone();
        let mut quiet_rounds = 0;
        while quiet_rounds < 2 {
            let head = self.scene.disk.rows.head();
            for watcher in &mut self.watchers {
                if watcher.is_cut() {
                    watcher.connect(&self.scene, &hub);
                }
                while watcher.read(&self.scene, ENOUGH_TURNS).await {}
            }
            // Longer than counts are held back, and then longer than a poll waits.
            for _ in 0..2 {
                pass(300).await;
                for watcher in &mut self.watchers {
                    while watcher.read(&self.scene, ENOUGH_TURNS).await {}
                }
            }
            quiet_rounds = if self.scene.disk.rows.head() == head { quiet_rounds + 1 } else { 0 };
        }
        checks::watchers(&self.scene, &hub, &mut self.watchers, self.restarts > 0).await;
    }

    /// An operator lets everything go on, and good workers do it.
    async fn finish(&mut self) {
        let scene = self.scene.clone();
        let engine = self.life().engine.clone();
        let store = self.life().store.clone() as Arc<dyn Store>;
        let left: Vec<(JobId, Status, domain::Text)> =
            scene.disk.ledger().rows.values().map(|job| (job.id, job.status, job.tenant.clone())).collect();
        for (id, status, tenant) in left {
            let who = if &*tenant == "other" { stranger() } else { operator() };
            let none = engine::Conditions::default();
            let _ = match status {
                Status::Paused => engine.ask(&who, id, domain::request::Ask::Resume, &none).await.map(|_| ()),
                Status::Waiting => engine.answer(&who, id, Json::from_valid("1"), &none).await.map(|_| ()),
                Status::Scheduled | Status::Retrying => engine.ask(&who, id, domain::request::Ask::RunNow, &none).await.map(|_| ()),
                _ => Ok(()),
            };
        }
        workers::do_all(&scene, &engine, &store).await;
        pass(1_000).await;
    }
}
