//! The host over children that are channels: the test speaks for them, and reads their orders.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use domain::job::JobError;
use domain::policy::{Mode, Policy, Retry};
use domain::request::Ask;
use domain::{JobId, Request, Status};
use engine::port::{Child, Ended, Launch, Order, Runner, Said, Swept};
use engine::task::{Catalog, Channel, Program, ProgressFrom, Task};
use engine::{Conditions, Host};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::World;

/// A task of mode `process`, one at a time.
pub fn task(name: &str) -> Task {
    let program = Program {
        argv: vec!["true".to_owned()],
        cwd: PathBuf::new(),
        env: Vec::new(),
        channel: Channel::Lines,
        progress: ProgressFrom::Channel,
        memory_bytes: None,
        exit_grace_ms: 1_000,
    };
    Task {
        name: name.into(),
        mode: Mode::Process,
        policy: Arc::default(),
        concurrency: 1,
        program: Some(Arc::new(program)),
        title: None,
        description: None,
        example: None,
        schemas: Default::default(),
    }
}

/// A child as the test holds it.
struct Held {
    job: JobId,
    says: mpsc::Sender<Said>,
    orders: mpsc::UnboundedReceiver<Order>,
}

struct Children(mpsc::UnboundedSender<Held>);

#[async_trait]
impl Runner for Children {
    fn start(&self, launch: Launch) -> Child {
        let (says, said) = mpsc::channel(8);
        let (order, orders) = mpsc::unbounded_channel();
        let _ = self.0.send(Held { job: launch.job, says, orders });
        Child { said, written: mpsc::channel(1).1, orders: Box::new(move |given| order.send(given).unwrap_or_default()) }
    }

    async fn sweep(&self) -> Vec<Swept> {
        Vec::new()
    }

    fn base(&self) -> PathBuf {
        PathBuf::new()
    }
}

fn host(world: &World) -> mpsc::UnboundedReceiver<Held> {
    let (started, children) = mpsc::unbounded_channel();
    let host = Host::new(world.engine.clone(), Arc::new(Children(started)), CancellationToken::new());
    tokio::spawn(host.run());
    children
}

#[tokio::test(start_paused = true)]
async fn a_wish_reaches_a_child_although_the_store_could_not_be_read_when_it_came() {
    let world = World::new();
    let mut children = host(&world);
    let id = world.submit(json!({"task": "run"})).await.job.id;
    world.pass(1).await;
    let mut child = children.try_recv().expect("it was started");
    assert_eq!(child.job, id);
    world.engine.ask(&world.ann(), id, Ask::Abort, &Conditions::default()).await.expect("it is asked");
    world.disk.hide(true);
    world.pass(3).await;
    assert!(child.orders.try_recv().is_err());
    world.disk.hide(false);
    world.pass(1).await;
    assert_eq!(child.orders.try_recv(), Ok(Order::Abort { wish: 1 }));
    for word in [Said::Ended(Ended::Stopped), Said::Gone] {
        child.says.send(word).await.expect("it is heard");
    }
    world.pass(1).await;
    assert_eq!(world.job(id).await.status, Status::Aborted);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_input_cannot_be_read_is_started_when_it_can() {
    let world = World::new();
    let mut children = host(&world);
    world.disk.hide(true);
    let id = world.submit(json!({"task": "run"})).await.job.id;
    world.pass(3).await;
    assert!(children.try_recv().is_err());
    world.disk.hide(false);
    world.pass(1).await;
    let child = children.try_recv().expect("it was started");
    child.says.send(Said::Completed { result: None }).await.expect("it is heard");
    world.pass(1).await;
    assert_eq!(world.job(id).await.status, Status::Completed);
}

/// A world whose task may run twice at a time and be tried twice.
fn two_at_a_time() -> World {
    let world = World::new();
    let retry = Retry { attempts: 2, base_ms: 10, max_ms: 10, on_timeout: false };
    let run = Task { concurrency: 2, policy: Arc::new(Policy { retry, ..Policy::default() }), ..task("run") };
    world.engine.replace_catalog(Catalog { tasks: [(run.name.clone(), Arc::new(run))].into(), total: 8 });
    world
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_starts_when_nothing_of_a_failed_child_is_left() {
    let world = two_at_a_time();
    let mut children = host(&world);
    let id = world.submit(json!({"task": "run"})).await.job.id;
    world.pass(1).await;
    let first = children.try_recv().expect("it was started");
    let error = JobError { kind: "error".into(), message: "once".into() };
    first.says.send(Said::Failed { error, again: true }).await.expect("it is heard");
    world.pass(3).await;
    let job = world.job(id).await;
    assert_eq!((job.status, job.attempt), (Status::Running, 2), "its place is taken");
    assert!(children.try_recv().is_err(), "the first lives on");
    for word in [Said::Ended(Ended::Stopped), Said::Gone] {
        first.says.send(word).await.expect("it is heard");
    }
    world.pass(1).await;
    let second = children.try_recv().expect("it was started");
    // The end of the first has not taken the second's lease and its wishes with it.
    world.pass(60).await;
    world.engine.ask(&world.ann(), id, Ask::Abort, &Conditions::default()).await.expect("it is asked");
    world.pass(1).await;
    assert_eq!((world.job(id).await.attempt, world.job(id).await.status), (2, Status::Running));
    let mut orders = second.orders;
    assert_eq!(orders.try_recv(), Ok(Order::Abort { wish: 1 }));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_lost_its_lease_is_killed_before_the_next_attempt_starts() {
    let world = two_at_a_time();
    let mut children = host(&world);
    let id = world.submit(json!({"task": "run"})).await.job.id;
    world.pass(1).await;
    let mut first = children.try_recv().expect("it was started");
    let proof = world.job(id).await.lease.as_ref().expect("a lease").proof;
    world.store.commit(Request::Rescue { id, proof, why: "server_gone".into() }).await.expect("it is taken away");
    world.pass(1).await;
    assert_eq!(world.job(id).await.attempt, 2);
    assert_eq!(first.orders.try_recv(), Ok(Order::Kill));
    assert!(children.try_recv().is_err(), "it is not dead yet");
    for word in [Said::Ended(Ended::Stopped), Said::Gone] {
        first.says.send(word).await.expect("it is heard");
    }
    world.pass(1).await;
    let second = children.try_recv().expect("it was started");
    second.says.send(Said::Completed { result: None }).await.expect("it is heard");
    world.pass(1).await;
    assert_eq!((world.job(id).await.status, world.job(id).await.attempt), (Status::Completed, 2));
}
