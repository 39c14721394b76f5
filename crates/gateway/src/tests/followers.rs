//! Topics that hold no jobs: counts, tasks, output. And the long poll.

use std::time::Duration;

use domain::event::EventKind::*;
use domain::{JobId, Topic};
use engine::port::{Listener, Notice};
use tokio::time::Instant;

use super::rig::*;
use crate::{Edge, lock};

#[tokio::test(start_paused = true)]
async fn counts_come_at_once_and_then_at_most_four_times_a_second() {
    let rig = Rig::new(limits());
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Stats, None);
    let first = drain(&connection).await;
    assert_eq!((&first[1]["type"], &first[2]["stats"]["total"]), (&"live".into(), &0.into()));
    let mut seen = Vec::new();
    let started = Instant::now();
    for id in 1..=100 {
        rig.event(id, Submitted, |_| {});
        pass(Duration::from_millis(10)).await;
        seen.extend(drain(&connection).await);
    }
    let seconds = started.elapsed().as_secs_f64();
    assert!((seen.len() as f64) <= seconds * 4.0 + 1.0, "{} in {seconds} s", seen.len());
    let last = match tokio::time::timeout(Duration::from_millis(300), connection.next()).await {
        Ok(frames) => serde_json::from_slice(frames.unwrap()[0].json()).unwrap(),
        Err(_) => seen.pop().unwrap(),
    };
    assert_eq!(last["stats"]["total"], 100);
    rig.event(500, Submitted, |job| job.owner = "bob".into());
    pass(Duration::from_secs(1)).await;
    assert!(drain(&connection).await.is_empty(), "what it may not see does not count");
}

#[tokio::test(start_paused = true)]
async fn tasks_come_at_once_and_when_they_change() {
    let rig = Rig::new(limits());
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Tasks, None);
    assert_eq!(told(&connection).await, ["live 1", "tasks"]);
    rig.hub.notice(&Notice::Tasks);
    assert_eq!(connection.next().await.unwrap()[0].kind, "tasks");
}

#[tokio::test(start_paused = true)]
async fn a_poll_is_told_of_what_changed_between_two_polls() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let poll = async |after: Option<&str>| {
        let connection = rig.open_edge(Edge::Wait, Some(user("ann"))).unwrap();
        connection.subscribe(1, Topic::Tenant, after);
        connection.subscribe(2, Topic::Stats, after);
        let polled = connection.poll(Duration::from_secs(5)).await.unwrap();
        let frames = polled.frames.iter().map(|frame| serde_json::from_slice::<serde_json::Value>(frame.json()).unwrap());
        (polled.position, frames.filter(|frame| frame["type"] == "stats").map(|frame| frame["stats"]["total"].as_u64()).next_back())
    };
    assert_eq!(poll(None).await, ("e1-1".into(), Some(Some(1))), "the first answer holds the counts");
    rig.event(2, Submitted, |job| job.owner = "bob".into());
    rig.bump(3);
    let (mut position, mut newest) = poll(Some("e1-1")).await;
    if newest.is_none() {
        (position, newest) = poll(Some(&position)).await;
    }
    assert_eq!((&*position, newest), ("e1-3", Some(Some(2))), "what happened while nobody asked is told");
    let started = Instant::now();
    assert_eq!(poll(Some(&position)).await, ("e1-3".into(), None));
    assert!(started.elapsed() >= Duration::from_secs(5), "nothing changed: it waits");
}

fn write(rig: &Rig, attempt: u32, stream: &'static str, bytes: &[u8]) {
    let job = JobId(1);
    let mut kept = lock(&rig.output.0);
    kept.entry((job, attempt)).or_default().push((stream, bytes.to_vec()));
    let end = kept[&(job, attempt)].iter().map(|(_, bytes)| bytes.len() as u64).sum();
    drop(kept);
    rig.hub.notice(&Notice::Output { job, attempt, end, ended: false });
}

#[tokio::test(start_paused = true)]
async fn output_is_followed_across_attempts_without_splitting_characters() {
    let rig = Rig::new(limits());
    rig.event(1, Submitted, |job| job.attempt = 1);
    write(&rig, 1, "stdout", b"one ");
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Output(JobId(1)), None);
    let read = async || -> Vec<(u64, u64, u64, String)> {
        let frames = drain(&connection).await;
        let number = |frame: &serde_json::Value, name: &str| frame[name].as_u64().unwrap();
        let text = |frame: &serde_json::Value| -> String {
            frame["chunks"].as_array().unwrap().iter().map(|chunk| chunk["text"].as_str().unwrap()).collect()
        };
        let outputs = frames.iter().filter(|frame| frame["type"] == "output");
        outputs.map(|frame| (number(frame, "attempt"), number(frame, "offset"), number(frame, "next"), text(frame))).collect()
    };
    assert_eq!(read().await, [(1, 0, 4, "one ".into())]);
    write(&rig, 1, "stdout", &"ä".as_bytes()[..1]);
    assert_eq!(read().await, []);
    write(&rig, 1, "stderr", b"err");
    write(&rig, 1, "stdout", &"ä".as_bytes()[1..]);
    assert_eq!(read().await, [(1, 5, 9, "errä".into())]);
    write(&rig, 1, "stdout", b"\xff!");
    assert_eq!(read().await, [(1, 9, 11, "\u{fffd}!".into())]);
    rig.event(1, Claimed, |job| job.attempt = 2);
    assert_eq!(read().await, [(2, 0, 0, String::new())]);
    write(&rig, 2, "stdout", b"two");
    assert_eq!(read().await, [(2, 0, 3, "two".into())]);
    let back = rig.open(user("ann"));
    back.subscribe(1, Topic::Output(JobId(1)), Some("1:9"));
    let frames = drain(&back).await;
    assert_eq!((&frames[1]["type"], &frames[1]["resumed"]), (&"live".into(), &true.into()));
    assert_eq!((frames[2]["attempt"].as_u64(), frames[2]["offset"].as_u64()), (Some(1), Some(9)));
    assert_eq!(frames[3]["attempt"], 2);
    back.subscribe(2, Topic::Output(JobId(1)), Some("soon"));
    assert_eq!(told(&back).await, ["error bad_topic 2"]);
}

#[tokio::test(start_paused = true)]
async fn of_much_output_the_end_is_sent_at_the_pace_of_the_client() {
    let rig = Rig::new(crate::HubLimits { outbox_bytes: 200_000, ..limits() });
    rig.event(1, Submitted, |job| job.attempt = 1);
    write(&rig, 1, "stdout", &b"x".repeat(1_000_000));
    let connection = rig.open(user("ann"));
    connection.subscribe(1, Topic::Output(JobId(1)), None);
    let first = connection.next().await.unwrap();
    assert!(first.iter().map(|frame| frame.json().len()).sum::<usize>() < 100_000, "only as much as there is room for");
    let begin: serde_json::Value = serde_json::from_slice(first[2].json()).unwrap();
    assert_eq!(begin["gap"], serde_json::json!({"from": 0, "to": 1_000_000 - 262_144}));
    let rest = drain(&connection).await;
    assert_eq!(rest.last().unwrap()["next"], 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_answers_with_what_there_is_or_waits() {
    let rig = Rig::new(limits());
    rig.bump(1);
    let poll = async |after: Option<&str>, wait: u64| {
        let connection = rig.open_edge(Edge::Wait, Some(user("ann"))).unwrap();
        connection.subscribe(1, Topic::Job(JobId(1)), after);
        let polled = connection.poll(Duration::from_secs(wait)).await.unwrap();
        (polled.position, polled.reset, polled.frames.iter().map(|frame| frame.kind).collect::<Vec<_>>())
    };
    assert_eq!(poll(None, 10).await, ("e1-1".into(), true, vec!["snapshot", "live"]));
    rig.bump(1);
    assert_eq!(poll(Some("e1-1"), 10).await, ("e1-2".into(), false, vec!["update"]));
    rig.progress(1, 2, 1);
    idle().await;
    let started = Instant::now();
    assert_eq!(poll(Some("e1-2"), 10).await, ("e1-2".into(), false, vec![]));
    assert!(started.elapsed() >= Duration::from_secs(10));
    let (answer, ()) = tokio::join!(poll(Some("e1-2"), 10), async {
        pass(Duration::from_secs(1)).await;
        rig.bump(1);
    });
    assert_eq!(answer, ("e1-3".into(), false, vec!["update"]));
    assert!(poll(Some("e0-1"), 10).await.1);
}
