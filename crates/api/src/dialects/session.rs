//! Drives a session: hands it what happens on the server's own live connection, and carries out what it wants done, in order.
//!
//! Streams and sockets share it; they differ in where the words go to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dialects::dialect::{Action, FoundJob, Heard, Look, LookAt, Recalled, Refused, Session, WholeJob};
use dialects::frame::Frame;
use domain::access::{Principal, Scope};
use engine::OUTPUT_READ_BYTES;
use gateway::Connection;
use tokio::time::{Instant, sleep_until};
use wire::Position;
use wire::close::Close;
use wire::frame::{ClientFrame, FramePrincipal};
use wire::record::JobSummary;

use super::readings::Readings;
use super::steps::{found, job_id, whole};
use crate::access::{News, Unknown};
use crate::context::Context;
use crate::live::authenticator::ConnectionRights;
use crate::problems::ApiProblem;

pub(super) struct Driver {
    context: Context,
    pub(super) connection: Connection,
    rights: Arc<ConnectionRights>,
    session: Box<dyn Session>,
    readings: Arc<Readings>,
    /// Whom the connection speaks for, as it was last told.
    principal: Option<Principal>,
    tick_at: Option<Instant>,
    /// Set once the session is over: how a socket is to be closed.
    end: Option<(u16, &'static str)>,
}

/// What is handed to a session from outside.
pub(super) enum Happened {
    Frames(Vec<gateway::Frame>),
    Tick,
    /// Of the session with the app that the rights rest on.
    News(News),
    Closed(Close),
}

impl Driver {
    pub(super) fn new(
        context: Context,
        connection: Connection,
        rights: Arc<ConnectionRights>,
        session: Box<dyn Session>,
        readings: Arc<Readings>,
    ) -> Driver {
        Driver { context, connection, rights, session, readings, principal: None, tick_at: None, end: None }
    }

    pub(super) fn end(&self) -> Option<(u16, &'static str)> {
        self.end
    }

    /// Waits for the next thing to happen. Nothing is lost when it is dropped half-way.
    pub(super) async fn happens(&self) -> Happened {
        let tick = async {
            match self.tick_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            taken = self.connection.next() => match taken {
                Ok(frames) => Happened::Frames(frames),
                Err(close) => Happened::Closed(close),
            },
            () = tick => Happened::Tick,
            news = self.rights.news() => Happened::News(news),
            () = self.context.shutdown.cancelled() => Happened::Closed(Close::GoingAway),
        }
    }

    /// Waits until the connection is to be closed, while words are being written; other rights are given meanwhile.
    pub(super) async fn closed(&self) -> Close {
        loop {
            tokio::select! {
                close = self.connection.closed() => return close,
                news = self.rights.news() => self.rights.apply(news, &self.connection).await,
            }
        }
    }

    /// Hands it in; answers what is to be said to the client.
    pub(super) async fn take(&mut self, happened: Happened) -> Vec<String> {
        match happened {
            Happened::Frames(frames) => {
                let mut said = Vec::new();
                for frame in frames {
                    if self.end.is_none() {
                        let frame = Frame::read(frame.json());
                        if let Frame::Authenticated { principal } = &frame {
                            self.principal = Some(principal_of(principal));
                        }
                        said.extend(self.hear(Heard::Frame(&frame)).await);
                    }
                }
                said
            }
            Happened::Tick => {
                self.tick_at = None;
                self.hear(Heard::Tick).await
            }
            Happened::News(news) => {
                self.rights.apply(news, &self.connection).await;
                Vec::new()
            }
            Happened::Closed(close) => {
                let said = self.hear(Heard::Closed(close)).await;
                self.end.get_or_insert((close.code(), close.as_str()));
                said
            }
        }
    }

    /// Lets the session hear something, and carries out what it wants done; what follows from an answer comes before what was wanted next.
    pub(super) async fn hear(&mut self, heard: Heard<'_>) -> Vec<String> {
        let now = self.context.engine.clock().now();
        let mut wanted = VecDeque::from(self.session.hear(heard, now));
        let mut said = Vec::new();
        while let Some(action) = wanted.pop_front() {
            let more = match action {
                Action::Say(text) => {
                    said.push(text);
                    continue;
                }
                Action::Tell(frame) => {
                    self.tell(&frame).await;
                    continue;
                }
                Action::TickIn(ms) => {
                    self.tick_at = Some(Instant::now() + Duration::from_millis(ms));
                    continue;
                }
                Action::End(code, reason) => {
                    self.end = Some((code, reason));
                    break;
                }
                Action::Read(id) => {
                    let read = read(&self.context, self.principal.as_ref(), &id).await;
                    self.session.hear(Heard::Job(&read), now)
                }
                Action::Look(which, Look(then)) => {
                    let looked = match self.principal.as_ref() {
                        Some(principal) => whole(&self.context, principal, &which).await,
                        None => Err(Unknown::Missing.into()),
                    };
                    then(looked.map_err(|problem: ApiProblem| Box::new(problem.problem().clone())))
                }
                Action::LookAt(id, rev, LookAt(then)) => then(self.look_at(&id, rev).await),
                Action::Recall(position, Recalled(then)) => then(recall(&self.context, self.principal.as_ref(), &position).await),
                Action::ReadOutput(id, after) => {
                    let output = read_output(&self.context, self.principal.as_ref(), &id, after.as_deref()).await;
                    output.map_or_else(Vec::new, |frame| self.session.hear(Heard::Frame(&frame), now))
                }
                Action::CountBefore(id) => {
                    let before = count_before(&self.context, self.principal.as_ref(), &id).await;
                    self.session.hear(Heard::Before(before), now)
                }
            };
            more.into_iter().rev().for_each(|action| wanted.push_front(action));
        }
        said
    }

    async fn look_at(&self, id: &str, rev: u64) -> Option<Arc<WholeJob>> {
        let (principal, id) = (self.principal.as_ref()?, job_id(id).ok()?);
        self.readings.look(&self.context, principal, id, rev).await
    }

    async fn tell(&self, frame: &ClientFrame) {
        self.connection.receive(wire::convert::to_json(frame).as_bytes()).await;
        if self.rights.were_overtaken() {
            self.context.engine.rights_changed(None);
        }
    }
}

async fn read(context: &Context, principal: Option<&Principal>, id: &str) -> Result<FoundJob, Refused> {
    let read = match principal {
        Some(principal) => found(context, principal, id).await,
        None => Err(Unknown::Missing.into()),
    };
    read.map_err(|problem: ApiProblem| Box::new(problem.problem().clone()))
}

/// The job as of the event at this position, if the caller may see it.
async fn recall(context: &Context, principal: Option<&Principal>, position: &str) -> Option<JobSummary> {
    let (principal, place) = (principal?, Position::parse(position).filter(|position| position.epoch == context.epoch())?.place);
    principal.require(Scope::JobsRead).ok()?;
    let events = context.engine.store().events(place.checked_sub(1)?, 1).await.ok()?;
    let event = events.first().filter(|event| event.place == place)?;
    let view = principal.view();
    let is_seen = view.tenant == event.keys.tenant && view.visibility.sees_owner(&event.keys.owner);
    if is_seen { serde_json::from_slice(&event.summary).ok() } else { None }
}

/// `None` when it cannot be read, or there is none.
async fn read_output(context: &Context, principal: Option<&Principal>, id: &str, after: Option<&str>) -> Option<Frame> {
    let (attempt, offset) = match after.map(|after| after.split_once(':')) {
        None => (None, 0),
        Some(cursor) => cursor.and_then(|(attempt, offset)| Some((Some(attempt.parse().ok()?), offset.parse().ok()?)))?,
    };
    let read = context.engine.output(principal?, job_id(id).ok()?, attempt, offset, OUTPUT_READ_BYTES).await.ok()?;
    Some(Frame::Output { subs: Vec::new(), attempt: read.attempt, next: read.next, chunks: read.chunks })
}

/// Zero when it cannot be said.
async fn count_before(context: &Context, principal: Option<&Principal>, id: &str) -> u64 {
    match (principal, job_id(id)) {
        (Some(principal), Ok(id)) => context.engine.count_before(principal, id).await.unwrap_or(0),
        _ => 0,
    }
}

/// A live connection's principal, with the rights that it was told to have. How long they last is watched by the connection itself.
fn principal_of(told: &FramePrincipal) -> Principal {
    Principal {
        subject: told.subject.clone(),
        tenant: told.tenant.clone(),
        scopes: told.scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
        is_tenant_wide: told.tenant_wide,
        is_service: false,
        expires_at: None,
    }
}
