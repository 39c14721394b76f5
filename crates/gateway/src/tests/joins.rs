//! Joining: snapshot, resume, the seam between them and what follows, and who sees what.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::event::EventKind::*;
use domain::job::{Progress, Subject, Ticked};
use domain::{JobId, Status, Topic};

use super::rig::*;
use crate::{Edge, HubLimits, lock};

#[tokio::test(start_paused = true)]
async fn what_happens_between_register_and_snapshot_comes_exactly_once() {
    let rig = Arc::new(Rig::new(limits()));
    rig.event(1, Submitted, |_| {});
    let connection = rig.open(user("ann"));
    let during = rig.clone();
    *lock(&rig.store.during_snapshot) = Some(Box::new(move || {
        during.bump(1);
        during.bump(1);
    }));
    connection.subscribe(7, Topic::Tenant, None);
    rig.commit(1, Changed, |_| {});
    rig.release();
    assert_eq!(told(&connection).await, ["snapshot 7 of 1", "update 3 [7]", "update 4 [7]", "live 7 at 4 fresh"]);
    rig.bump(1);
    assert_eq!(told(&connection).await, ["update 5 [7]"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_committed_before_the_join_is_there_before_live() {
    let rig = Rig::new(limits());
    let first = rig.open(user("ann"));
    first.subscribe(1, Topic::Tenant, None);
    assert_eq!(told(&first).await, ["snapshot 1 of 0", "live 1 at 0 fresh"]);
    rig.commit(1, Submitted, |_| {});
    let second = rig.open(user("ann"));
    second.subscribe(1, Topic::Tenant, None);
    assert_eq!(told(&second).await, ["snapshot 1 of 0"], "the kept snapshot is older: live must wait for the event");
    rig.release();
    assert_eq!(told(&second).await, ["update 1 [1]", "live 1 at 1 fresh"]);
}

#[tokio::test(start_paused = true)]
async fn a_resume_is_served_from_the_ring_then_the_log_and_else_by_a_snapshot() {
    let rig = Rig::new(HubLimits { ring_events: 10, resume_events: 40, ..limits() });
    for _ in 0..30 {
        rig.bump(1);
    }
    let ask = async |after: &str| {
        let connection = rig.open(user("ann"));
        connection.subscribe(1, Topic::Job(JobId(1)), Some(after));
        let told = told(&connection).await;
        (told.len(), told.last().unwrap().clone())
    };
    assert_eq!(ask("e1-25").await, (6, "live 1 at 30 resumed".into()));
    assert_eq!(rig.store.log_reads.load(Ordering::Relaxed), 0);
    assert_eq!(ask("e1-3").await, (28, "live 1 at 30 resumed".into()));
    assert!(rig.store.log_reads.load(Ordering::Relaxed) > 0);
    assert_eq!(ask("e1-30").await, (1, "live 1 at 30 resumed".into()));
    assert_eq!(ask("e0-30").await, (2, "live 1 at 30 epoch".into()));
    assert_eq!(ask("nonsense").await, (2, "live 1 at 30 epoch".into()));
    assert_eq!(ask("e1-31").await, (2, "live 1 at 30 expired".into()));
    lock(&rig.store.rows).floor = 10;
    assert_eq!(ask("e1-3").await, (2, "live 1 at 30 expired".into()));
    assert_eq!(ask("e1-10").await, (21, "live 1 at 30 resumed".into()));
    for _ in 0..40 {
        rig.bump(1);
    }
    idle().await;
    assert_eq!(ask("e1-10").await, (2, "live 1 at 70 expired".into()), "more events than one resume may read");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_newest_of_the_log_is_read_once_for_all() {
    let mut rig = Rig::new(limits());
    for _ in 0..3_000 {
        rig.bump(1);
    }
    rig.restart(HubLimits { ring_events: 2_500, ..limits() });
    let ask = async |after: &str| {
        let connection = rig.open(user("ann"));
        connection.subscribe(1, Topic::Job(JobId(1)), Some(after));
        drain(&connection).await.len()
    };
    assert_eq!(ask("e1-2990").await, 12, "hello, ten events, live");
    let reads = rig.store.log_reads.load(Ordering::Relaxed);
    assert_eq!(reads, 3, "two pages fit, the third does not");
    for _ in 0..10 {
        assert_eq!(ask("e1-1000").await, 2_002);
    }
    assert_eq!(rig.store.log_reads.load(Ordering::Relaxed), reads);
    assert_eq!(ask("e1-900").await, 2_102);
    assert!(rig.store.log_reads.load(Ordering::Relaxed) > reads, "what is older is read by whoever needs it");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_who_resumes_is_told_the_progress_of_before() {
    let mut rig = Rig::new(limits());
    rig.event(1, Changed, |job| {
        job.tick = 7;
        job.progress = Progress { current: Some(7), ..Progress::default() };
    });
    rig.restart(limits());
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tenant, Some("e1-1"));
    assert_eq!(told(&connection).await, ["live 1 at 1 resumed", "progress 1.7 [1]"]);
}

#[tokio::test(start_paused = true)]
async fn what_several_are_told_alike_is_one_run_of_frames() {
    let rig = Rig::new(HubLimits { shards: 1, ..limits() });
    let tenant: Vec<_> = (0..3).map(|_| rig.open(operator())).collect();
    for connection in &tenant {
        connection.subscribe(1, Topic::Tenant, None);
        drain(connection).await;
    }
    let one = rig.open(user("ann"));
    rig.bump(1);
    one.subscribe(1, Topic::Job(JobId(1)), None);
    drain(&one).await;
    for connection in &tenant {
        drain(connection).await;
    }
    for id in [2, 1, 3, 1] {
        rig.commit(id, Changed, |_| {});
    }
    rig.release();
    idle().await;
    let pieces: Vec<_> = [&tenant[0], &tenant[1]].map(|connection| connection.next_messages()).into();
    let pieces = futures::future::join_all(pieces).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(pieces[0].len(), 1, "four messages in one piece");
    assert_eq!(pieces[0][0].as_ptr(), pieces[1][0].as_ptr(), "encoded once");
    let frames = tenant[2].next().await.unwrap();
    let apart: Vec<u8> = frames.iter().flat_map(|frame| frame.message().to_vec()).collect();
    assert_eq!(frames.iter().map(|frame| frame.place().unwrap()).collect::<Vec<_>>(), [2, 3, 4, 5]);
    assert_eq!(pieces[0][0], apart);
    assert_eq!(one.next_messages().await.unwrap().len(), 2, "nobody else was told just these two");
}

#[tokio::test(start_paused = true)]
async fn a_job_of_somebody_else_is_seen_under_no_topic() {
    let rig = Rig::new(limits());
    let tagged = |job: &mut domain::Job| {
        job.tags = Arc::new(["x".into()]);
        job.session = Some("s".into());
        job.batch = Some("b".into());
        job.subject = Some(Subject { kind: "doc".into(), id: "7".into() });
    };
    rig.event(1, Submitted, tagged);
    let topics = || {
        let subject = Subject { kind: "doc".into(), id: "7".into() };
        vec![
            Topic::Tenant,
            Topic::Owner("ann".into()),
            Topic::Session("s".into()),
            Topic::Batch("b".into()),
            Topic::Tag("x".into()),
            Topic::Task("t".into()),
            Topic::Subject(subject),
        ]
    };
    for (who, sees) in [(user("bob"), false), (user("ann"), true), (operator(), true)] {
        for topic in topics() {
            let connection = rig.open(who.clone());
            connection.subscribe(1, topic.clone(), None);
            let jobs = if sees { 1 } else { 0 };
            assert_eq!(told(&connection).await[0], format!("snapshot 1 of {jobs}"), "{topic:?}");
            rig.event(1, Changed, tagged);
            rig.progress(1, 99, 1);
            assert_eq!(told(&connection).await.len(), if sees { 2 } else { 0 }, "{topic:?}");
        }
        for topic in [Topic::Job(JobId(1)), Topic::Root(JobId(1)), Topic::Output(JobId(1))] {
            let connection = rig.open(who.clone());
            connection.subscribe(1, topic.clone(), None);
            assert_eq!(told(&connection).await.first().is_some_and(|first| first == "error not_found 1"), !sees, "{topic:?}");
        }
    }
    let connection = rig.open(operator());
    connection.subscribe(1, Topic::Job(JobId(2)), None);
    assert_eq!(told(&connection).await, ["error not_found 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_tag_and_a_deletion_are_told_as_left() {
    let rig = Rig::new(limits());
    rig.event(1, Submitted, |job| job.tags = Arc::new(["x".into(), "y".into()]));
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tag("x".into()), None);
    connection.subscribe(2, Topic::Tag("y".into()), None);
    connection.subscribe(3, Topic::Tenant, None);
    told(&connection).await;
    rig.event(1, Changed, |job| job.tags = Arc::new(["y".into()]));
    assert_eq!(told(&connection).await, ["update 2 [2,3]", "left 2 [1]"]);
    rig.event(1, Deleted, |_| {});
    assert_eq!(told(&connection).await, ["left 3 [2,3] deleted"]);
    let back = rig.open(user("ann"));
    back.subscribe(1, Topic::Tag("x".into()), Some("e1-1"));
    back.subscribe(2, Topic::Job(JobId(1)), Some("e1-2"));
    assert_eq!(told(&back).await, ["left 2 [1]", "live 1 at 3 resumed", "left 3 [2] deleted", "live 2 at 3 resumed"]);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_join_cost_one_snapshot_and_who_resume_none() {
    let rig = Rig::new(limits());
    for id in 1..=20 {
        rig.event(id, Submitted, |_| {});
    }
    let mut connections = Vec::new();
    for i in 0..1_000 {
        let connection = rig.open(user_of(i));
        connection.subscribe(1, Topic::Task("t".into()), (i >= 500).then_some("e1-20"));
        connections.push(connection);
    }
    for (i, connection) in connections.iter().enumerate() {
        let told = told(connection).await;
        let expected = if i < 500 { "live 1 at 20 fresh" } else { "live 1 at 20 resumed" };
        assert_eq!(told.last().unwrap(), expected);
    }
    assert_eq!(rig.store.snapshots.load(Ordering::Relaxed), 1);
    assert_eq!(rig.hub.stats().ring_resumes.load(Ordering::Relaxed), 500);
}

/// Different operators, who share one view.
fn user_of(i: usize) -> domain::access::Principal {
    domain::access::Principal { subject: format!("op{i}").into(), ..operator() }
}

#[tokio::test(start_paused = true)]
async fn newest_progress_comes_once_after_a_join() {
    let rig = Rig::new(limits());
    rig.event(1, Submitted, |_| {});
    rig.event(2, Submitted, |_| {});
    rig.progress(1, 1, 4);
    lock(&rig.lookup.0).insert(JobId(2), (1, Ticked { tick: 9, progress: Progress::default() }));
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tenant, None);
    let mut told_first = told(&connection).await;
    told_first.sort();
    assert_eq!(told_first, ["live 1 at 2 fresh", "progress 1.4 [1]", "progress 1.9 [1]", "snapshot 1 of 2"]);
    let back = rig.open(user("ann"));
    back.subscribe(1, Topic::Job(JobId(1)), Some("e1-2"));
    assert_eq!(told(&back).await, ["live 1 at 2 resumed", "progress 1.4 [1]"]);
}

#[tokio::test(start_paused = true)]
async fn a_large_snapshot_comes_in_pages_at_the_pace_of_the_client() {
    let rig = Rig::new(HubLimits { outbox_bytes: 300_000, ..limits() });
    for id in 1..=800 {
        rig.event(id, Submitted, |_| {});
    }
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tenant, None);
    let first = connection.next().await.unwrap();
    assert!(first.iter().all(|frame| frame.kind != "live"));
    assert!(first.iter().map(|frame| frame.json().len()).sum::<usize>() < 300_000);
    let rest = drain(&connection).await;
    let pages: Vec<_> =
        first.iter().map(|frame| serde_json::from_slice(frame.json()).unwrap()).chain(rest).collect::<Vec<serde_json::Value>>();
    let pages: Vec<_> = pages.iter().filter(|frame| frame["type"] == "snapshot").collect();
    assert!(pages.len() > 3);
    assert_eq!(pages.iter().map(|page| page["jobs"].as_array().unwrap().len()).sum::<usize>(), 800);
    assert_eq!(pages.iter().filter(|page| page["more"] == false).count(), 1);
    assert_eq!(pages.last().unwrap()["more"], false);
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_ended_jobs_is_over_and_is_known_to_be() {
    let rig = Rig::new(limits());
    rig.event(1, Submitted, |_| {});
    let topics = [Topic::Job(JobId(1))];
    let stream = rig.open_edge(Edge::Stream, Some(user("ann"))).unwrap();
    stream.subscribe(1, topics[0].clone(), None);
    assert_eq!(told(&stream).await, ["authenticated", "snapshot 1 of 1", "live 1 at 1 fresh"], "a stream is told who it is");
    assert!(!stream.is_over());
    rig.event(1, Settled, |job| job.status = Status::Completed);
    idle().await;
    assert!(!stream.is_over(), "the end was not taken yet");
    told(&stream).await;
    assert!(stream.is_over());
    assert!(rig.hub.is_over(&user("ann"), &topics, Some("e1-2")).await);
    assert!(!rig.hub.is_over(&user("ann"), &topics, Some("e1-1")).await);
    assert!(!rig.hub.is_over(&user("bob"), &topics, Some("e1-2")).await);
    assert!(!rig.hub.is_over(&user("ann"), &topics, None).await);
    for after in [None, Some("e1-1"), Some("e1-2")] {
        let again = rig.open_edge(Edge::Stream, Some(user("ann"))).unwrap();
        again.subscribe(1, topics[0].clone(), after);
        told(&again).await;
        assert!(again.is_over(), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_tells_a_place_only_once_all_its_topics_are_joined() {
    let rig = Rig::new(limits());
    for _ in 0..5 {
        rig.bump(1);
    }
    let stream = rig.open_edge(Edge::Stream, Some(user("ann"))).unwrap();
    stream.subscribe(1, Topic::Tenant, Some("e1-3"));
    stream.subscribe(2, Topic::Job(JobId(1)), Some("e1-3"));
    let mut places = Vec::new();
    while let Ok(frames) = tokio::time::timeout(std::time::Duration::from_millis(1), stream.next()).await {
        places.extend(frames.unwrap().iter().filter_map(|frame| frame.place().map(|place| (frame.kind, place))));
    }
    assert_eq!(places, [("live", 5)]);
}
