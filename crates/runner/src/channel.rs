//! The words of the three channels: bytes to and from [`Heard`], without IO.
//!
//! `plain` has no words at all, so it needs no file of its own.

pub(crate) mod lines;
pub mod node_ipc;
pub mod split;

use std::time::Duration;

use crate::launch::{Channel, Launch};
use crate::said::{Level, Progress};

#[cfg(test)]
mod tests;

/// The longest line a child may send, bytes: a result of 1 MB, and room for what surrounds it.
pub(crate) const MAX_LINE: usize = 1_100_000;
/// How much of a line that is not understood is shown, characters.
const MAX_GARBAGE: usize = 300;

/// One thing understood from a child's line.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    Progress(Progress),
    Log { level: Level, text: String },
    Paused { wish: Option<u64> },
    Resumed,
    Completed { result: Option<String> },
    Failed { message: String, kind: Option<String>, no_retry: bool },
    Aborted,
    Garbage { text: String },
}

/// One thing to tell a child.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tell {
    Start,
    Pause {
        wish: u64,
    },
    Resume {
        wish: u64,
    },
    /// `wish`: None when a time limit is the reason.
    Abort {
        wish: Option<u64>,
        grace: Duration,
    },
}

/// The talk with one child.
#[derive(Debug)]
pub enum Speech {
    Plain,
    Lines,
    NodeIpc(node_ipc::Ear),
}

impl Speech {
    pub fn new(channel: Channel) -> Self {
        match channel {
            Channel::Plain => Self::Plain,
            Channel::Lines => Self::Lines,
            Channel::NodeIpc => Self::NodeIpc(node_ipc::Ear::default()),
        }
    }

    /// Understands one line, without its newline. One line may say several things, in order.
    pub fn hear(&mut self, line: &[u8]) -> Vec<Heard> {
        // Derived readers would take a list for an object.
        let is_object = line.trim_ascii_start().first() == Some(&b'{');
        match self {
            Self::Plain => Vec::new(),
            Self::Lines | Self::NodeIpc(_) if !is_object => vec![garbage(line)],
            Self::Lines => lines::hear(line),
            Self::NodeIpc(ear) => ear.hear(line),
        }
    }

    /// The line to send, with its newline; empty on `plain`.
    pub(crate) fn tell(&self, what: Tell, launch: &Launch) -> Vec<u8> {
        match self {
            Self::Plain => Vec::new(),
            Self::Lines => lines::tell(what, launch),
            Self::NodeIpc(_) => node_ipc::tell(what, launch),
        }
    }
}

/// A count as the API says it: 64 bits with a sign.
fn bounded(count: u64) -> u64 {
    count.min(i64::MAX as u64)
}

/// A line that is not understood.
fn garbage(line: &[u8]) -> Heard {
    let text: String = String::from_utf8_lossy(&line[..line.len().min(4 * MAX_GARBAGE)]).into_owned();
    Heard::Garbage { text: text.chars().take(MAX_GARBAGE).collect() }
}

/// Joins the pieces of a message around the input, which is JSON text already and may be large.
fn around_input(before: serde_json::Value, input_key: &str, launch: &Launch, after: &[u8]) -> Vec<u8> {
    let mut line = before.to_string().into_bytes();
    line.pop();
    line.extend_from_slice(format!(",\"{input_key}\":").as_bytes());
    // A raw newline inside JSON text can only be white space, and would end the line too early.
    line.extend(launch.input_text().iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    line.extend_from_slice(after);
    line.push(b'\n');
    line
}

/// One JSON value as a line.
fn line(value: serde_json::Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}
