//! One long poll: what there is since a position, or the first thing that comes.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wire::close::Close;

use crate::connection::Connection;
use crate::frame::Frame;
use crate::lock;

/// How often counts and tasks are read once more because they changed before the answer was ready. Then the answer's position is that of
/// the counts, and what came after is told again.
const LAST_READINGS: u32 = 4;

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
    /// Collects frames until there are some and every subscription has its state, or until the wait is over. Subscriptions must have been
    /// made before. A connection that is closed meanwhile answers with the reason.
    pub async fn poll(&self, wait: Duration) -> Result<Polled, Close> {
        let deadline = Instant::now() + wait;
        let mut frames = Vec::new();
        let mut reset = false;
        let mut last_readings = 0;
        loop {
            let is_owed = {
                let mut state = lock(&self.core.state);
                let is_owed = state.subs.iter().any(|sub| sub.is_owed());
                if !is_owed && !frames.is_empty() {
                    // What is counted must be as new as the position of the answer.
                    let is_behind = state.subs.iter_mut().map(|sub| sub.hasten()).fold(false, |any, one| any | one);
                    if !is_behind || last_readings == LAST_READINGS {
                        break;
                    }
                    last_readings += 1;
                }
                is_owed
            };
            // A join is not cut short: without it there would be no position to answer with. Nor are the first counts or tasks: with that
            // position they would not be asked for again.
            let next = match is_owed {
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
        self.json().windows(MARK.len()).any(|window| window == MARK)
    }
}
