//! What is looked at twice a second for every connection: its time to authenticate, its rights' end, stalls, heartbeats. And the
//! bound on all outboxes together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use wire::close::Close;
use wire::frame::ServerFrame;

use crate::frame::{Class, Frame};
use crate::hub::Hub;
use crate::lock;
use crate::peer::AuthRefusal;
use crate::session::turn_away;
use crate::session_core::wake;
use crate::shard::Shard;

pub(crate) fn sweep(hub: &Arc<Hub>, shard: &Arc<Shard>) {
    let now = Instant::now();
    let time = hub.clock.now();
    let limits = &hub.limits;
    let mut ended = Vec::new();
    let mut wakers = Vec::new();
    {
        let held = lock(&shard.state);
        for core in held.cores() {
            let mut state = lock(&core.state);
            if state.close.is_some() {
                continue;
            }
            let expires_at = state.principal.as_ref().and_then(|principal| principal.expires_at);
            let close = if state.principal.is_none() && now - state.opened_at >= limits.auth_within {
                Some(Close::AuthTimeout)
            } else if expires_at.is_some_and(|at| at <= time) {
                Some(Close::TokenExpired)
            } else if state.outbox.waiting_since.is_some_and(|since| now - since >= limits.stalled_after) {
                Some(Close::TooSlow)
            } else {
                None
            };
            if let Some(close) = close {
                drop(state);
                ended.push((core, close));
                continue;
            }
            let is_quiet = now - state.taken_at >= limits.heartbeat && state.outbox.waiting_since.is_none();
            if is_quiet && state.principal.is_some() && state.outbox.behind.is_none() {
                let position = format!("{}-{}", held.epoch, held.place);
                wakers.push(state.push(Frame::at(&ServerFrame::Heartbeat { position }, held.place, Class::Live)));
            }
        }
    }
    wakers.into_iter().for_each(wake);
    for (core, close) in ended {
        match close {
            Close::AuthTimeout => {
                let message = format!("a connection has {} s to authenticate", limits.auth_within.as_secs());
                turn_away(&core, AuthRefusal::new(close, message));
            }
            close => {
                core.close(close);
            }
        }
    }
    if shard.number == 0 {
        hub.snapshots.drop_stale(hub, now);
        hub.counts.drop_stale(now);
    }
    hold_to_budget(hub, shard);
}

/// Puts the shard's largest outboxes behind while all together hold more than they may.
pub(crate) fn hold_to_budget(hub: &Hub, shard: &Shard) {
    let held = || hub.stats.outbox_bytes.load(Ordering::Relaxed);
    if held() <= hub.limits.total_outbox_bytes {
        return;
    }
    let state = lock(&shard.state);
    let mut cores: Vec<_> = state.cores().into_iter().map(|core| (core.outbox_bytes(), core)).collect();
    cores.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    for (_, core) in cores {
        if held() <= hub.limits.total_outbox_bytes / 10 * 9 {
            return;
        }
        let waker = {
            let mut connection = lock(&core.state);
            if connection.close.is_some() {
                continue;
            }
            connection.outbox.fall_behind(state.place);
            connection.outbox.waker.take()
        };
        wake(waker);
    }
}
