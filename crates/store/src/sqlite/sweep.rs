//! Removes what is older than its time, a little at a time, so that no commit waits long for it.

use domain::{Timestamp, limits};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::failure::Failure;
use super::read::signed;
use super::row::number;

/// Rows of a kind that one step removes at most.
pub(super) const STEP_ROWS: u64 = 1_000;

/// What one step removed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Swept {
    pub(super) rows: u64,
    /// The new floor of the log, if it rose.
    pub(super) floor: Option<u64>,
    /// Whether a further step may find more.
    pub(super) has_more: bool,
}

pub(super) fn step(conn: &Connection, now: Timestamp) -> Result<Swept, Failure> {
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    let mut swept = Swept::default();
    let answers = tx
        .prepare_cached(
            "DELETE FROM kept_answer WHERE scope IN (SELECT scope FROM kept_answer WHERE at <= ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![earlier(now, limits::IDEMPOTENCY_MS), signed(STEP_ROWS)])? as u64;
    let counters = tx.execute("DELETE FROM counter WHERE n = 0", [])? as u64;
    let floor = old_events(&tx, earlier(now, limits::EVENTS_KEPT_MS))?;
    let mut events = 0;
    if let Some(floor) = floor {
        events = tx.prepare_cached("DELETE FROM event WHERE place <= ?1")?.execute([signed(floor)])? as u64;
        tx.prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'floor'")?.execute([signed(floor)])?;
    }
    swept.rows = answers + events + counters;
    swept.floor = floor;
    swept.has_more = answers == STEP_ROWS || events == STEP_ROWS;
    tx.commit().map_err(|error| Failure::of_commit(&error))?;
    conn.prepare_cached("PRAGMA incremental_vacuum(64)")?.query([]).and_then(|mut rows| {
        while rows.next()?.is_some() {}
        Ok(())
    })?;
    Ok(swept)
}

fn earlier(now: Timestamp, by_ms: u64) -> i64 {
    now.0.saturating_sub(signed(by_ms))
}

/// The last of the oldest events that are all older than `before`.
fn old_events(conn: &Connection, before: i64) -> rusqlite::Result<Option<u64>> {
    let mut statement = conn.prepare_cached("SELECT place, at FROM event ORDER BY place LIMIT ?1")?;
    let mut rows = statement.query([signed(STEP_ROWS)])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= before {
            break;
        }
        last = Some(number(row, 0)?);
    }
    Ok(last)
}
