//! What waits for one connection: a queue of frames, the newest progress of each job, and one frame each for counts and tasks.
//!
//! Bounded in bytes. Events that do not fit are dropped together with those queued last, and the outbox remembers the place from
//! which they must be read again (`behind`). While it is behind, no event and no progress is let out of order.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use bytes::Bytes;
use domain::JobId;
use tokio::time::Instant;

use crate::counters::HubStats;
use crate::frame::{Class, Frame};
use crate::run::{Run, Told};

/// Newest progress of one job that waits.
struct Waiting {
    rev: u64,
    tick: u64,
    subs: Vec<u32>,
    body: Bytes,
}

/// An entry of the queue.
enum Queued {
    Frame(Frame),
    /// Events as they happened.
    Run(Arc<Run>),
}

impl Queued {
    /// Bytes of its messages.
    fn bytes(&self) -> usize {
        match self {
            Queued::Frame(frame) => frame.message().len(),
            Queued::Run(run) => run.messages.len(),
        }
    }

    fn class(&self) -> Class {
        match self {
            Queued::Frame(frame) => frame.class,
            Queued::Run(_) => Class::Live,
        }
    }

    /// The place after which its events must be read again; `None` when there are none.
    fn place_before(&self) -> Option<u64> {
        match self {
            Queued::Frame(frame) if frame.kind == "heartbeat" => None,
            Queued::Frame(frame) => frame.place().map(|place| place - 1),
            Queued::Run(run) => Some(run.first_place() - 1),
        }
    }

    /// Highest place that it tells or promises; zero when none.
    fn place(&self) -> u64 {
        match self {
            Queued::Frame(frame) => frame.place().unwrap_or(0),
            Queued::Run(run) => run.last_place(),
        }
    }

    fn frames(&self) -> usize {
        match self {
            Queued::Frame(_) => 1,
            Queued::Run(run) => run.events.len(),
        }
    }
}

pub(crate) struct Outbox {
    queue: Vec<Queued>,
    progress: HashMap<JobId, Waiting>,
    /// Newest `stats` or `tasks` frame of a subscription.
    newest: Vec<(u32, Frame)>,
    bytes: usize,
    /// Bytes of `progress` among them.
    progress_bytes: usize,
    limit: usize,
    /// Events after this place are missing from the queue and must be read from the log.
    pub(crate) behind: Option<u64>,
    /// Highest place that was taken, or that a taken frame promised.
    pub(crate) taken_place: u64,
    /// Since when something waits; `None` while nothing does.
    pub(crate) waiting_since: Option<Instant>,
    pub(crate) waker: Option<Waker>,
    stats: Arc<HubStats>,
}

impl Outbox {
    pub(crate) fn new(limit: usize, stats: Arc<HubStats>) -> Outbox {
        Outbox {
            queue: Vec::new(),
            progress: HashMap::new(),
            newest: Vec::new(),
            bytes: 0,
            progress_bytes: 0,
            limit,
            behind: None,
            taken_place: 0,
            waiting_since: None,
            waker: None,
            stats,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that keep more from being read. Progress does not: it waits for the events that are read while the outbox is behind.
    pub(crate) fn bytes_before_reading(&self) -> usize {
        self.bytes - self.progress_bytes
    }

    /// Whether `take` would give something.
    pub(crate) fn has_frames(&self) -> bool {
        !self.queue.is_empty() || !self.newest.is_empty() || (self.behind.is_none() && !self.progress.is_empty())
    }

    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.stats.outbox_bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.waiting_since.is_none() {
            self.waiting_since = Some(Instant::now());
        }
    }

    fn shrink(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.stats.outbox_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn add(&mut self, frame: Frame) {
        self.grow(frame.message().len());
        self.queue.push(Queued::Frame(frame));
    }

    /// Queues an answer or what was read for a subscription. Whoever reads has looked at the room before.
    pub(crate) fn push(&mut self, frame: Frame) {
        self.add(frame);
    }

    /// Whether even answers have outgrown every bound: the client talks and does not listen.
    pub(crate) fn is_flooded(&self) -> bool {
        self.bytes > 3 * self.limit
    }

    /// Queues events of the log, as far as they fit.
    pub(crate) fn push_events(&mut self, events: &[Told]) {
        for told in events {
            self.forget_progress_before(told.job, told.rev);
            if self.behind.is_some() {
                continue;
            }
            if self.bytes + told.frame.message().len() > self.limit {
                self.fall_behind(told.place - 1);
                continue;
            }
            self.add(told.frame.clone());
        }
    }

    /// Queues events of the log that others are told too.
    pub(crate) fn push_run(&mut self, run: &Arc<Run>) {
        if self.behind.is_some() || self.bytes + run.messages.len() > self.limit {
            return self.push_events(&run.events);
        }
        if !self.progress.is_empty() {
            run.events.iter().for_each(|told| self.forget_progress_before(told.job, told.rev));
        }
        self.grow(run.messages.len());
        self.queue.push(Queued::Run(run.clone()));
    }

    /// Queues an event that was read again while behind. The caller has looked at the room.
    pub(crate) fn push_reread(&mut self, frame: Frame, job: JobId, rev: u64) {
        self.forget_progress_before(job, rev);
        self.add(frame);
    }

    fn forget_progress_before(&mut self, job: JobId, rev: u64) {
        if self.progress.is_empty() {
            return;
        }
        if self.progress.get(&job).is_some_and(|waiting| waiting.rev < rev) {
            self.drop_progress(job);
        }
    }

    fn grow_progress(&mut self, bytes: usize) {
        self.progress_bytes += bytes;
        self.grow(bytes);
    }

    fn shrink_progress(&mut self, bytes: usize) {
        self.progress_bytes -= bytes;
        self.shrink(bytes);
    }

    fn drop_progress(&mut self, job: JobId) {
        if let Some(waiting) = self.progress.remove(&job) {
            self.shrink_progress(waiting.body.len());
            HubStats::one(&self.stats.conflated);
        }
    }

    /// Drops the events queued last, and remembers that everything after the first of them, or after `place`, must be read again.
    pub(crate) fn fall_behind(&mut self, place: u64) {
        if self.behind.is_some() {
            return;
        }
        let mut from = place;
        while let Some(last) = self.queue.last()
            && last.class() == Class::Live
        {
            let bytes = last.bytes();
            from = last.place_before().unwrap_or(from);
            self.queue.pop();
            self.shrink(bytes);
        }
        self.queue.shrink_to_fit();
        self.behind = Some(from);
        if self.waiting_since.is_none() {
            self.waiting_since = Some(Instant::now());
        }
        HubStats::one(&self.stats.behind);
    }

    /// Keeps progress if it is the newest of its job. Whoever waited for an older one is given this one.
    pub(crate) fn push_progress(&mut self, job: JobId, rev: u64, tick: u64, body: &Bytes, subs: &[u32]) {
        match self.progress.get_mut(&job) {
            Some(waiting) => {
                for sub in subs {
                    if !waiting.subs.contains(sub) {
                        waiting.subs.push(*sub);
                    }
                }
                if (rev, tick) > (waiting.rev, waiting.tick) {
                    let old = mem::replace(&mut waiting.body, body.clone()).len();
                    (waiting.rev, waiting.tick) = (rev, tick);
                    self.shrink_progress(old);
                    self.grow_progress(body.len());
                    HubStats::one(&self.stats.conflated);
                }
            }
            None if self.bytes + body.len() > self.limit => HubStats::one(&self.stats.conflated),
            None => {
                self.grow_progress(body.len());
                self.progress.insert(job, Waiting { rev, tick, subs: subs.to_vec(), body: body.clone() });
            }
        }
    }

    /// Keeps the newest counts or tasks of a subscription.
    pub(crate) fn put_newest(&mut self, sub: u32, frame: Frame) {
        self.drop_newest(sub);
        self.grow(frame.message().len());
        self.newest.push((sub, frame));
    }

    fn drop_newest(&mut self, sub: u32) {
        if let Some(at) = self.newest.iter().position(|(id, _)| *id == sub) {
            let (_, frame) = self.newest.swap_remove(at);
            self.shrink(frame.message().len());
        }
    }

    /// Forgets what is kept newest-wins for a subscription that ended. What is queued goes out before the answer.
    pub(crate) fn forget_sub(&mut self, sub: u32) {
        self.drop_newest(sub);
        let mut freed = 0;
        self.progress.retain(|_, waiting| {
            waiting.subs.retain(|id| *id != sub);
            let keep = !waiting.subs.is_empty();
            freed += if keep { 0 } else { waiting.body.len() };
            keep
        });
        self.shrink_progress(freed);
    }

    /// Drops all but answers and notices of the connection itself.
    pub(crate) fn drop_subscribed(&mut self) {
        let mut freed = 0;
        self.queue.retain(|queued| {
            let keep = queued.class() == Class::Control;
            freed += if keep { 0 } else { queued.bytes() };
            keep
        });
        self.progress.clear();
        freed += mem::take(&mut self.progress_bytes);
        freed += mem::take(&mut self.newest).iter().map(|(_, frame)| frame.message().len()).sum::<usize>();
        self.shrink(freed);
    }

    /// Counts that its connection is ended because too little was taken.
    pub(crate) fn note_cut(&self) {
        HubStats::one(&self.stats.cut);
    }

    /// Everything that may be sent, in order, as frames.
    pub(crate) fn take_frames(&mut self) -> Vec<Frame> {
        let mut frames = Vec::with_capacity(self.queue.len());
        for queued in self.take() {
            match queued {
                Queued::Frame(frame) => frames.push(frame),
                Queued::Run(run) => frames.extend(run.events.iter().map(|told| told.frame.clone())),
            }
        }
        frames
    }

    /// The same as messages of a WebSocket, one or more in each piece.
    pub(crate) fn take_messages(&mut self) -> Vec<Bytes> {
        let messages = |queued: Queued| match queued {
            Queued::Frame(frame) => frame.message().clone(),
            Queued::Run(run) => run.messages.clone(),
        };
        self.take().into_iter().map(messages).collect()
    }

    fn take(&mut self) -> Vec<Queued> {
        let mut taken = mem::take(&mut self.queue);
        if self.behind.is_none() && !self.progress.is_empty() {
            let progress = mem::take(&mut self.progress).into_values();
            taken.extend(progress.map(|waiting| Queued::Frame(Frame::progress(&waiting.body, &waiting.subs))));
            self.shrink_progress(self.progress_bytes);
        }
        taken.extend(mem::take(&mut self.newest).into_iter().map(|(_, frame)| Queued::Frame(frame)));
        self.shrink(self.bytes_before_reading());
        self.waiting_since = None;
        let (mut frames, mut bytes) = (0, 0);
        for queued in &taken {
            frames += queued.frames() as u64;
            bytes += queued.bytes() as u64;
            self.taken_place = self.taken_place.max(queued.place());
        }
        self.stats.frames_out.fetch_add(frames, Ordering::Relaxed);
        self.stats.bytes_out.fetch_add(bytes, Ordering::Relaxed);
        taken
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.stats.outbox_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
