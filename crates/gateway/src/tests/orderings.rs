//! Thousands of orderings from a seed: commits, releases, losses, joins, resumes, slow clients. Whatever happens, each client ends with
//! exactly the events of the log that its subscriptions may see, each once and in order, and with the state that the store has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::event::EventKind;
use domain::topic::View;
use domain::{JobId, Topic};
use serde_json::Value;

use super::rig::*;
use crate::catch_up::is_seen;
use crate::{Connection, HubLimits, lock};

/// A small generator (xorshift64*), so that a seed gives the same orderings everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

#[derive(Default)]
struct Followed {
    is_live: bool,
    /// Place that the newest reset vouches for; updates after it must be complete.
    base: u64,
    places: Vec<u64>,
    /// Revision of each job that is held.
    jobs: BTreeMap<String, u64>,
    is_paging: bool,
    /// What it would resume with: the newest position it was sent while live, or with a frame of its own.
    earned: Option<(u64, String)>,
    /// Whether it is live on the present connection.
    is_joined: bool,
}

/// A client as the protocol describes it: a position counts for what is live on the connection, rev decides.
struct Client {
    connection: Option<Connection>,
    principal: domain::access::Principal,
    topics: Vec<Topic>,
    followed: Vec<Followed>,
}

impl Client {
    fn connect(&mut self, rig: &Rig) {
        self.connection = None;
        let connection = rig.open(self.principal.clone());
        for (i, topic) in self.topics.iter().enumerate() {
            let followed = &mut self.followed[i];
            let after = followed.earned.as_ref().filter(|_| followed.is_live).map(|(_, position)| position.clone());
            (followed.is_paging, followed.is_joined) = (false, false);
            connection.subscribe(i as u32, topic.clone(), after.as_deref());
            if after.is_none() {
                *followed = Followed::default();
            }
        }
        self.connection = Some(connection);
    }

    fn apply(&mut self, frame: &Value, seed: u64) {
        let place = place_of(frame);
        let subs: Vec<usize> = frame["subs"].as_array().into_iter().flatten().map(|sub| sub.as_u64().unwrap() as usize).collect();
        match frame["type"].as_str().unwrap() {
            "snapshot" => {
                let followed = &mut self.followed[frame["id"].as_u64().unwrap() as usize];
                if !followed.is_paging {
                    *followed = Followed::default();
                }
                followed.is_paging = frame["more"] == true;
                for job in frame["jobs"].as_array().unwrap() {
                    followed.jobs.insert(job["id"].as_str().unwrap().to_owned(), job["rev"].as_u64().unwrap());
                }
            }
            "live" => {
                let followed = &mut self.followed[frame["id"].as_u64().unwrap() as usize];
                (followed.is_live, followed.is_joined, followed.is_paging) = (true, true, false);
                if frame["resumed"] == false {
                    followed.base = place.unwrap();
                    followed.places.clear();
                }
            }
            kind @ ("update" | "left") => {
                for sub in subs {
                    let followed = &mut self.followed[sub];
                    let last = followed.places.last().copied().unwrap_or(0);
                    assert!(place.unwrap() > last, "seed {seed}: {frame} after {last}");
                    followed.places.push(place.unwrap());
                    let (id, rev) = match kind {
                        "update" => (&frame["job"]["id"], &frame["job"]["rev"]),
                        _ => (&frame["id"], &frame["rev"]),
                    };
                    let (id, rev) = (id.as_str().unwrap().to_owned(), rev.as_u64().unwrap());
                    if kind == "left" {
                        followed.jobs.remove(&id);
                    } else if followed.jobs.get(&id).is_none_or(|held| rev > *held) {
                        followed.jobs.insert(id, rev);
                    }
                }
            }
            "hello" | "progress" | "heartbeat" => {}
            _ => panic!("seed {seed}: {frame}"),
        }
        let Some(place) = place else { return };
        for (i, followed) in self.followed.iter_mut().enumerate() {
            let is_its_own = frame["subs"] == serde_json::json!([i]);
            if (followed.is_joined || is_its_own) && followed.earned.as_ref().is_none_or(|(earned, _)| place > *earned) {
                followed.earned = Some((place, frame["position"].as_str().unwrap().to_owned()));
            }
        }
    }

    fn check(&self, rig: &Rig, seed: u64) {
        let rows = lock(&rig.store.rows);
        let view: View = self.principal.view();
        for (topic, followed) in self.topics.iter().zip(&self.followed) {
            assert!(followed.is_live, "seed {seed}: {topic:?}");
            let concerns = |event: &&wire::LoggedEvent| {
                event.place > followed.base && is_seen(&view, event) && (event.matches(topic) || event.left(topic))
            };
            let expected: Vec<u64> = rows.log.iter().filter(concerns).map(|event| event.place).collect();
            assert_eq!(followed.places, expected, "seed {seed}: {topic:?} since {}", followed.base);
            let jobs = rows.jobs.values().filter(|job| view.sees(job) && topic.matches(job));
            let state: BTreeMap<String, u64> = jobs.map(|job| (job.id.to_string(), job.rev)).collect();
            assert_eq!(followed.jobs, state, "seed {seed}: {topic:?}");
        }
    }
}

fn random_event(rig: &Rig, dice: &mut Dice) {
    let id = 1 + u128::from(dice.below(12));
    let exists = lock(&rig.store.rows).jobs.contains_key(&JobId(id));
    let tags: Arc<[domain::Text]> = match dice.below(3) {
        0 => Arc::new([]),
        1 => Arc::new(["x".into()]),
        _ => Arc::new(["x".into(), "y".into()]),
    };
    let kind = match (exists, dice.below(12)) {
        (false, _) => EventKind::Submitted,
        (true, 0) => EventKind::Deleted,
        (true, _) => EventKind::Changed,
    };
    // A deleted id never comes back with a lower revision: ids are not used again, so the test keeps counting.
    let rev = lock(&rig.store.rows).log.iter().rfind(|event| event.job == JobId(id)).map_or(0, |event| event.rev);
    rig.commit(id, kind, |job| {
        job.rev = rev;
        job.owner = if id % 3 == 0 { "bob".into() } else { "ann".into() };
        if kind != EventKind::Deleted {
            job.tags = tags;
        }
    });
}

/// Answers how often connections fell behind, resumed from memory, from the store, and not at all.
async fn run(seed: u64) -> [u64; 4] {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let limits = HubLimits {
        outbox_bytes: [3_000, 20_000, 1_000_000][dice.below(3) as usize],
        ring_events: [8, 64, 10_000][dice.below(3) as usize],
        total_outbox_bytes: [30_000, 100_000_000][dice.below(2) as usize],
        resume_events: 200,
        snapshot_lag_events: dice.below(100),
        sockets_per_principal: 1_000,
        ..limits()
    };
    let rig = Rig::new(limits);
    let all = [Topic::Tenant, Topic::Owner("ann".into()), Topic::Tag("x".into()), Topic::Tag("y".into()), Topic::Task("t".into())];
    let mut clients: Vec<Client> = (0..8)
        .map(|i| {
            let topics: Vec<Topic> = (0..=dice.below(3)).map(|_| all[dice.below(all.len() as u64) as usize].clone()).collect();
            let followed = topics.iter().map(|_| Followed::default()).collect();
            let principal = [user("ann"), user("bob"), operator()][i % 3].clone();
            Client { connection: None, principal, topics, followed }
        })
        .collect();
    for client in &mut clients {
        client.connect(&rig);
    }
    for _ in 0..1_500 {
        let at = dice.below(clients.len() as u64) as usize;
        match dice.below(100) {
            0..40 => random_event(&rig, &mut dice),
            40..60 => rig.release(),
            60..61 => rig.lose(),
            61..63 => clients[at].connect(&rig),
            63..64 => {
                let mut rows = lock(&rig.store.rows);
                rows.floor = (rows.log.len() as u64).saturating_sub(150).max(rows.floor);
            }
            64..66 => idle().await,
            66..80 => tokio::task::yield_now().await,
            _ => {
                let client = &mut clients[at];
                let Some(connection) = client.connection.take() else { continue };
                // Polled a few times at most, and then left alone: a reading may be half done.
                let taken = tokio::select! {
                    biased;
                    taken = connection.next() => Some(taken.expect("open")),
                    () = tokio::task::yield_now() => None,
                };
                client.connection = Some(connection);
                for frame in taken.into_iter().flatten() {
                    client.apply(&serde_json::from_slice(frame.json()).unwrap(), seed);
                }
            }
        }
    }
    random_event(&rig, &mut dice);
    rig.release();
    idle().await;
    for client in &mut clients {
        let connection = client.connection.take().unwrap();
        for frame in drain(&connection).await {
            client.apply(&frame, seed);
        }
        client.connection = Some(connection);
        client.check(&rig, seed);
    }
    let stats = rig.hub.stats();
    [&stats.behind, &stats.ring_resumes, &stats.log_resumes, &stats.resets].map(|counter| counter.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn every_client_ends_with_exactly_the_log() {
    let mut ways = [0; 4];
    for seed in 0..40 {
        for (sum, count) in ways.iter_mut().zip(run(seed).await) {
            *sum += count;
        }
    }
    assert!(ways.iter().all(|count| *count > 20), "the seeds no longer reach every way: {ways:?}");
}
