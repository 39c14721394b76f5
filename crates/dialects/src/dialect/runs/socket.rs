//! The socket of system 0. Who is there is said by a token, or by the session cookie of the handshake; then each change of that user's runs is
//! told, and those that are under way or ended lately are told at once. Whose runs a client asks for is not looked at.

use std::collections::BTreeMap;

use domain::{Text, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::record::JobSummary;

use super::record::{Facts, LISTED_BYTES, id};
use crate::dialect::{Action, Heard, Look, Session, Which, WholeJob, status};
use crate::frame::Frame;

/// What `/api/websocket-token` answers to somebody who is known by a cookie: the handshake brings the cookie along.
pub(super) const BY_COOKIE: &str = "session-cookie";
/// How long ago a run may have ended to be told when its user comes, in milliseconds: as long as clients keep it.
const RECENT_MS: i64 = 5 * 60_000;
/// Runs that are told then at most, the newest: as many as clients keep.
const RECENT_RUNS: usize = 50;
/// Messages that may wait until it is known who sent them.
const EARLY_MESSAGES: usize = 16;
/// The subscription to the user's runs.
const OWN: u32 = 1;

#[derive(Default)]
pub(super) struct RunSocket {
    who: Who,
    /// Messages that came while it was being found out who is there.
    early: Vec<String>,
    /// Whether the client showed a token since it was told who it is.
    is_asked: bool,
    /// Whether what was shown last was a token, and not the cookie of the handshake.
    is_by_token: bool,
    /// What is told when the subscription is live, by id. `None`: it is.
    joining: Option<BTreeMap<Text, JobSummary>>,
}

#[derive(Default)]
enum Who {
    #[default]
    Nobody,
    Asked,
    Known(Text),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FromClient {
    r#type: String,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    run_id: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
enum ToClient<'a> {
    Welcome {
        message: &'static str,
    },
    Pong {
        timestamp: String,
    },
    Authenticated {
        user_id: &'a str,
    },
    Error {
        code: &'static str,
        message: &'a str,
    },
    RunUpdate {
        channel: &'static str,
        run_id: &'a str,
        #[serde(flatten)]
        facts: Box<Facts<'a>>,
    },
}

impl RunSocket {
    fn text(&mut self, text: &str, now: Timestamp) -> Vec<Action> {
        if text == "ping" {
            return vec![say(&ToClient::Pong { timestamp: wire::time::show(now) })];
        }
        // What is no message of that system is passed over, as its server does.
        let Ok(message) = serde_json::from_str::<FromClient>(text) else { return Vec::new() };
        match (&self.who, message.r#type.as_str()) {
            (Who::Asked, _) if self.early.len() < EARLY_MESSAGES => {
                self.early.push(text.to_owned());
                Vec::new()
            }
            (Who::Asked, _) => vec![error("UNAUTHORIZED", "Authentication required"), end(Close::Unauthenticated)],
            (_, "authenticate") => self.asked(message.token.filter(|token| token != BY_COOKIE)),
            // The page of the document sends no token: its handshake carried a cookie.
            (Who::Nobody, "subscribe_user" | "subscribe_run") => {
                self.early.push(text.to_owned());
                self.asked(None)
            }
            (Who::Known(me), "subscribe_run") => message.run_id.map_or_else(Vec::new, |run| vec![look(&run, me.clone())]),
            (_, "chat_message") => vec![error("CHAT_ERROR", "There is no chat here: it is the app's own")],
            _ => Vec::new(),
        }
    }

    fn asked(&mut self, token: Option<String>) -> Vec<Action> {
        self.is_asked = true;
        self.is_by_token = token.is_some();
        if matches!(self.who, Who::Nobody) {
            self.who = Who::Asked;
        }
        vec![Action::Tell(ClientFrame::Auth { token })]
    }

    fn admitted(&mut self, subject: &Text, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        if std::mem::take(&mut self.is_asked) {
            actions.push(say(&ToClient::Authenticated { user_id: subject }));
        }
        if matches!(self.who, Who::Known(_)) {
            return actions;
        }
        self.who = Who::Known(subject.clone());
        self.joining = Some(BTreeMap::new());
        actions.push(Action::Tell(ClientFrame::Subscribe { id: OWN, topic: json!({"owner": "me"}), after: None }));
        for text in std::mem::take(&mut self.early) {
            actions.extend(self.text(&text, now));
        }
        actions
    }

    fn frame(&mut self, frame: &Frame, now: Timestamp) -> Vec<Action> {
        match (frame, &mut self.joining) {
            (Frame::Authenticated { principal }, _) => self.admitted(&principal.subject, now),
            (Frame::Snapshot { jobs, .. }, Some(held)) => {
                held.extend(jobs.iter().map(|job| (job.id.clone(), job.clone())));
                Vec::new()
            }
            (Frame::Update { job, .. }, Some(held)) => {
                held.insert(job.id.clone(), (**job).clone());
                Vec::new()
            }
            (Frame::Update { job, .. }, None) => vec![update((**job).clone())],
            (Frame::Live { id: OWN, .. }, joining) => {
                let since = Timestamp(now.0.saturating_sub(RECENT_MS));
                let ended_at = |job: &JobSummary| job.ended_at.as_deref().and_then(wire::time::parse);
                let is_recent = |job: &JobSummary| ended_at(job).is_none_or(|at| at >= since);
                let mut recent: Vec<_> = joining.take().into_iter().flatten().map(|(_, job)| job).filter(is_recent).collect();
                recent.split_off(recent.len().saturating_sub(RECENT_RUNS)).into_iter().map(update).collect()
            }
            (Frame::Error { id: Some(OWN), code, message }, _) => {
                let code = if code == "forbidden" { "INSUFFICIENT_SCOPE" } else { "UNAUTHORIZED" };
                vec![error(code, message)]
            }
            _ => Vec::new(),
        }
    }

    fn closed(&self, close: Close) -> Vec<Action> {
        match close {
            Close::Unauthenticated | Close::TokenExpired | Close::ForbiddenOrigin if self.is_asked && self.is_by_token => {
                vec![error("INVALID_TOKEN", "Invalid authentication token")]
            }
            Close::Unauthenticated | Close::ForbiddenOrigin | Close::AuthTimeout | Close::IdentityChanged => {
                vec![error("UNAUTHORIZED", "Authentication required")]
            }
            Close::TokenExpired => vec![error("INVALID_TOKEN", "The token has expired: get another")],
            _ => Vec::new(),
        }
    }
}

fn say(message: &ToClient<'_>) -> Action {
    Action::Say(wire::convert::to_json(message))
}

fn error(code: &'static str, message: &str) -> Action {
    say(&ToClient::Error { code, message })
}

fn end(close: Close) -> Action {
    Action::End(close.code(), close.as_str())
}

fn run_update(job: &JobSummary, output: Option<&serde_json::value::RawValue>) -> Action {
    let facts = Box::new(Facts::of(job, output));
    say(&ToClient::RunUpdate { channel: "task_run", run_id: id(job), facts })
}

/// Tells a run as it was after an event. An end brings its output along, which has to be read.
fn update(job: JobSummary) -> Action {
    if status(&job) != domain::Status::Completed {
        return run_update(&job, None);
    }
    let which = Which::Ours(job.id.to_string());
    let then = move |found: Result<WholeJob, _>| {
        let found = found.ok().map(|whole| whole.found).filter(|found| found.summary.settlement == job.settlement);
        let output = found.as_ref().and_then(|found| found.result.as_deref()).filter(|output| output.get().len() <= LISTED_BYTES);
        vec![run_update(&job, output)]
    };
    Action::Look(which, Look(Box::new(then)))
}

/// Tells how a run is now, if it is the client's own. Its changes come anyway.
fn look(run: &str, me: Text) -> Action {
    let then = move |found: Result<WholeJob, _>| match found.ok().map(|whole| whole.found) {
        Some(job) if job.summary.owner == me => {
            vec![run_update(&job.summary, job.result.as_deref().filter(|output| output.get().len() <= LISTED_BYTES))]
        }
        _ => vec![error("UNAUTHORIZED", "Run not found")],
    };
    Action::Look(Which::named(run), Look(Box::new(then)))
}

impl Session for RunSocket {
    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<Action> {
        match heard {
            Heard::Opened => vec![say(&ToClient::Welcome { message: "Connected to the background task monitor" })],
            Heard::Text(text) => self.text(text, now),
            Heard::Frame(frame) => self.frame(frame, now),
            Heard::Closed(close) => self.closed(close),
            Heard::Tick | Heard::Job(_) | Heard::Before(_) => Vec::new(),
        }
    }
}
