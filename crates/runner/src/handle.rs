//! The caller's handle on a child: orders that are taken at once and carried out in the background. What came of them is
//! told on the child's stream.

use tokio::sync::mpsc;

use crate::launch::{Channel, Launch, PauseKind};

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefused {
    /// The task's pause is `none`, or it is cooperative and there is no channel to ask on.
    #[error("this child cannot be paused")]
    CannotPause,
    /// Nothing of the child is left.
    #[error("the child is gone")]
    Gone,
    /// So many orders wait that no more are taken.
    #[error("the child has too many orders waiting")]
    Busy,
}

/// Orders that may wait for one child.
pub(crate) const ORDERS_WAITING: usize = 64;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    Pause { wish: u64 },
    Resume { wish: u64 },
    Abort { wish: u64 },
    Kill,
    EndForLimit,
}

/// Clones give orders to the same child. Dropping all of them and the stream kills the child.
#[derive(Clone, Debug)]
pub struct ChildHandle {
    orders: mpsc::Sender<Asked>,
    can_pause: bool,
}

impl ChildHandle {
    pub(crate) fn new(orders: mpsc::Sender<Asked>, launch: &Launch) -> Self {
        let can_pause = match launch.pause {
            PauseKind::Freeze => true,
            PauseKind::Cooperative => launch.channel != Channel::Plain,
            PauseKind::None => false,
        };
        Self { orders, can_pause }
    }

    /// Asks for a pause; `Paused` follows once the child acknowledged or is frozen.
    pub fn pause(&self, wish: u64) -> Result<(), OrderRefused> {
        if self.can_pause { self.give(Asked::Pause { wish }) } else { Err(OrderRefused::CannotPause) }
    }

    /// Ends a pause; `Resumed` follows.
    pub fn resume(&self, wish: u64) -> Result<(), OrderRefused> {
        if self.can_pause { self.give(Asked::Resume { wish }) } else { Err(OrderRefused::CannotPause) }
    }

    /// Message, grace, SIGTERM, five seconds, SIGKILL. A frozen child is thawed first. Without a channel that is open:
    /// SIGTERM at once, grace, SIGKILL.
    pub fn abort(&self, wish: u64) -> Result<(), OrderRefused> {
        self.give(Asked::Abort { wish })
    }

    /// SIGKILL to the whole tree until nothing is left.
    pub fn kill(&self) -> Result<(), OrderRefused> {
        self.give(Asked::Kill)
    }

    /// Ends the child because its time limit passed, as [`Self::abort`] does; the outcome is `TimedOut`.
    pub fn end_for_limit(&self) -> Result<(), OrderRefused> {
        self.give(Asked::EndForLimit)
    }

    fn give(&self, asked: Asked) -> Result<(), OrderRefused> {
        self.orders.try_send(asked).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => OrderRefused::Busy,
            mpsc::error::TrySendError::Closed(_) => OrderRefused::Gone,
        })
    }
}
