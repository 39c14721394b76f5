//! Three servers on one channel, an app that publishes on it, and people who say things of the same task on each of them: whatever comes when, in
//! the end all of them know the same status.

use std::collections::HashMap;
use std::sync::Arc;

use dialects::dialect::task_status::channel;
use domain::access::{Principal, Scope};
use domain::job::Silence;
use domain::request::Word;
use domain::{Job, Request, Status, Timestamp};
use engine::clock::ManualClock;
use engine::port::SharedStore;
use engine::task::Catalog;
use engine::{Conditions, Engine, Parts, Source};
use store::{MemoryOutput, MemoryStore};

use super::message::{self, Now};
use super::*;

const TASK: &str = "7";
/// Those that the channel has a word for, each its own.
const STATUSES: [Status; 5] = [Status::Pending, Status::Running, Status::Paused, Status::Completed, Status::Failed];

/// Numbers that look random, and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

struct Server {
    engine: Arc<Engine>,
    store: SharedStore,
    own: Text,
    /// How far it heard the channel, and told its log.
    heard: usize,
    told: u64,
}

impl Server {
    fn new(name: &str, clock: &Arc<ManualClock>) -> Server {
        let bus = Arc::new(bus::InProcess::default());
        let store: SharedStore = MemoryStore::new(clock.clone(), bus.clone());
        let catalog = Catalog { tasks: Default::default(), total: 1 };
        let parts = Parts { store: store.clone(), output: Arc::new(MemoryOutput::default()), bus, clock: clock.clone(), catalog };
        Server { engine: Engine::new(parts), store, own: name.into(), heard: 0, told: 0 }
    }

    async fn job(&self) -> Option<Job> {
        let query = domain::query::JobQuery::all(somebody().view(), 9);
        let jobs = self.store.list(query).await.expect("a list").jobs;
        assert!(jobs.len() <= 1, "one job for one name: {jobs:#?}");
        jobs.into_iter().next()
    }

    /// Hears the next message, as the intake does.
    async fn hear(&mut self, channel: &[String]) {
        let Some(message) = channel.get(self.heard) else { return };
        self.heard += 1;
        let heard = channel::read(message.as_bytes(), self.engine.clock().now()).expect("a message");
        if heard.from.as_deref() != Some(&*self.own) {
            self.engine.observe(&source(), &heard.task_id, heard.word).await.expect("it is taken");
        }
    }

    /// Publishes what its next event brings, as the publisher does.
    async fn tell(&mut self, channel: &mut Vec<String>) {
        let Some(event) = self.store.events(self.told, 1).await.expect("events").into_iter().next() else { return };
        self.told = event.place;
        if !message::is_worth_one(&event) {
            return;
        }
        let job = self.store.job(event.job).await.expect("a read").expect("the job");
        let payloads = self.store.payloads(event.job).await.expect("a read");
        let now = HashMap::from([(event.job, Now { job, payloads })]);
        channel.extend(message::of(&event, &now, &self.own));
    }

    /// Somebody says something of the task here.
    async fn say(&self, dice: &mut Dice) {
        let Some(job) = self.job().await else { return };
        let status = dice.one_of(&STATUSES);
        let labels = vec![("assignee".into(), format!("n{}", dice.below(1_000_000)).into())];
        let word = match dice.below(3) {
            0 => Word { status: Some(status), labels, ..Word::default() },
            1 => Word { status: Some(status), ..Word::default() },
            _ => Word { labels, ..Word::default() },
        };
        self.engine.observe_as(&somebody(), job.id, word, &Conditions::default()).await.expect("it is taken");
    }
}

fn somebody() -> Principal {
    Principal {
        subject: "ann".into(),
        tenant: "default".into(),
        scopes: Scope::ALL.to_vec(),
        is_tenant_wide: true,
        is_service: false,
        expires_at: None,
    }
}

fn source() -> Source {
    Source { name: NAME.into(), tenant: "default".into(), owner: "ann".into(), task: "task".into(), silence: None }
}

/// What the app says, whose clock is so far ahead of the servers'.
fn said(dice: &mut Dice, clock: &ManualClock, ahead_us: i64) -> String {
    use engine::clock::Clock;
    let at = message::with_microseconds(clock.now().0 * 1_000 + ahead_us + dice.below(1_000) as i64);
    let status = dice.one_of(&STATUSES);
    format!("{{\"task_id\":{TASK},\"status\":\"{status}\",\"updated_at\":\"{at}\"}}")
}

/// Whether two servers told of the task under the very same time. Then nobody knows which word is the newer one.
fn is_tied(channel: &[String]) -> bool {
    let mut tellers: HashMap<String, String> = HashMap::new();
    channel.iter().filter_map(|message| serde_json::from_str::<serde_json::Value>(message).ok()).any(|message| {
        let (at, from) = (message["updated_at"].to_string(), message["from"].to_string());
        tellers.insert(at, from.clone()).is_some_and(|other| other != from)
    })
}

/// Whether it could be told how it has to end.
async fn play(seed: u64) -> bool {
    let mut dice = Dice(seed);
    let clock = ManualClock::at(Timestamp(1_700_000_000_000));
    let mut servers = ["one", "two", "three"].map(|name| Server::new(name, &clock));
    let mut channel = Vec::new();
    let ahead_us = dice.one_of(&[0, 0, 40_000_000, -40_000_000, 3_000, -3_000]);
    for _ in 0..80 {
        let who = dice.below(servers.len());
        match dice.below(8) {
            0 => channel.push(said(&mut dice, &clock, ahead_us)),
            1 => {
                clock.advance_ms(1);
                servers[who].say(&mut dice).await;
            }
            2..=4 => servers[who].hear(&channel).await,
            5 | 6 => servers[who].tell(&mut channel).await,
            _ => {
                let ms = dice.one_of(&[1, 5, 900, 20_000]);
                clock.advance_ms(ms);
            }
        }
    }
    for _ in 0..500 {
        for server in &mut servers {
            server.tell(&mut channel).await;
            server.hear(&channel).await;
        }
    }
    assert!(servers.iter().all(|server| server.heard == channel.len()));
    if is_tied(&channel) {
        return false;
    }
    let mut ends = Vec::new();
    for server in &servers {
        ends.push(server.job().await.map(|job| job.status));
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "seed {seed}: {ends:?}\n{}", channel.join("\n"));
    true
}

#[tokio::test]
async fn servers_agree_in_the_end() {
    let mut judged = 0;
    for seed in 0..500 {
        judged += usize::from(play(seed).await);
    }
    assert!(judged > 250, "only {judged} could be judged");
}

#[tokio::test]
async fn a_loss_that_is_presumed_is_not_told_with_what_somebody_says_of_the_job() {
    let clock = ManualClock::at(Timestamp(1_700_000_000_000));
    let mut server = Server::new("one", &clock);
    let silent = Source { silence: Some(Silence { stale_after_ms: 1_000, lost_after_ms: 1_000 }), ..source() };
    let word = Word { status: Some(Status::Running), ..Word::default() };
    let id = server.engine.observe(&silent, TASK, word).await.expect("it is taken").job.id;
    let listening = Arc::new([(Text::from(NAME), Timestamp(0))].into());
    clock.advance_ms(1_000);
    for _ in 0..2 {
        let look = Request::Clock { id, judge_leases: true, listening: Arc::clone(&listening) };
        server.store.commit(look).await.expect("it is looked at");
    }
    assert_eq!(server.job().await.map(|job| job.status), Some(Status::Lost));
    let title = serde_json::from_str("{\"title\":\"March\"}").expect("a change");
    server.engine.patch(&somebody(), id, &title, &Conditions::default()).await.expect("it is taken");
    let mut channel = Vec::new();
    for _ in 0..9 {
        server.tell(&mut channel).await;
    }
    assert_eq!(channel, [] as [&str; 0]);
}
