//! The steps that bring a database to the schema this server knows, each run once and remembered with its checksum.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use domain::Timestamp;

/// Every step, in order. A step that was released is never edited: another is added.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "jobs_and_log", include_str!("migrations/0001_jobs_and_log.sql")),
    (2, "history_by_chain", include_str!("migrations/0002_history_by_chain.sql")),
    (3, "jobs_by_status", include_str!("migrations/0003_jobs_by_status.sql")),
    (4, "jobs_by_source", include_str!("migrations/0004_jobs_by_source.sql")),
];

#[derive(Debug, thiserror::Error)]
pub(super) enum MigrateError {
    #[error("it has version {found}, this server knows {known}")]
    Newer { found: i64, known: i64 },
    #[error("step {version} ({name}) was applied in another form than this server knows")]
    Changed { version: i64, name: String },
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}

fn checksum(sql: &str) -> String {
    Sha256::digest(sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses a database that a newer server made, before anything of it is touched.
pub(super) fn refuse_newer(conn: &Connection) -> Result<(), MigrateError> {
    let is_fresh = !conn.table_exists(None, "migration")?;
    let newest = || conn.query_row("SELECT coalesce(max(version), 0) FROM migration", [], |row| row.get(0));
    let found: i64 = if is_fresh { 0 } else { newest()? };
    let known = STEPS.last().map_or(0, |(version, _, _)| *version);
    if found > known { Err(MigrateError::Newer { found, known }) } else { Ok(()) }
}

/// Applies what is missing, all in one transaction.
pub(super) fn migrate(conn: &mut Connection, now: Timestamp) -> Result<(), MigrateError> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (
             version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL)",
    )?;
    for (version, name, sql) in STEPS {
        let wanted = checksum(sql);
        let applied: Option<String> =
            tx.query_row("SELECT checksum FROM migration WHERE version = ?1", [version], |row| row.get(0)).optional()?;
        match applied {
            Some(applied) if applied == wanted => {}
            Some(_) => return Err(MigrateError::Changed { version: *version, name: (*name).to_owned() }),
            None => {
                tx.execute_batch(sql)?;
                tx.execute(
                    "INSERT INTO migration (version, name, checksum, at) VALUES (?1, ?2, ?3, ?4)",
                    params![version, name, wanted, now.0],
                )?;
            }
        }
    }
    tx.commit()?;
    Ok(())
}
