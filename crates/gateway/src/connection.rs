//! One live connection as its edge holds it. Dropping it takes it out of the hub.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::Topic;
use futures::future::BoxFuture;
use tokio::time::{Instant, Sleep, sleep_until};
use wire::close::Close;

use crate::frame::Frame;
use crate::hub::Hub;
use crate::lock;
use crate::peer::{AuthRefusal, Edge};
use crate::session_core::{Core, State};
use crate::subscription::Sub;

/// A connection of any edge. All methods may be called from different tasks, `next` from one at a time.
pub struct Connection {
    pub(crate) hub: Arc<Hub>,
    pub(crate) core: Arc<Core>,
    pull: Mutex<Pull>,
}

/// What is being read for the connection. Survives a dropped `next`.
#[derive(Default)]
struct Pull {
    work: Option<BoxFuture<'static, ()>>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    pub(crate) fn new(hub: Arc<Hub>, core: Arc<Core>) -> Connection {
        Connection { hub, core, pull: Mutex::default() }
    }

    /// Handles one message of the client. What is wrong with it is told in an `error` frame, and perhaps by closing.
    pub async fn receive(&self, message: &[u8]) {
        crate::session::receive(&self.hub, &self.core, message).await;
    }

    /// Follows a topic, as the frame `subscribe` does. A refusal becomes an `error` frame.
    pub fn subscribe(&self, id: u32, topic: Topic, after: Option<&str>) {
        crate::session::subscribe(&self.hub, &self.core, id, topic, after);
    }

    /// Stops following, and answers `unsubscribed`.
    pub fn unsubscribe(&self, id: u32) {
        crate::session::unsubscribe(&self.hub, &self.core, id);
    }

    /// Waits for frames and takes all that wait, in order. Once the connection is closed, answers what is left of its own answers and
    /// then the reason, again and again. Nothing is lost when it is dropped half-way.
    pub async fn next(&self) -> Result<Vec<Frame>, Close> {
        poll_fn(|cx| self.poll_next(cx, State::take_frames)).await
    }

    /// The same for a WebSocket: pieces to be written one after another, each of one or more whole messages.
    pub async fn next_messages(&self) -> Result<Vec<Bytes>, Close> {
        poll_fn(|cx| self.poll_next(cx, |state, _| state.outbox.take_messages())).await
    }

    fn poll_next<T>(&self, cx: &mut Context<'_>, take: impl Fn(&mut State, Edge) -> T) -> Poll<Result<T, Close>> {
        loop {
            let is_reading = self.poll_work(cx);
            let mut state = lock(&self.core.state);
            if state.outbox.has_frames() {
                state.taken_at = Instant::now();
                return Poll::Ready(Ok(take(&mut state, self.core.edge)));
            }
            if let Some(close) = state.close {
                return Poll::Ready(Err(close));
            }
            state.outbox.waker = Some(cx.waker().clone());
            if is_reading || !state.has_work(self.hub.room(), Instant::now()) {
                return Poll::Pending;
            }
        }
    }

    /// Reads on until there is nothing to read, the room is full, or it has to wait. Answers whether a reading is under way.
    fn poll_work(&self, cx: &mut Context<'_>) -> bool {
        let mut pull = lock(&self.pull);
        loop {
            if let Some(work) = &mut pull.work {
                match work.as_mut().poll(cx) {
                    Poll::Ready(()) => pull.work = None,
                    Poll::Pending => return true,
                }
            }
            // Asked anew each time: what was just read may have used it up.
            let room = self.hub.room();
            let (has_work, work_at) = {
                let state = lock(&self.core.state);
                (state.has_work(room, Instant::now()), state.work_at())
            };
            if has_work {
                pull.work = Some(Box::pin(crate::reading::read_once(self.hub.clone(), self.core.clone())));
                continue;
            }
            let Some(at) = work_at else {
                pull.timer = None;
                return false;
            };
            let timer = pull.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            let is_full = lock(&self.core.state).outbox.bytes_before_reading() >= room;
            if is_full || timer.as_mut().poll(cx).is_pending() {
                return false;
            }
        }
    }

    /// Waits until the connection is to be closed, for an edge that is busy writing.
    pub async fn closed(&self) -> Close {
        loop {
            let mut told = std::pin::pin!(self.core.closed.notified());
            told.as_mut().enable();
            if let Some(close) = lock(&self.core.state).close {
                return close;
            }
            told.await;
        }
    }

    /// Tells that the client takes what was given, however slowly: what waits meanwhile is not held against it.
    pub fn takes(&self) {
        let mut state = lock(&self.core.state);
        if let Some(since) = &mut state.outbox.waiting_since {
            *since = Instant::now();
        }
    }

    /// Closes it from the edge's side, for example as too slow. `next` and `closed` answer with the reason.
    pub fn close(&self, close: Close) {
        self.core.close(close);
    }

    /// Closes it, and tells the client first what was wrong with it.
    pub fn refuse(&self, close: Close, message: String) {
        crate::session::turn_away(&self.core, AuthRefusal::new(close, message));
    }

    /// Whether it follows nothing but jobs that ended, and every frame of them was taken.
    pub fn is_over(&self) -> bool {
        lock(&self.core.state).is_over()
    }

    /// The newest position: all at or below it that the live subscriptions may see has been taken.
    pub fn position(&self) -> String {
        self.hub.position(self.place())
    }

    pub(crate) fn place(&self) -> u64 {
        let shard = lock(&self.hub.shards[self.core.shard].state);
        let state = lock(&self.core.state);
        let is_drained =
            !state.outbox.has_frames() && state.outbox.behind.is_none() && !state.subs.iter().any(|sub| sub.is_joining());
        let holds_no_jobs = !state.subs.iter().any(|sub| sub.topic.holds_jobs());
        let place = if is_drained || holds_no_jobs { shard.place } else { state.outbox.taken_place };
        let untold = state.subs.iter().filter_map(Sub::untold_after).min();
        untold.map_or(place, |untold| untold.min(place))
    }
}

impl State {
    fn take_frames(&mut self, edge: Edge) -> Vec<Frame> {
        let mut frames = self.outbox.take_frames();
        if edge == Edge::Stream && self.subs.len() > 1 {
            let is_joining = self.subs.iter().any(Sub::is_joining);
            keep_common_places(&mut frames, is_joining);
        }
        frames
    }
}

/// A stream has one position for all its topics: until each is joined, no frame may tell one.
fn keep_common_places(frames: &mut [Frame], is_joining: bool) {
    let last_joined = frames.iter().rposition(|frame| frame.kind == "live");
    let until = if is_joining { frames.len() } else { last_joined.unwrap_or(0) };
    frames[..until].iter_mut().for_each(Frame::forget_place);
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub.remove(&self.core);
    }
}
