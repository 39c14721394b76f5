//! Carries the write-ahead log over into the database, beside the writer, so that no commit waits for it.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::failure::Failure;
use super::open::SyncFailure;

/// How many times its measure the log may grow before the writer itself pauses to carry it over.
pub(super) const PATIENCE: u32 = 8;

/// A thread with a connection of its own. Ends when its wakers are gone.
pub(super) struct Checkpointer {
    pub(super) wake: SyncSender<()>,
    pub(super) thread: JoinHandle<()>,
}

pub(super) fn start(file: &Path, on_sync_failure: SyncFailure) -> rusqlite::Result<std::io::Result<Checkpointer>> {
    let conn = Connection::open(file)?;
    let (wake, woken) = sync_channel(1);
    let spawned = std::thread::Builder::new().name("store-checkpoint".into()).spawn(move || {
        while woken.recv().is_ok() {
            passive(&conn, &on_sync_failure);
        }
    });
    Ok(spawned.map(|thread| Checkpointer { wake, thread }))
}

/// Carries over what no reader needs any more; waits for nobody. What fails is tried again with the next commits.
pub(super) fn passive(conn: &Connection, on_sync_failure: &SyncFailure) {
    let Err(error) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) else { return };
    match Failure::before_commit(&error) {
        Failure::Sync(why) => {
            tracing::error!(%why, "the disk did not keep what was written: nothing more may be built on it, so this process ends; look at the disk, then start it again");
            on_sync_failure(&why);
        }
        failure => tracing::warn!(?failure, "the write-ahead log could not be carried over; trying again"),
    }
}

/// Carries over all of it and empties the log: at the end.
pub(super) fn truncate(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
