//! The channel `node-ipc`: Node's own framing (one JSON value per line), and inside it the messages of the child processes
//! of the SSE task system: `init`, `pause`, `resume`, `abort` to the child, partial `TaskUpdate`s from it.
//!
//! One word is ours: an error with `retry: false` says that another attempt is useless. That system knows no retry, and its workers never
//! say it.
//!
//! Messages whose `cmd` starts with `NODE_` are Node's own and say nothing to us.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Heard, Tell, around_input, bounded, garbage, line};
use crate::launch::Launch;
use crate::said::{Level, Progress};

#[derive(Deserialize)]
struct Update<'a> {
    cmd: Option<Value>,
    r#type: Option<Value>,
    status: Option<Value>,
    progress: Option<Value>,
    message: Option<Value>,
    error: Option<Value>,
    retry: Option<Value>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// What has to be remembered between two messages.
#[derive(Debug, Default)]
pub struct Ear {
    /// The last status was `paused`, so `running` means resumed.
    paused: bool,
}

impl Ear {
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Heard> {
        let Ok(update) = serde_json::from_slice::<Update>(bytes) else { return vec![garbage(bytes)] };
        if update.cmd.as_ref().and_then(Value::as_str).is_some_and(|cmd| cmd.starts_with("NODE_")) {
            return Vec::new();
        }
        let kind = update.r#type.as_ref().and_then(Value::as_str).unwrap_or("");
        let status = update.status.as_ref().and_then(Value::as_str).unwrap_or("");
        if !matches!(kind, "status" | "progress" | "message" | "error" | "result") && status.is_empty() {
            return vec![garbage(bytes)];
        }
        let mut heard = Vec::new();
        let message = update.message.as_ref().map(text_of);
        let mut progress = update.progress.as_ref().map(progress_of).unwrap_or_default();
        match (kind, &message) {
            ("message", Some(text)) => heard.push(Heard::Log { level: Level::Info, text: text.clone() }),
            // The page of that system shows the update's message above the progress's own.
            (_, Some(text)) => progress.message = Some(text.clone()),
            _ => {}
        }
        if !progress.is_empty() {
            heard.push(Heard::Progress(progress));
        }
        match (kind, status) {
            ("error", _) | (_, "failed") => {
                let error = update.error.as_ref().map(text_of).or(message);
                let message = error.unwrap_or_else(|| "the worker reported an error".to_owned());
                let no_retry = update.retry == Some(Value::Bool(false));
                heard.push(Heard::Failed { message, kind: None, no_retry });
            }
            ("result", _) | (_, "completed") => {
                let result = update.result.map(|result| result.get().to_owned()).filter(|text| text != "null");
                heard.push(Heard::Completed { result });
            }
            (_, "aborted") => heard.push(Heard::Aborted),
            (_, "paused") => {
                self.paused = true;
                heard.push(Heard::Paused { wish: None });
            }
            (_, "running") if self.paused => {
                self.paused = false;
                heard.push(Heard::Resumed);
            }
            _ => {}
        }
        heard
    }
}

fn progress_of(value: &Value) -> Progress {
    // These numbers are whatever the worker computed: 33.3 of 100 steps is not refused.
    let count = |name| value.get(name).and_then(Value::as_f64).filter(|n| *n >= 0.0).map(|n| bounded(n as u64));
    Progress {
        percentage: value.get("percentage").and_then(Value::as_f64).map(|percentage| percentage.clamp(0.0, 100.0)),
        current: count("current"),
        total: count("total"),
        message: value.get("message").and_then(Value::as_str).map(str::to_owned),
        ok: count("ok"),
        failed: count("failed"),
        skipped: count("skipped"),
    }
}

/// A text as it is; anything else as JSON, but the `message` of an error object.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.get("message").is_some_and(Value::is_string) => text_of(&fields["message"]),
        other => other.to_string(),
    }
}

pub(super) fn tell(what: Tell, launch: &Launch) -> Vec<u8> {
    match what {
        Tell::Start => {
            let config = json!({"taskId": launch.job, "taskType": launch.task, "shopId": launch.owner});
            let config = around_input(config, "input", launch, b"}");
            let mut init = br#"{"type":"init","config":"#.to_vec();
            init.extend_from_slice(config.trim_ascii_end());
            init.extend_from_slice(b"}\n");
            init
        }
        Tell::Pause { .. } => line(json!({"type": "pause"})),
        Tell::Resume { .. } => line(json!({"type": "resume"})),
        Tell::Abort { .. } => line(json!({"type": "abort"})),
    }
}
