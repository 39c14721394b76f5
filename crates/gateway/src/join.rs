//! Joins a subscription to the log: snapshot or resume, then the events up to where its shard stands, then live.
//!
//! Nothing is buffered for a join. Events are read from the ring or the store up to the shard's place, and the last step is taken
//! under the shard's lock: what lies at or below that place was sent, what lies above will be queued by the shard. No event of a
//! catch-up lies above the shard's place, so that a position never promises more than the connection's other subscriptions were sent.

use std::sync::Arc;

use domain::{Job, Topic};
use wire::frame::ServerFrame;
use wire::{LoggedEvent, Position};

use crate::catch_up::{is_seen, pause_after};
use crate::counters::HubStats;
use crate::frame::{Class, Frame, progress_body};
use crate::hub::Hub;
use crate::limits::FINAL_EVENTS;
use crate::lock;
use crate::peer::Edge;
use crate::reading::{Reader, Stretch, between, end_with, read_log};
use crate::session_core::{Core, State};
use crate::snapshot_cache::Pages;
use crate::subscription::{Catch, Join, Phase, Stage, named_job};

/// Takes the join as far as the room in the outbox allows, and puts it back if it is not done.
pub(crate) async fn advance(hub: &Arc<Hub>, core: &Core, reader: Reader, mut join: Box<Join>) {
    loop {
        let Some((topic, view)) =
            lock(&core.state).sub_of(reader.id, reader.generation).map(|sub| (sub.topic.clone(), sub.view.clone()))
        else {
            return;
        };
        let next = match std::mem::replace(&mut join.stage, Stage::Start { after: None, reason: "fresh" }) {
            Stage::Start { after, reason } => {
                let is_named = named_job(&topic);
                let job = match is_named {
                    None => None,
                    Some(id) => match hub.store.job(id).await {
                        Ok(job) => job.filter(|job| view.sees(job)),
                        Err(error) => {
                            pause_after(&error).await;
                            return put_back(core, reader, join, Stage::Start { after, reason });
                        }
                    },
                };
                let is_missing = is_named.is_some() && job.is_none();
                join.target = join.target.max(hub.store.head().place);
                match resume(hub, core, after.as_deref()).await {
                    Ok(cursor) => {
                        note_end_of(core, &topic, job.as_ref());
                        let catch = Catch { cursor, reset: None, is_missing, has_sent: false, has_read_log: false };
                        Stage::Catch(catch)
                    }
                    Err(_) if is_missing => return refuse(hub, core, reader, &join),
                    Err(why) => {
                        if after.is_some() {
                            HubStats::one(&hub.stats.resets);
                        }
                        match hub.snapshots.get(hub, core.shard, &view, &topic).await {
                            Ok(pages) => Stage::Pages { pages, next: 0, reason: why.unwrap_or(reason) },
                            Err(error) => {
                                pause_after(&error).await;
                                return put_back(core, reader, join, Stage::Start { after, reason });
                            }
                        }
                    }
                }
            }
            Stage::Pages { pages, mut next, reason } => {
                let mut state = lock(&core.state);
                if next == 0
                    && let Topic::Job(id) = topic
                {
                    state.note_end(id, pages.has_only_ended());
                }
                while next < pages.json.len() && state.outbox.bytes_before_reading() < hub.room() {
                    let is_last = next + 1 == pages.json.len();
                    let frame = Frame::snapshot(reader.id, &pages.json[next], is_last);
                    if state.sub_of(reader.id, reader.generation).is_none() {
                        return;
                    }
                    state.push(frame);
                    next += 1;
                }
                drop(state);
                if next < pages.json.len() {
                    return put_back(core, reader, join, Stage::Pages { pages, next, reason });
                }
                let cursor = pages.place;
                Stage::Catch(Catch {
                    cursor,
                    reset: Some((pages, reason)),
                    is_missing: false,
                    has_sent: false,
                    has_read_log: false,
                })
            }
            Stage::Catch(mut catch) => match catch_up(hub, core, reader, &topic, &mut catch, join.target).await {
                Step::On => Stage::Catch(catch),
                Step::Full => return put_back(core, reader, join, Stage::Catch(catch)),
                Step::Done => return,
                Step::Missing => return refuse(hub, core, reader, &join),
                Step::Expired => {
                    let reason = catch.reset.map_or("expired", |(_, reason)| reason);
                    Stage::Start { after: None, reason }
                }
            },
        };
        join.stage = next;
    }
}

fn put_back(core: &Core, reader: Reader, mut join: Box<Join>, stage: Stage) {
    join.stage = stage;
    if let Some(sub) = lock(&core.state).sub_of(reader.id, reader.generation) {
        sub.phase = Phase::Joining(Some(join));
    }
}

fn refuse(hub: &Hub, core: &Core, reader: Reader, join: &Join) {
    match join.is_narrowed {
        true => end_with(hub, core, reader, "forbidden", "the new token does not let you see this"),
        false => end_with(hub, core, reader, "not_found", "there is no such job"),
    }
}

/// The place to go on from, or why there must be a snapshot (`None`: as was said before).
async fn resume(hub: &Hub, core: &Core, after: Option<&str>) -> Result<u64, Option<&'static str>> {
    let Some(after) = after else { return Err(None) };
    let Some(after) = Position::parse(after).filter(|after| after.epoch == hub.epoch()) else { return Err(Some("epoch")) };
    hub.recalled().await;
    let head = hub.store.head();
    let place = *hub.shards[core.shard].place.borrow();
    let is_near = hub.ring.holds(after.place) || place.saturating_sub(after.place) <= hub.limits.resume_events;
    if after.place < head.floor || after.place > head.place || !is_near {
        return Err(Some("expired"));
    }
    Ok(after.place)
}

fn note_end_of(core: &Core, topic: &Topic, job: Option<&Job>) {
    if let (Topic::Job(id), Some(job)) = (topic, job) {
        lock(&core.state).note_end(*id, job.status.is_end());
    }
}

enum Step {
    On,
    /// The client must take something first.
    Full,
    Done,
    Missing,
    Expired,
}

/// Sends a stretch of the log, and goes live when there is nothing left of it.
async fn catch_up(hub: &Hub, core: &Core, reader: Reader, topic: &Topic, catch: &mut Catch, target: u64) -> Step {
    let shard = &hub.shards[core.shard];
    // What was committed before the join was asked for may not have reached the shard yet.
    let needed = target.max(catch.cursor);
    if shard.place.subscribe().wait_for(|place| *place >= needed).await.is_err() {
        return Step::Done;
    }
    let up_to = *shard.place.borrow();
    if up_to.saturating_sub(catch.cursor) > FINAL_EVENTS || !hub.ring.holds(catch.cursor) {
        let batches = match read_log(hub, catch.cursor).await {
            Ok(Stretch::Held { batches, is_from_store }) => {
                catch.has_read_log |= is_from_store;
                batches
            }
            Ok(Stretch::Gone) => return Step::Expired,
            Err(error) => {
                pause_after(&error).await;
                return Step::On;
            }
        };
        let epoch = hub.epoch();
        return push_stretch(hub, &mut lock(&core.state), &epoch, reader, topic, catch, between(&batches, catch.cursor, up_to));
    }
    let mut held = lock(&shard.state);
    let mut state = lock(&core.state);
    if held.place.saturating_sub(catch.cursor) > FINAL_EVENTS {
        return Step::On;
    }
    let Some(batches) = hub.ring.after(catch.cursor, 2 * FINAL_EVENTS as usize) else { return Step::On };
    match push_stretch(hub, &mut state, &held.epoch, reader, topic, catch, between(&batches, catch.cursor, held.place)) {
        Step::On if catch.cursor >= held.place => {}
        other => return other,
    }
    if catch.is_missing && !catch.has_sent {
        return Step::Missing;
    }
    let live = ServerFrame::Live {
        id: reader.id,
        position: Some(format!("{}-{}", held.epoch, held.place)),
        resumed: catch.reset.is_none(),
        reason: catch.reset.as_ref().map(|(_, reason)| (*reason).into()),
        truncated: catch.reset.as_ref().is_some_and(|(pages, _)| pages.is_truncated),
    };
    state.push(Frame::at(&live, held.place, Class::Pulled));
    let Some(sub) = state.sub_of(reader.id, reader.generation) else { return Step::Done };
    sub.phase = Phase::Live;
    held.index(core.slot, sub);
    let view = sub.view.clone();
    drop(held);
    match (&catch.reset, catch.has_read_log) {
        (Some(_), _) => {}
        (None, false) => HubStats::one(&hub.stats.ring_resumes),
        (None, true) => HubStats::one(&hub.stats.log_resumes),
    }
    // A long poll that resumes would be answered at once by progress it was given the last time.
    if catch.reset.is_some() || core.edge != Edge::Wait {
        send_newest_progress(hub, &mut state, reader.id, &view, topic, catch.reset.as_ref().map(|(pages, _)| &**pages));
    }
    Step::Done
}

/// Queues what of these events concerns the topic, for this subscription alone.
fn push_stretch<'a>(
    hub: &Hub,
    state: &mut State,
    epoch: &domain::Text,
    reader: Reader,
    topic: &Topic,
    catch: &mut Catch,
    events: impl Iterator<Item = &'a LoggedEvent>,
) -> Step {
    if state.outbox.behind.is_some() {
        return Step::Full;
    }
    let Some(view) = state.sub_of(reader.id, reader.generation).map(|sub| sub.view.clone()) else { return Step::Done };
    for event in events {
        if state.outbox.bytes_before_reading() >= hub.room() {
            return Step::Full;
        }
        if is_seen(&view, event) {
            let frame = if event.left(topic) {
                Some(Frame::left(epoch, event, &[reader.id], Class::Pulled))
            } else if event.matches(topic) {
                Some(Frame::update(epoch, event, &[reader.id], Class::Pulled))
            } else {
                None
            };
            if let Some(frame) = frame {
                catch.has_sent = true;
                state.push(frame);
                state.note_end(event.job, event.status.is_end() || event.kind == domain::event::EventKind::Deleted);
            }
        }
        catch.cursor = event.place;
    }
    Step::On
}

/// Queues the newest progress of each active job of the topic that the snapshot did not hold already.
fn send_newest_progress(hub: &Hub, state: &mut State, id: u32, view: &domain::topic::View, topic: &Topic, pages: Option<&Pages>) {
    let mut known = hub.latest.of(view, topic);
    let actives = pages.map_or(&[][..], |pages| &pages.active);
    for (job, rev, tick) in actives {
        match known.iter().position(|newest| newest.job == *job) {
            Some(at) if (known[at].rev, known[at].tick) <= (*rev, *tick) => {
                known.swap_remove(at);
            }
            Some(_) => {}
            None => {
                if let Some((newest_rev, ticked)) = hub.lookup.latest_progress(*job)
                    && (newest_rev, ticked.tick) > (*rev, *tick)
                {
                    let body = progress_body(*job, newest_rev, ticked.tick, &ticked.progress);
                    state.outbox.push_progress(*job, newest_rev, ticked.tick, &body, &[id]);
                }
            }
        }
    }
    for newest in known {
        let body = progress_body(newest.job, newest.rev, newest.tick, &newest.progress);
        state.outbox.push_progress(newest.job, newest.rev, newest.tick, &body, &[id]);
    }
}
