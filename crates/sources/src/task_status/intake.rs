//! What others publish, put down to its jobs: in order for each task, many tasks at a time.
//!
//! A word waits for the word before it of the same task, and for no other. While the store cannot write, words wait and are tried again;
//! what comes in meanwhile waits in the backlog. What cannot be read is counted, told in the log once a second at most, and stops nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use dialects::dialect::task_status::channel::{self, Heard};
use domain::{Refusal, Text, limits};
use engine::{Engine, Error, Source};
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Pause;
use crate::backlog::Backlog;
use crate::health::Health;
use crate::seldom::Seldom;

/// Words that are on their way to the store, or wait for one of their task that is. What comes besides waits in the backlog.
const AT_ONCE: usize = 1_024;
/// Bytes of the messages that these words were read from, above which no more are taken from the backlog.
const AT_ONCE_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of a message that is looked at: the largest output, escaped, and the rest. Above: refused unread.
const MESSAGE_BYTES: usize = 4 * limits::PAYLOAD_BYTES;

/// What became of a word.
#[derive(Debug)]
enum Outcome {
    Taken,
    /// Its output was out of bounds and is left out; with the reason. How the task is must not be missed for it: nobody would say it again.
    TakenWithoutOutput(String),
    /// It says nothing that counts here, and why.
    PassedOver(&'static str),
    Refused(String),
    /// The server stops.
    Closed,
}

/// A word that is held here until it is put down.
struct Held {
    heard: Heard,
    /// Of its message.
    bytes: usize,
}

pub(super) struct Intake {
    engine: Arc<Engine>,
    source: Arc<Source>,
    /// What our own messages say they are from.
    own: Text,
    backlog: Arc<Backlog>,
    health: Arc<Health>,
    /// Tasks with a word on its way, and the words behind it.
    busy: HashMap<String, VecDeque<Held>>,
    /// Words that are held, on their way or behind one that is, of all tasks; and bytes of their messages.
    held: usize,
    held_bytes: usize,
    on_the_way: FuturesUnordered<BoxFuture<'static, (Held, Outcome)>>,
    refusals: Seldom,
    dropped: Seldom,
    dropped_before: u64,
}

impl Intake {
    pub(super) fn new(engine: Arc<Engine>, source: Source, own: Text, backlog: Arc<Backlog>, health: Arc<Health>) -> Intake {
        Intake {
            engine,
            source: Arc::new(source),
            own,
            backlog,
            health,
            busy: HashMap::new(),
            held: 0,
            held_bytes: 0,
            on_the_way: FuturesUnordered::new(),
            refusals: Seldom::default(),
            dropped: Seldom::default(),
            dropped_before: 0,
        }
    }

    /// Runs until nothing more comes, and for so long after that as it takes to put down what came, within bounds.
    pub(super) async fn run(mut self, no_more: CancellationToken, finish_within: Duration) {
        loop {
            let has_room = self.has_room();
            tokio::select! {
                biased;
                () = no_more.cancelled() => break,
                Some((held, outcome)) = self.on_the_way.next() => self.done(held, outcome),
                message = self.backlog.take(), if has_room => self.take(message),
            }
        }
        let by = Instant::now() + finish_within;
        if timeout_at(by, self.finish()).await.is_err() {
            let left = self.backlog.len() + self.held;
            tracing::warn!(left, "messages of the channel that came before the stop were not put down in time");
        }
    }

    async fn finish(&mut self) {
        loop {
            while self.has_room()
                && let Some(message) = self.backlog.try_take()
            {
                self.take(message);
            }
            match self.on_the_way.next().await {
                Some((held, outcome)) => self.done(held, outcome),
                None => return,
            }
        }
    }

    fn has_room(&self) -> bool {
        self.held < AT_ONCE && self.held_bytes < AT_ONCE_BYTES
    }

    /// Looks at a message, and sends its word on, or puts it behind those of its task.
    fn take(&mut self, message: Vec<u8>) {
        self.health.waiting.set(self.backlog.len() as u64);
        self.tell_dropped();
        let heard = match message.len() {
            bytes if bytes > MESSAGE_BYTES => Err(format!("it has {bytes} bytes; at most {MESSAGE_BYTES} are read")),
            _ => channel::read(&message, self.engine.clock().now()).map_err(|problem| problem.to_string()),
        };
        match heard {
            Ok(heard) if heard.from.as_deref() == Some(&*self.own) => self.health.passed_over.add(1),
            Ok(heard) => {
                let held = Held { heard, bytes: message.len() };
                self.held += 1;
                self.held_bytes += held.bytes;
                match self.busy.get_mut(&held.heard.task_id) {
                    Some(behind) => behind.push_back(held),
                    None => {
                        self.busy.insert(held.heard.task_id.clone(), VecDeque::new());
                        self.send(held);
                    }
                }
            }
            Err(problem) => self.refuse(&problem, &String::from_utf8_lossy(&message[..message.len().min(200)])),
        }
    }

    fn send(&mut self, held: Held) {
        let (engine, source) = (self.engine.clone(), self.source.clone());
        let sent = async move {
            let outcome = put_down(&engine, &source, &held.heard).await;
            (held, outcome)
        };
        self.on_the_way.push(sent.boxed());
    }

    fn done(&mut self, held: Held, outcome: Outcome) {
        self.held -= 1;
        self.held_bytes -= held.bytes;
        let task = held.heard.task_id.as_str();
        match outcome {
            Outcome::Taken => self.health.taken.add(1),
            Outcome::TakenWithoutOutput(problem) => {
                self.health.taken.add(1);
                self.refusals
                    .say(|others| tracing::warn!(problem, task, others, "the output of a message of the channel was left out"));
            }
            Outcome::PassedOver(why) => {
                self.health.passed_over.add(1);
                tracing::debug!(task, why, "a message of the channel was passed over");
            }
            Outcome::Refused(problem) => self.refuse(&problem, task),
            Outcome::Closed => self.health.dropped.add(1),
        }
        let next = self.busy.get_mut(task).and_then(VecDeque::pop_front);
        match next {
            Some(held) => self.send(held),
            None => drop(self.busy.remove(task)),
        }
    }

    fn refuse(&mut self, problem: &str, shown: &str) {
        self.health.refused.add(1);
        self.refusals.say(|others| tracing::warn!(problem, shown, others, "a message of the channel was refused"));
    }

    fn tell_dropped(&mut self) {
        let dropped = self.health.dropped.get();
        if dropped > self.dropped_before {
            let (more, before) = (dropped - self.dropped_before, &mut self.dropped_before);
            self.dropped.say(|_| {
                *before = dropped;
                tracing::warn!(more, "more messages came in than could be kept: the oldest were dropped");
            });
        }
    }
}

/// Puts a word down to its job, however long the store cannot write.
async fn put_down(engine: &Engine, source: &Source, heard: &Heard) -> Outcome {
    let mut pause = Pause::default();
    let mut word = heard.word.clone();
    let mut left_out = None;
    loop {
        let observed = match heard.is_deleted {
            true => engine.observe_known(source, &heard.task_id, word.clone()).await,
            false => engine.observe(source, &heard.task_id, word.clone()).await,
        };
        let error = match observed {
            Ok(_) => return left_out.map_or(Outcome::Taken, Outcome::TakenWithoutOutput),
            Err(error) => error,
        };
        match error {
            Error::Invalid { field: "output", problem, .. } if word.output.take().is_some() => left_out = Some(problem),
            Error::Refused(Refusal::RunHere { .. }) => return Outcome::PassedOver("it runs here"),
            Error::Refused(Refusal::NotFound) => return Outcome::PassedOver("it was deleted, and never heard of"),
            Error::ShuttingDown => return Outcome::Closed,
            Error::Unavailable(_) | Error::DiskFull(_) | Error::OutcomeUnknown(_) | Error::ReadFailed(_) => {
                // The same word twice is the word once, so that an unknown outcome may be tried again too.
                tracing::debug!(task = heard.task_id, %error, "a message of the channel waits for the store");
                tokio::time::sleep(pause.next()).await;
            }
            error => return Outcome::Refused(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Parts;
    use engine::clock::SystemClock;
    use engine::task::Catalog;
    use store::{MemoryOutput, MemoryStore};

    use super::*;

    fn intake() -> Intake {
        let (clock, bus) = (Arc::new(SystemClock), Arc::new(bus::InProcess::default()));
        let store = MemoryStore::new(clock.clone(), bus.clone());
        let catalog = Catalog { tasks: Default::default(), total: 1 };
        let engine = Engine::new(Parts { store, output: Arc::new(MemoryOutput::default()), bus, clock, catalog });
        let source = Source {
            name: super::super::NAME.into(),
            tenant: "default".into(),
            owner: "ann".into(),
            task: "task".into(),
            silence: None,
        };
        Intake::new(engine, source, "us".into(), Arc::new(Backlog::of(usize::MAX)), Arc::default())
    }

    fn message(task: usize, output: &str) -> Vec<u8> {
        format!("{{\"task_id\":{task},\"status\":\"completed\",\"updated_at\":1,\"output\":\"{output}\"}}").into_bytes()
    }

    #[tokio::test]
    async fn what_is_held_is_bounded_by_its_bytes_too() {
        let output = "x".repeat(limits::PAYLOAD_BYTES / 2);
        for is_one_task in [false, true] {
            let mut intake = intake();
            for number in 0..100 {
                intake.backlog.put(message(if is_one_task { 0 } else { number }, &output));
            }
            let mut taken = 0;
            while intake.has_room() {
                let message = intake.backlog.try_take().expect("more than there is room for");
                intake.take(message);
                taken += 1;
            }
            assert!((AT_ONCE_BYTES..AT_ONCE_BYTES + limits::PAYLOAD_BYTES).contains(&intake.held_bytes), "{}", intake.held_bytes);
            assert!(taken < 100);
            intake.finish().await;
            assert_eq!((intake.held, intake.held_bytes, intake.busy.len(), intake.backlog.len()), (0, 0, 0, 0));
            assert_eq!(intake.health.taken.get(), 100);
        }
    }

    #[tokio::test]
    async fn what_was_deleted_and_never_heard_of_is_passed_over() {
        let mut intake = intake();
        let gone = |task| format!("{{\"task_id\":{task},\"status\":\"deleted\",\"updated_at\":2}}").into_bytes();
        intake.take(gone(1));
        intake.take(b"{\"task_id\":2,\"status\":\"running\",\"updated_at\":1}".to_vec());
        intake.take(gone(2));
        intake.finish().await;
        assert_eq!((intake.health.taken.get(), intake.health.passed_over.get()), (2, 1));
        let view = domain::topic::View { tenant: "default".into(), visibility: domain::topic::Visibility::Tenant };
        let jobs = intake.engine.store().list(domain::query::JobQuery::all(view, 9)).await.expect("a list").jobs;
        assert_eq!(jobs.iter().map(|job| job.status).collect::<Vec<_>>(), [domain::Status::Aborted]);
    }

    #[tokio::test]
    async fn an_output_that_is_too_large_does_not_cost_the_status() {
        let mut intake = intake();
        let deep = format!("{}{}", "[".repeat(limits::JSON_DEPTH + 1), "]".repeat(limits::JSON_DEPTH + 1));
        let large = format!("\"{}\"", "x".repeat(limits::PAYLOAD_BYTES));
        for (task, output) in [(1, &deep), (2, &large)] {
            intake.take(message(task, "so far"));
            let whole = format!("{{\"task_id\":{task},\"status\":\"failed\",\"updated_at\":2,\"output\":{output}}}");
            intake.take(whole.into_bytes());
        }
        intake.finish().await;
        assert_eq!((intake.health.taken.get(), intake.health.refused.get()), (4, 0));
        let view = domain::topic::View { tenant: "default".into(), visibility: domain::topic::Visibility::Tenant };
        let jobs = intake.engine.store().list(domain::query::JobQuery::all(view, 9)).await.expect("a list").jobs;
        assert_eq!(jobs.iter().map(|job| job.status).collect::<Vec<_>>(), [domain::Status::Failed; 2]);
        for job in &jobs {
            let payloads = intake.engine.store().payloads(job.id).await.expect("a read");
            assert_eq!(payloads.result.as_ref().map(|result| result.as_str()), Some("null"), "nothing of the run before");
        }
    }
}
