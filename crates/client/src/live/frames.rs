//! A server's frame as it is read here. The twin of `wire::frame::ServerFrame`, whose jobs are raw text that only a writer needs:
//! serde cannot read raw text inside a tagged enum.

use serde::Deserialize;
use wire::record::{JobSummary, OutputChunk, OutputGap, Progress, Stats};

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Frame {
    Hello {
        heartbeat_ms: u64,
    },
    Authenticated {},
    Snapshot {
        id: u32,
        jobs: Vec<JobSummary>,
        /// Whether another page of the same snapshot follows.
        #[serde(default)]
        more: bool,
    },
    Live {
        id: u32,
        position: String,
        resumed: bool,
        #[serde(default)]
        truncated: bool,
    },
    Update {
        position: String,
        subs: Vec<u32>,
        kind: String,
        job: Box<JobSummary>,
    },
    Left {
        position: String,
        subs: Vec<u32>,
        id: String,
        rev: u64,
        #[serde(default)]
        kind: Option<String>,
    },
    Progress {
        id: String,
        rev: u64,
        tick: u64,
        progress: Progress,
    },
    Output {
        subs: Vec<u32>,
        id: String,
        attempt: u32,
        offset: u64,
        next: u64,
        chunks: Vec<OutputChunk>,
        #[serde(default)]
        gap: Option<OutputGap>,
    },
    Stats {
        stats: Stats,
    },
    Heartbeat {
        position: String,
    },
    GoingAway {
        retry_in_ms: u64,
    },
    Error {
        code: String,
        message: String,
        #[serde(default)]
        id: Option<u32>,
    },
    /// `tasks`, `pong`, `unsubscribed`, and what a newer server may say.
    #[serde(other)]
    Other,
}
