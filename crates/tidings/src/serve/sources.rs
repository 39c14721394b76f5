//! The sources of mirrored jobs as configured: made, started with the loops, and told to the operator.

use std::path::Path;
use std::sync::Arc;

use engine::port::{Listener, SharedStore};
use engine::{Engine, Source};
use sources::task_status::{self, CURSOR_FILE, Settings, TaskStatus};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, TaskStatus as Configured};

/// The sources that are on.
pub(super) struct Sources {
    task_status: Option<TaskStatus>,
}

impl Sources {
    /// To be made before the first commit. What was switched off forgets where it was: when it is switched on again, it does not begin with what
    /// went by meanwhile.
    pub(super) fn new(config: &Config, engine: &Arc<Engine>) -> Sources {
        let cursor = config.data.join(CURSOR_FILE);
        let Some(configured) = &config.sources.task_status else {
            forget(&cursor);
            return Sources { task_status: None };
        };
        let settings =
            Settings { redis: configured.redis.clone(), channel: configured.channel.clone(), source: source(configured), cursor };
        Sources { task_status: Some(TaskStatus::new(settings, engine.clone())) }
    }

    /// For the release loop.
    pub(super) fn listeners(&self) -> Vec<Arc<dyn Listener>> {
        self.task_status.iter().map(TaskStatus::listener).collect()
    }

    /// For `/readyz` and `/metrics`.
    pub(super) fn health(&self, store: &SharedStore) -> Arc<[api::AskSource]> {
        let ask = |source: &TaskStatus| -> api::AskSource {
            let (health, store) = (source.health(), store.clone());
            Arc::new(move || of(&health, store.head().place))
        };
        self.task_status.iter().map(ask).collect()
    }

    pub(super) fn start(self, tasks: &TaskTracker, stop: &CancellationToken) {
        if let Some(source) = self.task_status {
            tasks.spawn(source.run(stop.clone()));
        }
    }
}

fn source(configured: &Configured) -> Source {
    let Configured { owner, tenant, task, silence, .. } = configured.clone();
    Source { name: task_status::NAME.into(), tenant, owner, task, silence }
}

fn forget(cursor: &Path) {
    match std::fs::remove_file(cursor) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, file = %cursor.display(), "how far the channel was published to cannot be forgotten");
        }
        _ => {}
    }
}

fn of(health: &sources::Health, head: u64) -> api::SourceHealth {
    let link = health.link();
    api::SourceHealth {
        name: task_status::NAME,
        is_connected: link.is_connected,
        since: link.since,
        problem: link.problem,
        counts: api::SourceCounts {
            received: health.received.get(),
            taken: health.taken.get(),
            refused: health.refused.get(),
            passed_over: health.passed_over.get(),
            dropped: health.dropped.get(),
            waiting: health.waiting.get(),
            published: health.published.get(),
            behind: head.saturating_sub(health.published_to.get()),
        },
    }
}
