//! The output store: what attempts write, append-only, with a cursor of its own (attempt and byte offset).

use async_trait::async_trait;
use bytes::Bytes;
use domain::{JobId, Text, Timestamp};

/// The head that is kept of each attempt, in bytes.
pub const HEAD_BYTES: u64 = 1024 * 1024;
/// The tail that is kept of each attempt, in bytes. What lies between is dropped.
pub const TAIL_BYTES: u64 = 4 * 1024 * 1024;

/// A piece of output as it was written. Offsets count the bytes of all streams of an attempt together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputPiece {
    pub offset: u64,
    /// `stdout`, `stderr`, or the level of a log line.
    pub stream: Text,
    pub at: Timestamp,
    pub bytes: Bytes,
}

/// What a read found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputRead {
    /// In order, the first beginning at the asked offset or after a gap.
    pub pieces: Vec<OutputPiece>,
    /// Where to go on.
    pub next: u64,
    /// End of what has been written.
    pub end: u64,
    /// Bytes in the read range that are no longer kept.
    pub gap: Option<(u64, u64)>,
}

#[derive(Debug, Clone, thiserror::Error)]
#[error("the output store failed: {0}")]
pub struct OutputError(pub String);

#[async_trait]
pub trait Output: Send + Sync + 'static {
    /// Appends pieces of one attempt in order; answers the new end. Bytes beyond head and tail are dropped from the middle.
    async fn append(&self, job: JobId, attempt: u32, pieces: Vec<(Text, Timestamp, Bytes)>) -> Result<u64, OutputError>;

    /// Up to about `limit` bytes from `offset`.
    async fn read(&self, job: JobId, attempt: u32, offset: u64, limit: u64) -> Result<OutputRead, OutputError>;

    /// End of what an attempt has written; 0 when nothing.
    async fn end(&self, job: JobId, attempt: u32) -> Result<u64, OutputError>;

    /// Jobs that have output, in the order of their ids, after one of them; at most `limit`.
    async fn jobs(&self, after: Option<JobId>, limit: usize) -> Result<Vec<JobId>, OutputError>;

    /// Forgets a job's output.
    async fn remove(&self, job: JobId) -> Result<(), OutputError>;

    async fn close(&self);
}
