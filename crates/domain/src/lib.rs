//! What a job is, and what may happen to it.
//!
//! The rules of Tidings as plain values and pure functions: statuses and their table ([`status`]), the job ([`job`]), what can be
//! asked ([`request`]), what follows ([`decide`]), what watchers name ([`topic`]), who may do what ([`access`]), and every bound
//! ([`limits`]). Nothing here waits, reads a clock, draws a random number, touches a file or knows JSON's structure: time, ids and
//! secrets come in as arguments, payloads are opaque texts. The shell around it loads, calls [`decide::decide`], and writes.

pub mod access;
pub mod decide;
pub mod event;
pub mod id;
pub mod job;
pub mod limits;
pub mod name;
pub mod policy;
pub mod query;
pub mod refusal;
pub mod request;
pub mod status;
pub mod time;
pub mod topic;

pub use decide::{Answer, Decision, Loaded, decide};
pub use event::{EventKind, NewEvent};
pub use id::JobId;
pub use job::Job;
pub use refusal::Refusal;
pub use request::Request;
pub use status::Status;
pub use time::Timestamp;
pub use topic::{Topic, Visibility};

/// A short immutable text, shared rather than copied.
pub type Text = std::sync::Arc<str>;

/// A JSON document that the domain carries but never reads.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Json(Text);

impl Json {
    /// Wraps a text that the caller knows to be one valid JSON value.
    pub fn from_valid(text: impl Into<Text>) -> Json {
        Json(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}
