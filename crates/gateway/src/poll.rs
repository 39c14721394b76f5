//! One long poll: what there is since a position, or the first thing that comes.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wire::close::Close;

use crate::connection::Connection;
use crate::frame::Frame;
use crate::lock;

/// The answer to a long poll.
#[derive(Debug)]
pub struct Polled {
    /// What to ask with next.
    pub position: String,
    /// The frames hold the whole state: forget the former.
    pub reset: bool,
    /// In order; none when nothing came in time.
    pub frames: Vec<Frame>,
}

impl Connection {
    /// Collects frames until there are some and every subscription is joined, or until the wait is over. Subscriptions must have been
    /// made before. A connection that is closed meanwhile answers with the reason.
    pub async fn poll(&self, wait: Duration) -> Result<Polled, Close> {
        let deadline = Instant::now() + wait;
        let mut frames = Vec::new();
        let mut reset = false;
        loop {
            let is_joining = lock(&self.core.state).subs.iter().any(|sub| sub.is_joining());
            if !is_joining && !frames.is_empty() {
                break;
            }
            // A join is not cut short: without it there would be no position to answer with.
            let next = match is_joining {
                true => self.next().await,
                false => match timeout_at(deadline, self.next()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            for frame in next? {
                match frame.kind {
                    "hello" | "authenticated" | "heartbeat" | "goingAway" => {}
                    "live" if !frame.is_reset() => {}
                    kind => {
                        reset |= kind == "live";
                        frames.push(frame);
                    }
                }
            }
        }
        Ok(Polled { position: self.position(), reset, frames })
    }
}

impl Frame {
    /// Whether it is a `live` frame that follows a snapshot.
    fn is_reset(&self) -> bool {
        const MARK: &[u8] = b"\"resumed\":false";
        self.json.windows(MARK.len()).any(|window| window == MARK)
    }
}
