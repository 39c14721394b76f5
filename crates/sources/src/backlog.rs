//! What came in and was not looked at yet: first in, first out, within a bound.
//!
//! It is filled from the connection, which never waits, and emptied by the intake. When it is full, what waited longest gives way: of one
//! task the newer word says more, and who publishes goes on.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// Bytes that may wait. Above: the oldest messages are dropped.
pub(crate) const BACKLOG_BYTES: usize = 64 * 1024 * 1024;
/// What a message costs beside its bytes.
const OVERHEAD: usize = 64;

#[derive(Debug)]
pub(crate) struct Backlog {
    most_bytes: usize,
    waiting: Mutex<Waiting>,
    rung: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Backlog {
    pub(crate) fn of(most_bytes: usize) -> Backlog {
        Backlog { most_bytes, waiting: Mutex::default(), rung: Notify::new() }
    }

    /// Puts a message at the end; answers how many others were dropped for it.
    pub(crate) fn put(&self, message: Vec<u8>) -> u64 {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.bytes += message.len() + OVERHEAD;
        waiting.messages.push_back(message);
        let mut dropped = 0;
        while waiting.bytes > self.most_bytes && waiting.messages.len() > 1 {
            let oldest = waiting.messages.pop_front().map_or(0, |oldest| oldest.len() + OVERHEAD);
            waiting.bytes -= oldest;
            dropped += 1;
        }
        drop(waiting);
        self.rung.notify_one();
        dropped
    }

    /// The message that waits longest, as soon as there is one.
    pub(crate) async fn take(&self) -> Vec<u8> {
        loop {
            if let Some(message) = self.try_take() {
                return message;
            }
            self.rung.notified().await;
        }
    }

    pub(crate) fn try_take(&self) -> Option<Vec<u8>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let message = waiting.messages.pop_front()?;
        waiting.bytes -= message.len() + OVERHEAD;
        Some(message)
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).messages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waited_longest_gives_way() {
        let backlog = Backlog::of(3 * (OVERHEAD + 1));
        let dropped: Vec<u64> = (0..5u8).map(|number| backlog.put(vec![number])).collect();
        assert_eq!((dropped, backlog.len()), (vec![0, 0, 0, 1, 1], 3));
        for expected in [2, 3, 4] {
            assert_eq!(backlog.take().await, [expected]);
        }
        assert_eq!(backlog.try_take(), None);
        assert_eq!(backlog.put(vec![0; 1_000]), 0, "one that is over the bound by itself is still looked at");
        assert_eq!(backlog.take().await.len(), 1_000);
    }
}
