//! The history of a job: its events form a chain through the log, each naming the place of the one before.
//!
//! No index holds the events of a job, which would cost every transition an entry. A long chain is entered in its middle by anchors, one
//! every [`ANCHOR_REVS`] revisions, so that a page of a long history costs no more than one of a short.

use domain::JobId;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};
use wire::LoggedEvent;

use super::read::{self, signed};
use super::row::{self, EVENT_COLUMNS, RowError};

/// Revisions from one anchor to the next. The migration that made the first anchors knows this number too.
pub(super) const ANCHOR_REVS: u64 = 64;

/// Place of a job's newest event; 0 when it has none, or is gone itself.
pub(super) fn last_event(conn: &Connection, id: JobId) -> Result<u64, RowError> {
    let mut statement = conn.prepare_cached("SELECT last_event FROM job WHERE id = ?1")?;
    Ok(statement.query_row([id.to_bytes()], |row| row::number(row, 0)).optional()?.unwrap_or(0))
}

/// Up to `limit` events after a revision, oldest first. A job that was deleted has none.
pub(super) fn history(conn: &Connection, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, RowError> {
    let floor = read::floor(conn)?;
    let mut place = last_event(conn, id)?;
    if let Some((_, oldest_rev)) = anchor(conn, id, floor, 0)? {
        // The oldest event that is left comes at this anchor or less than one stride before it.
        let last_wanted = after_rev.max(oldest_rev.saturating_sub(1)).saturating_add(limit as u64);
        if let Some((anchored, _)) = anchor(conn, id, floor, last_wanted)? {
            place = anchored;
        }
    }
    let mut link = conn.prepare_cached("SELECT rev, prev FROM event WHERE place = ?1")?;
    let mut places = Vec::new();
    while place > floor {
        let found = link.query_row([signed(place)], |row| Ok((row::number(row, 0)?, row::number(row, 1)?))).optional()?;
        let Some((rev, prev)) = found.filter(|(rev, _)| *rev > after_rev) else { break };
        debug_assert!(rev > 0 && prev < place, "a chain only goes back");
        places.push(place);
        place = prev;
    }
    let mut statement = conn.prepare_cached(&format!("SELECT {EVENT_COLUMNS} FROM event WHERE place = ?1"))?;
    places.into_iter().rev().take(limit).map(|place| event(&mut statement, place)).collect()
}

fn event(statement: &mut CachedStatement<'_>, place: u64) -> Result<LoggedEvent, RowError> {
    let mut rows = statement.query([signed(place)])?;
    row::read_event(rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
}

/// Place and revision of a job's first anchor that is kept and not below a revision.
fn anchor(conn: &Connection, id: JobId, floor: u64, rev: u64) -> Result<Option<(u64, u64)>, RowError> {
    let mut statement = conn
        .prepare_cached("SELECT place, rev FROM event_anchor WHERE job = ?1 AND place > ?2 AND rev >= ?3 ORDER BY place LIMIT 1")?;
    let found = statement
        .query_row(params![id.to_bytes(), signed(floor), signed(rev)], |row| Ok((row::number(row, 0)?, row::number(row, 1)?)));
    Ok(found.optional()?)
}
