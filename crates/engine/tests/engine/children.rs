//! The host over children that are channels: the test speaks for them, and reads their orders.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use domain::policy::Mode;
use domain::request::Ask;
use domain::{JobId, Status};
use engine::port::{Child, Ended, Launch, Order, Runner, Said, Swept};
use engine::task::{Channel, Program, ProgressFrom, Task};
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
