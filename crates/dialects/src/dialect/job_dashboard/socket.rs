//! The socket of system 3: who is there is said by a message; jobs are told to whoever subscribed, from then until it unsubscribes.

mod heart;
mod held;
mod messages;

use domain::Timestamp;
use serde_json::json;
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::record::JobSummary;

use super::record::Record;
use super::words::Buckets;
use crate::dialect::{Action, Heard, Look, Session, Which};
use crate::frame::Frame;

use heart::Heart;
use held::Held;
use messages::{FromClient, ToClient};

/// Changes of so many milliseconds before a subscription are told with it, so that a page that lost its connection misses nothing.
const RECENT_MS: i64 = 60_000;
/// Jobs that are told so at most, the newest changes.
const RECENT_JOBS: usize = 50;
/// Messages that may wait until it is known who sent them. More: the connection is not used as it should be.
const EARLY_MESSAGES: usize = 16;

#[derive(Default)]
pub(super) struct JobSocket {
    who: Who,
    /// Messages that came while it was being found out who is there.
    early: Vec<String>,
    /// Whether the client asked for rights anew.
    is_refreshing: bool,
    jobs: Jobs,
    /// Number of the newest subscription: what an older one still brings is not told.
    newest: u32,
    held: Held,
    /// As they were told last.
    stats: Option<Buckets>,
    heart: Heart,
}

#[derive(Default, PartialEq, Eq)]
enum Who {
    #[default]
    Nobody,
    /// Somebody sent a token.
    Asked,
    Known,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Jobs {
    #[default]
    Off,
    /// Subscribed, and not told of yet.
    Joining(u32),
    On {
        jobs: u32,
        stats: u32,
    },
}

impl JobSocket {
    fn text(&mut self, text: &str) -> Vec<Action> {
        self.heart.heard();
        let message = FromClient::read(text);
        match (&self.who, message) {
            (_, FromClient::Auth { token }) if self.who != Who::Asked => {
                self.is_refreshing = self.who == Who::Known;
                if self.who == Who::Nobody {
                    self.who = Who::Asked;
                }
                vec![Action::Tell(ClientFrame::Auth { token })]
            }
            (Who::Asked, _) if self.early.len() < EARLY_MESSAGES => {
                self.early.push(text.to_owned());
                Vec::new()
            }
            (Who::Known, message) => self.known(message),
            _ => vec![say(&ToClient::Error { message: "Authentication required" }), end(Close::Unauthenticated)],
        }
    }

    /// A message of somebody who is known.
    fn known(&mut self, message: FromClient) -> Vec<Action> {
        match message {
            FromClient::SubscribeJobs => match self.jobs {
                Jobs::Off => {
                    self.newest += 1;
                    self.jobs = Jobs::Joining(self.newest);
                    vec![subscribe(self.newest, json!({"tenant": true}))]
                }
                Jobs::Joining(_) => Vec::new(),
                Jobs::On { .. } => vec![say(&ToClient::jobs_subscribed())],
            },
            FromClient::UnsubscribeJobs => {
                let ids = match std::mem::take(&mut self.jobs) {
                    Jobs::Off => Vec::new(),
                    Jobs::Joining(jobs) => vec![jobs],
                    Jobs::On { jobs, stats } => vec![jobs, stats],
                };
                self.held = Held::default();
                self.stats = None;
                ids.into_iter().map(|id| Action::Tell(ClientFrame::Unsubscribe { id })).collect()
            }
            FromClient::Ping => vec![say(&ToClient::Pong)],
            FromClient::Pong => {
                self.heart.answered();
                Vec::new()
            }
            FromClient::FetchNotifications => vec![say(&ToClient::NotificationsList { notifications: [] })],
            FromClient::Auth { .. } => Vec::new(),
            FromClient::Unknown(what) => vec![say(&ToClient::Error { message: &format!("Unknown message type: {what}") })],
        }
    }

    fn admitted(&mut self, now: Timestamp) -> Vec<Action> {
        let connected = say(&ToClient::connected(wire::time::show(now)));
        if self.who == Who::Known {
            let is_asked = std::mem::take(&mut self.is_refreshing);
            return if is_asked { vec![connected] } else { Vec::new() };
        }
        self.who = Who::Known;
        let mut actions = vec![connected, say(&ToClient::UnreadCount { unread_count: 0 }), self.heart.begins()];
        for text in std::mem::take(&mut self.early) {
            actions.extend(self.text(&text));
        }
        actions
    }

    fn frame(&mut self, frame: &Frame, now: Timestamp) -> Vec<Action> {
        match (frame, self.jobs) {
            (Frame::Authenticated { .. }, _) => self.admitted(now),
            (Frame::Snapshot { id, jobs: page, .. }, Jobs::Joining(jobs) | Jobs::On { jobs, .. }) if *id == jobs => {
                page.iter().for_each(|job| self.held.hold(job));
                Vec::new()
            }
            (Frame::Live { id, .. }, Jobs::Joining(jobs)) if *id == jobs => self.joined(jobs, now),
            (Frame::Update { subs, job, .. }, Jobs::Joining(jobs)) if subs.contains(&jobs) => {
                self.held.hold(job);
                Vec::new()
            }
            (Frame::Update { subs, job, .. }, Jobs::On { jobs, .. }) if subs.contains(&jobs) => {
                self.held.hold(job);
                vec![update((**job).clone())]
            }
            (Frame::Left { subs, id, kind, .. }, Jobs::Joining(jobs) | Jobs::On { jobs, .. }) if subs.contains(&jobs) => {
                let held = self.held.let_go(id).filter(|_| kind.as_deref() == Some("deleted") && self.jobs != Jobs::Joining(jobs));
                held.map_or_else(Vec::new, |job| vec![say(&ToClient::job_update(Record::deleted(&job), &wire::time::show(now)))])
            }
            (Frame::Stats { subs, stats: counts }, Jobs::On { stats, .. }) if subs.contains(&stats) => {
                let buckets = Buckets::of(counts);
                match self.stats.replace(buckets) {
                    Some(told) if told == buckets => Vec::new(),
                    _ => vec![say(&ToClient::JobStatsUpdate { stats: buckets, timestamp: wire::time::show(now) })],
                }
            }
            (Frame::Error { id: Some(id), message, .. }, Jobs::Joining(jobs) | Jobs::On { jobs, .. }) if *id == jobs => {
                self.jobs = Jobs::Off;
                vec![say(&ToClient::Error { message })]
            }
            _ => Vec::new(),
        }
    }

    fn joined(&mut self, jobs: u32, now: Timestamp) -> Vec<Action> {
        self.newest += 1;
        self.jobs = Jobs::On { jobs, stats: self.newest };
        let recent = self.held.changed_since(Timestamp(now.0.saturating_sub(RECENT_MS)), RECENT_JOBS);
        let mut actions = vec![say(&ToClient::jobs_subscribed())];
        actions.extend(recent.into_iter().map(update));
        actions.push(subscribe(self.newest, json!({"stats": true})));
        actions
    }

    /// What is said before the connection is closed. Pages of that system sign their user out when they hear `auth_failed`: it is kept for
    /// tokens that were refused. A token that ends on a live connection is told as an error, and the page gets another and comes again.
    fn closed(&self, close: Close) -> Vec<Action> {
        let is_asked = self.who == Who::Asked || self.is_refreshing;
        let message = match close {
            Close::Unauthenticated | Close::TokenExpired | Close::ForbiddenOrigin if is_asked => {
                return vec![say(&ToClient::AuthFailed { message: INVALID })];
            }
            Close::TokenExpired | Close::Unauthenticated => INVALID,
            Close::AuthTimeout => "Authentication required",
            Close::IdentityChanged => "This connection speaks for another user",
            Close::TooManyConnections => "Too many connections",
            Close::Overloaded => "The server cannot find out who is there now",
            _ => return Vec::new(),
        };
        vec![say(&ToClient::Error { message })]
    }
}

const INVALID: &str = "Invalid or expired token";

fn say(message: &ToClient<'_>) -> Action {
    Action::Say(wire::convert::to_json(message))
}

fn end(close: Close) -> Action {
    Action::End(close.code(), close.as_str())
}

fn subscribe(id: u32, topic: serde_json::Value) -> Action {
    Action::Tell(ClientFrame::Subscribe { id, topic, after: None })
}

/// Tells a job as it was after an event. Of one that is gone meanwhile only what the event says is told; that it was deleted comes in its turn.
pub(super) fn update(job: JobSummary) -> Action {
    let id = Which::Ours(job.id.to_string());
    let then = move |found: Result<_, _>| match found {
        Ok(found) => vec![say(&ToClient::job_update(Record::at(&job, &found), &job.updated_at))],
        Err(_) => vec![say(&ToClient::job_update(Record::gone(&job), &job.updated_at))],
    };
    Action::Look(id, Look(Box::new(then)))
}

impl Session for JobSocket {
    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<Action> {
        match heard {
            Heard::Opened => vec![say(&ToClient::AuthRequired { message: "Please send authentication token" })],
            Heard::Text(text) => self.text(text),
            Heard::Frame(frame) => self.frame(frame, now),
            Heard::Tick => self.heart.beats(),
            Heard::Closed(close) => self.closed(close),
            Heard::Job(_) | Heard::Before(_) => Vec::new(),
        }
    }
}
