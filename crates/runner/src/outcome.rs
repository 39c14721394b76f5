//! What the end of a child means: a pure function from what it reported, how it exited and what it was under.
//!
//! Order of precedence: an explicit `complete` always stands; then an abort, a time limit, the memory limit; then what the
//! child reported; last, its exit.

use crate::exit::Exit;
use crate::launch::Channel;

#[cfg(test)]
mod tests;

/// What the child said on its channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spoken<'a> {
    /// Not a single line.
    Nothing,
    /// Something, but no end.
    Words,
    End(&'a Reported),
}

/// The end that the child itself reported on its channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Reported {
    /// `result`: JSON text, None when it gave none.
    Completed {
        result: Option<String>,
    },
    Failed {
        message: String,
        kind: Option<String>,
        no_retry: bool,
    },
    Aborted,
}

/// What was enforced on the child before it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Under {
    /// An abort or a kill stands.
    pub abort: bool,
    /// A time limit was enforced.
    pub limit: bool,
    /// Bytes measured when the memory limit was enforced; None: it was not.
    pub out_of_memory: Option<u64>,
}

/// The end that follows.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// `result`: JSON text, None when there is none (always so on `plain`).
    Completed {
        result: Option<String>,
    },
    /// `reason`: `reported`, `no_result`, `exit_code`, `signal`, `out_of_memory` or `shim_lost`. `kind`: the child's word for
    /// it. `no_retry`: the child said that another attempt is useless.
    Failed {
        reason: &'static str,
        message: String,
        kind: Option<String>,
        no_retry: bool,
    },
    Aborted,
    TimedOut,
}

/// A Node script without a channel is no error to Node: nothing keeps it, and it leaves with code 0. npx and npm take the channel for
/// themselves, so what they start has none.
const LOST_CHANNEL: &str = "exited with code 0 without reporting an end or anything else: either it never uses process.send, or what \
     started it kept the channel to itself, as npx and npm do; run a TypeScript worker with `node --import tsx worker.ts`";

/// Decides the end.
pub fn outcome(channel: Channel, spoken: Spoken<'_>, exit: Exit, under: Under) -> Outcome {
    if let Spoken::End(Reported::Completed { result }) = spoken {
        return Outcome::Completed { result: result.clone() };
    }
    if under.abort {
        return Outcome::Aborted;
    }
    if under.limit {
        return Outcome::TimedOut;
    }
    if let Some(bytes) = under.out_of_memory {
        let message = format!("used {} MB of memory, more than its limit", bytes.div_ceil(1_000_000));
        return failed("out_of_memory", message);
    }
    match spoken {
        Spoken::End(Reported::Failed { message, kind, no_retry }) => {
            return Outcome::Failed { reason: "reported", message: message.clone(), kind: kind.clone(), no_retry: *no_retry };
        }
        Spoken::End(Reported::Aborted) => return Outcome::Aborted,
        _ => {}
    }
    match (exit, channel) {
        (Exit::Code(0), Channel::Plain) => Outcome::Completed { result: None },
        (Exit::Code(0), Channel::NodeIpc) if spoken == Spoken::Nothing => failed("no_result", LOST_CHANNEL.to_owned()),
        (Exit::Code(0), _) => failed("no_result", "exited with code 0 without reporting an end".to_owned()),
        (Exit::Code(_), _) => failed("exit_code", exit.in_words()),
        (Exit::Signal(_), _) => failed("signal", exit.in_words()),
        (Exit::Unseen, _) => failed("shim_lost", exit.in_words()),
    }
}

fn failed(reason: &'static str, message: String) -> Outcome {
    Outcome::Failed { reason, message, kind: None, no_retry: false }
}
