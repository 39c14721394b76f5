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
/// Bytes of a message that is looked at: the largest output, escaped, and the rest. Above: refused unread.
const MESSAGE_BYTES: usize = 4 * limits::PAYLOAD_BYTES;

/// What became of a word.
#[derive(Debug)]
enum Outcome {
    Taken,
    /// It is about a job that runs here.
    RunsHere,
    Refused(String),
    /// The server stops.
    Closed,
}

pub(super) struct Intake {
    engine: Arc<Engine>,
    source: Arc<Source>,
    /// What our own messages say they are from.
    own: Text,
    backlog: Arc<Backlog>,
    health: Arc<Health>,
    /// Tasks with a word on its way, and the words behind it.
    busy: HashMap<String, VecDeque<Heard>>,
    /// Words behind those that are on their way, of all tasks.
    behind: usize,
    on_the_way: FuturesUnordered<BoxFuture<'static, (String, Outcome)>>,
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
            behind: 0,
            on_the_way: FuturesUnordered::new(),
            refusals: Seldom::default(),
            dropped: Seldom::default(),
            dropped_before: 0,
        }
    }

    /// Runs until nothing more comes, and for so long after that as it takes to put down what came, within bounds.
    pub(super) async fn run(mut self, no_more: CancellationToken, finish_within: Duration) {
        loop {
            let has_room = self.on_the_way.len() + self.behind < AT_ONCE;
            tokio::select! {
                biased;
                () = no_more.cancelled() => break,
                Some((task, outcome)) = self.on_the_way.next() => self.done(&task, outcome),
                message = self.backlog.take(), if has_room => self.take(message),
            }
        }
        let by = Instant::now() + finish_within;
        if timeout_at(by, self.finish()).await.is_err() {
            let left = self.backlog.len() + self.on_the_way.len() + self.behind;
            tracing::warn!(left, "messages of the channel that came before the stop were not put down in time");
        }
    }

    async fn finish(&mut self) {
        loop {
            while self.on_the_way.len() + self.behind < AT_ONCE
                && let Some(message) = self.backlog.try_take()
            {
                self.take(message);
            }
            match self.on_the_way.next().await {
                Some((task, outcome)) => self.done(&task, outcome),
                None => return,
            }
        }
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
            Ok(heard) => match self.busy.get_mut(&heard.task_id) {
                Some(behind) => {
                    behind.push_back(heard);
                    self.behind += 1;
                }
                None => {
                    self.busy.insert(heard.task_id.clone(), VecDeque::new());
                    self.send(heard);
                }
            },
            Err(problem) => self.refuse(&problem, &String::from_utf8_lossy(&message[..message.len().min(200)])),
        }
    }

    fn send(&mut self, heard: Heard) {
        let (engine, source) = (self.engine.clone(), self.source.clone());
        let sent = async move {
            let outcome = put_down(&engine, &source, &heard).await;
            (heard.task_id, outcome)
        };
        self.on_the_way.push(sent.boxed());
    }

    fn done(&mut self, task: &str, outcome: Outcome) {
        match outcome {
            Outcome::Taken => self.health.taken.add(1),
            Outcome::RunsHere => {
                self.health.passed_over.add(1);
                tracing::debug!(task, "a message about a job that runs here was passed over");
            }
            Outcome::Refused(problem) => self.refuse(&problem, task),
            Outcome::Closed => self.health.dropped.add(1),
        }
        let next = self.busy.get_mut(task).and_then(VecDeque::pop_front);
        match next {
            Some(heard) => {
                self.behind -= 1;
                self.send(heard);
            }
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
    loop {
        let error = match engine.observe(source, &heard.task_id, heard.word.clone()).await {
            Ok(_) => return Outcome::Taken,
            Err(error) => error,
        };
        match error {
            Error::Refused(Refusal::RunHere { .. }) => return Outcome::RunsHere,
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
