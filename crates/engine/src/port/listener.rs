//! Who is told what was committed: each listener gets every event of the log, in order, without holes.

use std::sync::Arc;

use wire::LoggedEvent;

use super::Notice;

/// Called by the release loop, one call at a time. Must not block: hand the work on.
pub trait Listener: Send + Sync + 'static {
    /// The next events of the log.
    fn events(&self, events: &Arc<[LoggedEvent]>);

    /// Something beside the log.
    fn notice(&self, notice: &Notice);

    /// The log is another one (its epoch changed): whatever is held of the old one is worthless.
    fn replaced(&self) {}
}
