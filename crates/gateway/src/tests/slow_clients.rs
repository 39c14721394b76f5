//! Clients that take less than there is.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::event::EventKind::*;
use domain::{JobId, Topic};
use wire::close::Close;

use super::rig::*;
use crate::{Connection, HubLimits, lock};

async fn follower(rig: &Rig, topic: Topic) -> Connection {
    let connection = rig.open(user("ann"));
    connection.subscribe(1, topic, None);
    drain(&connection).await;
    connection
}

#[tokio::test(start_paused = true)]
async fn progress_is_newest_wins_and_never_older_than_what_was_sent() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let connection = follower(&rig, Topic::Tenant).await;
    for tick in 1..=1_000 {
        rig.progress(1, 1, tick);
    }
    idle().await;
    assert_eq!(told(&connection).await, ["progress 1.1000 [1]"]);
    rig.progress(1, 1, 1_001);
    rig.bump(1);
    idle().await;
    rig.progress(1, 2, 1_002);
    idle().await;
    assert_eq!(told(&connection).await, ["update 2 [1]", "progress 2.1002 [1]"]);
}

#[tokio::test(start_paused = true)]
async fn an_unsubscribed_topic_is_named_no_more() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let connection = follower(&rig, Topic::Tenant).await;
    connection.subscribe(2, Topic::Job(JobId(1)), None);
    drain(&connection).await;
    rig.progress(1, 1, 1);
    idle().await;
    connection.unsubscribe(1);
    assert_eq!(told(&connection).await, ["unsubscribed", "progress 1.1 [2]"]);
}

async fn overflow(limits: HubLimits, holds: bool) {
    let rig = Rig::new(limits);
    rig.bump(1);
    let connection = follower(&rig, Topic::Tenant).await;
    for _ in 0..500 {
        rig.bump(1);
        if rig.hub.stats().connections.load(Ordering::Relaxed) == 1 {
            tokio::task::yield_now().await;
        }
    }
    idle().await;
    assert_eq!(rig.hub.stats().behind.load(Ordering::Relaxed), 1);
    let mut frames = Vec::new();
    let mut bumped = 0;
    loop {
        let Ok(taken) = tokio::time::timeout(Duration::from_millis(1), connection.next()).await else { break };
        frames.extend(taken.unwrap());
        if bumped < 100 {
            bumped += 1;
            rig.bump(1);
        }
    }
    let places: Vec<u64> = frames.iter().filter(|frame| frame.kind == "update").map(|frame| frame.place().unwrap()).collect();
    match holds {
        true => assert_eq!(places, (2..=501 + bumped).collect::<Vec<_>>(), "each once, in order"),
        false => {
            let live = frames.iter().rfind(|frame| frame.kind == "live").unwrap();
            assert!(std::str::from_utf8(live.json()).unwrap().contains("\"reason\":\"overflow\""));
            assert!(places.is_sorted_by(|a, b| a < b));
            assert_eq!(*places.last().unwrap().max(&live.place().unwrap()), 501 + bumped);
        }
    }
    rig.bump(1);
    assert_eq!(told(&connection).await, [format!("update {} [1]", 502 + bumped)]);
}

#[tokio::test(start_paused = true)]
async fn who_overflows_is_caught_up_from_the_ring() {
    overflow(HubLimits { outbox_bytes: 40_000, ..limits() }, true).await;
}

#[tokio::test(start_paused = true)]
async fn who_overflows_is_caught_up_from_the_store() {
    overflow(HubLimits { outbox_bytes: 40_000, ring_events: 20, ..limits() }, true).await;
}

#[tokio::test(start_paused = true)]
async fn who_overflows_and_finds_the_log_gone_takes_a_snapshot() {
    let rig = Rig::new(HubLimits { outbox_bytes: 40_000, ring_events: 20, ..limits() });
    rig.bump(1);
    let connection = follower(&rig, Topic::Tenant).await;
    for _ in 0..500 {
        rig.bump(1);
    }
    idle().await;
    lock(&rig.store.rows).floor = 450;
    let all = told(&connection).await;
    assert_eq!(all[all.len() - 2..], ["snapshot 1 of 1", "live 1 at 501 overflow"]);
}

#[tokio::test(start_paused = true)]
async fn progress_that_waits_does_not_keep_who_is_behind_from_catching_up() {
    const JOBS: u128 = 200;
    let rig = Rig::new(HubLimits { outbox_bytes: 40_000, ..limits() });
    for job in 1..=JOBS {
        rig.bump(job);
    }
    let connection = follower(&rig, Topic::Tenant).await;
    for job in 1..=JOBS {
        rig.progress(job, 1, 1);
    }
    idle().await;
    for _ in 0..500 {
        rig.bump(JOBS + 1);
    }
    idle().await;
    assert_eq!(rig.hub.stats().behind.load(Ordering::Relaxed), 1);
    let frames = drain(&connection).await;
    let of = |kind: &str| frames.iter().filter(|frame| frame["type"] == kind).count();
    assert_eq!((of("update"), of("progress")), (500, JOBS as usize));
}

#[tokio::test(start_paused = true)]
async fn all_outboxes_together_are_bounded_and_the_largest_pays() {
    let rig = Rig::new(HubLimits { shards: 1, total_outbox_bytes: 60_000, ..limits() });
    rig.event(1, Submitted, |_| {});
    let large = follower(&rig, Topic::Tenant).await;
    let small = follower(&rig, Topic::Job(JobId(2).max(JobId(1)))).await;
    drop(small);
    for _ in 0..300 {
        rig.bump(1);
        tokio::task::yield_now().await;
    }
    idle().await;
    assert!(rig.hub.stats().outbox_bytes.load(Ordering::Relaxed) <= 60_000);
    let places: Vec<_> = drain(&large).await.iter().filter_map(place_of).collect();
    assert_eq!(places, (2..=301).collect::<Vec<_>>());
    drop(large);
    assert_eq!(rig.hub.stats().outbox_bytes.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_for_thirty_seconds_is_cut() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let stalled = follower(&rig, Topic::Tenant).await;
    let reads = Arc::new(follower(&rig, Topic::Tenant).await);
    let reader = reads.clone();
    let reading = tokio::spawn(async move { while reader.next().await.is_ok() {} });
    rig.bump(1);
    pass(Duration::from_secs(29)).await;
    assert!(tokio::time::timeout(Duration::from_millis(1), stalled.closed()).await.is_err());
    assert_eq!(stalled.closed().await, Close::TooSlow);
    assert_eq!(rig.hub.stats().cut.load(Ordering::Relaxed), 1);
    assert!(tokio::time::timeout(Duration::from_secs(60), reads.closed()).await.is_err());
    reading.abort();
}

#[tokio::test(start_paused = true)]
async fn what_the_bus_lost_is_read_from_the_log() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let connection = follower(&rig, Topic::Tenant).await;
    rig.commit(1, Changed, |_| {});
    rig.commit(1, Changed, |_| {});
    rig.lose();
    rig.bump(1);
    assert_eq!(told(&connection).await, ["update 2 [1]", "update 3 [1]", "update 4 [1]"]);
}

/// On real threads: everybody takes as fast or as slowly as it happens.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_on_many_threads_are_given_each_event_once_and_in_order() {
    const EVENTS: u64 = 5_000;
    let rig = Rig::new(HubLimits { outbox_bytes: 100_000, ring_events: 1_000, sockets_per_principal: 100, ..limits() });
    let clients: Vec<_> = (0..40)
        .map(|i| {
            let connection = rig.open(user("ann"));
            connection.subscribe(i, Topic::Tenant, Some("e1-0"));
            tokio::spawn(async move {
                let mut next = 1;
                while next <= EVENTS {
                    for frame in connection.next().await.unwrap() {
                        if frame.kind == "update" {
                            assert_eq!(frame.place(), Some(next));
                            next += 1;
                        }
                    }
                    if i % 4 == 0 {
                        pass(Duration::from_millis(u64::from(i))).await;
                    }
                }
            })
        })
        .collect();
    for _ in 0..EVENTS {
        rig.bump(1);
        tokio::task::yield_now().await;
    }
    for client in clients {
        client.await.unwrap();
    }
}

#[test]
fn an_idle_connection_is_small() {
    use crate::session_core::{Core, State};
    let bytes = size_of::<Core>() + size_of::<Connection>() + size_of::<State>() + size_of::<crate::subscription::Sub>();
    assert!(bytes < 1_500, "{bytes} bytes");
}
