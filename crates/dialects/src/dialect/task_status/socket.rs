//! The socket of system 4: who is there is said by `?token=`, and each change of the tasks that this user may see is told, in order.
//!
//! `event_id` is a place of the log. A client that comes again with the newest one as `last_event_id` is told what it missed, and nothing else.
//! One that brings none, or one that the log no longer holds, is told how its tasks are now, all that are active and those that ended last:
//! pages patch tasks that they hold, so it brings them up to date and does no harm.

mod heart;
mod messages;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Text, Timestamp};
use serde_json::json;
use serde_json::value::RawValue;
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::record::JobSummary;

use super::facts::{is_mirrored, name};
use crate::dialect::{Action, Heard, LookAt, Recalled, Request, Session, WholeJob, status};
use crate::frame::Frame;

use heart::{Beat, Heart};
use messages::{FromClient, ToClient, Update, activity};

/// The one subscription that a socket has.
const TASKS: u32 = 1;
/// How long ago a task changed of which a client is told the output when it comes, in milliseconds, and how many of them: the newest changes.
const RECENT_MS: i64 = 300_000;
const RECENT_TASKS: usize = 50;
/// RFC 6455, section 7.4.1: the document closes with it when a token does not open the socket.
const POLICY_VIOLATION: u16 = 1008;

pub(super) struct TaskSocket {
    token: Option<String>,
    /// The place up to which the client was told all. Empty: none yet.
    position: String,
    /// As it came, when the client wants to go on from there.
    resumes: Option<String>,
    stage: Stage,
    is_acked: bool,
    /// Whether a ping came before the ack.
    owes_pong: bool,
    heart: Heart,
}

enum Stage {
    /// It is being found out who is there.
    Nobody,
    /// What was missed is being told; nothing else is known yet.
    Resuming,
    /// A snapshot is being put together.
    Joining(Held),
    On,
}

/// What a snapshot has brought so far, and what came after it.
#[derive(Default)]
struct Held {
    tasks: BTreeMap<Text, JobSummary>,
    /// Whether its last page is there: another page begins a new one.
    is_whole: bool,
}

impl Held {
    fn hold(&mut self, task: &JobSummary) {
        if self.tasks.get(&task.id).is_none_or(|held| held.rev < task.rev) {
            self.tasks.insert(task.id.clone(), task.clone());
        }
    }
}

/// `/ws?token=&connection_id=&last_event_id=`. Which connection it is does not matter: each is its own.
pub(super) fn open(request: &Request<'_>) -> Box<dyn Session> {
    Box::new(TaskSocket::new(request.query("token"), request.query("last_event_id")))
}

impl TaskSocket {
    pub(super) fn new(token: Option<&str>, last_event_id: Option<&str>) -> TaskSocket {
        TaskSocket {
            token: token.map(str::to_owned),
            position: String::new(),
            resumes: last_event_id.map(str::to_owned),
            stage: Stage::Nobody,
            is_acked: false,
            owes_pong: false,
            heart: Heart::default(),
        }
    }

    fn is_known(&self) -> bool {
        !matches!(self.stage, Stage::Nobody)
    }

    fn text(&mut self, text: &str, now: Timestamp) -> Vec<Action> {
        self.heart.heard(now);
        match FromClient::read(text) {
            // The ack is the first that a client is told.
            FromClient::Ping if !self.is_acked => {
                self.owes_pong = true;
                Vec::new()
            }
            FromClient::Ping => vec![pong(&self.position, now)],
            FromClient::Pong | FromClient::Ack => Vec::new(),
            FromClient::Unknown(_) if !self.is_acked => Vec::new(),
            FromClient::Unknown(what) => {
                vec![self.error("Unknown message type", &format!("{what}: ping, pong and ack are understood"), now)]
            }
        }
    }

    fn error(&self, error: &str, details: &str, now: Timestamp) -> Action {
        let timestamp = &wire::time::show(now);
        say(&ToClient::Error { event_id: &self.position, timestamp, error, details, data: messages::Nothing {} })
    }

    /// The first message of a socket. `ack_event_id` is the place from which it goes on, if it does.
    fn ack(&mut self, event_id: &str, ack_event_id: &str, now: Timestamp) -> Vec<Action> {
        self.is_acked = true;
        let timestamp = &wire::time::show(now);
        let ack = say(&ToClient::Ack { event_id, timestamp, ack_event_id, data: messages::Nothing {} });
        let owed = self.owes_pong.then(|| pong(event_id, now));
        [Some(ack), owed].into_iter().flatten().collect()
    }

    fn admitted(&mut self, now: Timestamp) -> Vec<Action> {
        if self.is_known() {
            return Vec::new();
        }
        self.stage = if self.resumes.is_some() { Stage::Resuming } else { Stage::Joining(Held::default()) };
        self.heart.begins(now);
        let subscribe = ClientFrame::Subscribe { id: TASKS, topic: json!({"tenant": true}), after: self.resumes.clone() };
        vec![Action::Tell(subscribe), Action::TickIn(self.heart.rests(now))]
    }

    fn frame(&mut self, frame: &Frame, now: Timestamp) -> Vec<Action> {
        match frame {
            Frame::Authenticated { .. } => self.admitted(now),
            Frame::Snapshot { id: TASKS, jobs, more } => {
                self.snapshot(jobs, *more);
                Vec::new()
            }
            Frame::Live { id: TASKS, position, .. } => self.joined(position.as_deref().unwrap_or_default(), now),
            Frame::Update { position, subs, kind, job } if subs.contains(&TASKS) => self.update(position, kind, job, now),
            Frame::Left { position, subs, id, kind } if subs.contains(&TASKS) => {
                self.left(position, id, kind.as_deref() == Some("deleted"), now)
            }
            Frame::Heartbeat { position } if matches!(self.stage, Stage::On) => {
                self.position.clone_from(position);
                Vec::new()
            }
            Frame::Error { id: Some(TASKS), message, .. } => {
                vec![self.error("Not allowed", message, now), Action::End(POLICY_VIOLATION, "forbidden")]
            }
            _ => Vec::new(),
        }
    }

    /// A page of a snapshot; the first begins anew, whatever was told before.
    fn snapshot(&mut self, page: &[JobSummary], more: bool) {
        let mut held = match std::mem::replace(&mut self.stage, Stage::On) {
            Stage::Joining(held) if !held.is_whole => held,
            _ => Held::default(),
        };
        page.iter().for_each(|task| held.hold(task));
        held.is_whole = !more;
        self.stage = Stage::Joining(held);
    }

    /// All up to here was told or is held.
    fn joined(&mut self, position: &str, now: Timestamp) -> Vec<Action> {
        let actions = match std::mem::replace(&mut self.stage, Stage::On) {
            Stage::Joining(held) => self.present(held.tasks.into_values().collect(), position, now),
            // All that was missed was told, or nothing was.
            _ => match (self.is_acked, self.resumes.clone()) {
                (false, Some(resumes)) => self.ack(position, &resumes, now),
                _ => Vec::new(),
            },
        };
        self.position = position.to_owned();
        actions
    }

    /// Tells how the tasks are at this place.
    fn present(&mut self, mut tasks: Vec<JobSummary>, position: &str, now: Timestamp) -> Vec<Action> {
        tasks.sort_by(|one, other| (&one.updated_at, &one.id).cmp(&(&other.updated_at, &other.id)));
        // The place is the client's once it was told the last of them.
        let first_id = if tasks.is_empty() { position } else { "" };
        let mut actions = Vec::new();
        if !self.is_acked {
            actions.extend(self.ack(first_id, "", now));
            if self.resumes.is_some() {
                let details = "The log holds it no longer, or it is of another server: how the tasks are now follows";
                actions.push(self.error("last_event_id cannot be resumed", details, now));
            }
        }
        let recent_from = wire::time::show(Timestamp(now.0.saturating_sub(RECENT_MS)));
        let count = tasks.len();
        for (place, task) in tasks.into_iter().enumerate() {
            let event_id = if place + 1 == count { position } else { "" };
            let is_recent = place + RECENT_TASKS >= count && task.updated_at >= recent_from;
            actions.extend(tell(task, event_id, if is_recent { With::Output } else { With::Nothing }, now));
        }
        actions
    }

    fn update(&mut self, position: &str, kind: &str, job: &JobSummary, now: Timestamp) -> Vec<Action> {
        if let Stage::Joining(held) = &mut self.stage {
            held.hold(job);
            return Vec::new();
        }
        let mut actions = self.first_words(now);
        self.position = position.to_owned();
        // Somebody asked something of it: nothing that is shown has changed.
        if kind != "wished" {
            actions.extend(tell(job.clone(), position, With::OutputAndActivity, now));
        }
        actions
    }

    /// What was missed begins to come, so it can be resumed.
    fn first_words(&mut self, now: Timestamp) -> Vec<Action> {
        match (self.is_acked, self.resumes.clone()) {
            (false, Some(resumes)) => self.ack(&resumes, &resumes, now),
            _ => Vec::new(),
        }
    }

    fn left(&mut self, position: &str, id: &str, is_deleted: bool, now: Timestamp) -> Vec<Action> {
        if let Stage::Joining(held) = &mut self.stage {
            held.tasks.remove(id);
            return Vec::new();
        }
        let mut actions = self.first_words(now);
        self.position = position.to_owned();
        if is_deleted {
            let (id, event_id, at) = (id.to_owned(), position.to_owned(), wire::time::show(now));
            let then = move |job: Option<JobSummary>| {
                let payload = Update::deleted(job.as_ref().map_or(&id, name), &at);
                vec![say(&ToClient::TaskStatusUpdate { payload, timestamp: &at, event_id: &event_id })]
            };
            actions.push(Action::Recall(position.to_owned(), Recalled(Box::new(then))));
        }
        actions
    }

    /// A socket that speaks for nobody any more is closed as the document has it. One that never was let in is told nothing else.
    fn closed(&self, close: Close, now: Timestamp) -> Vec<Action> {
        let details = match close {
            Close::Unauthenticated | Close::TokenExpired => "Invalid or expired token",
            Close::AuthTimeout | Close::ForbiddenOrigin | Close::IdentityChanged => "This connection speaks for nobody",
            _ => return Vec::new(),
        };
        let told = self.is_acked.then(|| self.error("Authentication failed", details, now));
        told.into_iter().chain([Action::End(POLICY_VIOLATION, close.as_str())]).collect()
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Action> {
        let beat = self.heart.beats(now);
        if beat == Beat::Gone {
            return vec![Action::End(Close::TooSlow.code(), Close::TooSlow.as_str())];
        }
        let timestamp = &wire::time::show(now);
        let ping = || say(&ToClient::Ping { event_id: &self.position, timestamp, data: messages::Nothing {} });
        let told = (beat == Beat::Ping && self.is_acked).then(ping);
        told.into_iter().chain([Action::TickIn(self.heart.rests(now))]).collect()
    }
}

/// What is told of a task beside how it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Nothing,
    Output,
    OutputAndActivity,
}

/// Tells a task as it was after an event. Where it has an output, that is read as it is now.
fn tell(job: JobSummary, event_id: &str, with: With, now: Timestamp) -> Vec<Action> {
    let event_id = event_id.to_owned();
    let may_have_output = status(&job) == domain::Status::Completed || is_mirrored(&job);
    if with == With::Nothing || !may_have_output {
        return words(&job, None, &event_id, with, now);
    }
    let (id, rev) = (job.id.to_string(), job.rev);
    let then = move |found: Option<Arc<WholeJob>>| {
        let found = found.as_ref().map(|whole| &whole.found).filter(|found| found.summary.settlement == job.settlement);
        let result = found.and_then(|found| found.result.as_deref());
        words(&job, result, &event_id, with, now)
    };
    vec![Action::LookAt(id, rev, LookAt(Box::new(then)))]
}

fn words(job: &JobSummary, result: Option<&RawValue>, event_id: &str, with: With, now: Timestamp) -> Vec<Action> {
    let timestamp = &wire::time::show(now);
    let update = ToClient::TaskStatusUpdate { payload: Update::of(job, result), timestamp, event_id };
    let activity = activity(job, result).filter(|_| with == With::OutputAndActivity);
    let activity = activity.map(|(data, payload)| ToClient::AgentActivityUpdate { event_id, timestamp, data, payload });
    [Some(update), activity].into_iter().flatten().map(|message| say(&message)).collect()
}

fn pong(event_id: &str, now: Timestamp) -> Action {
    say(&ToClient::Pong { event_id, timestamp: &wire::time::show(now), data: messages::Nothing {} })
}

fn say(message: &ToClient<'_>) -> Action {
    Action::Say(wire::convert::to_json(message))
}

impl Session for TaskSocket {
    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<Action> {
        match heard {
            Heard::Opened => vec![Action::Tell(ClientFrame::Auth { token: self.token.take() })],
            Heard::Text(text) => self.text(text, now),
            Heard::Frame(frame) => self.frame(frame, now),
            Heard::Tick => self.tick(now),
            Heard::Closed(close) => self.closed(close, now),
            Heard::Job(_) | Heard::Before(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
