//! Single-use tickets for a browser's `EventSource`, which can send no header. Kept in memory: half a minute is shorter than anybody
//! waits for a restart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::{Timestamp, Topic};

use super::Known;
use crate::problems::{ApiProblem, Kind};

/// How long a ticket is good, in milliseconds.
pub const TICKET_MS: u64 = 30_000;
/// Longest life of the cookie that a ticket is exchanged for, in milliseconds.
pub(super) const COOKIE_MS: u64 = 3_600_000;
/// Tickets that may wait at a time. Above: the request for another is refused.
const TICKETS: usize = 100_000;

#[derive(Default)]
pub(super) struct Tickets(Mutex<HashMap<String, Kept>>);

struct Kept {
    opened: Opened,
    origin: String,
    expires_at: Timestamp,
}

/// What a ticket or its cookie opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub known: Known,
    /// The only topics; empty is all.
    pub topics: Vec<Topic>,
}

impl Tickets {
    pub(super) fn issue(&self, opened: Opened, origin: String, now: Timestamp) -> Result<(String, Timestamp), ApiProblem> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tickets.len() >= TICKETS / 2 {
            tickets.retain(|_, kept| kept.expires_at > now);
        }
        if tickets.len() >= TICKETS {
            let detail = format!("{TICKETS} tickets wait to be used, which is the most: try again in half a minute.");
            return Err(ApiProblem::new(Kind::TooManyRequests, detail).limit(TICKETS as u64).retry_after(30));
        }
        let ticket = format!("ticket_{}", engine::random::word(32));
        let expires_at = now.plus_ms(TICKET_MS);
        tickets.insert(ticket.clone(), Kept { opened, origin, expires_at });
        Ok((ticket, expires_at))
    }

    /// Takes the ticket away, whether it fits or not: one that was shown in a wrong place is spent.
    pub(super) fn redeem(&self, ticket: &str, fits: impl Fn(&str) -> bool, now: Timestamp) -> Option<Opened> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket)?;
        let is_good = kept.expires_at > now && fits(&kept.origin);
        let is_alive = kept.opened.known.expires_at.is_none_or(|at| at > now);
        (is_good && is_alive).then_some(kept.opened)
    }
}
