//! Where the rules read from while the writer decides: the rows it remembers, then the tables.

use std::sync::Arc;

use domain::decide::KeptAnswer;
use domain::policy::Mode;
use domain::{Job, JobId, Text, Timestamp, limits};
use rusqlite::Connection;

use super::cache::Cache;
use super::read;
use super::row::RowError;
use crate::load::Rows;

pub(super) struct SqlRows<'a> {
    pub(super) conn: &'a Connection,
    pub(super) cache: &'a mut Cache,
}

impl Rows for SqlRows<'_> {
    type Error = RowError;

    fn job(&mut self, id: JobId) -> Result<Option<Arc<Job>>, RowError> {
        if let Some(cached) = self.cache.get(id) {
            return Ok(Some(cached.job.clone()));
        }
        let Some(read) = read::cached(self.conn, id)? else { return Ok(None) };
        let job = read.job.clone();
        self.cache.put(read);
        Ok(Some(job))
    }

    fn mirrored(&mut self, tenant: &Text, source: &Text, external_id: &Text) -> Result<Option<Arc<Job>>, RowError> {
        match read::mirrored(self.conn, tenant, source, external_id)? {
            Some(id) => self.job(id),
            None => Ok(None),
        }
    }

    fn own_called(&mut self, tenant: &Text, external_id: &Text) -> Result<Option<Arc<Job>>, RowError> {
        match read::own_called(self.conn, tenant, external_id)? {
            Some(id) => self.job(id),
            None => Ok(None),
        }
    }

    fn candidates(&mut self, mode: Mode, tenant: Option<&Text>, task: &Text, limit: usize) -> Result<Vec<Arc<Job>>, RowError> {
        let ids = read::candidates(self.conn, mode, tenant, task, limit)?;
        ids.into_iter().filter_map(|id| self.job(id).transpose()).collect()
    }

    fn kept(&mut self, scope: &str, now: Timestamp) -> Result<Option<KeptAnswer>, RowError> {
        read::kept(self.conn, scope, Timestamp(now.0.saturating_sub(read::signed(limits::IDEMPOTENCY_MS))))
    }
}
