//! Why work has to stop, and what becomes of a tracked future that did not end well.

use std::fmt;

use crate::error::Error;

/// Why the work is no longer wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// Somebody asked for it, or the task's time limit has passed (`by` is none). The job ends as `aborted` (`timed_out` by a limit)
    /// once the work has stopped. Work that comes to its end all the same is told as completed.
    #[error("{}", match .by { Some(by) => format!("{by} asked to {asked} the job"), None => "the time limit of the job has passed".to_owned() })]
    Aborted {
        /// `abort` or `kill`.
        asked: String,
        by: Option<String>,
    },
    /// The job is no longer this process's to report: it has ended already, or it was deleted. Nothing more can be told.
    #[error("the job is not this process's any more")]
    LeaseLost,
    /// The app ends: [`Tracker::shut_down`](crate::Tracker::shut_down) was called. The job fails with kind `interrupted` and these words.
    #[error("{0}")]
    Interrupted(String),
}

/// What a tracked future comes to when it brings no value.
#[derive(Debug)]
pub enum TrackError<E> {
    /// What the work answered; the job has failed with its text.
    Work(E),
    /// The work ended because it was stopped; `work` is what it answered then.
    Stopped { why: Stopped, work: Option<E> },
    /// There is no job, and the work did not run: the server refused it, or is away ([`Error::is_passing`]).
    NotBegun(Error),
    /// The work panicked; the job has failed with these words.
    Panicked(String),
}

impl<E: fmt::Display> fmt::Display for TrackError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrackError::Work(error) => error.fmt(f),
            TrackError::Stopped { why, .. } => why.fmt(f),
            TrackError::NotBegun(error) => error.fmt(f),
            TrackError::Panicked(words) => write!(f, "the work panicked: {words}"),
        }
    }
}

impl<E: fmt::Display + fmt::Debug> std::error::Error for TrackError<E> {}
