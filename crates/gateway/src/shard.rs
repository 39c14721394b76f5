//! A shard: some of the connections, the index of what they follow, and a task that matches the whole ordered log against it.
//!
//! An event is queued once per connection with all its subscriptions. Its frame is put together once per distinct list of them, and
//! what a batch of events brings to several connections alike is one run of frames, shared by all of them.

use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;

use domain::Text;
use domain::event::EventKind;
use domain::topic::View;
use engine::port::Notice;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use wire::LoggedEvent;
use wire::close::Close;

use crate::frame::{Class, Frame, progress_body};
use crate::hub::Hub;
use crate::index::{Hit, Member, TopicIndex};
use crate::limits::SWEEP_EVERY;
use crate::lock;
use crate::ring::Batch;
use crate::run::Told;
use crate::session_core::Core;
use crate::subscription::{Phase, Sub};
use crate::weave::{Path, Weave};

/// What a shard's task is told, in the order of the log.
pub(crate) enum Input {
    Events(Batch),
    Notice(Notice),
    Replaced { epoch: Text, place: u64 },
}

pub(crate) struct Shard {
    pub(crate) number: usize,
    pub(crate) state: Mutex<ShardState>,
    /// Follows the place of the state, for joins that wait for it.
    pub(crate) place: watch::Sender<u64>,
}

pub(crate) struct ShardState {
    /// Events up to here were queued for whoever follows them.
    pub(crate) place: u64,
    pub(crate) epoch: Text,
    index: TopicIndex,
    seats: Vec<Option<Arc<Core>>>,
    free: Vec<u32>,
    /// What a batch of events is to each connection, while it is gone through.
    weave: Weave,
}

impl ShardState {
    pub(crate) fn seat(&mut self, core: impl FnOnce(u32) -> Core) -> Arc<Core> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.seats.push(None);
            self.seats.len() as u32 - 1
        });
        let core = Arc::new(core(slot));
        self.seats[slot as usize] = Some(core.clone());
        core
    }

    pub(crate) fn unseat(&mut self, slot: u32) {
        self.seats[slot as usize] = None;
        self.free.push(slot);
    }

    pub(crate) fn cores(&self) -> Vec<Arc<Core>> {
        self.seats.iter().flatten().cloned().collect()
    }

    pub(crate) fn index(&mut self, slot: u32, sub: &mut Sub) {
        sub.is_indexed = true;
        self.index.add(&sub.view, &sub.topic, Member { slot, sub: sub.id });
    }

    pub(crate) fn unindex(&mut self, slot: u32, sub: &Sub) {
        self.index.remove(&sub.view, &sub.topic, Member { slot, sub: sub.id });
    }

    fn mark_due(&self, members: &[Member], wakers: &mut Vec<Waker>) {
        for member in members {
            let Some(core) = &self.seats[member.slot as usize] else { continue };
            let mut state = lock(&core.state);
            if state.sub(member.sub).is_some_and(Sub::mark_due) {
                wakers.extend(state.outbox.waker.take());
            }
        }
    }
}

impl Shard {
    pub(crate) fn new(number: usize, place: u64, epoch: Text) -> Shard {
        let state =
            ShardState { place, epoch, index: TopicIndex::default(), seats: Vec::new(), free: Vec::new(), weave: Weave::default() };
        Shard { number, state: Mutex::new(state), place: watch::Sender::new(place) }
    }

    /// Queues events for whoever follows them.
    fn deliver(&self, events: &[LoggedEvent]) {
        let mut wakers = Vec::new();
        let place = {
            let mut shard = lock(&self.state);
            let mut hits = Vec::new();
            for event in events {
                if event.place <= shard.place {
                    continue;
                }
                if event.place > shard.place + 1 {
                    shard.queue_told(&mut wakers);
                    shard.put_all_behind(&mut wakers);
                }
                shard.tell(event, &mut hits, &mut wakers);
                shard.place = event.place;
            }
            shard.queue_told(&mut wakers);
            let mut touched = Vec::new();
            shard.index.take_touched(&mut touched);
            shard.mark_due(&touched, &mut wakers);
            shard.place
        };
        self.place.send_replace(place);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn deliver_progress(&self, notice: &Notice) {
        let Notice::Progress { job, keys, rev, tick, progress } = notice else { return };
        let mut wakers = Vec::new();
        let mut hits = Vec::new();
        let shard = lock(&self.state);
        shard.index.progress_hits(*job, keys, &mut hits);
        if hits.is_empty() {
            return;
        }
        let body = progress_body(*job, *rev, *tick, progress);
        let mut subs = Vec::new();
        for hits in hits.chunk_by(|a, b| a.slot == b.slot) {
            let Some(core) = &shard.seats[hits[0].slot as usize] else { continue };
            subs.clear();
            subs.extend(hits.iter().map(|hit| hit.sub));
            let mut state = lock(&core.state);
            if state.close.is_none() {
                state.outbox.push_progress(*job, *rev, *tick, &body, &subs);
                wakers.extend(state.outbox.waker.take());
            }
        }
        drop(shard);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn heed(&self, notice: &Notice) {
        let mut wakers = Vec::new();
        match notice {
            Notice::Progress { .. } => self.deliver_progress(notice),
            Notice::Output { job, .. } => {
                let shard = lock(&self.state);
                shard.mark_due(shard.index.followers_of_output(*job), &mut wakers);
            }
            Notice::Tasks => {
                let shard = lock(&self.state);
                shard.mark_due(&shard.index.followers_of_tasks(), &mut wakers);
            }
            Notice::Rights(view) => self.check_rights(view.as_ref()),
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Closes whoever has lost its rights.
    fn check_rights(&self, view: Option<&View>) {
        let cores = lock(&self.state).cores();
        for core in cores {
            let principal = lock(&core.state).principal.clone();
            let Some(principal) = principal else { continue };
            if view.is_none_or(|view| *view == principal.view()) && !core.authenticator.still_valid(&principal) {
                core.close(Close::TokenExpired);
            }
        }
    }

    /// The log is another one: nobody can go on.
    fn replace(&self, epoch: Text, place: u64) {
        let cores = {
            let mut shard = lock(&self.state);
            (shard.epoch, shard.place) = (epoch, place);
            shard.cores()
        };
        self.place.send_replace(place);
        for core in cores {
            core.close(Close::LogReplaced);
        }
    }
}

impl ShardState {
    /// Notes what an event is to each connection that follows it.
    fn tell(&mut self, event: &LoggedEvent, hits: &mut Vec<Hit>, wakers: &mut Vec<Waker>) {
        self.index.hits(event, hits);
        let followers = self.index.followers_of_output(event.job);
        if !followers.is_empty() {
            self.mark_due(followers, wakers);
        }
        // Frames by what they are and whom they name: most connections have the same few numbers.
        let mut made: Vec<(bool, Vec<u32>, u32)> = Vec::new();
        let mut subs: Vec<u32> = Vec::new();
        for same in hits.chunk_by(|a, b| a.slot == b.slot && a.is_left == b.is_left) {
            subs.clear();
            subs.extend(same.iter().map(|hit| hit.sub));
            let is_left = same[0].is_left;
            let known = made.iter().find(|(left, names, _)| *left == is_left && *names == subs).map(|(_, _, told)| *told);
            let told = known.unwrap_or_else(|| {
                let frame = match is_left {
                    true => Frame::left(&self.epoch, event, &subs, Class::Live),
                    false => Frame::update(&self.epoch, event, &subs, Class::Live),
                };
                let is_end = event.status.is_end() || event.kind == EventKind::Deleted;
                let told = self.weave.put(Told { frame, job: event.job, rev: event.rev, place: event.place, is_end });
                made.push((is_left, subs.clone(), told));
                told
            });
            self.weave.tell(same[0].slot, told);
        }
    }

    /// Queues what was noted.
    fn queue_told(&mut self, wakers: &mut Vec<Waker>) {
        let seats = &self.seats;
        self.weave.finish(|slot, path| {
            let Some(core) = &seats[slot as usize] else { return };
            let mut state = lock(&core.state);
            if state.close.is_some() {
                return;
            }
            let events = match path {
                Path::Each(events) => {
                    state.outbox.push_events(events);
                    events
                }
                Path::Together(run) => {
                    state.outbox.push_run(run);
                    &run.events
                }
            };
            if !state.ends.is_empty() {
                events.iter().for_each(|told| state.note_end(told.job, told.is_end));
            }
            wakers.extend(state.outbox.waker.take());
        });
    }

    /// Some events never came: everybody reads them from the log.
    fn put_all_behind(&mut self, wakers: &mut Vec<Waker>) {
        for core in self.seats.iter().flatten() {
            let mut state = lock(&core.state);
            if state.close.is_none() && state.subs.iter().any(|sub| matches!(sub.phase, Phase::Live)) {
                state.outbox.fall_behind(self.place);
                wakers.extend(state.outbox.waker.take());
            }
        }
    }
}

/// The shard's task: what the hub hands over, and a look at every connection twice a second.
pub(crate) async fn run(hub: Weak<Hub>, shard: Arc<Shard>, mut input: mpsc::UnboundedReceiver<Input>) {
    let mut sweep = interval_at(Instant::now() + SWEEP_EVERY, SWEEP_EVERY);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = sweep.tick() => {
                let Some(hub) = hub.upgrade() else { return };
                crate::sweep::sweep(&hub, &shard);
            }
            input = input.recv() => match input {
                None => return,
                Some(Input::Events(events)) => {
                    shard.deliver(&events);
                    if let Some(hub) = hub.upgrade() {
                        crate::sweep::hold_to_budget(&hub, &shard);
                    }
                }
                Some(Input::Notice(notice)) => shard.heed(&notice),
                Some(Input::Replaced { epoch, place }) => shard.replace(epoch, place),
            },
        }
        // A long queue must not keep the sweep, or other tasks, from their turn.
        tokio::task::coop::consume_budget().await;
    }
}
