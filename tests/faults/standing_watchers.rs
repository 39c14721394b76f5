//! A thousand watchers of one task, of which a tenth stand still. The others are not slower for it, the server's memory stays bounded, and
//! whoever stood still is served from the log when it moves again, or cut with a code that lets it resume: each event once.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::raw_watchers::{Arrival, Crowd, RawWatcher};
use crate::harness::http::Http;
use crate::harness::server::Server;
use crate::harness::{PATIENCE, eventually};

const WATCHERS: usize = 1_000;
/// Those that stand still later; the first half of them moves again by itself, the second waits to be cut.
const STANDING: Range<usize> = 0..100;
const MOVING_AGAIN: Range<usize> = 0..50;
const MOVING: Range<usize> = 100..WATCHERS;
/// Bytes of their receive buffers; the kernel doubles it.
const SMALL: usize = 4 * 1024;
/// Changes that are measured, before anybody stands still and while a tenth does.
const MEASURED: u64 = 60;
/// Jobs of one batch, and batches at most until more waits for all who stand still than an outbox holds.
const BATCH: u64 = 50;
const MOST_BATCHES: u64 = 100;
/// What an outbox may hold, and what the server may need besides: the newest events in memory, pages of the store, the allocator's rest.
const OUTBOX_BYTES: u64 = 1024 * 1024;
const SLACK_BYTES: u64 = 64 * 1024 * 1024;
/// What may lie between two figures of one noisy machine before the difference means something.
const TIMES: u32 = 5;
const NOISE: Duration = Duration::from_millis(250);

/// Changes jobs, each of about 4 KB in the log.
struct Changer {
    http: Http,
    /// When each was asked for, by its place in the log.
    asked: Vec<(u64, Instant)>,
    place: u64,
    open: Option<(String, String)>,
}

impl Changer {
    /// One change: a job is made, or the one that was made is completed.
    async fn change(&mut self) {
        let at = Instant::now();
        match self.open.take() {
            None => {
                let made = self.http.submit(job()).await;
                let text = |value: &Value| value.as_str().expect("a text").to_owned();
                self.open = Some((text(&made["id"]), text(&made["lease"]["token"])));
            }
            Some((id, lease)) => {
                self.http.report(&id, &lease, "complete", json!({})).await.expect(200);
            }
        }
        self.place += 1;
        self.asked.push((self.place, at));
    }

    /// Many jobs in one commit.
    async fn batch(&mut self) {
        let at = Instant::now();
        let jobs: Vec<Value> = (0..BATCH).map(|_| job()).collect();
        self.http.post("/api/v1/jobs/batch", json!({"jobs": jobs})).await.expect(201);
        self.asked.extend((1..=BATCH).map(|n| (self.place + n, at)));
        self.place += BATCH;
    }
}

fn job() -> Value {
    let tags: Vec<String> = (0..45).map(|n| format!("{n:02}{}", "t".repeat(60))).collect();
    json!({"task": "t", "mode": "tracked", "leaseMs": 600_000, "title": "w".repeat(300), "tags": tags})
}

#[derive(Debug)]
struct Latency {
    median: Duration,
    p99: Duration,
}

/// From the request that changed the job to the arrival at a watcher.
fn latency(asked: &[(u64, Instant)], arrivals: &[Arrival]) -> Latency {
    let first = asked[0].0;
    let mut waits: Vec<Duration> = arrivals.iter().map(|arrival| arrival.at - asked[(arrival.place - first) as usize].1).collect();
    waits.sort_unstable();
    Latency { median: waits[waits.len() / 2], p99: waits[waits.len() * 99 / 100] }
}

/// Reads while `change` is called again and again, each time when every moving watcher holds what came of the last, until it says that it
/// is enough.
async fn changes(crowd: Crowd, changer: &mut Changer, mut change: impl AsyncFnMut(&mut Changer, u64) -> bool) -> (Crowd, Latency) {
    let (arrived, mut count) = watch::channel(0);
    let (stop, stopped) = watch::channel(false);
    let reading = tokio::task::spawn_blocking(move || crowd.read_while(MOVING, &arrived, &stopped));
    changer.asked.clear();
    let mut times = 0;
    loop {
        let is_enough = change(changer, times).await;
        times += 1;
        let all = (changer.asked.len() * MOVING.len()) as u64;
        let is_there = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= all)).await;
        assert!(is_there.is_ok_and(|there| there.is_ok()), "change {times} did not reach everybody");
        if is_enough {
            break;
        }
    }
    stop.send_replace(true);
    let (crowd, arrivals) = reading.await.expect("no panic");
    (crowd, latency(&changer.asked, &arrivals))
}

/// Resident memory, bytes: now, and at its highest.
fn memory(pid: i32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
    let of = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of memory");
        line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

async fn metric(http: &Http, name: &str) -> u64 {
    let answer = http.get("/metrics").await.expect("an answer").expect(200);
    let text = answer.as_str().expect("text");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} is not among the metrics"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenth_that_stands_still_slows_nobody_and_is_served_from_the_log() {
    let server = Server::start("").await;
    let http = server.http.clone();
    let address: SocketAddr = server.url().trim_start_matches("http://").parse().expect("an address");
    let topic = json!({"task": "t"});
    let join = topic.clone();
    let open = move |number: usize| RawWatcher::open(address, &join, None, STANDING.contains(&number).then_some(SMALL));
    let watchers = tokio::task::spawn_blocking(move || (0..WATCHERS).map(open).collect()).await.expect("all join");
    let crowd = Crowd::of(watchers);
    let mut changer = Changer { http: http.clone(), asked: Vec::new(), place: 0, open: None };

    let measured = async |changer: &mut Changer, times: u64| {
        changer.change().await;
        times + 1 >= MEASURED
    };
    let (mut crowd, calm) = changes(crowd, &mut changer, measured).await;
    let (before, _) = memory(server.pid());
    crowd.stand_still(STANDING);
    let until_behind = async |changer: &mut Changer, times: u64| {
        assert!(times < MOST_BATCHES, "all that fits into what waits for a standing watcher");
        changer.batch().await;
        metric(&http, "tidings_live_behind_total").await >= STANDING.len() as u64
    };
    let (crowd, _) = changes(crowd, &mut changer, until_behind).await;
    let (mut crowd, standing) = changes(crowd, &mut changer, measured).await;
    let (_, highest) = memory(server.pid());
    println!(
        "all read: {calm:?}; a tenth stands still: {standing:?}; {} changes; memory {} MB, at most {} MB",
        changer.place,
        before >> 20,
        highest >> 20
    );
    assert!(standing.p99 < calm.p99 * TIMES + NOISE, "the others wait for those who stand still");
    assert!(standing.median < calm.median * TIMES + NOISE, "the others wait for those who stand still");
    let bound = before + STANDING.len() as u64 * OUTBOX_BYTES + SLACK_BYTES;
    assert!(highest < bound, "{highest} bytes of memory, more than {bound}");

    // Half of them move again in time, and are given the rest from the log on the very same connection.
    let head = changer.place;
    crowd.read_these(MOVING_AGAIN);
    let crowd = tokio::task::spawn_blocking(move || {
        crowd.read_until(
            "those who move again to be up to date",
            |_| {},
            |watchers| {
                assert!(watchers[MOVING_AGAIN].iter().all(|watcher| watcher.closed.is_none()), "cut although it moves");
                watchers[MOVING_AGAIN].iter().all(|watcher| watcher.place == head)
            },
        );
        crowd
    })
    .await
    .expect("all caught up");

    // The others are cut. What had been sent before reaches them all the same; the code itself has no room behind it.
    let left = (WATCHERS - STANDING.len() + MOVING_AGAIN.len()) as u64;
    eventually("those who stand still to be cut", async || (metric(&http, "tidings_live_connections").await <= left).then_some(()))
        .await;
    let crowd = tokio::task::spawn_blocking(move || {
        let mut crowd = crowd;
        crowd.read_these(MOVING_AGAIN.end..STANDING.end);
        let were_cut =
            |watchers: &[RawWatcher]| watchers[MOVING_AGAIN.end..STANDING.end].iter().all(|watcher| watcher.closed.is_some());
        crowd.read_until("the ends of those who were cut", |_| {}, were_cut);
        for number in MOVING_AGAIN.end..STANDING.end {
            let cut = &crowd.watchers[number];
            assert!(matches!(cut.closed, Some(0 | 4003)), "a code that lets it resume, or none at all: {:?}", cut.closed);
            assert!(cut.place < head, "it missed something");
            let position = cut.position.clone();
            let again = RawWatcher::open(address, &topic, Some(&position), None);
            assert_eq!(again.resumed, Some(true), "it goes on from where it was");
            crowd.watchers[number] = again;
        }
        crowd.read_these(MOVING_AGAIN.end..STANDING.end);
        crowd
    })
    .await
    .expect("all were cut and are back");

    changer.change().await;
    let head = changer.place;
    let mut crowd = crowd;
    tokio::task::spawn_blocking(move || {
        crowd.read_until("everybody to hold the log", |_| {}, |watchers| watchers.iter().all(|watcher| watcher.place == head));
    })
    .await
    .expect("everybody holds the log");
}
