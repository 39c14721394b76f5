//! What the live side asks the engine for, beside the log: newest progress and declared tasks.

use async_trait::async_trait;
use domain::JobId;
use domain::job::Ticked;
use domain::topic::View;
use wire::record::TaskRecord;

use super::ReadError;

#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// Newest accepted progress of an active job with the revision it belongs to, when it is newer than the stored row.
    fn latest_progress(&self, job: JobId) -> Option<(u64, Ticked)>;

    /// The declared tasks with the counts of what the view sees, without their schemas.
    async fn tasks(&self, view: &View) -> Result<Vec<TaskRecord>, ReadError>;
}
