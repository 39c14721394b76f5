//! The server is killed again and again under load. What was answered is there, each end is told once, and a watcher that goes on by
//! position holds exactly the events of the log, in order, none twice.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::http::Http;
use crate::harness::server::Server;
use crate::harness::{PATIENCE, eventually};

/// Unless `TIDINGS_TEST_KILLS` says otherwise.
const KILLS: u32 = 50;
const REPORTERS: usize = 6;

/// What reporters were answered.
#[derive(Default)]
struct Answered {
    made: Mutex<BTreeSet<String>>,
    completed: Mutex<BTreeSet<String>>,
    count: watch::Sender<usize>,
}

/// Makes and completes jobs as fast as it is answered; what fails because the server died is simply not counted.
async fn report(http: Http, answered: Arc<Answered>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let body = json!({"task": "t", "mode": "tracked", "leaseMs": 600_000});
        let Ok(made) = http.send(reqwest::Method::POST, "/api/v1/jobs", &[], Some(&body)).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if made.status != 201 {
            continue;
        }
        let id = made.body["id"].as_str().expect("an id").to_owned();
        let lease = made.body["lease"]["token"].as_str().expect("a lease").to_owned();
        answered.made.lock().expect("no panic").insert(id.clone());
        answered.count.send_modify(|count| *count += 1);
        let path = format!("/api/v1/jobs/{id}/complete");
        let headers = [("tidings-lease", lease.as_str())];
        let done = http.send(reqwest::Method::POST, &path, &headers, Some(&json!({"result": 1}))).await;
        if done.is_ok_and(|done| done.status == 200) {
            answered.completed.lock().expect("no panic").insert(id);
        }
    }
}

/// One event, as a watcher and as the log tell it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    place: u64,
    id: String,
    rev: u64,
    kind: String,
}

impl Told {
    /// `event`: what has `position` and `kind`; `job`: what has `rev`.
    fn of(event: &Value, job: &Value, id: &str) -> Told {
        let position = event["position"].as_str().expect("a position");
        let place = position.rsplit_once('-').and_then(|(_, place)| place.parse().ok()).expect("a place");
        let kind = event["kind"].as_str().expect("a kind").to_owned();
        Told { place, id: id.to_owned(), rev: job["rev"].as_u64().expect("a revision"), kind }
    }
}

/// Everything that a watcher was sent, held to the rules while it comes.
#[derive(Default)]
struct Seen {
    position: Option<String>,
    revs: BTreeMap<String, u64>,
    settled: BTreeMap<String, u32>,
    /// Every event, in the order in which it came.
    events: Vec<Told>,
    resumes: u32,
}

impl Seen {
    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap_or_default() {
            "live" => {
                assert!(self.position.is_none() || frame["resumed"] == true, "a reset: {frame}");
                self.resumes += u32::from(self.position.is_some());
                self.position = frame["position"].as_str().map(str::to_owned);
            }
            "update" => {
                let job = &frame["job"];
                let id = job["id"].as_str().expect("an id").to_owned();
                let rev = job["rev"].as_u64().expect("a revision");
                let before = self.revs.insert(id.clone(), rev).unwrap_or_default();
                assert_eq!(rev, before + 1, "{id}: an event was lost or doubled");
                self.events.push(Told::of(frame, job, &id));
                if frame["kind"] == "settled" {
                    *self.settled.entry(id).or_default() += 1;
                }
                self.position = frame["position"].as_str().map(str::to_owned);
            }
            "heartbeat" => self.position = frame["position"].as_str().map(str::to_owned),
            "error" => panic!("{frame}"),
            _ => {}
        }
    }
}

async fn watch(url: String, seen: Arc<Mutex<Seen>>) {
    loop {
        let Ok((mut socket, _)) = tokio_tungstenite::connect_async(&url).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let mut subscribe = json!({"type": "subscribe", "id": 1, "topic": {"tenant": true}});
        if let Some(position) = &seen.lock().expect("no panic").position {
            subscribe["after"] = json!(position);
        }
        for frame in [json!({"type": "auth"}), subscribe] {
            let _ = socket.send(Message::text(frame.to_string())).await;
        }
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                seen.lock().expect("no panic").take(&serde_json::from_str(&text).expect("JSON"));
            }
        }
    }
}

/// A number that the environment names.
fn named(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_and_nothing_is_told_twice() {
    let mut server = Server::start("").await;
    let answered = Arc::new(Answered::default());
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::new(Mutex::new(Seen::default()));
    let watching = tokio::spawn(watch(format!("{}/api/v1/live", server.url().replacen("http", "ws", 1)), seen.clone()));
    eventually("the watcher to be live", async || seen.lock().expect("no panic").position.clone()).await;
    let reporters: Vec<_> =
        (0..REPORTERS).map(|_| tokio::spawn(report(server.http.clone(), answered.clone(), stop.clone()))).collect();

    let kills = named("TIDINGS_TEST_KILLS").map_or(KILLS, |kills| kills as u32);
    let seed = named("TIDINGS_TEST_SEED").unwrap_or_else(|| RandomState::new().hash_one(0u8));
    println!("{kills} kills; TIDINGS_TEST_SEED={seed} strikes after the same numbers of answers");
    let mut state = seed;
    let mut count = answered.count.subscribe();
    for _ in 0..kills {
        // A linear congruential generator (Knuth, MMIX): when to strike next, counted in answers.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let goal = *count.borrow() + 1 + (state >> 58) as usize;
        let is_reached = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count >= goal)).await.is_ok();
        assert!(is_reached, "no answers any more");
        server.kill();
        server.start_again().await;
    }
    stop.store(true, Ordering::Relaxed);
    for reporter in reporters {
        reporter.await.expect("no panic");
    }
    let made = answered.made.lock().expect("no panic").clone();
    let completed = answered.completed.lock().expect("no panic").clone();
    assert!(made.len() > kills as usize && !completed.is_empty());
    for id in &made {
        let job = server.http.job(id).await;
        if completed.contains(id) {
            assert_eq!(job["status"], "completed", "{job:#}");
        }
        let rev = job["rev"].as_u64();
        eventually("the watcher to be where the job is", async || {
            let seen = seen.lock().expect("no panic");
            assert!(seen.revs.get(id).copied() <= rev, "{id}: more was told than happened");
            (seen.revs.get(id).copied() == rev).then_some(())
        })
        .await;
    }
    watching.abort();
    let _ = watching.await;
    let seen = std::mem::take(&mut *seen.lock().expect("no panic"));
    assert!(seen.resumes >= kills / 2, "it went on by position {} times", seen.resumes);
    assert!(seen.settled.values().all(|settled| *settled == 1), "each end once");
    for id in &completed {
        assert_eq!(seen.settled.get(id), Some(&1), "{id}");
    }
    let mut log = Vec::new();
    for id in seen.revs.keys() {
        let events = server.http.get(&format!("/api/v1/jobs/{id}/events")).await.expect("an answer").expect(200);
        log.extend(events["events"].as_array().expect("events").iter().map(|event| Told::of(event, event, id)));
    }
    log.sort_unstable();
    assert!(log == seen.events, "what came to the watcher is the log, in its order");
    println!("{} jobs made, {} completed, {} resumes", made.len(), completed.len(), seen.resumes);
}
