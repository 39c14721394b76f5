//! Says what may happen thousands of times a second at most once a second.

use std::time::Duration;

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(1);

/// Counts what is not said.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    said: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// Calls `say` with how often nothing was said since it was called last, unless that was a moment ago.
    pub(crate) fn say(&mut self, say: impl FnOnce(u64)) {
        if self.said.is_some_and(|said| said.elapsed() < PAUSE) {
            self.unsaid += 1;
            return;
        }
        self.said = Some(Instant::now());
        say(std::mem::take(&mut self.unsaid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_speaks_once_a_second_and_counts_the_rest() {
        let mut seldom = Seldom::default();
        let mut said = Vec::new();
        for step in 0..5 {
            if step == 3 {
                tokio::time::advance(PAUSE).await;
            }
            seldom.say(|unsaid| said.push((step, unsaid)));
        }
        assert_eq!(said, [(0, 0), (3, 2)]);
    }
}
