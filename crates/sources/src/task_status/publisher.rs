//! What the log says, published to the channel in the order of the log.
//!
//! It reads the log from its cursor on, whenever something was committed: so nothing that was committed while Redis was away is missing, and a
//! server that was killed goes on where it stopped. What was published and is not yet written down in the cursor's file is published again: at
//! least once. What came in by the channel does not go out again. [`message`](super::message) says what is worth one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::job::Job;
use domain::{JobId, Text};
use engine::Engine;
use engine::port::ReadError;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::LoggedEvent;
use wire::convert::Payloads;

use super::message::{self, Now};
use crate::cursor::Cursor;
use crate::health::Health;
use crate::link::{Link, LinkError};
use crate::seldom::Seldom;

/// Events that are read in one step.
const STEP: usize = 200;
/// Events whose outputs are read at a time, and held until their messages are made: each may have a megabyte.
const READS_AT_ONCE: usize = 8;
/// Bytes that are handed to Redis before it has answered: what it must keep for a slow reader grows by no more at a time. A longer message goes
/// alone.
const AT_ONCE_BYTES: usize = 256 * 1024;
/// How long it waits when nobody rings; and when Redis refuses, or the log cannot be read, before it tries again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Publisher {
    engine: Arc<Engine>,
    health: Arc<Health>,
    cursor: Cursor,
    /// Rung when something was committed.
    committed: Arc<Notify>,
    /// The tenant whose jobs are published. Those of others are none of the channel's business.
    tenant: Text,
    /// What our messages say they are from.
    own: Text,
    problems: Seldom,
}

/// Why a step was not made.
enum Stopped {
    /// The connection is gone.
    Gone(String),
    /// It may go better in a moment.
    ForNow(String),
}

impl From<ReadError> for Stopped {
    fn from(error: ReadError) -> Stopped {
        Stopped::ForNow(error.to_string())
    }
}

impl From<LinkError> for Stopped {
    fn from(error: LinkError) -> Stopped {
        match error {
            LinkError::Gone(problem) => Stopped::Gone(problem),
            LinkError::Refused(problem) => Stopped::ForNow(format!("PUBLISH: {problem}")),
        }
    }
}

impl Publisher {
    pub(super) fn new(engine: Arc<Engine>, health: Arc<Health>, cursor: Cursor, committed: Arc<Notify>, own: (Text, Text)) -> Self {
        let (tenant, own) = own;
        health.published_to.set(cursor.place());
        Publisher { engine, health, cursor, committed, tenant, own, problems: Seldom::default() }
    }

    /// Publishes what is committed, until the connection is gone, and answers why it is; or until `stop`, and then what was committed by then
    /// (`None`). May be dropped at any time: what was not yet written down is published again.
    pub(super) async fn publish_on(&mut self, link: &Link, stop: &CancellationToken) -> Option<String> {
        let mut has_problem = false;
        loop {
            let is_told_to_stop = stop.is_cancelled();
            match self.step(link).await {
                Ok(is_more) => {
                    if std::mem::take(&mut has_problem) {
                        self.health.set_problem(None);
                        tracing::info!("the channel is published to again");
                    }
                    if is_more {
                        self.keep_if_due().await;
                        continue;
                    }
                    if is_told_to_stop {
                        return None;
                    }
                    self.wait_for_more(stop).await;
                }
                Err(Stopped::Gone(problem)) => return Some(problem),
                Err(Stopped::ForNow(problem)) => {
                    if !std::mem::replace(&mut has_problem, true) {
                        tracing::warn!(problem, "the channel is not published to for now: it is tried again and again");
                    }
                    self.health.set_problem(Some(problem));
                    if is_told_to_stop {
                        return None;
                    }
                    let _ = tokio::time::timeout(LOOK_EVERY, stop.cancelled()).await;
                }
            }
        }
    }

    /// Writes the cursor down.
    pub(super) async fn keep(&mut self) {
        if let Err(error) = self.cursor.keep_now().await {
            tracing::warn!(%error, "how far the channel was published to could not be written: some of it will be published again");
        }
    }

    /// Waits for the bell, or `stop`; writes the cursor down when it is time to.
    async fn wait_for_more(&mut self, stop: &CancellationToken) {
        let look = Instant::now() + LOOK_EVERY;
        loop {
            let until = self.cursor.due().map_or(look, |due| due.min(look));
            let committed = self.committed.clone();
            let is_rung = tokio::select! {
                () = stop.cancelled() => true,
                () = committed.notified() => true,
                () = tokio::time::sleep_until(until) => false,
            };
            self.keep_if_due().await;
            if is_rung || Instant::now() >= look {
                return;
            }
        }
    }

    async fn keep_if_due(&mut self) {
        if let Err(error) = self.cursor.keep().await {
            self.problems.say(|_| tracing::warn!(%error, "how far the channel was published to cannot be written; trying again"));
        }
    }

    /// Publishes the next events; whether there may be more.
    async fn step(&mut self, link: &Link) -> Result<bool, Stopped> {
        let store = self.engine.store();
        let (head, epoch) = (store.head(), store.identity().epoch);
        if epoch != *self.cursor.epoch() {
            tracing::warn!("the log is another one: what is committed from now on is published to the channel");
            self.cursor.begin_again(epoch, head);
        }
        if self.cursor.place() < head.floor {
            let missing = head.floor - self.cursor.place();
            tracing::warn!(missing, "events were removed from the log before they could be published to the channel");
            self.cursor.advance(head.floor);
        }
        if self.cursor.place() >= head.place {
            return Ok(false);
        }
        let events = store.events(self.cursor.place(), STEP).await?;
        let Some(last) = events.last().map(|event| event.place) else { return Ok(false) };
        let told: Vec<&LoggedEvent> =
            events.iter().filter(|event| event.keys.tenant == self.tenant && message::is_worth_one(event)).collect();
        let mut batch = Vec::new();
        let mut bytes = 0;
        for few in told.chunks(READS_AT_ONCE) {
            let now = self.look_up(few).await?;
            for event in few {
                let Some(text) = message::of(event, &now, &self.own) else { continue };
                if bytes + text.len() > AT_ONCE_BYTES && !batch.is_empty() {
                    // All before this event is out with the batch.
                    self.publish(link, &mut batch, event.place - 1).await?;
                    bytes = 0;
                }
                bytes += text.len();
                batch.push(text);
            }
        }
        self.publish(link, &mut batch, last).await?;
        Ok(true)
    }

    async fn publish(&mut self, link: &Link, batch: &mut Vec<String>, up_to: u64) -> Result<(), Stopped> {
        if !batch.is_empty() {
            link.publish(batch).await?;
            self.health.published.add(batch.len() as u64);
            batch.clear();
        }
        self.cursor.advance(up_to);
        self.health.published_to.set(up_to);
        Ok(())
    }

    /// What the jobs of these events hold beside what the log keeps of them.
    async fn look_up(&self, events: &[&LoggedEvent]) -> Result<HashMap<JobId, Now>, Stopped> {
        let ids: Vec<JobId> = events.iter().map(|event| event.job).collect::<BTreeSet<_>>().into_iter().collect();
        let store = self.engine.store();
        let jobs = store.jobs(&ids).await?.into_iter();
        let read = jobs.map(|job| async move {
            let payloads = if message::has_output(&job) { store.payloads(job.id).await? } else { Payloads::default() };
            Ok::<(Job, Payloads), ReadError>((job, payloads))
        });
        let found = futures::future::try_join_all(read).await?;
        Ok(found.into_iter().map(|(job, payloads)| (job.id, Now { job, payloads })).collect())
    }
}
