//! The command line, as a person and as a script use it.

mod types;

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::server::{Server, lives, processes_of};

const CONFIG: &str = r#"
[tasks.echo]
command = ["sh", "-c", "cat \"$TIDINGS_INPUT_FILE\""]
env = ["PATH"]

[tasks.fail]
command = ["false"]
env = ["PATH"]

[tasks.slow]
command = ["sleep", "600"]
time_limit = "300ms"
abort_grace = "100ms"
env = ["PATH"]

[tasks.long]
command = ["sleep", "600"]
abort_grace = "100ms"
env = ["PATH"]
"#;

async fn run(server: &Server, arguments: &[&str]) -> (i32, String, String) {
    let mut command = server.command(arguments);
    let ran: Output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("no panic");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (ran.status.code().unwrap_or(-1), text(ran.stdout), text(ran.stderr))
}

#[tokio::test]
async fn the_exit_code_tells_how_the_job_ended() {
    let server = Server::start(CONFIG).await;
    for (arguments, code) in [
        (vec!["submit", "echo", "{\"a\":1}", "--wait"], 0),
        (vec!["submit", "fail", "--wait"], 1),
        (vec!["submit", "slow", "--wait"], 4),
        (vec!["submit", "nope"], 7),
        (vec!["submit", "echo", "{not json"], 2),
        (vec!["show", "job_00000000000000000000000000"], 6),
        (vec!["no-such-command"], 2),
    ] {
        let (got, out, error) = run(&server, &arguments).await;
        assert_eq!(got, code, "{arguments:?}\n{out}\n{error}");
    }
    let (_, _, error) = run(&server, &["submit", "nope"]).await;
    assert!(error.contains("echo"), "it names the tasks there are: {error}");
}

#[tokio::test]
async fn a_job_is_submitted_listed_shown_followed_and_aborted() {
    let server = Server::start(CONFIG).await;
    let (code, out, _) = run(&server, &["submit", "long", "--title", "A long one", "--tag", "t", "--json"]).await;
    let job: Value = serde_json::from_str(&out).expect("JSON");
    let id = job["id"].as_str().expect("an id");
    assert_eq!(code, 0);
    server.http.until_status(id, "running").await;
    let (_, out, _) = run(&server, &["list", "--json"]).await;
    let page: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(page["jobs"][0]["title"], "A long one");
    let (_, out, _) = run(&server, &["show", &id[id.len() - 8..]]).await;
    assert!(out.contains("A long one") && out.contains("running"), "{out}");
    let watching = {
        let mut command = server.command(&["watch", id]);
        tokio::task::spawn_blocking(move || command.output().expect("it runs"))
    };
    let (code, _, error) = run(&server, &["abort", id]).await;
    assert_eq!(code, 0, "{error}");
    assert_eq!(watching.await.expect("no panic").status.code(), Some(3), "watch ends with the job, with its code");
}

/// What people know a job of another engine by is shown, listed, and taken for its id.
#[tokio::test]
async fn a_job_is_found_by_its_external_id() {
    let server = Server::start("").await;
    let (_, out, _) = run(&server, &["list"]).await;
    assert_eq!(out, "no job fits\n");
    server.http.submit(json!({"task": "report", "mode": "tracked"})).await;
    server.http.post("/api/tasks", json!({"skill_name": "nameless"})).await.expect(201);
    let (_, out, _) = run(&server, &["list"]).await;
    assert!(!out.contains("EXTERNAL") && out.contains("nameless"), "one whose only id is ours has none: {out}");
    server
        .http
        .post("/api/tasks", json!({"skill_name": "pair-programming", "task_id": 123, "status": "running"}))
        .await
        .expect(201);
    let listed = server.http.get("/api/v1/jobs?externalId=123").await.expect("an answer").expect(200);
    let id = listed["jobs"][0]["id"].as_str().expect("an id").to_owned();
    let (code, out, _) = run(&server, &["show", "123"]).await;
    let is_told = out.lines().any(|line| line.trim() == "external id  123");
    assert!(code == 0 && out.contains(&id) && is_told, "{out}");
    let (_, out, _) = run(&server, &["list"]).await;
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].contains("EXTERNAL") && lines[1].contains("  123       running  ") && lines.len() == 4, "{out}");
    let (_, out, _) = run(&server, &["list", "--external-id", "123"]).await;
    assert!(out.lines().count() == 2 && out.contains(&id), "{out}");
    let (_, out, _) = run(&server, &["list", "--external-id", "12"]).await;
    assert_eq!(out, "no job fits\n");
    let (code, _, error) = run(&server, &["abort", "123"]).await;
    assert!(code == 7 && error.contains("[not_here]"), "got {code}: {error}");
    let (code, _, error) = run(&server, &["show", "nobody"]).await;
    assert!(code == 6 && error.contains("external id \"nobody\""), "got {code}: {error}");
    for _ in 0..2 {
        server.http.submit(json!({"task": "report", "mode": "tracked", "externalId": "twice"})).await;
    }
    let newest = server.http.get("/api/v1/jobs?externalId=twice").await.expect("an answer").expect(200)["jobs"][0]["id"].clone();
    let newest = newest.as_str().expect("an id");
    let (code, out, error) = run(&server, &["abort", "twice"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(out.contains(newest) && error.contains(&format!("the newest is meant: {newest}")), "{out}\n{error}");
}

#[tokio::test]
async fn a_command_runs_as_a_watched_job_with_its_output_and_its_code() {
    let server = Server::start("").await;
    let (code, out, error) = run(&server, &["run", "--", "sh", "-c", "echo to-out; echo to-err >&2; exit 7"]).await;
    assert_eq!(code, 7, "{out}\n{error}");
    assert!(out.contains("to-out") && error.contains("to-err"), "{out}\n{error}");
    let jobs = server.http.get("/api/v1/jobs").await.expect("an answer").expect(200);
    let job = &jobs["jobs"][0];
    assert_eq!((&job["status"], &job["mode"]), (&json!("failed"), &json!("tracked")), "{job:#}");
}

#[tokio::test]
async fn ctrl_c_lets_go_and_the_job_is_paused_and_goes_on() {
    let server = Server::start("").await;
    let mut command = server.command(&["run", "--", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.2; done"]);
    let mut front = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(front.stdout.take().expect("its output")).lines();
    let first = tokio::task::spawn_blocking(move || lines.next()).await.expect("no panic");
    assert_eq!(first.and_then(Result::ok).as_deref(), Some("1"));
    let jobs = server.http.get("/api/v1/jobs").await.expect("an answer").expect(200);
    let id = jobs["jobs"][0]["id"].as_str().expect("an id").to_owned();
    let pid = rustix::process::Pid::from_raw(front.id() as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it can be signalled");
    let ended = tokio::task::spawn_blocking(move || front.wait()).await.expect("no panic").expect("it ends");
    assert_eq!(ended.code(), Some(130), "the terminal let go");
    server.http.verb(&id, "pause").await.expect(202);
    server.http.until_status(&id, "paused").await;
    let tree = processes_of(&id);
    assert!(!tree.is_empty() && tree.iter().all(|pid| lives(*pid)));
    server.http.verb(&id, "resume").await.expect(202);
    server.http.until_status(&id, "completed").await;
    let output = server.http.output(&id).await;
    assert!(output.ends_with("10\n"), "{output}");
    eventually("nothing to be left", async || processes_of(&id).is_empty().then_some(())).await;
}

#[tokio::test]
async fn the_doctor_is_content_with_a_good_server_and_names_what_is_wrong() {
    let mut server = Server::start("").await;
    let (code, out, error) = run(&server, &["doctor"]).await;
    assert_eq!(code, 0, "{out}\n{error}");
    server.kill();
    let (code, out, error) = run(&server, &["doctor"]).await;
    assert_ne!(code, 0);
    assert!(format!("{out}{error}").contains("tidings serve"), "it says how to mend it: {out}\n{error}");
    let (code, _, error) = run(&server, &["list"]).await;
    assert_eq!(code, 8, "{error}");
}

#[tokio::test]
async fn completions_are_printed_and_the_reference_names_every_key() {
    let server = Server::start("").await;
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = run(&server, &["completions", shell]).await;
        assert!(code == 0 && out.contains("tidings"), "{shell}");
    }
    let (_, out, _) = run(&server, &["config", "reference"]).await;
    assert!(out.contains("abort_grace") && out.contains("TIDINGS_LISTEN"), "{out}");
}
