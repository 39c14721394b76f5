//! A store of a few jobs in memory that is driven by words, and holds every decision against the promises of the domain.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::decide::{Answer, Decision, Loaded, decide};
use crate::event::{EventKind, NewEvent};
use crate::job::{Job, JobError, LeaseProof, Progress, Silence, Ticked, WishKind};
use crate::policy::{Mode, Pause, Policy, Rescue};
use crate::request::{
    About, Ask, Asked, ClaimJobs, Expects, LeaseGrant, Listening, NewJob, Patch, Report, SavedProgress, TaskSlots, Word,
};
use crate::status::TABLE;
use crate::{JobId, Json, Refusal, Request, Status, Text, Timestamp};

pub(super) const START: Timestamp = Timestamp(1_000_000);
pub(super) const LEASE_MS: u64 = 30_000;
/// When a job of `later` is due, counted from its submit.
const LATER_MS: u64 = 60_000;

/// One job, with what the store and its holders remember of it.
#[derive(Clone)]
pub(super) struct Row {
    /// `None` once it is deleted.
    pub(super) job: Option<Job>,
    /// Every lease that it was given, the newest last.
    proofs: Vec<LeaseProof>,
    pub(super) events: Vec<NewEvent>,
    settled: BTreeSet<u32>,
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) rows: Vec<Row>,
    leases_given: u128,
    /// Places of the one task.
    pub(super) places: u32,
}

/// What the last step brought.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) answer: &'static str,
    pub(super) kinds: Vec<EventKind>,
    /// How the attempts that it wrote ended.
    pub(super) outcomes: Vec<Text>,
}

impl World {
    pub(super) fn new() -> World {
        World { now: START, rows: Vec::new(), leases_given: 0, places: 10 }
    }

    /// A world with one job, as its words describe it.
    pub(super) fn with(words: &str) -> World {
        let mut world = World::new();
        world.submit(words);
        world
    }

    pub(super) fn job(&self, at: usize) -> &Job {
        self.rows[at].job.as_ref().expect("the job was deleted")
    }

    pub(super) fn submit(&mut self, words: &str) -> Told {
        if words.starts_with("mirrored") {
            let request = self.first_word(words);
            return self.commit(&request).expect("it was not heard");
        }
        let new = self.new_job(words);
        let slots = self.slots();
        let request = Request::Submit { jobs: vec![new], slots, total: 10, asked: by_ann() };
        self.commit(&request).expect("the submit was refused")
    }

    /// The first word of a job's source. `silence` in its words: stale after 1,000 ms, lost after 5,000.
    pub(super) fn first_word(&mut self, words: &str) -> Request {
        let silence = words.contains("silence").then_some(Silence { stale_after_ms: 1_000, lost_after_ms: 5_000 });
        let first = Box::new(self.new_job(words));
        let about =
            About::Named { source: "there".into(), external_id: "run_1".into(), silence, first, expects: Expects::Anything };
        Request::Observe { about, word: Word::default(), asked: by_ann() }
    }

    /// One step, in one word: a verb, a report, `+1000` for the clock. `1.abort` names another job than the first.
    pub(super) fn step(&mut self, word: &str) -> Result<Told, Refusal> {
        let (at, word) = match word.split_once('.') {
            Some((at, word)) => (at.parse().expect("a job's number"), word),
            None => (0, word),
        };
        if let Some(ms) = word.strip_prefix('+') {
            self.now = self.now.plus_ms(ms.parse().expect("milliseconds"));
            return self.step(&format!("{at}.clock"));
        }
        if let Some(ms) = word.strip_prefix("skip=") {
            self.now.0 += ms.parse::<i64>().expect("milliseconds");
            return Ok(Told { answer: "unchanged", kinds: Vec::new(), outcomes: Vec::new() });
        }
        let request = self.request(at, word);
        self.commit(&request)
    }

    pub(super) fn request(&mut self, at: usize, word: &str) -> Request {
        let tenant: Text = "acme".into();
        let id = id_of(at);
        let mut asked = by_ann();
        let mut word = word;
        if let Some((rev, rest)) = word.strip_prefix("rev=").and_then(|rest| rest.split_once(':')) {
            asked.expected_rev = Some(rev.parse().expect("a revision"));
            word = rest;
        }
        let (word, proof) = match word.strip_prefix("stale:") {
            Some(word) => (word, self.stale_proof(at)),
            None => (word, self.newest_proof(at)),
        };
        let (verb, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse::<u64>().unwrap_or_else(|_| panic!("`{word}` needs a number"));
        if let Some(what) = Ask::parse(verb) {
            return Request::Ask { tenant, id, what, asked };
        }
        let now = self.now;
        let patch = |patch: Patch| Request::Patch { tenant: tenant.clone(), id, patch, asked: asked.clone() };
        let report = match verb {
            "claim" => {
                let mode = self.rows[at].job.as_ref().map_or(Mode::Worker, |job| job.mode);
                return Request::Claim(ClaimJobs {
                    mode,
                    tenant: None,
                    slots: self.slots(),
                    total: 10,
                    leases: vec![self.grant()],
                });
            }
            "answer" => return Request::Answer { tenant, id, value: Json::from_valid("1"), asked },
            "delete" => return Request::Delete { tenant, id, asked },
            "clock" => return Request::Clock { id, judge_leases: true, listening: heard_since(Some(START)) },
            "clock-unjudged" => return Request::Clock { id, judge_leases: false, listening: heard_since(Some(START)) },
            "clock-deaf" => return Request::Clock { id, judge_leases: true, listening: heard_since(None) },
            "clock-heard-since" => {
                let since = Some(START.plus_ms(number()));
                return Request::Clock { id, judge_leases: true, listening: heard_since(since) };
            }
            "says" => return self.observe(at, value, asked),
            "rescue" => return Request::Rescue { id, proof, why: "shim_gone".into() },
            "renew" => return Request::RenewLeases { entries: vec![(id, proof)] },
            "tags" => return patch(Patch { tags: Some(value.split(',').map(Text::from).collect()), ..Patch::default() }),
            "title" => return patch(Patch { title: Some(Some(value.into())), ..Patch::default() }),
            "priority" => return patch(Patch { priority: Some(number() as i16), ..Patch::default() }),
            "run-at" => return patch(Patch { run_at: Some(now.plus_ms(number())), ..Patch::default() }),
            "progress" => {
                let (attempt, tick) = self.rows[at].job.as_ref().map_or((0, 0), |job| (job.attempt, job.tick));
                let progress = Progress { failed: Some(number()), ..Progress::default() };
                let ticked = Ticked { tick: tick + 1, progress };
                return Request::SaveProgress { entries: vec![SavedProgress { id, attempt, ticked }] };
            }
            "heartbeat" => Report::Heartbeat { extend_ms: None },
            "ack" if value.is_empty() => Report::Acknowledge { wish: self.rows[at].job.as_ref().map_or(0, |job| job.wish.number) },
            "ack" => Report::Acknowledge { wish: number() },
            "complete" => Report::Complete { result: Some(Json::from_valid("{}")) },
            "fail" => Report::Fail { error: error("boom"), again: true, interrupted: false },
            "fail-for-good" => Report::Fail { error: error("boom"), again: false, interrupted: false },
            "interrupted" => Report::Fail { error: error("deploy"), again: true, interrupted: true },
            "stopped" => Report::Stopped { error: None },
            "wait" if value.is_empty() => Report::Wait { on: "input".into(), until: None },
            "wait" => Report::Wait { on: "input".into(), until: Some(now.plus_ms(number())) },
            _ => panic!("`{word}` is no step"),
        };
        Request::Report { id, proof, report, asked }
    }

    /// What its source says, or somebody in its place: `running,at:5,error:boom,assignee:ann`. `at` is the source's time, in microseconds after the start.
    fn observe(&self, at: usize, said: &str, asked: Asked) -> Request {
        let mut parts = said.split(',');
        let mut word = Word { status: parts.next().and_then(Status::parse), ..Word::default() };
        for part in parts {
            let (name, value) = part.split_once(':').unwrap_or((part, ""));
            match name {
                "at" => word.at_us = Some(START.0 * 1_000 + value.parse::<i64>().expect("microseconds")),
                "error" => word.error = Some(value.into()),
                "output" => word.output = Some(Json::from_valid("\"text\"")),
                label => word.labels.push((label.into(), value.into())),
            }
        }
        Request::Observe { about: About::Known { tenant: "acme".into(), id: id_of(at) }, word, asked }
    }

    /// Loads, decides, checks and writes.
    pub(super) fn commit(&mut self, request: &Request) -> Result<Told, Refusal> {
        let decision = decide(self.load(request), request, self.now);
        let again = decide(self.load(request), request, self.now);
        assert_eq!(format!("{decision:?}"), format!("{again:?}"), "the same arguments gave another decision");
        let decision = decision?;
        self.remember_leases(request, &decision);
        for event in &decision.events {
            self.check_event(event);
        }
        for write in &decision.writes {
            let at = write.job.id.0 as usize;
            let row = &mut self.rows[at];
            if let Some(event) = row.events.last() {
                assert_eq!(event.job.rev, write.job.rev, "a revision grows with its event only");
                assert_eq!(event.job.status, write.job.status, "a status changes with its event only");
            }
            if let Some(event) = decision.events.iter().rfind(|event| event.job.id == write.job.id) {
                assert_eq!(event.job, write.job, "the last event shows what is written");
            }
            if let Some(before) = &row.job {
                check_step(before, &write.job);
            }
            check_job(&write.job);
            row.job = Some((*write.job).clone());
        }
        for id in &decision.deleted {
            self.rows[id.0 as usize].job = None;
        }
        let outcomes = decision.attempts.iter().filter_map(|attempt| attempt.outcome.clone()).collect();
        Ok(Told { answer: name_of(&decision.answer), kinds: decision.events.iter().map(|event| event.kind).collect(), outcomes })
    }

    /// What an answer to this request would be, without writing it.
    pub(super) fn would(&self, request: &Request) -> Result<Decision, Refusal> {
        decide(self.load(request), request, self.now)
    }

    pub(super) fn load(&self, request: &Request) -> Loaded {
        let all = || self.rows.iter().filter_map(|row| row.job.as_ref());
        let mut loaded = Loaded::default();
        match request {
            Request::Submit { .. } => loaded.parents = all().map(|job| (job.id, (job.tenant.clone(), job.root))).collect(),
            Request::Claim(_) => {
                loaded.jobs = all().filter(|job| job.status == Status::Pending).cloned().collect();
                loaded.jobs.sort_by_key(|job| (-job.priority, job.queued_at, job.id));
            }
            _ => {}
        }
        loaded.running_total = all().filter(|job| job.takes_slot()).count() as u32;
        loaded.running.insert("task".into(), loaded.running_total);
        loaded.jobs.extend(request.job_ids().iter().filter_map(|id| self.rows[id.0 as usize].job.clone()));
        if let crate::request::Reads::Job(_, id) = request.reads() {
            loaded.job = self.rows.get(id.0 as usize).and_then(|row| row.job.clone());
        }
        loaded
    }

    pub(super) fn new_job(&mut self, words: &str) -> NewJob {
        let mut mode = Mode::Worker;
        let mut policy = Policy::default();
        policy.retry.base_ms = 1_000;
        let id = id_of(self.rows.len());
        let mut new = NewJob::plain(id, "acme".into(), "ann".into(), "task".into(), Mode::Worker);
        for word in words.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let number = || value.parse::<u64>().unwrap_or_else(|_| panic!("`{word}` needs a number"));
            match name {
                "attempts" => policy.retry.attempts = number() as u32,
                "limit" => policy.time_limit_ms = Some(number()),
                "on-timeout" => policy.retry.on_timeout = true,
                "rescue-lost" => policy.rescue = Rescue::Lost,
                "no-pause" => policy.pause = Pause::None,
                "start-within" => policy.start_within_ms = Some(number()),
                "later" => new.run_at = Some(self.now.plus_ms(LATER_MS)),
                "cannot-start" => new.cannot_start = Some(error("bad_input")),
                "priority" => new.priority = number() as i16,
                "silence" => {}
                "parent" => new.parent = Some(id_of(number() as usize)),
                word => mode = Mode::parse(word).unwrap_or_else(|| panic!("`{word}` is no word of a job")),
            }
        }
        new.mode = mode;
        new.policy = Arc::new(policy);
        new.lease = (mode == Mode::Tracked).then(|| self.grant());
        new
    }

    pub(super) fn slots(&self) -> Vec<TaskSlots> {
        vec![TaskSlots { task: "task".into(), limit: self.places }]
    }

    pub(super) fn grant(&mut self) -> LeaseGrant {
        self.leases_given += 1;
        LeaseGrant { proof: LeaseProof(self.leases_given), holder: "holder".into(), length_ms: LEASE_MS }
    }

    fn newest_proof(&self, at: usize) -> LeaseProof {
        self.rows[at].proofs.last().copied().unwrap_or(LeaseProof(u128::MAX))
    }

    /// A lease that is not this job's: its last but one, or one that nobody was given.
    fn stale_proof(&self, at: usize) -> LeaseProof {
        self.rows[at].proofs.iter().rev().nth(1).copied().unwrap_or(LeaseProof(u128::MAX))
    }

    fn remember_leases(&mut self, request: &Request, decision: &Decision) {
        for write in &decision.writes {
            let at = write.job.id.0 as usize;
            if at >= self.rows.len() {
                self.rows.push(Row { job: None, proofs: Vec::new(), events: Vec::new(), settled: BTreeSet::new() });
            }
            if let (Request::Submit { .. } | Request::Claim(_), Some(lease)) = (request, &write.job.lease) {
                self.rows[at].proofs.push(lease.proof);
            }
        }
    }

    fn check_event(&mut self, event: &NewEvent) {
        let row = &mut self.rows[event.job.id.0 as usize];
        let before = row.events.last().map(|event| event.job.clone());
        let now = &event.job;
        assert_eq!(now.rev, before.as_ref().map_or(0, |job| job.rev) + 1, "each event is the next revision");
        assert_eq!(event.from, before.as_ref().map(|job| job.status), "an event starts where the last one ended");
        assert_eq!(event.at, self.now);
        if let Some(before) = &before {
            assert!(now.tick >= before.tick, "a tick went back");
            assert!(now.wish.number >= before.wish.number, "a wish's number went back");
            assert_eq!((now.id, &now.owner, now.created_at), (before.id, &before.owner, before.created_at));
        }
        if event.from != Some(now.status) {
            let is_known = TABLE.iter().any(|mv| mv.from == event.from && mv.to == now.status);
            assert!(is_known, "{:?} -> {} is not in the table", event.from, now.status);
        }
        if let Some(from) = event.from
            && from.is_end()
            && from != now.status
        {
            let is_reopened = event.kind == EventKind::Reopened && now.status == Status::Pending;
            let by_retry = is_reopened && (from != Status::Completed || now.mode == Mode::Mirrored);
            let by_late_word = event.kind == EventKind::Corrected && from == Status::Lost;
            assert!(by_retry || by_late_word, "an end was left by {}", event.kind);
        }
        if event.kind == EventKind::Settled {
            assert!(now.status.is_end(), "settled as {}", now.status);
            assert!(row.settled.insert(now.settlement), "settlement {} settled twice", now.settlement);
        }
        if now.status.is_end() {
            assert!(row.settled.contains(&now.settlement), "an end without its settled");
        }
        row.events.push(event.clone());
    }
}

/// What must hold of every job that is written.
fn check_job(job: &Job) {
    let status = job.status;
    assert_eq!(status == Status::Running, job.running_since.is_some(), "{status}: running_since");
    assert_eq!(status == Status::Waiting, job.waiting.is_some(), "{status}: waiting");
    assert_eq!(status.is_end(), job.ended_at.is_some(), "{status}: ended_at");
    assert!(job.held.is_none() || status == Status::Paused, "{status}: held");
    assert!(!job.is_attempt_open() || job.holder().is_some(), "{status}: an open attempt that nobody holds");
    assert_eq!(job.mode == Mode::Mirrored, job.mirror.is_some(), "{status}: mirror");
    assert!(job.wish.kind == WishKind::None || job.is_attempt_open(), "{status}: a wish without an attempt");
    assert!(!status.is_end() || job.slot_until.is_some() || !job.takes_slot(), "{status}: takes a place");
    let only_clock_moves_it = matches!(status, Status::Scheduled | Status::Retrying) || job.is_attempt_open();
    assert!(!only_clock_moves_it || job.mirror.is_some() || job.wake_at().is_some(), "{status}: nothing wakes it");
}

/// What a stop leads to.
fn check_step(before: &Job, after: &Job) {
    if !before.is_attempt_open() || after.is_attempt_open() {
        return;
    }
    let end = after.status;
    if before.is_stopped_by_limit() {
        let is_retried = end == Status::Retrying && after.policy.retry.on_timeout;
        assert!(matches!(end, Status::TimedOut | Status::Completed) || is_retried, "after its limit it became {end}");
    } else if before.wish.is_stop() {
        assert!(matches!(end, Status::Aborted | Status::Completed), "asked to stop, it became {end}");
    }
}

fn heard_since(since: Option<Timestamp>) -> Listening {
    Arc::new(since.into_iter().map(|since| (Text::from("there"), since)).collect())
}

fn name_of(answer: &Answer) -> &'static str {
    match answer {
        Answer::Made(_) => "made",
        Answer::Replayed(_) => "replayed",
        Answer::Claimed(jobs) if jobs.is_empty() => "nothing",
        Answer::Claimed(_) => "claimed",
        Answer::Changed(_) => "changed",
        Answer::Wished(_) => "wished",
        Answer::Unchanged(_) => "unchanged",
        Answer::Renewed { stale } if stale.is_empty() => "renewed",
        Answer::Renewed { .. } => "stale",
        Answer::Saved => "saved",
        Answer::Deleted => "deleted",
    }
}

pub(super) fn id_of(at: usize) -> JobId {
    JobId(at as u128)
}

pub(super) fn by_ann() -> Asked {
    Asked { by: Some("ann".into()), ..Asked::default() }
}

fn error(kind: &str) -> JobError {
    JobError { kind: kind.into(), message: "it broke".into() }
}
