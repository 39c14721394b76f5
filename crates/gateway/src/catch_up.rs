//! Reads the log again for a connection that fell behind, as fast as its client takes it, until it is level with its shard.

use domain::topic::View;
use wire::LoggedEvent;

use crate::frame::{Class, Frame};
use crate::hub::Hub;
use crate::limits::FINAL_EVENTS;
use crate::lock;
use crate::reading::{Stretch, between, read_log};
use crate::session_core::{Core, State};
use crate::subscription::{Join, Phase};

/// Whether the view sees the event at all.
pub(crate) fn is_seen(view: &View, event: &LoggedEvent) -> bool {
    view.tenant == event.keys.tenant && view.visibility.sees_owner(&event.keys.owner)
}

pub(crate) async fn read_again(hub: &Hub, core: &Core, from: u64) {
    let shard = &hub.shards[core.shard];
    let up_to = *shard.place.borrow();
    if up_to.saturating_sub(from) > FINAL_EVENTS {
        match read_log(hub, from).await {
            Ok(Stretch::Held { batches, .. }) => {
                let epoch = hub.epoch();
                let mut state = lock(&core.state);
                if state.outbox.behind == Some(from) {
                    push_until_full(hub, &mut state, &epoch, between(&batches, from, up_to));
                }
            }
            Ok(Stretch::Gone) => begin_anew(hub, core, from),
            Err(error) => pause_after(&error).await,
        }
        return;
    }
    // The last few are matched while the shard stands still, so that nothing comes between them and what follows live.
    let batches = match hub.ring.holds(from) {
        true => None,
        false => match read_log(hub, from).await {
            Ok(Stretch::Held { batches, .. }) => Some(batches),
            Ok(Stretch::Gone) => return begin_anew(hub, core, from),
            Err(error) => return pause_after(&error).await,
        },
    };
    let held = lock(&shard.state);
    let mut state = lock(&core.state);
    if state.outbox.behind != Some(from) {
        return;
    }
    let Some(batches) = batches.or_else(|| hub.ring.after(from, FINAL_EVENTS as usize * 2)) else { return };
    let up_to = held.place;
    push_until_full(hub, &mut state, &held.epoch, between(&batches, from, up_to));
    let reached = between(&batches, from, up_to).last().map_or(from, |event| event.place);
    if state.outbox.behind.is_some_and(|place| place >= reached) && reached >= up_to {
        state.outbox.behind = None;
    }
}

/// Queues what the live subscriptions follow, and moves the outbox's place on; stops when the room is full.
fn push_until_full<'a>(hub: &Hub, state: &mut State, epoch: &domain::Text, events: impl Iterator<Item = &'a LoggedEvent>) {
    let room = hub.room();
    for event in events {
        if state.outbox.bytes_before_reading() >= room {
            return;
        }
        let (mut updated, mut left) = (Vec::new(), Vec::new());
        for sub in state.subs.iter().filter(|sub| matches!(sub.phase, Phase::Live) && is_seen(&sub.view, event)) {
            if event.left(&sub.topic) {
                left.push(sub.id);
            } else if event.matches(&sub.topic) {
                updated.push(sub.id);
            }
        }
        updated.sort_unstable();
        left.sort_unstable();
        if !updated.is_empty() {
            state.outbox.push_reread(Frame::update(epoch, event, &updated, Class::Live), event.job, event.rev);
        }
        if !left.is_empty() {
            state.outbox.push_reread(Frame::left(epoch, event, &left, Class::Live), event.job, event.rev);
        }
        if !(updated.is_empty() && left.is_empty()) {
            state.note_end(event.job, event.status.is_end() || event.kind == domain::event::EventKind::Deleted);
        }
        state.outbox.behind = Some(event.place);
    }
}

/// The log no longer holds what is missing: every live subscription takes a snapshot.
fn begin_anew(hub: &Hub, core: &Core, from: u64) {
    let mut shard = lock(&hub.shards[core.shard].state);
    let mut state = lock(&core.state);
    if state.outbox.behind != Some(from) {
        return;
    }
    state.outbox.behind = None;
    let target = hub.store.head().place;
    let mut subs = std::mem::take(&mut state.subs);
    for sub in subs.iter_mut().filter(|sub| matches!(sub.phase, Phase::Live)) {
        shard.unindex(core.slot, sub);
        sub.is_indexed = false;
        sub.generation = state.next_generation();
        sub.phase = Phase::Joining(Some(Join::new(None, "overflow", target)));
    }
    state.subs = subs;
}

/// The store could not be read: it is tried again a little later.
pub(crate) async fn pause_after(error: &engine::port::ReadError) {
    tracing::warn!(%error, "a live connection could not be served from the store");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}
