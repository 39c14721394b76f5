//! Opens a data folder: locks it, makes or migrates its database, reads the books, starts the threads.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use engine::clock::SharedClock;
use engine::port::{Bus, Head, Identity};
use rusqlite::{Connection, ErrorCode, params};
use tokio::sync::mpsc;

use super::cache::Cache;
use super::checkpoint;
use super::handle::{Opened, Shared, SqliteStore};
use super::migrate::{self, MigrateError};
use super::read;
use super::readers::Readers;
use super::row::RowError;
use super::writer::{Desk, GROUP, Writer};

/// What is done when the disk refuses to keep what was written. The process must not go on: what the disk holds is not known.
pub type SyncFailure = Arc<dyn Fn(&str) + Send + Sync>;

#[derive(Clone)]
pub struct SqliteOptions {
    /// Connections that read.
    pub readers: usize,
    /// Bytes of the write-ahead log above which it is carried over into the database.
    pub wal_bytes: u64,
    /// Rows that a list or a snapshot looks at in one index at most. A page that met the bound says where to go on.
    pub scan_rows: usize,
    /// Called with the error of a failed sync. Ends the process unless replaced.
    pub on_sync_failure: SyncFailure,
}

impl Default for SqliteOptions {
    fn default() -> SqliteOptions {
        let on_sync_failure: SyncFailure = Arc::new(|_| std::process::abort());
        SqliteOptions { readers: 4, wal_bytes: 8 * 1024 * 1024, scan_rows: 10_000, on_sync_failure }
    }
}

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data folder {} cannot be created: {source}", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("the data folder {} cannot be written to", .folder.display())]
    ReadOnly { folder: PathBuf },
    #[error("{} is not a database of ours", .file.display())]
    NotADatabase { file: PathBuf },
    #[error("{} was made by a newer server: it has version {found}, this server knows {known}", .file.display())]
    Newer { file: PathBuf, found: i64, known: i64 },
    #[error("{} does not fit this server: {problem}", .file.display())]
    Unfit { file: PathBuf, problem: String },
    #[error("the data folder {} is in use by another server{}", .folder.display(), by_pid(.pid))]
    Locked { folder: PathBuf, pid: Option<u32> },
    #[error("{} cannot be opened: this process has no file descriptor left", .file.display())]
    Descriptors { file: PathBuf },
    #[error("no room on the disk of the data folder {}", .folder.display())]
    DiskFull { folder: PathBuf },
    #[error("{} cannot be opened: {source}", .file.display())]
    Failed { file: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
}

fn by_pid(pid: &Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

/// Bytes of a database page; fixed by the first table.
const PAGE_BYTES: u64 = 4_096;

/// The locked file that keeps other servers out of a folder, for as long as it is open.
pub(crate) struct FolderLock(#[allow(dead_code, reason = "held, never read")] File);

impl SqliteStore {
    /// Opens the database of a folder and makes both if they do not exist. Commits take their time from `clock` and go to `bus`.
    pub fn open(
        folder: impl AsRef<Path>,
        clock: SharedClock,
        bus: Arc<dyn Bus>,
        options: SqliteOptions,
    ) -> Result<Arc<SqliteStore>, OpenError> {
        let folder = folder.as_ref();
        make_folder(folder)?;
        let file = folder.join("tidings.db");
        let failed = |source: io::Error| OpenError::Failed { file: file.clone(), source: source.into() };
        let (readers, scan_rows) = (options.readers, options.scan_rows);
        let Prepared { conn, desk, checkpoint_thread, lock } = prepare(folder, clock, bus, options)?;
        let shared = desk.shared.clone();
        let readers_open = Readers::open(file.clone(), readers).map_err(|error| explain(error, folder, &file))?;
        let (inbox, messages) = mpsc::channel(8 * GROUP);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                match Writer::new(&conn, desk) {
                    Ok(writer) => writer.run(messages),
                    // Whoever asks finds the inbox gone.
                    Err(error) => tracing::error!(%error, "the statements of the store cannot be prepared"),
                }
                drop(conn);
                let _ = checkpoint_thread.join();
                drop(lock);
            })
            .map_err(failed)?;
        let opened = Opened { shared, inbox, thread, readers: readers_open, reader_count: readers, scan_rows };
        Ok(Arc::new(SqliteStore::new(opened)))
    }
}

/// A writer that has not begun, and what must outlive it.
pub(super) struct Prepared {
    pub(super) conn: Connection,
    pub(super) desk: Desk,
    pub(super) checkpoint_thread: JoinHandle<()>,
    pub(super) lock: FolderLock,
}

/// Locks the folder, brings its database up to date and reads the books.
pub(super) fn prepare(folder: &Path, clock: SharedClock, bus: Arc<dyn Bus>, options: SqliteOptions) -> Result<Prepared, OpenError> {
    let lock = lock_folder(folder)?;
    let file = folder.join("tidings.db");
    let explain = |error: rusqlite::Error| explain(error, folder, &file);
    let mut conn = Connection::open(&file).map_err(explain)?;
    conn.busy_timeout(Duration::from_secs(5)).map_err(explain)?;
    conn.set_prepared_statement_cache_capacity(64);
    let unfit = |error: MigrateError| match error {
        MigrateError::Sql(error) => explain(error),
        MigrateError::Newer { found, known } => OpenError::Newer { file: file.clone(), found, known },
        changed @ MigrateError::Changed { .. } => OpenError::Unfit { file: file.clone(), problem: changed.to_string() },
    };
    migrate::refuse_newer(&conn).map_err(unfit)?;
    conn.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; \
         PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
    ))
    .map_err(explain)?;
    migrate::migrate(&mut conn, clock.now()).map_err(unfit)?;
    let identity = identity(&conn).map_err(explain)?;
    let unreadable = |error: RowError| match error {
        RowError::Sql(error) => explain(error),
        other => OpenError::Unfit { file: file.clone(), problem: other.to_string() },
    };
    let (place, floor) = read::head(&conn).map_err(unreadable)?;
    let (counters, slots) = read::books(&conn).map_err(unreadable)?;
    let shared = Arc::new(Shared::new(identity, Head { place, floor }, counters));
    let counted = shared.clone();
    conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
        counted.wal_pages.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }))
    .map_err(explain)?;
    let failed = |source: io::Error| OpenError::Failed { file: file.clone(), source: source.into() };
    let checkpointer = checkpoint::start(&file, options.on_sync_failure.clone()).map_err(explain)?.map_err(failed)?;
    let jumped_ms = clock.read().jumped_ms;
    let desk = Desk {
        shared: shared.clone(),
        clock,
        bus,
        slots,
        wake_checkpoint: checkpointer.wake,
        wal_pages: u32::try_from(options.wal_bytes / PAGE_BYTES).unwrap_or(u32::MAX).max(1),
        wal_woken: 0,
        on_sync_failure: options.on_sync_failure,
        cache: Cache::default(),
        is_astray: false,
        waits_for_disk: None,
        jumped_ms,
    };
    Ok(Prepared { conn, desk, checkpoint_thread: checkpointer.thread, lock })
}

/// What an error of SQLite says about the folder.
pub(crate) fn explain(error: rusqlite::Error, folder: &Path, file: &Path) -> OpenError {
    let (folder, file) = (folder.to_owned(), file.to_owned());
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::NotADatabase { file },
        Some(ErrorCode::ReadOnly) => OpenError::ReadOnly { folder },
        Some(ErrorCode::DiskFull) => OpenError::DiskFull { folder },
        Some(ErrorCode::CannotOpen) if is_short_of_descriptors() => OpenError::Descriptors { file },
        _ => OpenError::Failed { file, source: error.into() },
    }
}

/// SQLite does not tell why a file could not be opened, and has given back by now what it had opened for it.
fn is_short_of_descriptors() -> bool {
    const NO_MORE: [i32; 2] = [23, 24]; // ENFILE and EMFILE of Linux and macOS
    let few: io::Result<Vec<File>> = (0..4).map(|_| File::open("/dev/null")).collect();
    few.is_err_and(|error| error.raw_os_error().is_some_and(|code| NO_MORE.contains(&code)))
}

/// Makes the folder, for its owner alone.
pub(crate) fn make_folder(folder: &Path) -> Result<(), OpenError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| match source.kind() {
        io::ErrorKind::StorageFull => OpenError::DiskFull { folder: folder.to_owned() },
        _ => OpenError::Folder { folder: folder.to_owned(), source },
    })
}

fn lock_folder(folder: &Path) -> Result<FolderLock, OpenError> {
    let path = folder.join("tidings.lock");
    let in_words = |source: io::Error| match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { folder: folder.to_owned() },
        io::ErrorKind::StorageFull => OpenError::DiskFull { folder: folder.to_owned() },
        _ => OpenError::Failed { file: path.clone(), source: source.into() },
    };
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(in_words)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut said = String::new();
            let _ = file.read_to_string(&mut said);
            return Err(OpenError::Locked { folder: folder.to_owned(), pid: said.trim().parse().ok() });
        }
        Err(TryLockError::Error(source)) => return Err(in_words(source)),
    }
    let wrote = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    wrote.map_err(in_words)?;
    Ok(FolderLock(file))
}

/// Reads who this store is, or says it for the first time.
fn identity(conn: &Connection) -> rusqlite::Result<Identity> {
    let fresh: [(&str, Vec<u8>); 3] = [
        ("epoch", engine::random::word(10).into_bytes()),
        ("host", engine::random::word(16).into_bytes()),
        ("secret", engine::random::bytes::<32>().to_vec()),
    ];
    for (key, value) in fresh {
        conn.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?1, ?2)", params![key, value])?;
    }
    conn.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('floor', 0)", [])?;
    let value = |key: &str| -> rusqlite::Result<Vec<u8>> {
        conn.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
    };
    let word = |key: &str| -> rusqlite::Result<domain::Text> { Ok(String::from_utf8_lossy(&value(key)?).into()) };
    let secret = conn.query_row("SELECT value FROM meta WHERE key = 'secret'", [], |row| row.get(0))?;
    Ok(Identity { epoch: word("epoch")?, host: word("host")?, secret })
}
