//! What an error of SQLite means for the group it hit.

use rusqlite::ErrorCode;
use rusqlite::ffi;

use super::row::RowError;

#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing of the group was written.
    RolledBack(String),
    /// Nothing of the group was written, for want of room.
    Full(String),
    /// It may have been written.
    Unknown(String),
    /// The disk did not take what it was asked to keep: what it holds is not known any more.
    Sync(String),
    /// A request contradicts a rule of the tables. `is_taken`: it brings an id or name that exists already.
    Constraint { is_taken: bool, why: String },
    /// The group turned out to hold a decision that must reach the disk, and was begun without.
    NeedsDisk,
}

/// What happened, and what there is to do about it.
fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error().map(|error| (error.code, error.extended_code)) {
        Some((ErrorCode::DiskFull, _)) => {
            format!("no room on the disk of the data folder ({error}): make room; what runs goes on, and nothing written is lost")
        }
        Some((ErrorCode::ReadOnly, _))
        | Some((_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE | ffi::SQLITE_IOERR_SHMSIZE)) => {
            format!(
                "the data folder cannot be written to ({error}): look at its disk; what runs goes on, and nothing written is lost"
            )
        }
        Some((ErrorCode::CannotOpen, _)) => {
            format!("a file of the data folder cannot be opened ({error}): is it still there, and are file descriptors left?")
        }
        _ => error.to_string(),
    }
}

impl Failure {
    /// An error before COMMIT was tried.
    pub(super) fn before_commit(error: &rusqlite::Error) -> Failure {
        match error.sqlite_error().map(|error| (error.code, error.extended_code)) {
            Some((_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)) => Failure::Sync(error.to_string()),
            Some((ErrorCode::ConstraintViolation, code)) => Failure::constraint(code, error),
            Some((ErrorCode::DiskFull, _)) => Failure::Full(in_words(error)),
            _ => Failure::RolledBack(in_words(error)),
        }
    }

    fn constraint(code: i32, error: &rusqlite::Error) -> Failure {
        let is_taken = matches!(code, ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE);
        Failure::Constraint { is_taken, why: error.to_string() }
    }

    /// An error of COMMIT itself. SQLite ends a transaction that met a full disk or a lock without its commit record.
    pub(super) fn of_commit(error: &rusqlite::Error) -> Failure {
        match error.sqlite_error().map(|error| (error.code, error.extended_code)) {
            Some((_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)) => Failure::Sync(error.to_string()),
            Some((ErrorCode::ConstraintViolation, code)) => Failure::constraint(code, error),
            Some((ErrorCode::DiskFull, _)) => Failure::Full(in_words(error)),
            Some((ErrorCode::DatabaseBusy | ErrorCode::ReadOnly, _)) => Failure::RolledBack(in_words(error)),
            _ => Failure::Unknown(in_words(error)),
        }
    }
}

impl From<RowError> for Failure {
    fn from(error: RowError) -> Failure {
        match error {
            RowError::Sql(error) => Failure::before_commit(&error),
            other => Failure::RolledBack(other.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::before_commit(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_failed_sync_is_never_taken_for_less() {
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC] {
            assert!(matches!(Failure::of_commit(&failed(code)), Failure::Sync(_)));
            assert!(matches!(Failure::before_commit(&failed(code)), Failure::Sync(_)));
        }
    }

    #[test]
    fn a_full_disk_rolls_back_and_other_faults_of_a_commit_are_unknown() {
        assert!(matches!(Failure::of_commit(&failed(ffi::SQLITE_FULL)), Failure::Full(_)));
        assert!(matches!(Failure::of_commit(&failed(ffi::SQLITE_IOERR_WRITE)), Failure::Unknown(_)));
        assert!(matches!(Failure::before_commit(&failed(ffi::SQLITE_IOERR_WRITE)), Failure::RolledBack(_)));
        assert!(matches!(
            Failure::before_commit(&failed(ffi::SQLITE_CONSTRAINT_PRIMARYKEY)),
            Failure::Constraint { is_taken: true, .. }
        ));
    }
}
