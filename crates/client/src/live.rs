//! Watching over one WebSocket that comes back by itself, from the position where it was cut.
//!
//! One task owns the socket and what is held ([`follow`]); the watcher reads a bounded stream. A watcher that does not read stops the
//! task, and the server conflates. Ends only when it is dropped, when the server says that coming back is useless (band give up, a
//! token that it no longer accepts), or when every topic was refused.

mod follow;
mod frames;
mod socket;

#[cfg(test)]
mod tests;

use serde_json::Value;
use tokio::sync::mpsc;

pub use follow::Happened;

use crate::rest::Client;

/// Entries that may wait for the watcher.
const WAITING: usize = 1_024;

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    Connecting,
    /// Connected and accepted; the topics are being joined.
    Open,
    /// Cut; the next try is in so many milliseconds.
    Cut {
        why: String,
        retry_in_ms: u64,
    },
    /// It will not be tried again. `code` is the close code.
    GivenUp {
        code: u16,
        why: String,
    },
}

/// A stream of what happened. Dropping it closes the connection.
#[derive(Debug)]
pub struct Watch {
    happened: mpsc::Receiver<Happened>,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    /// The next thing that happened; `None` after the connection was given up.
    pub async fn next(&mut self) -> Option<Happened> {
        self.happened.recv().await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Follows topics, each an object with one key (`docs/protocol.md`), until the watch is dropped. Must be called in a tokio runtime.
    pub fn watch(&self, topics: Vec<Value>) -> Watch {
        let (sender, happened) = mpsc::channel(WAITING);
        let url = self.live_url();
        let token = self.token().map(str::to_owned);
        let task = tokio::spawn(socket::keep_watching(url, token, follow::Follow::new(topics), sender));
        Watch { happened, task }
    }
}
