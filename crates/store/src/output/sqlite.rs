//! Output in a database beside the log: one thread appends what waits in one transaction, and reads between.
//!
//! A crash of the machine may lose the last moments of output; a crash of the server does not.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{JobId, Text, Timestamp};
use engine::port::output::HEAD_BYTES;
use engine::port::{Output, OutputError, OutputPiece, OutputRead};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use super::trim;
use crate::sqlite::{OpenError, number};

/// Requests of one group at most.
const GROUP: usize = 256;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS chunk (
        job     BLOB NOT NULL,
        attempt INTEGER NOT NULL,
        offset  INTEGER NOT NULL,
        stream  TEXT NOT NULL,
        at      INTEGER NOT NULL,
        bytes   BLOB NOT NULL,
        PRIMARY KEY (job, attempt, offset)
    );
    PRAGMA user_version = 1;";

type Key = (JobId, u32);
type Reply<T> = oneshot::Sender<Result<T, OutputError>>;
type Writings = Vec<(Text, Timestamp, Bytes)>;

enum Message {
    Append(Key, Writings, Reply<u64>),
    Read { of: Key, offset: u64, limit: u64, reply: Reply<OutputRead> },
    End(Key, Reply<u64>),
    Jobs(Option<JobId>, usize, Reply<Vec<JobId>>),
    Remove(JobId, Reply<()>),
}

/// The output of all attempts in `<folder>/output.db`.
pub struct SqliteOutput {
    inbox: Mutex<Option<mpsc::Sender<Message>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SqliteOutput {
    /// Opens the output of a data folder. The folder is kept from other servers by the store that is opened beside it.
    pub fn open(folder: impl AsRef<Path>) -> Result<Arc<SqliteOutput>, OpenError> {
        let folder = folder.as_ref();
        crate::sqlite::make_folder(folder)?;
        let file = folder.join("output.db");
        let explain = |error: rusqlite::Error| crate::sqlite::explain(error, folder, &file);
        let conn = Connection::open(&file).map_err(explain)?;
        conn.busy_timeout(Duration::from_secs(5)).map_err(explain)?;
        let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(explain)?;
        if version > 1 {
            return Err(OpenError::Newer { file: file.clone(), found: version, known: 1 });
        }
        conn.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
        )
        .map_err(explain)?;
        conn.execute_batch(SCHEMA).map_err(explain)?;
        let (inbox, messages) = mpsc::channel(4 * GROUP);
        let thread = std::thread::Builder::new()
            .name("store-output".into())
            .spawn(move || run(&conn, messages))
            .map_err(|source| OpenError::Failed { file: file.clone(), source: source.into() })?;
        Ok(Arc::new(SqliteOutput { inbox: Mutex::new(Some(inbox)), thread: Mutex::new(Some(thread)) }))
    }

    async fn ask<T>(&self, message: impl FnOnce(Reply<T>) -> Message) -> Result<T, OutputError> {
        let closed = || OutputError("it is closed".into());
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        let (reply, answer) = oneshot::channel();
        inbox.send(message(reply)).await.map_err(|_| closed())?;
        drop(inbox);
        answer.await.map_err(|_| closed())?
    }

    fn end_thread(&self) -> Option<JoinHandle<()>> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Output for SqliteOutput {
    async fn append(&self, job: JobId, attempt: u32, pieces: Writings) -> Result<u64, OutputError> {
        self.ask(|reply| Message::Append((job, attempt), pieces, reply)).await
    }

    async fn read(&self, job: JobId, attempt: u32, offset: u64, limit: u64) -> Result<OutputRead, OutputError> {
        self.ask(|reply| Message::Read { of: (job, attempt), offset, limit, reply }).await
    }

    async fn end(&self, job: JobId, attempt: u32) -> Result<u64, OutputError> {
        self.ask(|reply| Message::End((job, attempt), reply)).await
    }

    async fn jobs(&self, after: Option<JobId>, limit: usize) -> Result<Vec<JobId>, OutputError> {
        self.ask(|reply| Message::Jobs(after, limit, reply)).await
    }

    async fn remove(&self, job: JobId) -> Result<(), OutputError> {
        self.ask(|reply| Message::Remove(job, reply)).await
    }

    async fn close(&self) {
        if let Some(thread) = self.end_thread() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for SqliteOutput {
    fn drop(&mut self) {
        if let Some(thread) = self.end_thread() {
            let _ = thread.join();
        }
    }
}

fn run(conn: &Connection, mut inbox: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(GROUP);
    let mut appends = Vec::new();
    while inbox.blocking_recv_many(&mut messages, GROUP) > 0 {
        for message in messages.drain(..) {
            if let Message::Append(of, pieces, reply) = message {
                appends.push((of, pieces, reply));
                continue;
            }
            append_all(conn, &mut appends);
            match message {
                Message::Append(..) => {}
                Message::Read { of, offset, limit, reply } => {
                    let _ = reply.send(read(conn, of, offset, limit).map_err(failed));
                }
                Message::End(of, reply) => {
                    let _ = reply.send(end(conn, of).map_err(failed));
                }
                Message::Jobs(after, limit, reply) => {
                    let _ = reply.send(jobs(conn, after, limit).map_err(failed));
                }
                Message::Remove(job, reply) => {
                    let _ = reply.send(remove(conn, job).map_err(failed));
                }
            }
        }
        append_all(conn, &mut appends);
    }
}

fn failed(error: rusqlite::Error) -> OutputError {
    OutputError(error.to_string())
}

/// Appends all of a group in one transaction, joined by attempt, and answers each.
fn append_all(conn: &Connection, appends: &mut Vec<(Key, Writings, Reply<u64>)>) {
    if appends.is_empty() {
        return;
    }
    let mut replies = Vec::with_capacity(appends.len());
    let mut of_attempt: HashMap<Key, Writings> = HashMap::new();
    for (of, pieces, reply) in appends.drain(..) {
        let writings = of_attempt.entry(of).or_default();
        writings.extend(pieces);
        let length: usize = writings.iter().map(|(_, _, bytes)| bytes.len()).sum();
        replies.push((of, length as u64, reply));
    }
    let done = write_group(conn, of_attempt);
    if done.is_err()
        && !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a group of output could not be rolled back");
    }
    for (of, length, reply) in replies {
        let answer = match &done {
            Ok(starts) => Ok(starts.get(&of).copied().unwrap_or(0) + length),
            Err(error) => Err(OutputError(error.to_string())),
        };
        let _ = reply.send(answer);
    }
}

/// Answers where each attempt ended before.
fn write_group(conn: &Connection, of_attempt: HashMap<Key, Writings>) -> rusqlite::Result<HashMap<Key, u64>> {
    let mut starts = HashMap::with_capacity(of_attempt.len());
    conn.execute_batch("BEGIN IMMEDIATE")?;
    for (of, writings) in of_attempt {
        let start = end(conn, of)?;
        starts.insert(of, start);
        let laid = trim::lay_out(start, writings);
        let end = laid.last().map_or(start, |piece| piece.offset + piece.bytes.len() as u64);
        let (job, attempt) = (of.0.to_bytes(), of.1);
        for piece in laid.iter().filter(|piece| !trim::is_dropped(piece, end)) {
            conn.prepare_cached("INSERT INTO chunk (job, attempt, offset, stream, at, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![job, attempt, piece.offset as i64, piece.stream, piece.at.0, &piece.bytes[..]])?;
        }
        if trim::tail_start(end) > HEAD_BYTES {
            conn.prepare_cached(
                "DELETE FROM chunk WHERE job = ?1 AND attempt = ?2 AND offset >= ?3 AND offset < ?4 AND offset + length(bytes) <= ?4",
            )?
            .execute(params![job, attempt, HEAD_BYTES as i64, trim::tail_start(end) as i64])?;
        }
    }
    conn.execute_batch("COMMIT")?;
    Ok(starts)
}

fn end(conn: &Connection, (job, attempt): Key) -> rusqlite::Result<u64> {
    let mut statement = conn
        .prepare_cached("SELECT offset + length(bytes) FROM chunk WHERE job = ?1 AND attempt = ?2 ORDER BY offset DESC LIMIT 1")?;
    Ok(statement.query_row(params![job.to_bytes(), attempt], |row| number(row, 0)).optional()?.unwrap_or(0))
}

fn read(conn: &Connection, of: Key, offset: u64, limit: u64) -> rusqlite::Result<OutputRead> {
    let end = end(conn, of)?;
    let offset = offset.min(end);
    let (job, attempt) = (of.0.to_bytes(), of.1);
    let mut statement = conn.prepare_cached(
        "SELECT offset, stream, at, bytes FROM chunk WHERE job = ?1 AND attempt = ?2 AND offset >= coalesce(\
         (SELECT max(offset) FROM chunk WHERE job = ?1 AND attempt = ?2 AND offset <= ?3), 0) ORDER BY offset",
    )?;
    let mut rows = statement.query(params![job, attempt, offset as i64])?;
    let mut kept = Vec::new();
    let mut taken = 0;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(3)?;
        let piece = OutputPiece { offset: number(row, 0)?, stream: row.get(1)?, at: Timestamp(row.get(2)?), bytes: bytes.into() };
        taken += (piece.offset + piece.bytes.len() as u64).saturating_sub(offset.max(piece.offset));
        kept.push(piece);
        if taken >= limit {
            break;
        }
    }
    Ok(trim::assemble(kept, offset, limit, end))
}

/// One step of the index for each job, however much each has written.
fn jobs(conn: &Connection, mut after: Option<JobId>, limit: usize) -> rusqlite::Result<Vec<JobId>> {
    let mut next = conn.prepare_cached("SELECT job FROM chunk WHERE job > ?1 ORDER BY job LIMIT 1")?;
    let mut found = Vec::new();
    while found.len() < limit {
        // Before the first there is the empty key.
        let key = after.map_or_else(Vec::new, |job| job.to_bytes().to_vec());
        let Some(bytes) = next.query_row([key], |row| row.get::<_, [u8; 16]>(0)).optional()? else { break };
        after = Some(JobId::from_bytes(bytes));
        found.extend(after);
    }
    Ok(found)
}

fn remove(conn: &Connection, job: JobId) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM chunk WHERE job = ?1")?.execute([job.to_bytes()])?;
    Ok(())
}
