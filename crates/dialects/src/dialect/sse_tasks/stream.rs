//! The event stream of one task: `connected`, then where it stands, then what happens, and its end with the result.
//!
//! Behind it stand two topics: the job, and its output, of which the lines that a worker says are told as messages. An event's id holds
//! how far both were told, so that a reconnect goes on from there.

use domain::{Status, Timestamp};
use serde_json::json;
use wire::frame::ClientFrame;
use wire::record::{JobSummary, OutputChunk, Progress};

use super::updates::{Connected, TaskUpdate, ended, progressed, said, standing};
use crate::dialect::{Action, FoundJob, Heard, Refused, Session, status};
use crate::frame::Frame;
use crate::sse;

/// What an `EventSource` waits before it connects again, as the hook of that system does.
const RETRY_MS: u64 = 3_000;
/// From the end of the task to the end of its stream: that system's pages close it themselves meanwhile.
const LINGER_MS: u64 = 1_000;
/// How often a task that waits for its turn is told how many are before it.
const QUEUE_MS: u64 = 5_000;
/// Ids of the two subscriptions.
const JOB: u32 = 1;
const OUTPUT: u32 = 2;
/// What stands between the two places of an event's id.
const AND: char = '~';
/// What a worker says; the rest is what its program printed.
const SAID: &[&str] = &["debug", "info", "warn", "error"];

/// What the next tick is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Nothing,
    CountBefore,
    End,
}

pub(super) struct TaskStream {
    id: String,
    /// The place in the log that the client holds.
    position: Option<String>,
    /// The place in the output that the client holds.
    output: Option<String>,
    /// When it was opened; lines that were said before are not told, unless the client was told some and goes on from there.
    opened_at: Timestamp,
    /// The job as it was last told.
    job: Option<JobSummary>,
    /// What is told when the stream is live: of a snapshot, and of what happened since.
    snapshot: Option<JobSummary>,
    /// The tick of the progress that was last told.
    tick: u64,
    /// What was last said about the task's turn.
    before: Option<u64>,
    /// Whether the end was told.
    is_over: bool,
    next: Next,
}

impl TaskStream {
    pub(super) fn new(id: String, last_event_id: Option<&str>) -> TaskStream {
        let (position, output) = match last_event_id.map(|held| held.split_once(AND).unwrap_or((held, ""))) {
            Some((position, output)) => {
                (Some(position.to_owned()), Some(output.to_owned()).filter(|output| cursor(output).is_some()))
            }
            None => (None, None),
        };
        TaskStream {
            id,
            position: position.filter(|position| wire::Position::parse(position).is_some()),
            output,
            opened_at: Timestamp(0),
            job: None,
            snapshot: None,
            tick: 0,
            before: None,
            is_over: false,
            next: Next::Nothing,
        }
    }

    pub(super) fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }

    fn opened(&mut self, now: Timestamp) -> Vec<Action> {
        self.opened_at = now;
        let connected = Connected { r#type: "connected", task_id: &self.id, timestamp: wire::time::show(now) };
        let first = sse::retry(RETRY_MS) + &sse::event(None, &wire::convert::to_json(&connected));
        let follow = |id, topic, after: &Option<String>| Action::Tell(ClientFrame::Subscribe { id, topic, after: after.clone() });
        vec![
            Action::Say(first),
            follow(JOB, json!({"job": self.id}), &self.position),
            follow(OUTPUT, json!({"output": self.id}), &self.output),
        ]
    }

    fn frame(&mut self, frame: &Frame, now: Timestamp) -> Vec<Action> {
        match frame {
            Frame::Snapshot { id: JOB, jobs, .. } => {
                self.snapshot = jobs.first().cloned();
                Vec::new()
            }
            Frame::Live { id: JOB, position, .. } => {
                self.position = position.clone().or_else(|| self.position.take());
                self.snapshot.take().map_or_else(Vec::new, |job| self.changed(job))
            }
            // A snapshot may be some moments old; what follows it brings it up to date before it is told.
            Frame::Update { job, .. } if self.snapshot.is_some() => {
                self.snapshot = self.snapshot.take().map(|held| if job.rev > held.rev { (**job).clone() } else { held });
                Vec::new()
            }
            Frame::Update { position, job, .. } => {
                self.position = Some(position.clone());
                self.changed((**job).clone())
            }
            Frame::Progress { rev, tick, progress, .. } => self.progress(*rev, *tick, progress, now),
            Frame::Output { attempt, next, chunks, .. } => self.lines(*attempt, *next, chunks),
            Frame::Heartbeat { .. } => vec![Action::Say(sse::keep_alive())],
            Frame::GoingAway { retry_in_ms } => vec![Action::Say(sse::retry(*retry_in_ms))],
            Frame::Left { kind: Some(kind), .. } if kind == "deleted" => vec![END],
            // Deleted between the look at it and the subscription.
            Frame::Error { id: Some(JOB), .. } => vec![END],
            _ => Vec::new(),
        }
    }

    /// The job at a new revision.
    fn changed(&mut self, job: JobSummary) -> Vec<Action> {
        let was = self.job.as_ref().map(status);
        let is_news = self.job.as_ref().is_none_or(|told| is_other(told, &job)) || job.progress.tick > self.tick;
        let (status, id) = (status(&job), self.id.clone());
        self.tick = self.tick.max(job.progress.tick);
        self.job = Some(job);
        if !is_news {
            return Vec::new();
        }
        self.next = Next::Nothing;
        self.is_over = false;
        self.before = None;
        match status {
            Status::Pending => vec![Action::CountBefore(id)],
            // What the worker said last is told before its end.
            status if status.is_end() => vec![Action::ReadOutput(id.clone(), self.output.clone()), Action::Read(id)],
            _ => self.stands(None, was),
        }
    }

    fn stands(&self, before: Option<u64>, was: Option<Status>) -> Vec<Action> {
        self.job.as_ref().map_or_else(Vec::new, |job| vec![self.say(&standing(job, before, was))])
    }

    /// For a task that waits for its turn. Told again when the number changed.
    fn before(&mut self, before: u64) -> Vec<Action> {
        let mut actions = if self.before == Some(before) { Vec::new() } else { self.stands(Some(before), None) };
        self.before = Some(before);
        self.next = Next::CountBefore;
        actions.push(Action::TickIn(QUEUE_MS));
        actions
    }

    /// The whole job, which was read because it ended. When it went on meanwhile, its end is told without the result.
    fn whole(&mut self, found: &Result<FoundJob, Refused>) -> Vec<Action> {
        let Some(job) = &self.job else { return Vec::new() };
        let found = found.as_ref().ok().filter(|found| found.summary.settlement == job.settlement);
        let result = found.and_then(|found| found.result.as_deref());
        // Of a summary, a long error is cut; the whole one is here.
        let end = found.filter(|found| found.summary.status == job.status).map_or(job, |found| &found.summary);
        let last = self.say(&ended(end, result));
        self.is_over = true;
        self.next = Next::End;
        vec![last, Action::TickIn(LINGER_MS)]
    }

    fn progress(&mut self, rev: u64, tick: u64, progress: &Progress, now: Timestamp) -> Vec<Action> {
        let is_current = self.job.as_ref().is_some_and(|job| job.rev == rev && status(job).is_active());
        if !is_current || tick <= self.tick {
            return Vec::new();
        }
        self.tick = tick;
        vec![Action::Say(sse::event(None, &wire::convert::to_json(&progressed(&self.id, progress, now))))]
    }

    fn lines(&mut self, attempt: u32, next: u64, chunks: &[OutputChunk]) -> Vec<Action> {
        let held = self.output.as_deref().and_then(cursor);
        if held.is_some_and(|held| (attempt, next) <= held) {
            return Vec::new();
        }
        let goes_on = held.is_some();
        self.output = Some(format!("{attempt}:{next}"));
        if self.is_over {
            return Vec::new();
        }
        let is_new = |chunk: &&OutputChunk| goes_on || wire::time::parse(&chunk.at).is_some_and(|at| at >= self.opened_at);
        let spoken = chunks.iter().filter(|chunk| SAID.contains(&&*chunk.stream)).filter(is_new);
        let lines = spoken.flat_map(|chunk| chunk.text.lines().map(|line| (line.trim_end(), &chunk.at)));
        lines.filter(|(line, _)| !line.is_empty()).map(|(line, at)| self.say(&said(&self.id, line, at))).collect()
    }

    fn say(&self, update: &TaskUpdate<'_>) -> Action {
        let id = self.position.as_ref().map(|position| match &self.output {
            Some(output) => format!("{position}{AND}{output}"),
            None => position.clone(),
        });
        Action::Say(sse::event(id.as_deref(), &wire::convert::to_json(update)))
    }
}

/// A stream just ends.
const END: Action = Action::End(1000, "done");

/// Whether a page would show it differently: tags, wishes and the like are none of that system's business.
fn is_other(told: &JobSummary, job: &JobSummary) -> bool {
    (&told.status, &told.reason, told.attempt) != (&job.status, &job.reason, job.attempt)
}

/// `attempt:offset`.
fn cursor(text: &str) -> Option<(u32, u64)> {
    let (attempt, offset) = text.split_once(':')?;
    Some((attempt.parse().ok()?, offset.parse().ok()?))
}

impl Session for TaskStream {
    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<Action> {
        match heard {
            Heard::Opened => self.opened(now),
            Heard::Frame(frame) => self.frame(frame, now),
            Heard::Job(found) => self.whole(found),
            Heard::Before(before) => self.before(before),
            Heard::Tick => match self.next {
                Next::CountBefore => vec![Action::CountBefore(self.id.clone())],
                Next::End => vec![END],
                Next::Nothing => Vec::new(),
            },
            Heard::Closed(_) => vec![END],
            Heard::Text(_) => Vec::new(),
        }
    }
}
