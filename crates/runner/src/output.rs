//! Reads a child's stdout and stderr, always: a caller that stops reading costs output, never the child's progress.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::percent::PercentReader;

/// The largest chunk, bytes.
const CHUNK: usize = 16 * 1024;
/// Chunks that wait for the caller, of both streams together: 1 MB at most.
pub(crate) const CHUNKS_WAITING: usize = 64;
/// How long the child may be held up by a full buffer, once, before its output is dropped instead.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// A piece of output, cut anywhere, even inside a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputChunk {
    pub stream: Stream,
    /// At most 16 KB. Empty only in a last chunk that tells of dropped bytes.
    pub bytes: Bytes,
    /// Bytes of this stream lost right before this piece, because the caller was too slow.
    pub dropped_before: u64,
}

/// Reads one stream to its end.
pub(crate) struct OutputReader {
    pub(crate) stream: Stream,
    pub(crate) output: mpsc::Sender<OutputChunk>,
    /// None: percentages are not wanted.
    pub(crate) percent: Option<watch::Sender<Option<f64>>>,
}

impl OutputReader {
    pub(crate) async fn read_all(self, mut pipe: impl AsyncRead + Unpin) {
        let mut reader = PercentReader::default();
        let mut dropped = 0_u64;
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(CHUNK);
            match (&mut pipe).take(CHUNK as u64).read_buf(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            if let Some(sender) = &self.percent
                && let Some(percent) = reader.read(&buffer)
            {
                sender.send_replace(Some(percent));
            }
            let chunk = OutputChunk { stream: self.stream, bytes: buffer.split().freeze(), dropped_before: dropped };
            dropped = match self.deliver(chunk).await {
                Ok(()) => 0,
                Err(lost) => dropped + lost,
            };
        }
        if dropped > 0 {
            let last = OutputChunk { stream: self.stream, bytes: Bytes::new(), dropped_before: dropped };
            // The caller must learn of it, however late it looks; nothing else has to wait for that.
            tokio::spawn(async move { self.output.send(last).await.ok() });
        }
    }

    /// Err: so many bytes were dropped. After a first loss there is no waiting until there is room again.
    async fn deliver(&self, chunk: OutputChunk) -> Result<(), u64> {
        let waits = chunk.dropped_before == 0;
        let size = chunk.bytes.len() as u64;
        match self.output.try_send(chunk) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(chunk)) if waits => match timeout(PATIENCE, self.output.send(chunk)).await {
                Ok(Ok(())) => Ok(()),
                _ => Err(size),
            },
            Err(_) => Err(size),
        }
    }
}
