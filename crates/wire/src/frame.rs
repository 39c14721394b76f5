//! What live connections carry: JSON objects with a `type`. `docs/protocol.md` says what each means.

use domain::Text;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::record::{OutputChunk, OutputGap, Progress, Stats, TaskRecord};

/// Version of the protocol, in `hello`.
pub const PROTOCOL: u32 = 1;
/// Bytes of a frame from a client. Above: `bad_frame`.
pub const CLIENT_FRAME_BYTES: usize = 64 * 1024;

/// A frame from a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ClientFrame {
    /// Who is there. First, within 5 s; again to refresh the rights.
    Auth {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// Follow a topic.
    Subscribe {
        id: u32,
        #[schema(value_type = crate::topic::TopicShape)]
        topic: serde_json::Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    Unsubscribe {
        id: u32,
    },
    Ping,
}

impl ClientFrame {
    /// Reads one message. A list is no frame, though a derived reader would take it for one.
    pub fn read(message: &[u8]) -> Result<ClientFrame, String> {
        if message.trim_ascii_start().first() != Some(&b'{') {
            return Err("it must be a JSON object".to_owned());
        }
        // The reader may quote what was sent.
        serde_json::from_slice(message).map_err(|error| domain::limits::cut(&error.to_string(), 300))
    }
}

/// A frame from the server. Jobs in it are [`crate::record::JobSummary`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ServerFrame {
    Hello {
        protocol: u32,
        #[schema(value_type = String)]
        epoch: Text,
        #[serde(rename = "heartbeatMs")]
        heartbeat_ms: u64,
    },
    Authenticated {
        principal: FramePrincipal,
        #[serde(rename = "expiresAt", default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<String>,
    },
    Snapshot {
        id: u32,
        #[schema(value_type = Vec<crate::record::JobSummary>)]
        jobs: Vec<Box<RawValue>>,
        more: bool,
    },
    Live {
        id: u32,
        /// Absent for topics without a place in the log: stats, tasks, output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<String>,
        resumed: bool,
        /// Why there was a snapshot: `fresh`, `epoch`, `expired`, `overflow`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<crate::words::ResetWord>)]
        reason: Option<Text>,
        truncated: bool,
    },
    Update {
        position: String,
        subs: Vec<u32>,
        #[schema(value_type = crate::words::EventWord)]
        kind: Text,
        #[schema(value_type = crate::record::JobSummary)]
        job: Box<RawValue>,
    },
    Left {
        position: String,
        subs: Vec<u32>,
        #[schema(value_type = String)]
        id: Text,
        rev: u64,
        /// `deleted`, or absent when it only ceased to match.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<crate::words::DeletedWord>)]
        kind: Option<Text>,
    },
    Progress {
        subs: Vec<u32>,
        #[schema(value_type = String)]
        id: Text,
        rev: u64,
        tick: u64,
        progress: Progress,
    },
    Output {
        subs: Vec<u32>,
        #[schema(value_type = String)]
        id: Text,
        attempt: u32,
        offset: u64,
        next: u64,
        chunks: Vec<OutputChunk>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gap: Option<OutputGap>,
    },
    Stats {
        subs: Vec<u32>,
        stats: Stats,
    },
    Tasks {
        subs: Vec<u32>,
        tasks: Vec<TaskRecord>,
    },
    Heartbeat {
        position: String,
    },
    GoingAway {
        #[serde(rename = "retryInMs")]
        retry_in_ms: u64,
    },
    Error {
        #[schema(value_type = String)]
        code: Text,
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u32>,
    },
    Unsubscribed {
        id: u32,
    },
    Pong,
}

/// Who a connection speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FramePrincipal {
    #[schema(value_type = String)]
    pub subject: Text,
    #[schema(value_type = String)]
    pub tenant: Text,
    pub scopes: Vec<String>,
    #[serde(default)]
    pub tenant_wide: bool,
}

impl ServerFrame {
    pub fn to_json(&self) -> String {
        crate::convert::to_json(self)
    }
}
