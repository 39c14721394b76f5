//! How a source is, for operators: what `/readyz` and `/metrics` show.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

/// Counts since the server started.
#[derive(Debug, Default)]
pub struct Health {
    link: Mutex<LinkState>,
    /// Messages that came in.
    pub received: Count,
    /// Messages that were put down to their job.
    pub taken: Count,
    /// Messages that could not be read, or whose word was refused.
    pub refused: Count,
    /// Messages of our own that came back, and messages about jobs that run here.
    pub passed_over: Count,
    /// Messages that gave way to newer ones because too many waited.
    pub dropped: Count,
    /// Messages that Redis took from us.
    pub published: Count,
    /// Messages that wait to be looked at now.
    pub waiting: Count,
    /// Place of the log up to which it was published.
    pub published_to: Count,
}

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LinkState {
    pub is_connected: bool,
    /// When it became so; `None` before the first connection was tried.
    pub since: Option<Timestamp>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Health {
    /// How the connection is now.
    pub fn link(&self) -> LinkState {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn connected(&self, now: Timestamp) {
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) =
            LinkState { is_connected: true, since: Some(now), problem: None };
    }

    /// It is away, from now on or still: then since when it was.
    pub(crate) fn away(&self, now: Timestamp, problem: String) {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        let since = link.since.filter(|_| !link.is_connected).or(Some(now));
        *link = LinkState { is_connected: false, since, problem: Some(problem) };
    }

    /// It is connected, and yet not all is well; `None`: it is again.
    pub(crate) fn set_problem(&self, problem: Option<String>) {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).problem = problem;
    }
}

/// A number that only its own source changes.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_away_since_it_went_and_not_since_it_was_last_tried() {
        let health = Health::default();
        let since = |health: &Health| (health.link().is_connected, health.link().since);
        assert_eq!(since(&health), (false, None));
        health.away(Timestamp(1), "refused".to_owned());
        health.away(Timestamp(2), "refused".to_owned());
        assert_eq!(since(&health), (false, Some(Timestamp(1))));
        health.connected(Timestamp(3));
        assert_eq!((since(&health), health.link().problem), ((true, Some(Timestamp(3))), None));
        health.set_problem(Some("NOPERM".to_owned()));
        assert!(health.link().is_connected);
        health.away(Timestamp(4), "closed".to_owned());
        assert_eq!(since(&health), (false, Some(Timestamp(4))));
    }
}
