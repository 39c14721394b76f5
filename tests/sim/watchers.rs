//! Watchers: clients of the hub over each edge, eager, slow or asleep, that are cut off, resume, resume with a position of another log,
//! and hold what they are sent against what they may see.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Topic;
use domain::access::Principal;
use gateway::{AuthRefusal, Authenticator, Connection, Edge, Frame, Hub, Peer, Polled};
use serde_json::Value;
use wire::close::Close;

use super::folded::Folded;
use super::people::{operator, stranger, user};
use super::scene::Scene;

/// Turns of other tasks after which nothing more will come by itself. A poll is answered with all its pages at once.
pub const ENOUGH_TURNS: u64 = 300;

/// Lets in whom the edge knows.
struct Doorman;

#[async_trait]
impl Authenticator for Doorman {
    async fn authenticate(&self, _: Option<&str>) -> Result<Principal, AuthRefusal> {
        Err(AuthRefusal::new(Close::Unauthenticated, "the edge knows who it is"))
    }
}

type Poll = Pin<Box<dyn Future<Output = Result<Polled, Close>>>>;

enum Line {
    Cut,
    /// A WebSocket or a stream.
    Open(Connection),
    /// A long poll under way.
    Polling(Poll),
}

pub struct Watcher {
    name: String,
    pub principal: Principal,
    edge: Edge,
    pub topics: Vec<Topic>,
    pub folded: Vec<Folded>,
    line: Line,
    /// The newest place on this connection, which never goes back.
    reached: u64,
    /// For a stream or a poll: the one position of all its topics.
    common: Option<String>,
    /// Turns in a thousand in which it reads.
    pub eagerness: u64,
    /// Answers so far.
    pub resumes: u64,
}

impl Watcher {
    pub fn new(scene: &Scene, number: usize) -> Watcher {
        let dice = &scene.dice;
        let principal = [user("ann"), user("bob"), operator(), stranger()][number % 4].clone();
        let edge = *dice.pick(&[Edge::Socket, Edge::Socket, Edge::Stream, Edge::Wait]);
        let topics: Vec<Topic> = (0..=dice.below(3)).map(|_| a_topic(scene)).collect();
        let eagerness = *dice.pick(&[900, 300, 50, 0]);
        Watcher::of(format!("w{number}"), principal, edge, topics, eagerness)
    }

    pub fn of(name: String, principal: Principal, edge: Edge, topics: Vec<Topic>, eagerness: u64) -> Watcher {
        let folded = topics.iter().map(|_| Folded::default()).collect();
        Watcher { name, principal, edge, topics, folded, line: Line::Cut, reached: 0, common: None, eagerness, resumes: 0 }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn polls(&self) -> bool {
        self.edge == Edge::Wait
    }

    pub fn is_cut(&self) -> bool {
        matches!(self.line, Line::Cut)
    }

    pub fn cut(&mut self) {
        self.line = Line::Cut;
    }

    /// As a client of a replaced log does.
    fn forget(&mut self) {
        self.common = None;
        self.folded.iter_mut().for_each(|folded| *folded = Folded::default());
    }

    pub fn connect(&mut self, scene: &Scene, hub: &Arc<Hub>) {
        self.line = Line::Cut;
        self.reached = 0;
        let mut principal = self.principal.clone();
        if scene.dice.chance(100) && !scene.is_calm() {
            principal.expires_at = Some(engine::clock::Clock::now(&*scene.clock).plus_ms(20_000));
        }
        let peer = Peer { edge: self.edge, authenticator: Arc::new(Doorman), principal: Some(principal) };
        let Ok(connection) = hub.open(peer) else { return };
        let is_strange = scene.dice.chance(50) && !scene.is_calm();
        let mut shown = Vec::new();
        if is_strange {
            self.forget();
        }
        for (i, topic) in self.topics.iter().enumerate() {
            let folded = &mut self.folded[i];
            let own = folded.earned.as_ref().filter(|_| folded.is_live).map(|(_, position)| position.clone());
            let after = match (is_strange, self.edge) {
                (true, _) => Some("elsewhere-7".into()),
                (false, Edge::Socket) => own,
                (false, _) => self.common.clone(),
            };
            folded.begin(after.is_some());
            let common = after.as_deref().filter(|_| self.edge != Edge::Socket).and_then(wire::Position::parse);
            if let (Some(common), false) = (common, is_strange) {
                folded.go_on_from(common.place);
            }
            connection.subscribe(i as u32, topic.clone(), after.as_deref());
            shown.push(after.unwrap_or_default());
        }
        self.resumes += u64::from(shown.iter().any(|after| !after.is_empty()));
        let topics: Vec<String> = self.topics.iter().map(|topic| in_words(topic, scene)).collect();
        scene.diary.note(format!("{} connects by {:?} for {topics:?} after {shown:?}", self.name, self.edge));
        self.line = match self.edge {
            Edge::Wait => Line::Polling(Box::pin(async move { connection.poll(Duration::from_millis(400)).await })),
            _ => Line::Open(connection),
        };
    }

    /// Reads what waits, if something does within a few turns; answers whether it got anything.
    pub async fn read(&mut self, scene: &Scene, turns: u64) -> bool {
        let pause = async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        };
        let taken = match &mut self.line {
            Line::Cut => return false,
            Line::Open(connection) => tokio::select! {
                biased;
                taken = connection.next() => Some(taken),
                () = pause => None,
            },
            Line::Polling(poll) => {
                let polled = tokio::select! {
                    biased;
                    polled = poll => Some(polled),
                    () = pause => None,
                };
                polled.map(|polled| polled.map(|polled| self.polled(polled, scene)))
            }
        };
        match taken {
            None => false,
            Some(Ok(frames)) => {
                frames.iter().for_each(|frame| self.apply(frame, scene));
                true
            }
            Some(Err(close)) => {
                scene.diary.note(format!("{} is closed: {close}", self.name));
                if close == Close::LogReplaced {
                    self.forget();
                }
                self.line = Line::Cut;
                true
            }
        }
    }

    fn polled(&mut self, polled: Polled, scene: &Scene) -> Vec<Frame> {
        self.line = Line::Cut;
        let is_first = self.common.is_none();
        scene.diary.require(!is_first || polled.reset || !self.holds_jobs(), "a poll without a position is told reset", || {
            self.name.clone()
        });
        self.common = Some(polled.position);
        for (topic, folded) in self.topics.iter().zip(&mut self.folded) {
            // A poll answers no `live` for a topic that goes on.
            if topic.holds_jobs() && !folded.is_refused {
                (folded.is_live, folded.is_joined) = (true, true);
            }
        }
        polled.frames
    }

    fn holds_jobs(&self) -> bool {
        self.topics.iter().any(|topic| topic.holds_jobs() && !matches!(topic, Topic::Job(_) | Topic::Root(_)))
    }

    fn apply(&mut self, taken: &Frame, scene: &Scene) {
        let diary = &scene.diary;
        let frame: Value = match serde_json::from_slice(taken.json()) {
            Ok(frame) => frame,
            Err(error) => return diary.broke("a frame is JSON", format!("{} {error}", self.name)),
        };
        let place = frame["position"].as_str().and_then(wire::Position::parse).map(|position| position.place);
        let subs: Vec<usize> =
            frame["subs"].as_array().into_iter().flatten().filter_map(|sub| Some(sub.as_u64()? as usize)).collect();
        self.check_seen(&frame, scene);
        self.check_order(&frame, place, &subs, scene);
        let of_id = frame["id"].as_u64().map(|id| id as usize);
        match (taken.kind, of_id, place) {
            ("snapshot", Some(id), _) => self.folded[id].page(&frame),
            ("live", Some(id), _) => self.folded[id].live(&frame, place),
            ("update" | "left", _, Some(place)) => subs.iter().for_each(|sub| self.folded[*sub].update(&frame, place, diary)),
            ("progress", ..) => subs.iter().for_each(|sub| self.folded[*sub].progress(&frame)),
            ("stats", ..) => subs.iter().for_each(|sub| self.folded[*sub].stats = Some(frame["stats"].clone())),
            ("error", Some(id), _) => self.refused(&frame, id, scene),
            ("hello" | "authenticated" | "heartbeat" | "tasks", ..) => {}
            _ => diary.broke("a watcher is sent what the protocol knows", format!("{} {frame}", self.name)),
        }
        let Some(place) = place else { return };
        for (i, folded) in self.folded.iter_mut().enumerate() {
            if folded.is_joined || subs == [i] {
                folded.earn(place, frame["position"].as_str().unwrap_or_default());
            }
        }
        // A stream's heartbeat is a comment, and has no id.
        if let (Edge::Stream, Some(place), Some(position), false) =
            (self.edge, taken.place(), frame["position"].as_str(), taken.kind == "heartbeat")
        {
            diary.require(position.ends_with(&format!("-{place}")), "a stream's id is its frame's position", || frame.to_string());
            self.common = Some(position.to_owned());
        }
    }

    /// No watcher ever sees a job of another owner or tenant.
    fn check_seen(&self, frame: &Value, scene: &Scene) {
        let pages = frame["jobs"].as_array().into_iter().flatten().map(|job| &job["id"]);
        let single = [&frame["job"]["id"], &frame["id"]].into_iter();
        for id in pages.chain(single).filter_map(Value::as_str) {
            let ledger = scene.disk.ledger();
            let view = self.principal.view();
            let is_seen =
                ledger.belongs.get(id).is_some_and(|(tenant, owner)| *tenant == view.tenant && view.visibility.sees_owner(owner));
            scene.diary.require(is_seen, "no watcher sees a job of another owner or tenant", || format!("{} {frame}", self.name));
        }
    }

    /// What a connection is sent never goes back, except the updates that catch up one subscription before its `live`.
    fn check_order(&mut self, frame: &Value, place: Option<u64>, subs: &[usize], scene: &Scene) {
        let Some(place) = place else { return };
        let is_update = frame["type"] == "update" || frame["type"] == "left";
        let is_catch_up = is_update && subs.len() == 1 && !self.folded[subs[0]].is_joined;
        if is_catch_up || self.edge == Edge::Wait {
            return;
        }
        scene.diary.require(place >= self.reached, "positions on a connection never go back", || {
            format!("{} {frame} after {}", self.name, self.reached)
        });
        self.reached = place;
    }

    fn refused(&mut self, frame: &Value, id: usize, scene: &Scene) {
        let named = match self.topics[id] {
            Topic::Job(job) | Topic::Root(job) => Some(job),
            _ => None,
        };
        let is_right =
            named.is_some_and(|job| !scene.may_see(&self.principal, job) || !scene.disk.ledger().rows.contains_key(&job));
        scene.diary.require(is_right && frame["code"] == "not_found", "only what does not exist is refused", || {
            format!("{} {frame}", self.name)
        });
        self.folded[id] = Folded::refused();
    }
}

/// Ids are other ones in each run of a seed: the lines number the jobs.
fn in_words(topic: &Topic, scene: &Scene) -> String {
    match topic {
        Topic::Job(job) => format!("job {}", scene.diary.name(*job)),
        Topic::Root(job) => format!("root {}", scene.diary.name(*job)),
        other => format!("{other:?}"),
    }
}

fn a_topic(scene: &Scene) -> Topic {
    let named = scene.a_job();
    match (scene.dice.below(12), named) {
        (0, Some(job)) => Topic::Job(job),
        (1, Some(job)) => Topic::Root(job),
        (2, _) => Topic::Owner("ann".into()),
        (3, _) => Topic::Owner("bob".into()),
        (4, _) => Topic::Tag("x".into()),
        (5, _) => Topic::Tag("y".into()),
        (6, _) => Topic::Task("work".into()),
        (7, _) => Topic::Session("s1".into()),
        (8, _) => Topic::Batch("b1".into()),
        (9, _) => Topic::Stats,
        _ => Topic::Tenant,
    }
}
