//! Who is let in, for how long, and how it ends.

use std::time::Duration;

use domain::event::EventKind::*;
use domain::{JobId, Timestamp, Topic};
use engine::port::{Listener, Notice};
use tokio::time::Instant;
use wire::close::Close;

use super::rig::*;
use crate::{Connection, Edge, HubLimits, lock};

async fn say(connection: &Connection, frame: &str) {
    connection.receive(frame.as_bytes()).await;
}

async fn close_of(connection: &Connection) -> Option<Close> {
    drain(connection).await;
    tokio::time::timeout(Duration::from_millis(1), connection.closed()).await.ok()
}

#[tokio::test(start_paused = true)]
async fn frames_are_answered_and_bad_ones_close() {
    let rig = Rig::new(limits());
    lock(&rig.tokens.0).insert("a".into(), user("ann"));
    let connection = rig.open_edge(Edge::Socket, None).unwrap();
    say(&connection, r#"{"type":"auth","token":"a"}"#).await;
    let frames = drain(&connection).await;
    assert_eq!((frames[0]["type"].as_str(), frames[0]["heartbeatMs"].as_u64()), (Some("hello"), Some(15_000)));
    assert_eq!(frames[1]["principal"]["subject"], "ann");
    for (frame, answer) in [
        (r#"{"type":"ping","more":1}"#, vec!["pong"]),
        (r#"{"type":"subscribe","id":1,"topic":{"tenant":true}}"#, vec!["snapshot 1 of 0", "live 1 at 0 fresh"]),
        (r#"{"type":"subscribe","id":1,"topic":{"tenant":true}}"#, vec!["error duplicate_id 1"]),
        (r#"{"type":"subscribe","id":2,"topic":{"moon":true}}"#, vec!["error bad_topic 2"]),
        (r#"{"type":"subscribe","id":3,"topic":{"owner":"me"}}"#, vec!["snapshot 3 of 0", "live 3 at 0 fresh"]),
        (r#"{"type":"unsubscribe","id":1}"#, vec!["unsubscribed"]),
    ] {
        say(&connection, frame).await;
        assert_eq!(told(&connection).await, answer, "{frame}");
    }
    rig.bump(1);
    assert_eq!(told(&connection).await, ["update 1 [3]"]);
    for bad in ["{", r#"{"type":"dance"}"#, &" ".repeat(65 * 1024)] {
        let connection = rig.open(user("ann"));
        say(&connection, bad).await;
        assert_eq!(told(&connection).await, ["error bad_frame null"]);
        assert_eq!(connection.next().await.unwrap_err(), Close::BadFrame);
    }
    let connection = rig.open_edge(Edge::Socket, None).unwrap();
    say(&connection, r#"{"type":"subscribe","id":1,"topic":{"tenant":true}}"#).await;
    assert_eq!(close_of(&connection).await, Some(Close::BadFrame));
    let connection = rig.open_edge(Edge::Socket, None).unwrap();
    say(&connection, r#"{"type":"auth","token":"nobody's"}"#).await;
    assert_eq!(told(&connection).await, ["error unauthenticated null"]);
    assert_eq!(close_of(&connection).await, Some(Close::Unauthenticated));
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_closed_after_five_seconds() {
    let rig = Rig::new(limits());
    let connection = rig.open_edge(Edge::Socket, None).unwrap();
    let opened = Instant::now();
    assert_eq!(connection.closed().await, Close::AuthTimeout);
    let waited = opened.elapsed();
    assert!(waited >= Duration::from_secs(5) && waited < Duration::from_secs(6), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn rights_end_with_their_time_and_with_their_withdrawal() {
    let rig = Rig::new(limits());
    let principal = domain::access::Principal { expires_at: Some(Timestamp(1_010_000)), ..user("ann") };
    let connection = rig.open(principal.clone());
    pass(Duration::from_secs(2)).await;
    assert_eq!(close_of(&connection).await, None);
    rig.clock.advance_ms(10_000);
    let due = Instant::now();
    assert_eq!(connection.closed().await, Close::TokenExpired);
    assert!(due.elapsed() <= Duration::from_secs(1));

    lock(&rig.tokens.0).insert("b".into(), user("bob"));
    let (ann, bob) = (rig.open(user("ann")), rig.open(user("bob")));
    rig.hub.notice(&Notice::Rights(Some(user("bob").view())));
    assert_eq!((close_of(&ann).await, close_of(&bob).await), (None, None));
    rig.hub.notice(&Notice::Rights(None));
    assert_eq!((close_of(&ann).await, close_of(&bob).await), (Some(Close::TokenExpired), None));
}

#[tokio::test(start_paused = true)]
async fn another_identity_closes_and_shows_nothing_of_the_first() {
    let rig = Rig::new(limits());
    lock(&rig.tokens.0).insert("b".into(), user("bob"));
    rig.bump(1);
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tenant, None);
    told(&connection).await;
    rig.bump(1);
    idle().await;
    say(&connection, r#"{"type":"auth","token":"b"}"#).await;
    assert_eq!(connection.next().await.unwrap_err(), Close::IdentityChanged);
}

#[tokio::test(start_paused = true)]
async fn narrower_rights_begin_anew_and_end_what_they_do_not_reach() {
    let rig = Rig::new(HubLimits { snapshot_lag_events: 0, ..limits() });
    let wide = domain::access::Principal { is_tenant_wide: true, ..user("ann") };
    lock(&rig.tokens.0).insert("narrow".into(), user("ann"));
    lock(&rig.tokens.0).insert("wide".into(), wide.clone());
    lock(&rig.tokens.0).insert("none".into(), domain::access::Principal { scopes: vec![], ..user("ann") });
    rig.event(1, Submitted, |_| {});
    rig.event(2, Submitted, |job| job.owner = "bob".into());
    let connection = rig.open(wide);
    connection.subscribe(1, Topic::Tenant, None);
    connection.subscribe(2, Topic::Job(JobId(2)), None);
    told(&connection).await;
    rig.event(2, Changed, |_| {});
    idle().await;
    say(&connection, r#"{"type":"auth","token":"narrow"}"#).await;
    assert_eq!(told(&connection).await, ["authenticated", "snapshot 1 of 1", "live 1 at 3 fresh", "error forbidden 2"]);
    rig.event(2, Changed, |_| {});
    rig.event(1, Changed, |_| {});
    assert_eq!(told(&connection).await, ["update 5 [1]"]);
    say(&connection, r#"{"type":"auth","token":"narrow"}"#).await;
    assert_eq!(told(&connection).await, ["authenticated"], "the same rights change nothing");
    say(&connection, r#"{"type":"auth","token":"wide"}"#).await;
    assert_eq!(told(&connection).await, ["authenticated", "snapshot 1 of 2", "live 1 at 5 fresh"]);
    say(&connection, r#"{"type":"auth","token":"none"}"#).await;
    assert_eq!(told(&connection).await, ["error forbidden 1", "authenticated"]);
    rig.event(1, Changed, |_| {});
    assert!(told(&connection).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_heartbeat_with_the_position() {
    let rig = Rig::new(limits());
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Job(JobId(1)), None);
    rig.event(2, Submitted, |job| job.owner = "bob".into());
    told(&connection).await;
    let quiet_since = Instant::now();
    let frames = connection.next().await.unwrap();
    assert_eq!(frames[0].kind, "heartbeat");
    assert_eq!(frames[0].place(), Some(1));
    let waited = quiet_since.elapsed();
    assert!(waited > Duration::from_secs(14) && waited < Duration::from_secs(17), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn bounds_on_connections_and_subscriptions_hold() {
    let rig = Rig::new(HubLimits { sockets_per_principal: 2, waits_per_principal: 1, subscriptions: 3, ..limits() });
    let first = rig.open(user("ann"));
    let _second = rig.open_edge(Edge::Stream, Some(user("ann"))).unwrap();
    let _wait = rig.open_edge(Edge::Wait, Some(user("ann"))).unwrap();
    for edge in [Edge::Socket, Edge::Wait] {
        assert_eq!(rig.open_edge(edge, Some(user("ann"))).err().unwrap().close, Close::TooManyConnections);
    }
    assert!(rig.open_edge(Edge::Socket, Some(user("bob"))).is_ok());
    for id in 1..=4 {
        first.subscribe(id, Topic::Tenant, None);
    }
    assert!(told(&first).await.contains(&"error too_many_subscriptions 4".to_owned()));
    drop(first);
    assert!(rig.open_edge(Edge::Socket, Some(user("ann"))).is_ok());
    assert_eq!(rig.hub.stats().subscriptions.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_drain_sends_everybody_away_and_lets_nobody_in() {
    let rig = Rig::new(limits());
    let (goes, stays) = (rig.open(user("ann")), rig.open(user("bob")));
    let hub = rig.hub.clone();
    let draining = tokio::spawn(async move { hub.drain(Duration::from_secs(2), Duration::from_secs(5)).await });
    assert_eq!(told(&goes).await, ["goingAway"]);
    drop(goes);
    assert_eq!(rig.open_edge(Edge::Socket, None).err().unwrap().close, Close::Overloaded);
    let frames = drain(&stays).await;
    assert!(frames.last().unwrap()["retryInMs"].as_u64().unwrap() <= 2_000);
    assert_eq!(stays.closed().await, Close::GoingAway);
    draining.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_log_closes_everybody_and_has_another_epoch() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let connection = rig.open(user("ann"));
    *lock(&rig.store.epoch) = "e2".into();
    rig.hub.replaced();
    assert_eq!(connection.closed().await, Close::LogReplaced);
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tenant, Some("e1-1"));
    assert_eq!(drain(&connection).await[0]["epoch"], "e2");
}
