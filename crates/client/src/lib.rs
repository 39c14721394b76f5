//! The Rust client of a Tidings server: submit, read, verbs, reports of tracked jobs, and watching.
//!
//! [`Client`] speaks REST, [`Watch`] follows topics over one WebSocket and comes back by itself, [`Tracked`] reports a job whose work
//! the caller does, and [`Tracker`] runs a future as such a job. All shapes are those of the `wire` crate; every refusal is an [`Error`] that says what to do. Refuses to merge: a
//! job is taken when its revision is higher, progress when it belongs to exactly that revision, and nothing else.

mod backoff;
mod error;
mod list;
mod live;
mod rest;
mod tracked;
mod tracker;

pub use backoff::{Backoff, chance};
pub use error::Error;
pub use list::ListQuery;
pub use live::{Connection, Happened, Watch};
pub use rest::{Client, Tuning};
pub use tracked::{Heard, Tracked};
pub use tracker::{Habits, Job, OnUnreachable, ShutDown, Stopped, Stream, TrackError, TrackOptions, Tracker, Tracking};
pub use wire;

/// Whether a status is an end. A word that is not known counts as active.
pub fn is_end(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "aborted" | "timed_out" | "lost")
}
