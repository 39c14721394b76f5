//! What the hub knows of one connection: who it is, what it follows, what waits for it.
//!
//! Locks are taken in one order: the shard's, then the connection's. No lock is held across an await.

use std::sync::{Arc, Mutex};
use std::task::Waker;

use domain::access::Principal;
use domain::{JobId, Topic};
use tokio::sync::Notify;
use tokio::time::Instant;
use wire::close::Close;

use crate::frame::{Class, Frame};
use crate::lock;
use crate::outbox::Outbox;
use crate::peer::{Authenticator, Edge};
use crate::subscription::{Phase, Sub};

pub(crate) struct Core {
    pub(crate) shard: usize,
    /// Its place among the shard's connections.
    pub(crate) slot: u32,
    pub(crate) edge: Edge,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) state: Mutex<State>,
    /// Told when `close` was decided.
    pub(crate) closed: Notify,
}

pub(crate) struct State {
    /// `None` until it has authenticated.
    pub(crate) principal: Option<Arc<Principal>>,
    pub(crate) subs: Vec<Sub>,
    pub(crate) outbox: Outbox,
    pub(crate) close: Option<Close>,
    pub(crate) opened_at: Instant,
    /// When frames were last taken.
    pub(crate) taken_at: Instant,
    /// Followed jobs, with whether the newest that was queued of each is an end.
    pub(crate) ends: Vec<(JobId, bool)>,
    /// Number for the next subscription or join.
    pub(crate) generation: u32,
    /// Counts up, so that no subscription's reading starves another's.
    pub(crate) turn: usize,
}

impl State {
    pub(crate) fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        self.generation
    }

    pub(crate) fn sub(&mut self, id: u32) -> Option<&mut Sub> {
        self.subs.iter_mut().find(|sub| sub.id == id)
    }

    /// The subscription if it is still the one that a reading was begun for.
    pub(crate) fn sub_of(&mut self, id: u32, generation: u32) -> Option<&mut Sub> {
        if self.close.is_some() {
            return None;
        }
        self.subs.iter_mut().find(|sub| sub.id == id && sub.generation == generation)
    }

    /// Whether something should be read now, given room for this many bytes.
    pub(crate) fn has_work(&self, room: usize, now: Instant) -> bool {
        let is_open = self.close.is_none() && self.outbox.bytes_before_reading() < room;
        is_open && (self.outbox.behind.is_some() || self.subs.iter().any(|sub| sub.has_work(now)))
    }

    /// When the next paced reading may be done.
    pub(crate) fn work_at(&self) -> Option<Instant> {
        self.subs.iter().filter_map(Sub::work_at).min()
    }

    pub(crate) fn push(&mut self, frame: Frame) -> Option<Waker> {
        if self.close.is_none() {
            self.outbox.push(frame);
        }
        self.outbox.waker.take()
    }

    /// Remembers whether a followed job ended, as of an event that was queued.
    pub(crate) fn note_end(&mut self, job: JobId, is_end: bool) {
        if let Some(known) = self.ends.iter_mut().find(|(id, _)| *id == job) {
            known.1 = is_end;
        }
    }

    /// Whether it follows only jobs, all of which ended, and has been given all of it.
    pub(crate) fn is_over(&self) -> bool {
        !self.subs.is_empty()
            && self.subs.iter().all(|sub| {
                let Topic::Job(job) = sub.topic else { return false };
                matches!(sub.phase, Phase::Live) && self.ends.iter().any(|(id, is_end)| *id == job && *is_end)
            })
            && self.outbox.behind.is_none()
            && !self.outbox.has_frames()
    }
}

impl Core {
    pub(crate) fn outbox_bytes(&self) -> usize {
        lock(&self.state).outbox.bytes()
    }

    /// Queues a frame of the connection itself.
    pub(crate) fn push(&self, frame: Frame) {
        debug_assert_eq!(frame.class, Class::Control);
        let waker = {
            let mut state = lock(&self.state);
            let waker = state.push(frame);
            if state.outbox.is_flooded() {
                drop(state);
                self.close(Close::TooSlow);
            }
            waker
        };
        wake(waker);
    }

    /// Ends it: what waits is dropped but for answers; the edge is told.
    pub(crate) fn close(&self, close: Close) -> bool {
        let waker = {
            let mut state = lock(&self.state);
            if state.close.is_some() {
                return false;
            }
            state.close = Some(close);
            if close == Close::TooSlow {
                state.outbox.note_cut();
            }
            state.outbox.drop_subscribed();
            state.outbox.behind = None;
            state.outbox.waker.take()
        };
        wake(waker);
        self.closed.notify_waiters();
        true
    }
}

pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
