//! A few connections that only read, each lent to one blocking task at a time. They are opened with the store and kept, so that a read needs
//! no file descriptor of its own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engine::port::ReadError;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::row::RowError;

pub(super) struct Readers {
    file: PathBuf,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    is_closed: AtomicBool,
}

impl Readers {
    pub(super) fn open(file: PathBuf, count: usize) -> rusqlite::Result<Readers> {
        let count = count.max(1);
        let idle = std::iter::repeat_with(|| open(&file)).take(count).collect::<rusqlite::Result<Vec<Connection>>>()?;
        Ok(Readers {
            file,
            permits: Arc::new(Semaphore::new(count)),
            idle: Arc::new(Mutex::new(idle)),
            is_closed: AtomicBool::new(false),
        })
    }

    /// Runs `read` in one transaction, on a snapshot of its own.
    pub(super) async fn run<T, F>(&self, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, RowError> + Send + 'static,
    {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| ReadError::Closed)?;
        if self.is_closed.load(Ordering::Acquire) {
            return Err(ReadError::Closed);
        }
        let (file, idle) = (self.file.clone(), self.idle.clone());
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut conn = match lent {
                Some(conn) => conn,
                // One was lost to a panic.
                None => open(&file)?,
            };
            let found = {
                let tx = conn.transaction()?;
                read(&tx)
            };
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            found
        });
        match task.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(ReadError::Failed(error.to_string())),
            Err(error) => Err(ReadError::Failed(error.to_string())),
        }
    }

    /// Waits for the reads under way and closes their connections.
    pub(super) async fn close(&self, count: usize) {
        self.is_closed.store(true, Ordering::Release);
        let all = u32::try_from(count.max(1)).unwrap_or(1);
        let _all = self.permits.acquire_many(all).await;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.permits.close();
    }
}

fn open(file: &std::path::Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(file)?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")?;
    conn.set_prepared_statement_cache_capacity(64);
    // The first read opens the write-ahead log.
    conn.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?;
    Ok(conn)
}
