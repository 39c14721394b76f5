//! The bus: carries committed events, progress and hints of output to every node, its own included. It may lose and repeat; the log is
//! the truth.

use std::sync::Arc;

use domain::JobId;
use domain::job::Progress;
use domain::topic::View;
use tokio::sync::mpsc;
use wire::LoggedEvent;
use wire::log::Keys;

/// What travels on the bus.
#[derive(Debug, Clone)]
pub enum Published {
    /// Consecutive events of the log.
    Events(Arc<[LoggedEvent]>),
    Notice(Notice),
}

/// What is not in the log.
#[derive(Debug, Clone)]
pub enum Notice {
    /// Newest progress of a job, valid on exactly this revision.
    Progress { job: JobId, keys: Arc<Keys>, rev: u64, tick: u64, progress: Progress },
    /// Output of a job grew to this offset. `ended`: the attempt is over.
    Output { job: JobId, attempt: u32, end: u64, ended: bool },
    /// The declared tasks changed.
    Tasks,
    /// The rights behind a view were withdrawn: connections must check theirs again.
    Rights(Option<View>),
}

pub trait Bus: Send + Sync + 'static {
    /// Hands it to every subscriber in the order of the calls. Never waits for one.
    fn publish(&self, published: Published);

    /// Everything that is published from now on. A subscriber that does not keep up is given [`Received::Missed`] in place of what it missed.
    fn subscribe(&self) -> mpsc::Receiver<Received>;
}

/// What a subscriber is given.
#[derive(Debug, Clone)]
pub enum Received {
    Published(Published),
    /// Something was dropped: read the log from where you are.
    Missed,
}
