//! What a client's frames do: authenticate, subscribe, unsubscribe, ping.

use std::sync::Arc;

use bytes::Bytes;
use domain::access::{Principal, Scope};
use domain::{JobId, Text, Topic};
use tokio::time::Instant;
use wire::Position;
use wire::close::Close;
use wire::frame::{CLIENT_FRAME_BYTES, ClientFrame, FramePrincipal, ServerFrame};

use crate::frame::{Class, Frame};
use crate::hub::Hub;
use crate::limits::{STATS_EVERY, TASKS_EVERY};
use crate::lock;
use crate::output_follow::Follow;
use crate::peer::{AuthRefusal, Edge};
use crate::session_core::{Core, wake};
use crate::subscription::{Join, Paced, Phase, Sub};

pub(crate) async fn receive(hub: &Arc<Hub>, core: &Arc<Core>, message: &[u8]) {
    if message.len() > CLIENT_FRAME_BYTES {
        let size = message.len();
        return refuse_frame(core, format!("the frame has {size} bytes, at most {CLIENT_FRAME_BYTES} (64 KB) are allowed"));
    }
    let frame = match ClientFrame::read(message) {
        Ok(frame) => frame,
        Err(problem) => return refuse_frame(core, format!("not a frame of this protocol: {problem}")),
    };
    let is_known = lock(&core.state).principal.is_some();
    match frame {
        ClientFrame::Auth { token } => match core.authenticator.authenticate(token.as_deref()).await {
            Ok(principal) => admit(hub, core, principal),
            Err(refusal) => turn_away(core, refusal),
        },
        ClientFrame::Ping => core.push(Frame::of(&ServerFrame::Pong, Class::Control)),
        _ if !is_known => refuse_frame(core, "the first frame must be auth"),
        ClientFrame::Subscribe { id, topic, after } => match wire::convert::topic_in(&topic) {
            Ok(topic) => subscribe(hub, core, id, topic, after.as_deref()),
            Err(message) => core.push(Frame::error("bad_topic", message, Some(id))),
        },
        ClientFrame::Unsubscribe { id } => unsubscribe(hub, core, id),
    }
}

fn refuse_frame(core: &Core, message: impl Into<String>) {
    turn_away(core, AuthRefusal::new(Close::BadFrame, message));
}

pub(crate) fn turn_away(core: &Core, refusal: AuthRefusal) {
    core.push(Frame::error(refusal.close.as_str(), refusal.message, None));
    core.close(refusal.close);
}

/// Lets the principal of an `auth` frame in, or gives a live connection its new rights.
fn admit(hub: &Arc<Hub>, core: &Arc<Core>, principal: Principal) {
    if principal.expires_at.is_some_and(|at| at <= hub.clock.now()) {
        return turn_away(core, AuthRefusal::new(Close::TokenExpired, "the token has expired"));
    }
    let known = lock(&core.state).principal.clone();
    match known {
        None => {
            if let Err(refusal) = hub.count_in(core.edge, &principal) {
                return turn_away(core, refusal);
            }
        }
        Some(known) if known.subject != principal.subject || known.tenant != principal.tenant => {
            core.close(Close::IdentityChanged);
            return;
        }
        Some(_) => {}
    }
    let answer = Frame::of(&authenticated(&principal), Class::Control);
    replace_rights(hub, core, principal);
    core.push(answer);
}

/// Who a connection speaks for, and until when.
pub(crate) fn authenticated(principal: &Principal) -> ServerFrame {
    ServerFrame::Authenticated {
        principal: FramePrincipal {
            subject: principal.subject.clone(),
            tenant: principal.tenant.clone(),
            scopes: principal.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            tenant_wide: principal.is_tenant_wide,
        },
        expires_at: principal.expires_at.map(wire::time::show),
    }
}

/// Subscriptions whose view changed begin anew under the new one; what was queued under the old one is dropped.
fn replace_rights(hub: &Hub, core: &Core, principal: Principal) {
    let waker = {
        let mut shard = lock(&hub.shards[core.shard].state);
        let mut state = lock(&core.state);
        let view = Arc::new(principal.view());
        let may_read = principal.has(Scope::JobsRead);
        state.principal = Some(Arc::new(principal));
        if state.subs.iter().all(|sub| may_read && sub.view == view) {
            return;
        }
        state.outbox.drop_subscribed();
        state.outbox.behind = None;
        let mut subs = std::mem::take(&mut state.subs);
        for sub in subs.iter_mut().filter(|sub| sub.is_indexed) {
            shard.unindex(core.slot, sub);
            sub.is_indexed = false;
        }
        if !may_read {
            hub.stats.subscriptions.fetch_sub(subs.len(), std::sync::atomic::Ordering::Relaxed);
            for sub in &subs {
                state.push(Frame::error("forbidden", "the new token lacks the scope jobs:read", Some(sub.id)));
            }
            subs.clear();
        }
        for sub in &mut subs {
            if sub.is_joining() {
                // Ends the pages that were sent under the old rights: a page after the last one begins a new snapshot.
                state.push(Frame::snapshot(sub.id, &Bytes::from_static(b"[]"), true));
            }
            sub.generation = state.next_generation();
            sub.view = view.clone();
            let mut join = Join::new(None, "fresh", hub.store.head().place);
            join.is_narrowed = true;
            sub.phase = first_phase(&sub.topic, join, None);
            if !sub.is_joining() {
                shard.index(core.slot, sub);
            }
        }
        state.subs = subs;
        state.outbox.waker.take()
    };
    wake(waker);
}

pub(crate) fn subscribe(hub: &Hub, core: &Core, id: u32, topic: Topic, after: Option<&str>) {
    if let Err((code, message)) = try_subscribe(hub, core, id, topic, after) {
        core.push(Frame::error(code, message, Some(id)));
    }
}

fn try_subscribe(hub: &Hub, core: &Core, id: u32, topic: Topic, after: Option<&str>) -> Result<(), (&'static str, String)> {
    let waker = {
        let mut shard = lock(&hub.shards[core.shard].state);
        let mut state = lock(&core.state);
        if state.close.is_some() {
            return Ok(());
        }
        let principal = state.principal.clone().ok_or(("unauthenticated", "authenticate first".to_owned()))?;
        principal.require(Scope::JobsRead).map_err(|_| ("forbidden", "the token lacks the scope jobs:read".to_owned()))?;
        if state.sub(id).is_some() {
            return Err(("duplicate_id", format!("a subscription {id} is live on this connection")));
        }
        let limit = hub.limits.subscriptions;
        if state.subs.len() >= limit {
            return Err((
                "too_many_subscriptions",
                format!("{limit} subscriptions are live on this connection, and no more are allowed"),
            ));
        }
        let topic = principal.resolve(topic);
        let from = match (&topic, after) {
            (Topic::Output(_), Some(after)) => Some(
                output_cursor(after)
                    .ok_or(("bad_topic", "after of an output topic is attempt:offset, for example 1:4096".to_owned()))?,
            ),
            _ => None,
        };
        if let (Topic::Job(job), Edge::Stream) = (&topic, core.edge) {
            note_followed(&mut state.ends, *job);
        }
        let join = Join::new(after.map(Text::from), "fresh", hub.store.head().place);
        let mut phase = first_phase(&topic, join, from);
        // A poll that goes on has them already: it waits for a change, or tells at its pace of one since.
        if let (Phase::Counts(paced) | Phase::Tasks(paced), Edge::Wait, Some(after)) = (&mut phase, core.edge, after)
            && let Some(after) = Position::parse(after).filter(|after| after.epoch == shard.epoch)
        {
            let every = if topic == Topic::Stats { STATS_EVERY } else { TASKS_EVERY };
            *paced = Paced {
                is_due: after.place < shard.place,
                is_being_read: false,
                not_before: Instant::now() + every,
                covered: after.place,
                is_owed: false,
            };
        }
        let generation = state.next_generation();
        let mut sub = Sub { id, generation, topic, view: Arc::new(principal.view()), is_indexed: false, phase };
        if let Some(sibling) = state.subs.first() {
            sub.view = sibling.view.clone();
        }
        if !sub.is_joining() {
            shard.index(core.slot, &mut sub);
        }
        if matches!(sub.topic, Topic::Stats | Topic::Tasks) && core.edge != Edge::Wait {
            state.push(Frame::live_beside_log(id, false));
        }
        state.subs.push(sub);
        hub.stats.subscriptions.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        state.outbox.waker.take()
    };
    wake(waker);
    Ok(())
}

fn note_followed(ends: &mut Vec<(JobId, bool)>, job: JobId) {
    if !ends.iter().any(|(known, _)| *known == job) {
        ends.push((job, false));
    }
}

fn first_phase(topic: &Topic, join: Box<Join>, from: Option<(u32, u64)>) -> Phase {
    let unsent = || Paced { is_due: true, is_being_read: false, not_before: Instant::now(), covered: join.target, is_owed: true };
    match topic {
        Topic::Stats => Phase::Counts(unsent()),
        Topic::Tasks => Phase::Tasks(unsent()),
        Topic::Output(job) => Phase::Output { follow: Some(Box::new(Follow::new(*job, from, join.is_narrowed))), is_due: true },
        _ => Phase::Joining(Some(join)),
    }
}

/// `attempt:offset`.
fn output_cursor(text: &str) -> Option<(u32, u64)> {
    let (attempt, offset) = text.split_once(':')?;
    Some((attempt.parse().ok().filter(|attempt| *attempt > 0)?, offset.parse().ok()?))
}

pub(crate) fn unsubscribe(hub: &Hub, core: &Core, id: u32) {
    remove_sub(hub, core, id, None);
    core.push(Frame::of(&ServerFrame::Unsubscribed { id }, Class::Control));
}

/// Ends a subscription; with a generation, only if it is still that one.
pub(crate) fn remove_sub(hub: &Hub, core: &Core, id: u32, generation: Option<u32>) -> bool {
    let mut shard = lock(&hub.shards[core.shard].state);
    let mut state = lock(&core.state);
    let is_it = |sub: &Sub| sub.id == id && generation.is_none_or(|generation| generation == sub.generation);
    let Some(at) = state.subs.iter().position(is_it) else { return false };
    let sub = state.subs.remove(at);
    if sub.is_indexed {
        shard.unindex(core.slot, &sub);
    }
    state.outbox.forget_sub(id);
    hub.stats.subscriptions.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    true
}
