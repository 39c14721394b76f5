//! The engine over the memory store, with a clock that the tests move: timers, leases, progress, rescue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::InProcess;
use domain::access::{Principal, Scope};
use domain::policy::{Mode, Policy, Retry};
use domain::request::{Ask, TaskSlots};
use domain::{Job, JobId, Status, Timestamp};
use engine::clock::ManualClock;
use engine::port::{Bus, Listener, Notice, SharedStore};
use engine::task::{Catalog, Task};
use engine::{Conditions, Engine, Parts, Release};
use serde_json::json;
use store::{MemoryOutput, MemoryStore};
use tokio_util::sync::CancellationToken;
use wire::LoggedEvent;

#[path = "engine/children.rs"]
mod children;
#[path = "engine/full_disk.rs"]
mod full_disk;
#[path = "engine/mirrored.rs"]
mod mirrored;
#[path = "engine/progress.rs"]
mod progress;

struct World {
    engine: Arc<Engine>,
    clock: Arc<ManualClock>,
    store: SharedStore,
    disk: Arc<full_disk::FullDisk>,
    shown: Arc<Shown>,
    stop: CancellationToken,
}

/// Counts what the release loop hands on, and holds it to the order of the log.
#[derive(Default)]
struct Shown {
    newest: AtomicUsize,
    progress: AtomicUsize,
    /// Tags by which the newest progress finds its watchers.
    tags: std::sync::Mutex<Vec<domain::Text>>,
}

impl Listener for Shown {
    fn events(&self, events: &Arc<[LoggedEvent]>) {
        for event in events.iter() {
            let before = self.newest.swap(event.place as usize, Ordering::SeqCst);
            assert_eq!(before + 1, event.place as usize, "every event once, in order");
        }
    }

    fn notice(&self, notice: &Notice) {
        if let Notice::Progress { keys, .. } = notice {
            self.tags.lock().expect("no panic").clone_from(&keys.tags);
            self.progress.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl World {
    fn new() -> World {
        let clock = ManualClock::at(Timestamp(1_700_000_000_000));
        let bus: Arc<dyn Bus> = Arc::new(InProcess::default());
        let disk = full_disk::FullDisk::below(MemoryStore::new(clock.clone(), bus.clone()));
        let store: SharedStore = disk.clone();
        let retry = Retry { attempts: 2, base_ms: 1_000, max_ms: 1_000, on_timeout: false };
        let task = Task {
            name: "work".into(),
            mode: Mode::Worker,
            policy: Arc::new(Policy { retry, ..Policy::default() }),
            concurrency: 2,
            program: None,
            title: None,
            description: None,
            example: None,
            schemas: Default::default(),
        };
        let run = children::task("run");
        let tasks = [(task.name.clone(), Arc::new(task)), (run.name.clone(), Arc::new(run))].into();
        let catalog = Catalog { tasks, total: 8 };
        let parts = Parts {
            store: store.clone(),
            output: Arc::new(MemoryOutput::default()),
            bus: bus.clone(),
            clock: clock.clone(),
            catalog,
        };
        let engine = Engine::new(parts);
        let shown = Arc::new(Shown::default());
        let stop = CancellationToken::new();
        let release = Release::new(store.clone(), vec![engine.clone() as Arc<dyn Listener>, shown.clone()]);
        tokio::spawn(release.run(bus, stop.clone()));
        tokio::spawn(engine.clone().run_timers(stop.clone()));
        tokio::spawn(engine.clone().run_progress(stop.clone()));
        World { engine, clock, store, disk, shown, stop }
    }

    fn ann(&self) -> Principal {
        Principal {
            subject: "ann".into(),
            tenant: "default".into(),
            scopes: Scope::ALL.to_vec(),
            is_tenant_wide: false,
            is_service: false,
            expires_at: None,
        }
    }

    /// Time passes, for clock and timers alike, in steps that the loops can follow.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.clock.advance_ms(250);
            tokio::time::advance(Duration::from_millis(250)).await;
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn submit(&self, body: serde_json::Value) -> engine::Made {
        let body = serde_json::from_value(body).expect("a submit");
        let made = self.engine.submit(&self.ann(), &[body], &Conditions::default()).await.expect("it is made");
        made.into_iter().next().expect("one job")
    }

    async fn job(&self, id: JobId) -> Job {
        self.store.job(id).await.expect("it can be read").expect("it is there")
    }

    async fn claim(&self) -> engine::Claimed {
        let body = serde_json::from_value(json!({"tasks": ["work"], "worker": "w"})).expect("a claim");
        self.engine.claim(&self.ann(), &body).await.expect("a claim").into_iter().next().expect("a job")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_job_becomes_due_by_itself() {
    let world = World::new();
    let at = wire::time::show(Timestamp(1_700_000_010_000));
    let id = world.submit(json!({"task": "work", "runAt": at})).await.job.id;
    world.pass(8).await;
    assert_eq!(world.job(id).await.status, Status::Scheduled);
    world.pass(4).await;
    assert_eq!(world.job(id).await.status, Status::Pending);
}

#[tokio::test(start_paused = true)]
async fn a_silent_worker_loses_its_job_to_the_next_attempt_and_then_for_good() {
    let world = World::new();
    let id = world.submit(json!({"task": "work"})).await.job.id;
    world.pass(31).await;
    assert_eq!(world.claim().await.job.id, id);
    world.pass(28).await;
    assert_eq!(world.job(id).await.status, Status::Running, "within its lease");
    world.pass(6).await;
    let job = world.job(id).await;
    assert_eq!((job.status, job.attempt), (Status::Pending, 1), "rescued, and its back-off is over: {:?}", job.reason);
    world.claim().await;
    world.pass(40).await;
    let job = world.job(id).await;
    assert_eq!((job.status, job.reason.as_deref()), (Status::Lost, Some("worker_gone")));
}

#[tokio::test(start_paused = true)]
async fn progress_is_a_heartbeat_and_is_shown_ten_times_a_second_and_written_at_the_end() {
    let world = World::new();
    world.submit(json!({"task": "work"})).await;
    world.pass(31).await;
    let claimed = world.claim().await;
    let (id, lease) = (claimed.job.id, claimed.lease.token);
    for step in 0..60 {
        for part in 0..10 {
            let body = serde_json::from_value(json!({"current": step * 10 + part, "total": 600})).expect("progress");
            world.engine.report_progress(&world.ann(), id, &lease, &body).await.expect("it is taken");
        }
        world.pass(1).await;
    }
    let shown = world.shown.progress.load(Ordering::SeqCst);
    assert!((60..=660).contains(&shown), "600 reports in 60 s were shown {shown} times");
    assert_eq!(world.job(id).await.status, Status::Running, "a minute without a heartbeat of its own");
    let body = serde_json::from_value(json!({"result": "ok", "progress": {"current": 600}})).expect("an end");
    world.engine.report_complete(&world.ann(), id, &lease, &body).await.expect("it is heard");
    let job = world.job(id).await;
    assert_eq!((job.status, job.progress.current, job.progress.total), (Status::Completed, Some(600), Some(600)));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_an_hour_loses_no_lease() {
    for jump_ms in [3_600_000, -3_600_000] {
        let world = World::new();
        let made = world.submit(json!({"task": "report", "mode": "tracked"})).await;
        let lease = made.lease.expect("a lease").token;
        world.pass(32).await;
        let body = serde_json::from_value(json!({})).expect("a heartbeat");
        let _ = world.engine.report_heartbeat(&world.ann(), made.job.id, &lease, &body).await;
        world.clock.advance_ms(jump_ms);
        world.pass(20).await;
        world.engine.report_heartbeat(&world.ann(), made.job.id, &lease, &body).await.expect("still its own");
        world.pass(20).await;
        assert_eq!(world.job(made.job.id).await.status, Status::Running, "jumped by {jump_ms} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn no_lease_is_judged_until_its_holder_could_renew_after_an_outage() {
    let world = World::new();
    let made = world.submit(json!({"task": "report", "mode": "tracked"})).await;
    let lease = made.lease.expect("a lease").token;
    let body = serde_json::from_value(json!({})).expect("a heartbeat");
    world.pass(25).await;
    world.engine.report_heartbeat(&world.ann(), made.job.id, &lease, &body).await.expect("it is heard");
    world.disk.fill(true);
    for _ in 0..5 {
        world.pass(11).await;
        let refused = world.engine.report_heartbeat(&world.ann(), made.job.id, &lease, &body).await;
        assert!(matches!(refused, Err(engine::Error::DiskFull(_))), "{refused:?}");
    }
    world.pass(3).await;
    world.disk.fill(false);
    world.pass(8).await;
    let job = world.job(made.job.id).await;
    assert_eq!((job.status, job.rev), (Status::Running, 1), "{:?}", job.reason);
    world.engine.report_heartbeat(&world.ann(), made.job.id, &lease, &body).await.expect("still its own");
    world.pass(25).await;
    assert_eq!(world.job(made.job.id).await.status, Status::Running);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_nobody_gave_back_wakes_whoever_waits_for_it() {
    let world = World::new();
    for _ in 0..3 {
        world.submit(json!({"task": "work"})).await;
    }
    let silent = [world.claim().await.job.id, world.claim().await.job.id];
    for id in silent {
        world.engine.ask(&world.ann(), id, Ask::Kill, &Conditions::default()).await.expect("it is asked");
    }
    let (engine, ann) = (world.engine.clone(), world.ann());
    let waiting = tokio::spawn(async move {
        let body = serde_json::from_value(json!({"tasks": ["work"], "worker": "w", "wait": 55})).expect("a claim");
        engine.claim(&ann, &body).await.expect("a claim")
    });
    world.pass(20).await;
    assert_eq!(world.job(silent[0]).await.reason.as_deref(), Some("unconfirmed"));
    assert!(!waiting.is_finished(), "the places are taken until the leases would have ended");
    world.pass(12).await;
    assert!(waiting.is_finished(), "the places are free");
    assert_eq!(waiting.await.expect("it ran").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_is_there_to_take_any_more_goes_to_the_next() {
    let world = World::new();
    let id = world.submit(json!({"task": "work"})).await.job.id;
    let body = serde_json::from_value(json!({"tasks": ["work"], "worker": "gone"})).expect("a claim");
    let ann = world.ann();
    {
        let mut claim = std::pin::pin!(world.engine.claim(&ann, &body));
        assert!(futures::poll!(claim.as_mut()).is_pending(), "its commit is on its way");
    }
    world.pass(2).await;
    let job = world.job(id).await;
    assert_eq!((job.status, job.tries, job.interruptions), (Status::Pending, 0, 1));
    assert_eq!(world.claim().await.job.id, id);
}

#[tokio::test(start_paused = true)]
async fn a_child_is_made_only_of_a_job_that_its_maker_may_see_or_that_has_the_same_owner() {
    let world = World::new();
    let parent = world.submit(json!({"task": "work"})).await.job.id;
    let submit = async |subject: &str, is_service, owner: &str| {
        let who = Principal { subject: subject.into(), scopes: vec![Scope::JobsSubmit], is_service, ..world.ann() };
        let body = json!({"task": "work", "parentId": parent.to_string(), "owner": owner});
        let body = serde_json::from_value(body).expect("a submit");
        world.engine.submit(&who, &[body], &Conditions::default()).await
    };
    assert!(submit("ann", false, "ann").await.is_ok());
    assert!(submit("app", true, "ann").await.is_ok());
    for (subject, is_service) in [("bob", false), ("app", true)] {
        let refused = submit(subject, is_service, "bob").await;
        assert!(matches!(refused, Err(engine::Error::Refused(domain::Refusal::NoParent { .. }))), "{refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_lease_does_not_tell_a_stranger_that_the_job_exists() {
    let world = World::new();
    let id = world.submit(json!({"task": "report", "mode": "tracked"})).await.job.id;
    let body = serde_json::from_value(json!({})).expect("a heartbeat");
    let beat = async |who: Principal| match world.engine.report_heartbeat(&who, id, "lease_wrong", &body).await {
        Err(engine::Error::Refused(refusal)) => refusal.code(),
        other => panic!("{other:?}"),
    };
    let stranger = |tenant: &str, is_service| Principal {
        subject: "bob".into(),
        tenant: tenant.into(),
        scopes: vec![Scope::JobsReport],
        is_service,
        ..world.ann()
    };
    assert_eq!(beat(world.ann()).await, domain::Refusal::StaleLease.code());
    assert_eq!(beat(stranger("default", true)).await, domain::Refusal::StaleLease.code());
    for stranger in [stranger("default", false), stranger("other", true)] {
        assert_eq!(beat(stranger).await, domain::Refusal::NotFound.code());
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_of_another_owner_does_not_exist() {
    let world = World::new();
    let id = world.submit(json!({"task": "work"})).await.job.id;
    let bob = Principal { subject: "bob".into(), ..world.ann() };
    let bob = Principal { scopes: vec![Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl], ..bob };
    let refused = world.engine.ask(&bob, id, Ask::Abort, &Conditions::default()).await;
    assert!(matches!(refused, Err(engine::Error::Refused(domain::Refusal::NotFound))), "{refused:?}");
    assert!(matches!(world.engine.job(&bob, id).await, Err(engine::Error::Refused(domain::Refusal::NotFound))));
}

#[tokio::test(start_paused = true)]
async fn a_wish_comes_with_the_very_next_answer() {
    let world = World::new();
    let made = world.submit(json!({"task": "report", "mode": "tracked"})).await;
    let lease = made.lease.expect("a lease").token;
    let progress = serde_json::from_value(json!({"percentage": 1})).expect("progress");
    world.engine.report_progress(&world.ann(), made.job.id, &lease, &progress).await.expect("it is taken");
    world.engine.ask(&world.ann(), made.job.id, Ask::Abort, &Conditions::default()).await.expect("it is asked");
    // Nothing ran in between: the log has not come back yet.
    let told = world.engine.report_progress(&world.ann(), made.job.id, &lease, &progress).await.expect("it is taken");
    assert_eq!((&*told.wish.kind, told.rev), ("abort", 2));
}

#[test]
fn lingering_children_keep_their_places() {
    let task = |name: &str| {
        let task = Task {
            name: name.into(),
            mode: Mode::Process,
            policy: Arc::default(),
            concurrency: 3,
            program: None,
            title: None,
            description: None,
            example: None,
            schemas: Default::default(),
        };
        (task.name.clone(), Arc::new(task))
    };
    let catalog = Catalog { tasks: [task("a"), task("b")].into(), total: 8 };
    let slots = catalog.slots(Mode::Process, &[("a".into(), 2)].into());
    let limit = |name: &str| slots.iter().find(|slots: &&TaskSlots| &*slots.task == name).map(|slots| slots.limit);
    assert_eq!((limit("a"), limit("b")), (Some(1), Some(3)));
}
