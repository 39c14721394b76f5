//! Output in memory: for tests and simulation.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use domain::{JobId, Text, Timestamp};
use engine::port::{Output, OutputError, OutputPiece, OutputRead};

use super::trim;

#[derive(Default)]
pub struct MemoryOutput {
    written: Mutex<HashMap<(JobId, u32), Written>>,
}

#[derive(Default)]
struct Written {
    pieces: Vec<OutputPiece>,
    end: u64,
}

impl MemoryOutput {
    pub fn new() -> Arc<MemoryOutput> {
        Arc::default()
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<(JobId, u32), Written>) -> T) -> T {
        work(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Output for MemoryOutput {
    async fn append(&self, job: JobId, attempt: u32, pieces: Vec<(Text, Timestamp, Bytes)>) -> Result<u64, OutputError> {
        Ok(self.with(|written| {
            let written = written.entry((job, attempt)).or_default();
            let laid = trim::lay_out(written.end, pieces);
            written.end = laid.last().map_or(written.end, |piece| piece.offset + piece.bytes.len() as u64);
            written.pieces.extend(laid);
            let end = written.end;
            written.pieces.retain(|piece| !trim::is_dropped(piece, end));
            end
        }))
    }

    async fn read(&self, job: JobId, attempt: u32, offset: u64, limit: u64) -> Result<OutputRead, OutputError> {
        Ok(self.with(|written| match written.get(&(job, attempt)) {
            Some(written) => trim::assemble(written.pieces.iter().cloned(), offset, limit, written.end),
            None => OutputRead::default(),
        }))
    }

    async fn end(&self, job: JobId, attempt: u32) -> Result<u64, OutputError> {
        Ok(self.with(|written| written.get(&(job, attempt)).map_or(0, |written| written.end)))
    }

    async fn jobs(&self, after: Option<JobId>, limit: usize) -> Result<Vec<JobId>, OutputError> {
        let jobs: BTreeSet<JobId> = self.with(|written| written.keys().map(|(job, _)| *job).collect());
        Ok(jobs.into_iter().filter(|job| after.is_none_or(|after| *job > after)).take(limit).collect())
    }

    async fn remove(&self, job: JobId) -> Result<(), OutputError> {
        self.with(|written| written.retain(|(of, _), _| *of != job));
        Ok(())
    }

    async fn close(&self) {}
}
