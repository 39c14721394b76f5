//! The clock loop: carries out what is due, and keeps progress and leases written.
//!
//! No lease is judged until the store has taken commits for one lease length after a start, an outage of the store, a jump of the clock, or
//! a standstill of this process: until then nobody had a fair chance to renew.

use std::sync::Arc;
use std::time::Duration;

use domain::{Request, limits};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::book::{SAVE_MS, SHOW_MS};
use crate::engine::{Engine, is_outage};
use crate::port::Published;

/// Jobs looked at in one step.
const STEP: usize = 256;
/// The same while leases are not judged: those that ran out stay due, and must not hide what else is.
const STEP_UNJUDGED: usize = 100_000;
/// Shortest time between two looks that events ask for, in milliseconds.
const PAUSE_MS: u64 = 20;
/// The same while leases are not judged, when each look touches all that ran out.
const PAUSE_UNJUDGED_MS: u64 = 250;
/// How much later than it meant to the loop may look before it counts as having stood still, in milliseconds.
const STILL_MS: u64 = 4_000;
/// How often old rows are removed, in seconds.
const RETENTION_SECONDS: u64 = 60;

impl Engine {
    /// Runs until `stop`.
    pub async fn run_timers(self: Arc<Engine>, stop: CancellationToken) {
        tokio::join!(self.run_clock(&stop), self.run_retention(&stop), self.run_orphans(&stop));
    }

    /// Removes old rows beside the clock, which must not wait for it.
    async fn run_retention(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_secs(RETENTION_SECONDS)) => {}
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                swept = self.store.sweep(self.clock.now()) => {
                    if let Err(error) = swept {
                        tracing::warn!(%error, "old rows could not be removed");
                    }
                }
            }
        }
    }

    async fn run_clock(&self, stop: &CancellationToken) {
        let fair_chance = Duration::from_millis(limits::LEASE_MS);
        let mut judge_from = Instant::now() + fair_chance;
        let mut jumped_ms = self.clock.read().jumped_ms;
        let mut looked = Instant::now();
        loop {
            let jumped = self.clock.read().jumped_ms;
            if jumped != jumped_ms {
                let by = in_words(jumped.saturating_sub(jumped_ms));
                tracing::warn!(
                    "the clock jumped {by} of the time that passed, or the machine slept: leases, limits and waits keep their lengths"
                );
                if jumped < jumped_ms {
                    self.put_back_listening(jumped_ms.abs_diff(jumped));
                }
                jumped_ms = jumped;
                judge_from = Instant::now() + fair_chance;
                self.carry_over_jump().await;
            }
            let still = looked.elapsed();
            if still > Duration::from_millis(limits::SWEEP_MS + STILL_MS) {
                tracing::warn!(
                    "this process stood still for {} s: leases are judged in {} s",
                    still.as_secs(),
                    fair_chance.as_secs()
                );
                judge_from = Instant::now() + fair_chance;
            }
            // While it lasts it is noticed by whoever writes; what is due and moves nothing could be committed all the same.
            judge_from = judge_from.max(self.last_outage().map_or(judge_from, |outage| outage + fair_chance));
            let may_judge = Instant::now() >= judge_from;
            let wait = match self.carry_out_due(may_judge).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "what is due could not be carried out; trying again");
                    judge_from = Instant::now() + fair_chance;
                    Duration::from_millis(limits::SWEEP_MS)
                }
            };
            // Only the wait is measured: much that is due takes its time.
            looked = Instant::now();
            let pause = Duration::from_millis(if may_judge { PAUSE_MS } else { PAUSE_UNJUDGED_MS });
            let rung = async {
                tokio::time::sleep(pause).await;
                self.timer.notified().await;
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
                () = rung => {}
            }
        }
    }

    /// The store carries a jump over with the next thing that is written: that it may be the next of all, this is nothing.
    async fn carry_over_jump(&self) {
        if let Err(error) = self.commit(Request::SaveProgress { entries: Vec::new() }).await {
            tracing::warn!(%error, "the jump of the clock could not be carried over yet");
        }
    }

    /// Looks at every job that is due; answers how long there is time.
    async fn carry_out_due(&self, judge_leases: bool) -> Result<Duration, crate::Error> {
        let now = self.clock.now();
        let step = if judge_leases { STEP } else { STEP_UNJUDGED };
        let due = self.store.due(now, step).await?;
        let is_full = due.jobs.len() == step;
        let mut moved = 0;
        let listening = self.heard_sources();
        let looked = due.jobs.into_iter().map(|id| self.commit(Request::Clock { id, judge_leases, listening: listening.clone() }));
        for answer in futures::future::join_all(looked).await {
            match answer {
                Ok(domain::Answer::Changed(_)) => moved += 1,
                Err(error) if is_outage(&error) => return Err(error),
                _ => {}
            }
        }
        if moved > 0 {
            // A place that its holder never gave back is free without an event that would say so.
            self.claimable.notify_waiters();
        }
        // Leases that may not be judged yet stay due: they must not keep the loop busy.
        if is_full && moved > 0 {
            return Ok(Duration::ZERO);
        }
        let next = due.next.map_or(limits::SWEEP_MS, |next| next.since_ms(now)).min(limits::SWEEP_MS);
        Ok(Duration::from_millis(next.max(1)))
    }

    /// Shows and writes progress, and renews the leases of reporters that were heard. Runs until `stop`, then writes once more.
    pub async fn run_progress(self: Arc<Engine>, stop: CancellationToken) {
        let mut show = tokio::time::interval(Duration::from_millis(SHOW_MS));
        show.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut saved = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = show.tick() => {}
            }
            let with_saves = saved.elapsed() >= Duration::from_millis(SAVE_MS);
            if with_saves {
                saved = Instant::now();
            }
            self.flush_progress(with_saves).await;
        }
        self.flush_progress(true).await;
    }

    async fn flush_progress(&self, with_saves: bool) {
        let flush = self.book.flush(with_saves);
        for notice in flush.notices {
            self.bus.publish(Published::Notice(notice));
        }
        if !flush.saves.is_empty() {
            match self.commit(Request::SaveProgress { entries: flush.saves.clone() }).await {
                Ok(_) => self.book.saved(&flush.saves),
                Err(error) => tracing::warn!(%error, "progress could not be written; trying again"),
            }
        }
        if !flush.renewals.is_empty() {
            match self.commit(Request::RenewLeases { entries: flush.renewals.clone() }).await {
                Ok(_) => self.book.renewed(&flush.renewals),
                Err(error) => tracing::warn!(%error, "leases could not be renewed; trying again"),
            }
        }
    }
}

fn in_words(jumped_ms: i64) -> String {
    let seconds = jumped_ms.unsigned_abs() / 1_000;
    format!("{seconds} s {}", if jumped_ms > 0 { "ahead" } else { "back behind" })
}
