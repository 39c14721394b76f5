//! Live connections of older clients, as a dialect drives them: what happens is handed in as [`Heard`], what is to be done comes out as
//! [`Action`]s. A session waits for nothing and reads nothing by itself.

use std::sync::Arc;

use domain::Timestamp;
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::record::JobSummary;

use crate::dialect::{FoundJob, Refused, Which, WholeJob};
use crate::frame::Frame;

/// Server-Sent Events.
pub struct Stream {
    /// A job and the position at which the client holds it. When it ended by then, the answer is 204, which stops an `EventSource`.
    pub held: Option<(String, String)>,
    /// What it says are bytes of the event stream.
    pub session: Box<dyn Session>,
}

/// A live connection of an older client: a stream, or a WebSocket. Each has the server's own live connection behind it; see [`Frame`].
pub trait Session: Send + Sync {
    /// Answers what is to be done, in order. `now` is the time of the server.
    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<Action>;
}

/// Everything that can happen to a session.
#[derive(Debug)]
pub enum Heard<'a> {
    /// First, and once. Over a stream the caller is known; over a socket nobody is there until `authenticated` comes.
    Opened,
    /// A message of the client.
    Text(&'a str),
    /// What the server's own connection was sent, in order. Between a snapshot and its `live` may stand updates that bring it up to date: the
    /// client is told how it is once `live` has come.
    Frame(&'a Frame),
    /// The answer to [`Action::Read`].
    Job(&'a Result<FoundJob, Refused>),
    /// The answer to [`Action::CountBefore`].
    Before(u64),
    /// The time of [`Action::TickIn`] is over.
    Tick,
    /// The server's own connection is closed. What is said now is still sent; then the session ends.
    Closed(Close),
}

/// What a session wants done.
#[derive(Debug)]
pub enum Action {
    /// To the client: a text message, or bytes of an event stream.
    Say(String),
    /// To the server's own connection. What it answers is heard as frames.
    Tell(ClientFrame),
    /// Reads a job whole, as of now.
    Read(String),
    /// Reads what the job with this id wrote, from `attempt:offset` on or from the beginning of its newest attempt, up to 1 MB. It is heard as
    /// a frame `output` of no subscription. A followed output comes at its own pace, and may be behind the end of its job.
    ReadOutput(String, Option<String>),
    /// Reads a job with the terms that it was taken on; what follows from it comes before what was wanted next.
    Look(Which, Look),
    /// The same for the job with this id, as of this revision or later. What follows is given `None` when it is gone. Connections that look at the same
    /// job at the same time share one reading, which leaves out payloads of more than [`SHARED_BYTES`].
    LookAt(String, u64, LookAt),
    /// Reads a job as of the event at this position, from the log: a job that was deleted is found nowhere else.
    Recall(String, Recalled),
    /// Counts the jobs of the same task that will start before this one, whoever owns them.
    CountBefore(String),
    /// Hands in a tick after so many milliseconds, instead of the one that was to come.
    TickIn(u64),
    /// Ends the session. A stream just ends; a socket is closed with this code and reason.
    End(u16, &'static str),
}

/// Bytes of a payload that connections share at most.
pub const SHARED_BYTES: usize = 16 * 1024;

/// What follows from a look that is shared.
pub struct LookAt(pub Box<dyn FnOnce(Option<Arc<WholeJob>>) -> Vec<Action> + Send>);

/// What follows from a look at an event: the job as of then, if it is still in the log.
pub struct Recalled(pub Box<dyn FnOnce(Option<JobSummary>) -> Vec<Action> + Send>);

/// What follows from a look at a job.
pub struct Look(pub Box<dyn FnOnce(Result<WholeJob, Refused>) -> Vec<Action> + Send>);

macro_rules! shown_as {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

shown_as!(Look, LookAt, Recalled);
