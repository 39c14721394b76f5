//! Frames that the same events brought to several connections: put together once, queued and written as one.

use bytes::{Bytes, BytesMut};
use domain::JobId;

use crate::frame::Frame;

/// One event of the log as some connections are told it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) frame: Frame,
    pub(crate) job: JobId,
    pub(crate) rev: u64,
    pub(crate) place: u64,
    /// Whether the job ended with it, or is gone.
    pub(crate) is_end: bool,
}

/// Consecutive events, at least two, in the order of the log.
pub(crate) struct Run {
    pub(crate) events: Vec<Told>,
    /// Their messages one after another.
    pub(crate) messages: Bytes,
}

impl Run {
    pub(crate) fn of(events: Vec<Told>) -> Run {
        let mut messages = BytesMut::with_capacity(events.iter().map(|told| told.frame.message().len()).sum());
        events.iter().for_each(|told| messages.extend_from_slice(told.frame.message()));
        Run { events, messages: messages.freeze() }
    }

    pub(crate) fn first_place(&self) -> u64 {
        self.events.first().map_or(0, |told| told.place)
    }

    pub(crate) fn last_place(&self) -> u64 {
        self.events.last().map_or(0, |told| told.place)
    }
}
