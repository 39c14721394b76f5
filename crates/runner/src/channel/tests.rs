use super::split::{Line, Splitter};
use super::*;

/// Channel, line, and what is heard in it, as `Debug` shows it.
#[test]
fn words_are_understood() {
    let check = |channel, said: &[&str], expected: &[Heard]| {
        let mut speech = Speech::new(channel);
        let heard: Vec<_> = said.iter().flat_map(|line| speech.hear(line.as_bytes())).collect();
        assert_eq!(heard, expected, "{said:?}");
    };
    let garbage = |text: &str| Heard::Garbage { text: text.into() };
    let log = |level, text: &str| Heard::Log { level, text: text.into() };
    let failed = |message: &str, kind: Option<&str>, no_retry| Heard::Failed {
        message: message.into(),
        kind: kind.map(Into::into),
        no_retry,
    };
    let completed = |result: Option<&str>| Heard::Completed { result: result.map(Into::into) };
    let percent = |percentage, message: Option<&str>| {
        Heard::Progress(Progress { percentage: Some(percentage), message: message.map(Into::into), ..Progress::default() })
    };

    check(Channel::Plain, &["anything"], &[]);
    let lines = |said, expected: &[Heard]| check(Channel::Lines, &[said], expected);
    lines("hello", &[garbage("hello")]);
    lines("[\"resumed\"]", &[garbage("[\"resumed\"]")]);
    lines(r#"{"type":"unheard-of"}"#, &[garbage(r#"{"type":"unheard-of"}"#)]);
    lines(r#"{"type":"progress","percentage":120,"extra":1}"#, &[percent(100.0, None)]);
    lines(r#"{"type":"log","text":"a"}"#, &[log(Level::Info, "a")]);
    lines(r#"{"type":"log","level":"error","text":"a"}"#, &[log(Level::Error, "a")]);
    lines(r#"{"type":"paused","wish":3}"#, &[Heard::Paused { wish: Some(3) }]);
    lines(r#"{"type":"resumed"}"#, &[Heard::Resumed]);
    lines(r#"{"type":"aborted"}"#, &[Heard::Aborted]);
    lines(r#"{"type":"complete"}"#, &[completed(None)]);
    lines(r#"{"result":{"b":1, "a":[2]},"type":"complete"}"#, &[completed(Some(r#"{"b":1, "a":[2]}"#))]);
    lines(r#"{"type":"fail","message":"m","kind":"k","retry":false}"#, &[failed("m", Some("k"), true)]);
    lines(r#"{"type":"fail","message":"m"}"#, &[failed("m", None, false)]);

    let node = |said: &[&str], expected: &[Heard]| check(Channel::NodeIpc, said, expected);
    node(&[r#"{"cmd":"NODE_HANDLE_ACK"}"#], &[]);
    node(&["\"text\""], &[garbage("\"text\"")]);
    node(&[r#"{"hello":1}"#], &[garbage(r#"{"hello":1}"#)]);
    node(
        &[r#"{"type":"status","status":"running","message":"Start","progress":{"percentage":10,"message":"Init"}}"#],
        &[percent(10.0, Some("Start"))],
    );
    let counted = Progress { ok: Some(4), failed: Some(1), skipped: Some(0), ..Progress::default() };
    node(&[r#"{"type":"progress","progress":{"ok":4,"failed":1,"skipped":0}}"#], &[Heard::Progress(counted)]);
    node(&[r#"{"type":"message","message":"m"}"#], &[log(Level::Info, "m")]);
    node(
        &[r#"{"status":"paused"}"#, r#"{"status":"running"}"#, r#"{"status":"running"}"#],
        &[Heard::Paused { wish: None }, Heard::Resumed],
    );
    node(
        &[r#"{"type":"result","status":"completed","progress":{"percentage":100},"result":{"n":1}}"#],
        &[percent(100.0, None), completed(Some(r#"{"n":1}"#))],
    );
    node(&[r#"{"type":"error","status":"failed","error":"no"}"#], &[failed("no", None, false)]);
    node(&[r#"{"type":"error","error":"no","retry":false}"#], &[failed("no", None, true)]);
    node(&[r#"{"type":"error","error":"no","retry":0}"#], &[failed("no", None, false)]);
    node(&[r#"{"type":"error","error":{"message":"deep"}}"#], &[failed("deep", None, false)]);
    node(&[r#"{"type":"status","status":"aborted"}"#], &[Heard::Aborted]);
}

#[test]
fn long_lines_are_skipped_whole() {
    let mut splitter = Splitter::new(4);
    let lines = splitter.split(b"ab\n\nabcd\nabcdef");
    assert_eq!(lines, [Line::Whole(b"ab".to_vec()), Line::Whole(b"abcd".to_vec()), Line::TooLong]);
    assert_eq!(splitter.split(b"ghi\nxy"), []);
    assert_eq!(splitter.split(b"z\n"), [Line::Whole(b"xyz".to_vec())]);
}
