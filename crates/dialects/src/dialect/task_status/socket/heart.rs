//! Pings, every 30 s, as the document has them. A client from which nothing came for 60 s is gone: any message counts, and pages of that system
//! ping every 30 s themselves.

use domain::Timestamp;

/// Milliseconds between pings.
pub(super) const PING_MS: u64 = 30_000;
/// Milliseconds after which a silent client is gone.
pub(super) const SILENT_MS: u64 = 60_000;

#[derive(Default)]
pub(super) struct Heart {
    heard_at: Timestamp,
    ping_at: Timestamp,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Ping,
    /// A timer came early.
    Rest,
    Gone,
}

impl Heart {
    pub(super) fn begins(&mut self, now: Timestamp) {
        self.heard_at = now;
        self.ping_at = now.plus_ms(PING_MS);
    }

    pub(super) fn heard(&mut self, now: Timestamp) {
        self.heard_at = now;
    }

    pub(super) fn beats(&mut self, now: Timestamp) -> Beat {
        if now.since_ms(self.heard_at) >= SILENT_MS {
            return Beat::Gone;
        }
        if now < self.ping_at {
            return Beat::Rest;
        }
        self.ping_at = now.plus_ms(PING_MS);
        Beat::Ping
    }

    /// Milliseconds to the next beat.
    pub(super) fn rests(&self, now: Timestamp) -> u64 {
        self.ping_at.min(self.heard_at.plus_ms(SILENT_MS)).since_ms(now).clamp(1, PING_MS)
    }
}
