//! System 1, hybrid background jobs. What needs a clock that is moved stands in `crates/api/tests/http/dialects.rs`.

use super::transcript::replay;

#[tokio::test]
async fn its_transcripts() {
    replay("background_jobs", "/api/background-jobs").await;
}
