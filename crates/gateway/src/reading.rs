//! Reads one thing for a connection: the log when it is behind, the next step of a join, counts, tasks, output.

use std::sync::Arc;

use tokio::time::Instant;
use wire::LoggedEvent;

use crate::frame::Frame;
use crate::hub::Hub;
use crate::limits::LOG_PAGE_EVENTS;
use crate::output_follow::Follow;
use crate::ring::Batch;
use crate::session_core::Core;
use crate::subscription::{Join, Phase};
use crate::{catch_up, join, lock, output_follow, paced, session};

/// Which subscription something is read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader {
    pub(crate) id: u32,
    pub(crate) generation: u32,
}

enum Reading {
    Behind(u64),
    Join(Reader, Box<Join>),
    Counts(Reader),
    Tasks(Reader),
    Output(Reader, Box<Follow>),
}

pub(crate) async fn read_once(hub: Arc<Hub>, core: Arc<Core>) {
    match choose(&core) {
        None => {}
        Some(Reading::Behind(place)) => catch_up::read_again(&hub, &core, place).await,
        Some(Reading::Join(reader, join)) => join::advance(&hub, &core, reader, join).await,
        Some(Reading::Counts(reader)) => paced::send_counts(&hub, &core, reader).await,
        Some(Reading::Tasks(reader)) => paced::send_tasks(&hub, &core, reader).await,
        Some(Reading::Output(reader, follow)) => output_follow::advance(&hub, &core, reader, follow).await,
    }
}

/// What is missing of the log comes first, then joins in their order, then the rest by turns.
fn choose(core: &Core) -> Option<Reading> {
    let now = Instant::now();
    let mut state = lock(&core.state);
    if state.close.is_some() {
        return None;
    }
    if let Some(place) = state.outbox.behind {
        return Some(Reading::Behind(place));
    }
    for sub in &mut state.subs {
        let reader = Reader { id: sub.id, generation: sub.generation };
        if let Phase::Joining(join) = &mut sub.phase
            && let Some(join) = join.take()
        {
            return Some(Reading::Join(reader, join));
        }
    }
    state.turn = state.turn.wrapping_add(1);
    let (turn, count) = (state.turn, state.subs.len());
    for i in 0..count {
        let sub = &mut state.subs[turn.wrapping_add(i) % count];
        let reader = Reader { id: sub.id, generation: sub.generation };
        if !sub.has_work(now) {
            continue;
        }
        match &mut sub.phase {
            Phase::Counts(paced) => {
                (paced.is_due, paced.is_being_read) = (false, true);
                return Some(Reading::Counts(reader));
            }
            Phase::Tasks(paced) => {
                (paced.is_due, paced.is_being_read) = (false, true);
                return Some(Reading::Tasks(reader));
            }
            Phase::Output { follow, is_due } => {
                *is_due = false;
                if let Some(follow) = follow.take() {
                    return Some(Reading::Output(reader, follow));
                }
            }
            Phase::Joining(_) | Phase::Live => {}
        }
    }
    None
}

/// Tells the client that a subscription ended by a refusal.
pub(crate) fn end_with(hub: &Hub, core: &Core, reader: Reader, code: &str, message: &str) {
    if session::remove_sub(hub, core, reader.id, Some(reader.generation)) {
        core.push(Frame::error(code, message, Some(reader.id)));
    }
}

/// A stretch of the log.
pub(crate) enum Stretch {
    /// Batches that hold all events after the asked place up to some later one, or to the end.
    Held { batches: Vec<Batch>, is_from_store: bool },
    /// The log no longer holds what follows the place.
    Gone,
}

/// Reads on after a place, from memory if it is there, else from the store.
pub(crate) async fn read_log(hub: &Hub, after: u64) -> Result<Stretch, engine::port::ReadError> {
    if let Some(batches) = hub.ring.after(after, LOG_PAGE_EVENTS) {
        return Ok(Stretch::Held { batches, is_from_store: false });
    }
    if after < hub.store.head().floor {
        return Ok(Stretch::Gone);
    }
    let events = hub.store.events(after, LOG_PAGE_EVENTS).await?;
    match events.first() {
        Some(first) if first.place == after + 1 => Ok(Stretch::Held { batches: vec![events.into()], is_from_store: true }),
        _ => Ok(Stretch::Gone),
    }
}

/// The events of a stretch that lie between two places, the later one included.
pub(crate) fn between(batches: &[Batch], after: u64, up_to: u64) -> impl Iterator<Item = &LoggedEvent> {
    batches.iter().flat_map(|batch| batch.iter()).filter(move |event| event.place > after && event.place <= up_to)
}
