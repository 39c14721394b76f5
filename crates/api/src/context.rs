//! What every handler is given.

use std::sync::Arc;

use dialects::Dialect;
use engine::{Engine, ReleaseStats};
use gateway::Hub;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::health::AskSource;
use crate::limits::RequestLimits;
use crate::metering::RequestCounts;

/// The state of the router. Cloning it clones handles.
#[derive(Clone)]
pub struct Context {
    pub engine: Arc<Engine>,
    pub hub: Arc<Hub>,
    pub access: Arc<Access>,
    pub limits: Arc<RequestLimits>,
    pub counts: Arc<RequestCounts>,
    pub released: Arc<ReleaseStats>,
    /// Older systems' contracts that are served besides.
    pub dialects: Arc<[&'static dyn Dialect]>,
    /// How the sources of mirrored jobs are.
    pub sources: Arc<[AskSource]>,
    /// Whether `/metrics` and the details of `/readyz` are shown to everybody.
    pub metrics_open: bool,
    /// Cancelled first, when the server begins to stop: `/readyz` says no, and what waits for a job answers at once.
    pub draining: CancellationToken,
    /// Cancelled last, after `Hub::drain`: live connections that are still open are closed.
    pub shutdown: CancellationToken,
    /// Tasks of live connections: to be waited for after the server has stopped accepting.
    pub tasks: TaskTracker,
}

impl Context {
    /// The epoch of the log, for validators.
    pub fn epoch(&self) -> domain::Text {
        self.engine.store().identity().epoch
    }
}
