//! Programs that misbehave, as rows: what each does, and how its job ends. A neighbour of each runs beside it and completes.
//!
//! How one child is handled is tested in the runner; here it is what a caller sees of it, and what the server has to bear.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::server::{Server, processes_of};

/// What every program of a channel may begin with: `say` writes to the channel, `hear` reads from it.
const SPEAK: &str = r#"
import json, os, signal, sys, time
channel = int(os.environ.get("TIDINGS_CHANNEL_FD") or os.environ.get("NODE_CHANNEL_FD") or -1)
def say(data):
    while data:
        data = data[os.write(channel, data):]
def word(**fields):
    say(json.dumps(fields).encode() + b"\n")
"#;

/// Name, channel, what the program does, then status, reason, and a part of the sentence.
struct Row {
    name: &'static str,
    channel: &'static str,
    program: &'static str,
    more: &'static str,
    status: &'static str,
    reason: &'static str,
    says: &'static str,
}

const fn row(
    name: &'static str,
    channel: &'static str,
    program: &'static str,
    status: &'static str,
    reason: &'static str,
    says: &'static str,
) -> Row {
    Row { name, channel, program, more: "", status, reason, says }
}

const ROWS: &[Row] = &[
    row("leaves-at-once", "lines", "", "failed", "no_result", "without reporting an end"),
    row("leaves-at-once-ipc", "node-ipc", "", "failed", "no_result", "without reporting an end"),
    row("leaves-with-seven", "plain", "sys.exit(7)", "failed", "exit_code", "code 7"),
    row("leaves-with-seven-lines", "lines", "sys.exit(7)", "failed", "exit_code", "code 7"),
    row("leaves-with-seven-ipc", "node-ipc", "sys.exit(7)", "failed", "exit_code", "code 7"),
    row("ends-itself", "lines", "os.kill(os.getpid(), signal.SIGSEGV)", "failed", "signal", "SIGSEGV"),
    row("half-a-word", "lines", "say(b'{\"type\":\"complete\",\"result\":{')", "failed", "no_result", "without reporting an end"),
    row("no-text", "lines", "say(b'\\xff\\xfe\\x00{}\\n' * 1000)", "failed", "no_result", "without reporting an end"),
    row("a-list", "lines", "say(b'[\"complete\",1]\\n')", "failed", "no_result", "without reporting an end"),
    row(
        "closes-early",
        "lines",
        "word(type='progress', percentage=10)\nos.close(channel)\ntime.sleep(0.2)",
        "failed",
        "no_result",
        "without reporting an end",
    ),
    row(
        "speaks-after-the-end",
        "lines",
        "word(type='complete', result=1)\ntry:\n    word(type='fail', message='no')\n    word(type='complete', result=2)\nexcept OSError:\n    pass",
        "completed",
        "",
        "",
    ),
    row(
        "a-line-of-100-mb",
        "lines",
        "chunk = b'x' * 1_000_000\nfor _ in range(100): say(chunk)\nsay(b'\\n')\nword(type='complete')",
        "completed",
        "",
        "",
    ),
    row(
        "floods-the-channel",
        "lines",
        "for n in range(20_000): word(type='progress', current=n)\nword(type='complete', result='all')",
        "completed",
        "",
        "",
    ),
    row("floods-with-nonsense", "lines", "for n in range(300): say(b'nonsense\\n')\nword(type='complete')", "completed", "", ""),
    row(
        "floods-ipc",
        "node-ipc",
        "for n in range(20_000): word(type='progress', progress={'current': n})\nword(type='result', result='all')",
        "completed",
        "",
        "",
    ),
    row("a-result-too-large", "lines", "word(type='complete', result='x' * 1_060_000)", "failed", "result_too_large", "1048576"),
    row(
        "a-result-too-deep",
        "lines",
        "say(b'{\"type\":\"complete\",\"result\":' + b'[' * 300_000 + b']' * 300_000 + b'}\\n')",
        "failed",
        "result_too_deep",
        "levels",
    ),
    row(
        "wild-numbers",
        "lines",
        "say(b'{\"type\":\"progress\",\"percentage\":1e308,\"current\":18446744073709551615}\\n')\nword(type='complete')",
        "completed",
        "",
        "",
    ),
    row(
        "fails-with-a-book",
        "lines",
        "word(type='fail', message='x' * 1_000_000, kind='k' * 1_000, retry=False)",
        "failed",
        "",
        "xxx",
    ),
    Row {
        more: "time_limit = \"300ms\"\nabort_grace = \"100ms\"",
        ..row(
            "hears-nothing",
            "lines",
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nif os.fork() == 0: os.setsid()\ntime.sleep(600)",
            "timed_out",
            "time_limit",
            "300 ms",
        )
    },
    Row {
        more: "memory = \"64MB\"",
        ..row(
            "its-child-eats",
            "lines",
            "if os.fork() == 0: held = bytearray(200_000_000)\ntime.sleep(600)",
            "failed",
            "out_of_memory",
            "memory",
        )
    },
];

fn config() -> String {
    let mut config = String::from(
        r#"
[limits]
concurrency = 4

[tasks.neighbour]
command = ["sh", "-c", "for i in 1 2 3; do echo line $i; done"]
env = ["PATH"]

[tasks.vanishes]
command = ["./vanishes.sh"]
env = ["PATH"]

[tasks.not-executable]
command = ["./not-executable.sh"]
env = ["PATH"]

[tasks.no-folder]
command = ["true"]
cwd = "folder"
env = ["PATH"]

[tasks.floods-output]
command = ["python3", "flood.py"]
env = ["PATH"]

[tasks.deaf]
command = ["python3", "deaf.py"]
channel = "lines"
abort_grace = "100ms"
env = ["PATH"]
"#,
    );
    for row in ROWS {
        let (name, channel, more) = (row.name, row.channel, row.more);
        let retry = if row.name == "fails-with-a-book" { "" } else { "retry = { attempts = 1 }" };
        config.push_str(&format!(
            "\n[tasks.{name}]\ncommand = [\"python3\", \"{name}.py\"]\nchannel = \"{channel}\"\nenv = [\"PATH\"]\n{retry}\n{more}\n"
        ));
    }
    config
}

async fn server() -> Server {
    let programs: Vec<(String, String)> =
        ROWS.iter().map(|row| (format!("{}.py", row.name), format!("{SPEAK}\n{}\n", row.program))).collect();
    let deaf = format!("{SPEAK}\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(600)\n");
    let flood = "import os\nchunk = b'x' * 1_000_000\nfor n in range(150):\n    os.write(1, chunk)\n    os.write(2, chunk)\n";
    let script = "#!/bin/sh\nexit 0\n";
    let mut files = vec![("deaf.py", deaf.as_str()), ("flood.py", flood), ("vanishes.sh", script), ("not-executable.sh", script)];
    files.extend(programs.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    Server::start_with(&config(), &files).await
}

/// Runs a task beside a neighbour; answers the job once it ended, and says what is wrong with the neighbour.
async fn run(server: &Server, task: &str, status: &str) -> Value {
    let http = &server.http;
    let job = http.submit(json!({"task": task})).await;
    let neighbour = http.submit(json!({"task": "neighbour"})).await;
    let (id, beside) = (job["id"].as_str().expect("an id"), neighbour["id"].as_str().expect("an id"));
    let beside = http.until_status(beside, "completed").await;
    assert_eq!(beside["attempt"], 1, "the neighbour of {task} ran once: {beside:#}");
    let job = http.until_status(id, status).await;
    eventually("every process to be gone", async || processes_of(id).is_empty().then_some(())).await;
    job
}

/// What a person reads of the end.
fn check(job: &Value, reason: &str, says: &str) {
    let (told, kind) = (job["reason"].as_str().unwrap_or(""), job["error"]["kind"].as_str().unwrap_or(""));
    let message = job["error"]["message"].as_str().unwrap_or("");
    if !reason.is_empty() {
        assert_eq!((told, kind), (reason, reason), "{job:#}");
    }
    assert!(message.contains(says) && message.len() <= 9_000, "{message}: {job:#}");
    assert!(job["status"] == "completed" || message.split(' ').count() > 2 || message.len() > 100, "a sentence: {message}");
}

#[tokio::test]
async fn each_ends_in_its_own_words_and_no_neighbour_notices() {
    let server = server().await;
    for row in ROWS {
        let job = run(&server, row.name, row.status).await;
        println!(
            "{}: {} {} {}",
            row.name,
            job["status"],
            job["reason"],
            job["error"].to_string().chars().take(200).collect::<String>()
        );
        check(&job, row.reason, row.says);
        if row.name == "speaks-after-the-end" {
            assert_eq!(job["result"], 1, "the first end stands");
        }
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn a_program_that_cannot_start_says_so_in_its_job() {
    let server = server().await;
    std::fs::remove_file(server.folder().join("vanishes.sh")).expect("it was there");
    for (task, reason) in [("vanishes", "program_not_found"), ("not-executable", "permission_denied"), ("no-folder", "cwd_missing")]
    {
        let job = run(&server, task, "failed").await;
        println!("{task}: {}", job["error"]);
        check(&job, reason, "");
    }
    // Where it can be known at once, no success is answered without it.
    let job = server.http.submit(json!({"task": "no-folder"})).await;
    assert!(job["status"] == "pending" || job["error"]["kind"] == "cwd_missing", "{job:#}");
    // Once it is there, the same task runs.
    let script = server.folder().join("not-executable.sh");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("its mode is changed");
    run(&server, "not-executable", "completed").await;
}

#[tokio::test]
async fn three_hundred_megabytes_of_output_cost_neither_memory_nor_disk() {
    let server = server().await;
    let job = run(&server, "floods-output", "completed").await;
    let id = job["id"].as_str().expect("an id");
    let peak = peak_memory(server.pid());
    assert!(peak < 300_000_000, "the server's memory peaked at {peak} bytes");
    // Head and tail of both streams together, and what SQLite needs around them.
    eventually("the disk to hold head and tail only", async || {
        let bytes = size_of(&server.folder().join("data"));
        (bytes < 40_000_000).then_some(())
    })
    .await;
    let head = server.http.get(&format!("/api/v1/jobs/{id}/output?limit=100")).await.expect("an answer").expect(200);
    assert!(head["chunks"][0]["text"].as_str().is_some_and(|text| text.starts_with("xxx")), "{head:#}");
}

#[tokio::test]
async fn one_that_hears_no_signal_and_no_word_is_ended_all_the_same() {
    let server = server().await;
    let http = &server.http;
    let job = http.submit(json!({"task": "deaf"})).await;
    let id = job["id"].as_str().expect("an id");
    http.until_status(id, "running").await;
    http.verb(id, "abort").await.expect(202);
    let neighbour = http.submit(json!({"task": "neighbour"})).await;
    http.until_status(neighbour["id"].as_str().expect("an id"), "completed").await;
    http.until_status(id, "aborted").await;
    assert!(processes_of(id).is_empty(), "nothing is left");
}

/// Highest resident memory of a process so far, bytes.
fn peak_memory(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("Linux tells it");
    line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok()).expect("a number") * 1_024
}

fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, data)| if data.is_dir() { size_of(&path) } else { data.len() })
        .sum()
}
