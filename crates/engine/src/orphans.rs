//! Output of jobs that no longer exist. A job is deleted in one commit and its output is forgotten afterwards: a server that dies between
//! the two, or a child that writes its last words behind a deletion, leaves rows that nobody could ever read. They are looked for at a
//! start and once a day, in small steps.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::JobId;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::Error;

/// Jobs looked at in one step, and the pause between two.
const STEP: usize = 256;
const PAUSE: Duration = Duration::from_millis(20);
/// Between two looks at all of them.
const EVERY: Duration = Duration::from_secs(24 * 3_600);

impl Engine {
    /// Runs until `stop`.
    pub(crate) async fn run_orphans(&self, stop: &CancellationToken) {
        let all = async {
            loop {
                match self.sweep_orphans().await {
                    Ok(0) => {}
                    Ok(found) => tracing::info!(found, "removed output that jobs had left behind when they were deleted"),
                    Err(error) => tracing::warn!(%error, "output that deleted jobs left behind could not be removed"),
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = all => {}
        }
    }

    /// Looks once at all output; answers of how many jobs it was removed.
    async fn sweep_orphans(&self) -> Result<usize, Error> {
        let (mut after, mut removed) = (None, 0);
        loop {
            // Output first, jobs afterwards: a job is there before it can write.
            let with_output = self.output.jobs(after, STEP).await?;
            let Some(last) = with_output.last() else { return Ok(removed) };
            after = Some(*last);
            let existing: BTreeSet<JobId> = self.store.jobs(&with_output).await?.iter().map(|job| job.id).collect();
            for job in with_output.into_iter().filter(|job| !existing.contains(job)) {
                self.output.remove(job).await?;
                removed += 1;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
