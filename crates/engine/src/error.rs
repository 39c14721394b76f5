//! Why a use case was not carried out, by cause. The edge maps each to a status, a code and a sentence.

use domain::access::Denied;
use domain::{JobId, Refusal, Text};

use crate::port::{CommitError, OutputError, ReadError};

#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("refused: {}", .0.code())]
    Refused(Refusal),
    #[error("denied: {0:?}")]
    Denied(Denied),
    /// No task of this name is declared.
    #[error("there is no task {task}")]
    UnknownTask { task: Text, known: Vec<Text> },
    /// A field of the request is out of its bounds.
    #[error("{field}: {problem}")]
    Invalid { field: &'static str, problem: String, limit: Option<u64> },
    /// The job has never had such an attempt.
    #[error("job {job} has no attempt {attempt}")]
    NoAttempt { job: JobId, attempt: u32 },
    #[error("the store cannot write: {0}")]
    Unavailable(String),
    #[error("the disk has no room: {0}")]
    DiskFull(String),
    #[error("the outcome of the commit is not known: {0}")]
    OutcomeUnknown(String),
    #[error("the store cannot read: {0}")]
    ReadFailed(String),
    #[error("the server is shutting down")]
    ShuttingDown,
}

impl Error {
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Error {
        Error::Invalid { field, problem: problem.into(), limit: None }
    }

    pub fn over(field: &'static str, problem: impl Into<String>, limit: u64) -> Error {
        Error::Invalid { field, problem: problem.into(), limit: Some(limit) }
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Error {
        match error {
            CommitError::Refused(Refusal::Invalid { field, problem }) => Error::invalid(field, problem),
            CommitError::Refused(refusal) => Error::Refused(refusal),
            CommitError::Unavailable(why) => Error::Unavailable(why),
            CommitError::DiskFull(why) => Error::DiskFull(why),
            CommitError::OutcomeUnknown(why) => Error::OutcomeUnknown(why),
            CommitError::Closed => Error::ShuttingDown,
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Error {
        match error {
            ReadError::Failed(why) => Error::ReadFailed(why),
            ReadError::Closed => Error::ShuttingDown,
        }
    }
}

impl From<OutputError> for Error {
    fn from(error: OutputError) -> Error {
        Error::ReadFailed(error.0)
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Error {
        Error::Denied(denied)
    }
}
