//! Pings: every 30 s, as the document has it. A client that answers them, as pages of that system do now, and then does not any more, is gone.
//! The page of the document never answers a ping, and is not held to it; whether anybody takes its words is seen by the socket itself.

use wire::close::Close;

use super::messages::ToClient;
use super::{end, say};
use crate::dialect::Action;

/// Milliseconds between pings.
pub(super) const PING_MS: u64 = 30_000;

#[derive(Default)]
pub(super) struct Heart {
    /// Whether the client was heard since the last ping.
    is_heard: bool,
    /// Whether it ever answered one.
    answers: bool,
}

impl Heart {
    pub(super) fn begins(&mut self) -> Action {
        self.is_heard = true;
        Action::TickIn(PING_MS)
    }

    /// Any message says that the client lives.
    pub(super) fn heard(&mut self) {
        self.is_heard = true;
    }

    pub(super) fn answered(&mut self) {
        self.answers = true;
    }

    pub(super) fn beats(&mut self) -> Vec<Action> {
        if self.answers && !self.is_heard {
            return vec![end(Close::TooSlow)];
        }
        self.is_heard = false;
        vec![say(&ToClient::Ping), Action::TickIn(PING_MS)]
    }
}
