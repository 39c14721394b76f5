//! What server and shim say to each other on the control socket: one JSON value per line, the [`Spec`] first.
//!
//! Both ends are the same binary, so the format needs no version.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::exit::Exit;

/// The longest line on the control socket, bytes: a spec with the largest environment that the kernel accepts.
pub(crate) const MAX_LINE: usize = 8 << 20;

/// What to start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) argv: Vec<String>,
    /// The whole environment.
    pub(crate) env: Vec<(String, String)>,
    /// None: where the shim was started.
    pub(crate) cwd: Option<PathBuf>,
    /// Of the whole tree; None: no limit.
    pub(crate) memory_bytes: Option<u64>,
}

/// Server to shim.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Order {
    /// Stop every process; answered by `Frozen`.
    Freeze,
    /// Let those run again that `Freeze` stopped; answered by `Thawed`.
    Thaw,
    /// SIGTERM to every process, and thaw, so that they can act on it.
    Terminate,
    /// SIGKILL until nothing is left.
    Kill,
}

/// Shim to server. `Gone` is the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Report {
    #[serde(rename_all = "camelCase")]
    Spawned {
        pid: i32,
        /// Clock ticks since boot.
        start_time: u64,
        boot_id: String,
    },
    SpawnFailed {
        /// Stable code; see `ChildSaid::SpawnFailed`.
        reason: String,
        message: String,
    },
    Frozen,
    Thawed,
    OutOfMemory {
        bytes: u64,
    },
    Exited(Exit),
    Gone,
}

/// One value as a line.
pub(crate) fn line(value: &impl Serialize) -> Vec<u8> {
    // These types hold nothing that JSON cannot show.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
