//! What the server's own live connection says, as a session reads it. The twin of [`wire::frame::ServerFrame`], whose jobs are raw text
//! that only a writer needs: serde cannot read raw text inside a tagged enum.

use serde::Deserialize;
use wire::frame::FramePrincipal;
use wire::record::{JobSummary, OutputChunk, Progress, Stats};

/// `docs/protocol.md` says what each means.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Frame {
    Authenticated {
        principal: FramePrincipal,
    },
    Snapshot {
        id: u32,
        jobs: Vec<JobSummary>,
        more: bool,
    },
    Live {
        id: u32,
        /// Absent for topics without a place in the log.
        #[serde(default)]
        position: Option<String>,
        resumed: bool,
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
        /// `deleted`, or absent when it only ceased to match.
        #[serde(default)]
        kind: Option<String>,
    },
    Progress {
        subs: Vec<u32>,
        id: String,
        rev: u64,
        tick: u64,
        progress: Progress,
    },
    Output {
        subs: Vec<u32>,
        attempt: u32,
        next: u64,
        chunks: Vec<OutputChunk>,
    },
    Stats {
        subs: Vec<u32>,
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
        /// The subscription that was refused; absent when it is about the connection.
        #[serde(default)]
        id: Option<u32>,
    },
    /// `hello`, `tasks`, `pong`, `unsubscribed`, and what is added later.
    #[serde(other)]
    Other,
}

impl Frame {
    /// Reads a frame of the server's. One that cannot be read is told as [`Frame::Other`], as clients are told to do.
    pub fn read(json: &[u8]) -> Frame {
        serde_json::from_slice(json).unwrap_or(Frame::Other)
    }
}
