//! The channel `lines`: JSON objects with a `type`, one per line, both ways, on the descriptor in `TIDINGS_CHANNEL_FD`.
//!
//! To the child: `start {job: {id, task, attempt}, input}` first; `pause {wish}`; `resume {wish}`; `abort {wish, graceMs}`,
//! with `reason: "time_limit"` in place of a wish when nobody asked.
//!
//! From the child, where `?` may be missing: `progress {percentage?, current?, total?, message?, ok?, failed?, skipped?}`;
//! `log {level?, text}`; `paused {wish?}`; `resumed`; and once, at the end, `complete {result?}`,
//! `fail {message, kind?, retry?}` (`retry: false`: another attempt is useless) or `aborted`.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Heard, Tell, around_input, bounded, garbage, line};
use crate::launch::Launch;
use crate::said::{Level, Progress};

/// What a child may say. Unknown fields are ignored, so that a newer child library can talk to an older server.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Word {
    Progress {
        percentage: Option<f64>,
        current: Option<u64>,
        total: Option<u64>,
        message: Option<String>,
        ok: Option<u64>,
        failed: Option<u64>,
        skipped: Option<u64>,
    },
    Log {
        level: Option<String>,
        text: String,
    },
    Paused {
        wish: Option<u64>,
    },
    Resumed,
    Aborted,
    Fail {
        message: String,
        kind: Option<String>,
        retry: Option<bool>,
    },
}

/// Read apart from [`Word`]: a tagged enum cannot keep the result's text as it came.
#[derive(Deserialize)]
struct Complete<'a> {
    r#type: &'a str,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

pub(super) fn hear(bytes: &[u8]) -> Vec<Heard> {
    if let Ok(Complete { r#type: "complete", result }) = serde_json::from_slice(bytes) {
        let result = result.map(|result| result.get().to_owned()).filter(|text| text != "null");
        return vec![Heard::Completed { result }];
    }
    let Ok(word) = serde_json::from_slice(bytes) else { return vec![garbage(bytes)] };
    vec![match word {
        Word::Progress { percentage, current, total, message, ok, failed, skipped } => {
            let percentage = percentage.map(|percentage| percentage.clamp(0.0, 100.0));
            let [current, total, ok, failed, skipped] = [current, total, ok, failed, skipped].map(|count| count.map(bounded));
            Heard::Progress(Progress { percentage, current, total, message, ok, failed, skipped })
        }
        Word::Log { level, text } => Heard::Log { level: level_of(level.as_deref()), text },
        Word::Paused { wish } => Heard::Paused { wish },
        Word::Resumed => Heard::Resumed,
        Word::Aborted => Heard::Aborted,
        Word::Fail { message, kind, retry } => Heard::Failed { message, kind, no_retry: retry == Some(false) },
    }]
}

fn level_of(level: Option<&str>) -> Level {
    match level {
        Some("debug" | "trace") => Level::Debug,
        Some("warn" | "warning") => Level::Warn,
        Some("error" | "fatal" | "critical") => Level::Error,
        _ => Level::Info,
    }
}

pub(super) fn tell(what: Tell, launch: &Launch) -> Vec<u8> {
    match what {
        Tell::Start => {
            let job = json!({"id": launch.job, "task": launch.task, "attempt": launch.attempt});
            around_input(json!({"type": "start", "job": job}), "input", launch, b"}")
        }
        Tell::Pause { wish } => line(json!({"type": "pause", "wish": wish})),
        Tell::Resume { wish } => line(json!({"type": "resume", "wish": wish})),
        Tell::Abort { wish, grace } => {
            let grace_ms = grace.as_millis() as u64;
            match wish {
                Some(wish) => line(json!({"type": "abort", "wish": wish, "graceMs": grace_ms})),
                None => line(json!({"type": "abort", "reason": "time_limit", "graceMs": grace_ms})),
            }
        }
    }
}
