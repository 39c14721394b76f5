//! Why a request was not carried out. Each has a stable code; the edge turns it into a problem document.

use crate::{JobId, Status, Text};

/// A verb that a job may be asked, by name. See [`crate::decide::allowed_verbs`].
pub type Verb = &'static str;

#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// There is no such job, or not for this caller.
    NotFound,
    /// The status does not allow it.
    WrongStatus { status: Status, rev: u64, allowed: Vec<Verb> },
    /// The task cannot be paused once it runs.
    NotPausable { rev: u64, allowed: Vec<Verb> },
    /// A tracked job has nobody who could run it again.
    NobodyToRun { rev: u64 },
    /// An abort or kill stands; a pause or resume would contradict it.
    StopAsked { rev: u64, allowed: Vec<Verb> },
    /// The lease is not the current one of this job.
    StaleLease,
    /// The caller saw another revision than the current one.
    RevisionChanged { rev: u64 },
    /// The idempotency key was used for another body.
    KeyReused,
    /// The owner has too many jobs that wait to start.
    TooManyPending { owner: Text, limit: u64 },
    /// The parent does not exist.
    NoParent { parent: JobId },
    /// A mirrored job is run elsewhere; this cannot be asked of it here.
    NotHere,
    /// It runs here: what an outside source says of it does not count.
    RunHere { rev: u64 },
    /// Some other value of the request is out of its bounds.
    Invalid { field: &'static str, problem: String },
}

impl Refusal {
    pub const fn code(&self) -> &'static str {
        match self {
            Refusal::NotFound => "not_found",
            Refusal::WrongStatus { .. } => "wrong_status",
            Refusal::NotPausable { .. } => "not_pausable",
            Refusal::NobodyToRun { .. } => "nobody_to_run",
            Refusal::StopAsked { .. } => "stop_asked",
            Refusal::StaleLease => "stale_lease",
            Refusal::RevisionChanged { .. } => "revision_changed",
            Refusal::KeyReused => "idempotency_key_reused",
            Refusal::TooManyPending { .. } => "too_many_pending",
            Refusal::NoParent { .. } => "no_parent",
            Refusal::NotHere => "not_here",
            Refusal::RunHere { .. } => "run_here",
            Refusal::Invalid { .. } => "invalid",
        }
    }
}
