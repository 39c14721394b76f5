//! What a child may say on its channel: lines cut from a stream, and the words of both dialects in them.

use runner::channel::split::{Line, Splitter};
use runner::channel::{Heard, Speech};
use runner::{Channel, Progress};

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "channel_lines",
    check,
    words: &[
        "{\"type\":\"progress\",\"percentage\":40}",
        "{\"type\":\"log\",\"level\":\"warn\",\"text\":\"a\"}",
        "{\"type\":\"paused\",\"wish\":3}",
        "{\"type\":\"resumed\"}",
        "{\"type\":\"complete\",\"result\":[1]}",
        "{\"type\":\"fail\",\"message\":\"m\",\"kind\":\"k\",\"retry\":false}",
        "{\"type\":\"aborted\"}",
        "{\"type\":\"result\",\"status\":\"completed\",\"result\":{\"n\":1}}",
        "{\"type\":\"error\",\"error\":{\"message\":\"deep\"}}",
        "{\"status\":\"paused\"}",
        "{\"status\":\"running\"}",
        "{\"cmd\":\"NODE_HANDLE\"}",
        "\"progress\":{\"current\":-1,\"total\":1e300}",
        "\n",
        "\\u0000",
        "\\ud800",
        "[[[[[[",
        "1e999",
        "-0.0",
    ],
};

/// Small, so that inputs of a fuzzer reach it.
const LIMIT: usize = 200;
/// Characters that are shown of what is not understood.
const MOST_SHOWN: usize = 300;

fn check(input: &[u8]) {
    let lines = Splitter::new(LIMIT).split(input);
    let size = usize::from(input.first().copied().unwrap_or(0) % 11) + 1;
    let mut splitter = Splitter::new(LIMIT);
    let in_pieces: Vec<Line> = input.chunks(size).flat_map(|piece| splitter.split(piece)).collect();
    assert_eq!(in_pieces, lines, "read in pieces of {size}");
    for channel in [Channel::Plain, Channel::Lines, Channel::NodeIpc] {
        let mut speech = Speech::new(channel);
        for line in &lines {
            let Line::Whole(line) = line else { continue };
            assert!(!line.is_empty() && line.len() <= LIMIT && !line.contains(&b'\n'), "a line is one line");
            for heard in speech.hear(line) {
                check_heard(channel, line, &heard);
            }
        }
    }
    // A whole input as one line, for what does not fit the small limit.
    for channel in [Channel::Lines, Channel::NodeIpc] {
        Speech::new(channel).hear(input).iter().for_each(|heard| check_heard(channel, input, heard));
    }
}

fn check_heard(channel: Channel, line: &[u8], heard: &Heard) {
    assert_ne!(channel, Channel::Plain, "a plain program has no words: {heard:?}");
    match heard {
        Heard::Progress(Progress { percentage: Some(percentage), .. }) => {
            assert!((0.0..=100.0).contains(percentage), "{percentage}")
        }
        Heard::Garbage { text } => assert!(text.chars().count() <= MOST_SHOWN, "{} characters", text.chars().count()),
        Heard::Completed { result: Some(result) } => {
            assert!(result.len() <= line.len(), "no longer than what was said");
            let value: Result<serde_json::Value, _> = serde_json::from_str(result);
            // Nothing but its depth or the size of a number may keep a result from being read.
            if let Err(error) = value {
                let told = error.to_string();
                assert!(
                    told.contains("recursion limit")
                        || told.contains("out of range")
                        || told.contains("surrogate")
                        || told.contains("escape"),
                    "{told}: {result}"
                );
            }
        }
        Heard::Progress(Progress { current: Some(count), .. }) => assert!(*count <= i64::MAX as u64, "{count}"),
        Heard::Completed { result: None } | Heard::Progress(_) | Heard::Log { .. } => {}
        Heard::Paused { .. } | Heard::Resumed | Heard::Failed { .. } | Heard::Aborted => {}
    }
}
