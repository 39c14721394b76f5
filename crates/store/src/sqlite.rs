//! The embedded store: one SQLite file in a folder, one thread that writes, a few connections that read.
//!
//! [`writer`] takes all requests that wait and commits them as one transaction; [`read`] and [`list`] answer from snapshots beside it;
//! [`chain`] finds the history of a job; [`checkpoint`] carries the write-ahead log over. The folder is locked, so that no second server opens it.

mod cache;
mod chain;
mod checkpoint;
mod failure;
mod handle;
mod list;
mod migrate;
mod open;
mod read;
mod readers;
mod row;
mod rows;
mod sweep;
mod write;
mod writer;

pub use handle::SqliteStore;
pub use open::{OpenError, SqliteOptions};
pub(crate) use open::{explain, make_folder};
pub(crate) use row::number;
