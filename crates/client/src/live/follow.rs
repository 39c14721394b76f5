//! What is held about each subscription, and what a frame changes: the three rules of the protocol, without any IO.
//!
//! A job counts when its `rev` is higher than the one held; progress counts on exactly that `rev` with a higher `tick`; a snapshot
//! replaces what its subscription held. Positions are kept per subscription, for coming back.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use wire::frame::ClientFrame;
use wire::record::{JobSummary, OutputChunk, OutputGap, Progress, Stats};

use super::frames::Frame;

/// What a watcher is told. `topic` is the place of the topic in the list that was given to [`crate::Client::watch`].
#[derive(Debug, Clone)]
pub enum Happened {
    /// The connection changed.
    Connection(super::Connection),
    /// The whole state of a topic: replaces whatever was held of it.
    Snapshot {
        topic: usize,
        jobs: Vec<JobSummary>,
        truncated: bool,
    },
    /// The topic is live; everything before it was told.
    Live {
        topic: usize,
        resumed: bool,
    },
    /// A job as of now. `kind` says what happened.
    Update {
        kind: String,
        job: Box<JobSummary>,
    },
    /// The job no longer matches the topic, or is deleted altogether.
    Left {
        topic: usize,
        id: String,
        deleted: bool,
    },
    Progress {
        id: String,
        progress: Progress,
    },
    Output {
        id: String,
        attempt: u32,
        offset: u64,
        next: u64,
        chunks: Vec<OutputChunk>,
        gap: Option<OutputGap>,
    },
    Stats(Stats),
    /// The server refused the topic; the others go on.
    Refused {
        topic: usize,
        code: String,
        message: String,
    },
}

/// One topic with what was earned on it.
#[derive(Debug)]
struct Subscription {
    topic: Value,
    /// Where to go on from; none until it was live once.
    position: Option<String>,
    /// Pages of a snapshot that is not complete yet.
    pages: Vec<JobSummary>,
    /// Whether the pages are all there are.
    is_whole: bool,
    /// Jobs as they came between the snapshot and `live`: newer than its pages.
    caught: HashMap<String, JobSummary>,
    is_live: bool,
    is_refused: bool,
    /// Ids that it matches, to know when nobody needs a job any more.
    jobs: HashSet<String>,
}

/// All subscriptions of one watch.
#[derive(Debug)]
pub(super) struct Follow {
    subscriptions: Vec<Subscription>,
    /// Revision and tick of each job that some subscription holds.
    held: HashMap<String, (u64, u64)>,
}

impl Follow {
    pub(super) fn new(topics: Vec<Value>) -> Follow {
        let subscription = |topic| Subscription {
            topic,
            position: None,
            pages: Vec::new(),
            is_whole: false,
            caught: HashMap::new(),
            is_live: false,
            is_refused: false,
            jobs: HashSet::new(),
        };
        Follow { subscriptions: topics.into_iter().map(subscription).collect(), held: HashMap::new() }
    }

    /// The frames that open every topic, on a new connection.
    pub(super) fn open(&mut self) -> Vec<ClientFrame> {
        let mut frames = Vec::new();
        for (place, subscription) in self.subscriptions.iter_mut().enumerate() {
            subscription.pages.clear();
            subscription.caught.clear();
            subscription.is_whole = false;
            subscription.is_live = false;
            if !subscription.is_refused {
                let (topic, after) = (subscription.topic.clone(), subscription.position.clone());
                frames.push(ClientFrame::Subscribe { id: place as u32 + 1, topic, after });
            }
        }
        frames
    }

    /// The log was replaced: nothing that is held counts.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        for subscription in &mut self.subscriptions {
            subscription.position = None;
            subscription.jobs.clear();
        }
    }

    pub(super) fn is_all_refused(&self) -> bool {
        self.subscriptions.iter().all(|subscription| subscription.is_refused)
    }

    /// Takes a frame; gives what the watcher is to be told.
    pub(super) fn take(&mut self, frame: Frame) -> Vec<Happened> {
        match frame {
            Frame::Snapshot { id, jobs, more } => {
                if let Some(subscription) = self.subscription(id) {
                    // A page after the last one begins a snapshot anew.
                    if subscription.is_whole {
                        subscription.pages.clear();
                        subscription.caught.clear();
                    }
                    subscription.pages.extend(jobs);
                    subscription.is_whole = !more;
                }
                Vec::new()
            }
            Frame::Live { id, position, resumed, truncated } => self.live(id, position, resumed, truncated),
            Frame::Update { position, subs, kind, job } => self.update(&position, &subs, kind, job),
            Frame::Left { position, subs, id, rev, kind } => {
                self.left(&position, &subs, &id, rev, kind.as_deref() == Some("deleted"))
            }
            Frame::Progress { id, rev, tick, progress } => match self.held.get_mut(&id) {
                Some((held, last)) if *held == rev && tick > *last => {
                    *last = tick;
                    vec![Happened::Progress { id, progress }]
                }
                _ => Vec::new(),
            },
            Frame::Output { subs, id, attempt, offset, next, chunks, gap } => {
                for sub in subs {
                    if let Some(subscription) = self.subscription(sub) {
                        subscription.position = Some(format!("{attempt}:{next}"));
                    }
                }
                vec![Happened::Output { id, attempt, offset, next, chunks, gap }]
            }
            Frame::Stats { stats } => vec![Happened::Stats(stats)],
            Frame::Heartbeat { position } => {
                for subscription in self.subscriptions.iter_mut().filter(|one| one.is_live && !one.is_output()) {
                    subscription.position = Some(position.clone());
                }
                Vec::new()
            }
            Frame::Error { code, message, id: Some(id) } => match self.subscription(id) {
                Some(subscription) => {
                    subscription.is_refused = true;
                    vec![Happened::Refused { topic: id as usize - 1, code, message }]
                }
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn subscription(&mut self, id: u32) -> Option<&mut Subscription> {
        self.subscriptions.get_mut((id as usize).checked_sub(1)?)
    }

    fn live(&mut self, id: u32, position: String, resumed: bool, truncated: bool) -> Vec<Happened> {
        let Some(subscription) = self.subscription(id) else { return Vec::new() };
        let topic = id as usize - 1;
        subscription.is_live = true;
        if !subscription.is_output() {
            subscription.position = Some(position);
        }
        let mut told = Vec::new();
        subscription.is_whole = false;
        let mut caught = std::mem::take(&mut subscription.caught);
        let mut jobs = std::mem::take(&mut subscription.pages);
        for job in &mut jobs {
            if let Some(newer) = caught.remove(&*job.id).filter(|newer| newer.rev > job.rev) {
                *job = newer;
            }
        }
        // Made after the pages were: newest first, as they are.
        let mut made: Vec<JobSummary> = caught.into_values().collect();
        made.sort_by(|a, b| b.id.cmp(&a.id));
        jobs.splice(0..0, made);
        if !resumed && !subscription.is_output() {
            subscription.jobs = jobs.iter().map(|job| job.id.to_string()).collect();
            for job in &jobs {
                let held = self.held.entry(job.id.to_string()).or_default();
                if job.rev >= held.0 {
                    *held = (job.rev, job.progress.tick);
                }
            }
            told.push(Happened::Snapshot { topic, jobs, truncated });
        }
        told.push(Happened::Live { topic, resumed });
        told
    }

    fn update(&mut self, position: &str, subs: &[u32], kind: String, job: Box<JobSummary>) -> Vec<Happened> {
        for sub in subs {
            if let Some(subscription) = self.subscription(*sub) {
                subscription.jobs.insert(job.id.to_string());
                // Before it is live, what comes catches up: its own position follows with `live`.
                if subscription.is_live {
                    subscription.position = Some(position.to_owned());
                } else {
                    subscription.caught.insert(job.id.to_string(), (*job).clone());
                }
            }
        }
        let held = self.held.entry(job.id.to_string()).or_default();
        if job.rev <= held.0 {
            return Vec::new();
        }
        *held = (job.rev, job.progress.tick);
        vec![Happened::Update { kind, job }]
    }

    fn left(&mut self, position: &str, subs: &[u32], id: &str, rev: u64, deleted: bool) -> Vec<Happened> {
        let mut told = Vec::new();
        for sub in subs {
            if let Some(subscription) = self.subscription(*sub) {
                if subscription.is_live {
                    subscription.position = Some(position.to_owned());
                } else {
                    subscription.caught.remove(id);
                    subscription.pages.retain(|job| *job.id != *id);
                }
                if subscription.jobs.remove(id) || deleted {
                    told.push(Happened::Left { topic: *sub as usize - 1, id: id.to_owned(), deleted });
                }
            }
        }
        if self.subscriptions.iter().all(|subscription| !subscription.jobs.contains(id)) {
            self.held.remove(id);
        } else if let Some(held) = self.held.get_mut(id) {
            held.0 = held.0.max(rev);
        }
        told
    }
}

impl Subscription {
    fn is_output(&self) -> bool {
        self.topic.get("output").is_some()
    }
}
