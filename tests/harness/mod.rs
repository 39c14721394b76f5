//! What every test stands on: a server of its own, and clients for its three live edges.

pub mod files;
pub mod http;
pub mod redis;
pub mod server;
pub mod watch;

use std::time::Duration;

/// How long a test waits for anything before it says what it waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `look` until it answers, or fails the test naming `what`.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        pause.tick().await;
    }
}
