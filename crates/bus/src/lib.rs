//! Implementations of the bus. One process: [`InProcess`].

use std::sync::{Mutex, PoisonError};

use engine::port::{Bus, Published, Received};
use tokio::sync::mpsc;

/// How many deliveries a subscriber may be behind before it is told to read the log instead.
const QUEUE: usize = 4_096;

/// The bus of a single node: every subscriber has a bounded queue of its own.
#[derive(Default)]
pub struct InProcess {
    subscribers: Mutex<Vec<Subscriber>>,
}

struct Subscriber {
    queue: mpsc::Sender<Received>,
    /// Whether something was dropped that it has not been told of.
    has_missed: bool,
}

impl Bus for InProcess {
    fn publish(&self, published: Published) {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain_mut(|subscriber| subscriber.offer(&published));
    }

    fn subscribe(&self) -> mpsc::Receiver<Received> {
        let (queue, received) = mpsc::channel(QUEUE);
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.push(Subscriber { queue, has_missed: false });
        received
    }
}

impl Subscriber {
    /// Queues it, or remembers that it was dropped. False when nobody listens any more.
    fn offer(&mut self, published: &Published) -> bool {
        if self.has_missed {
            match self.queue.try_send(Received::Missed) {
                Ok(()) => self.has_missed = false,
                Err(mpsc::error::TrySendError::Full(_)) => return true,
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
            }
        }
        match self.queue.try_send(Received::Published(published.clone())) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.has_missed = true;
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}
