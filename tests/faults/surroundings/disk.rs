//! A disk that is full, that has become read-only, that does not keep what it was given.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;
use serde_json::json;

use super::{beat, claimed, logged, prepare, running, start, tracked, word};
use crate::harness::eventually;
use crate::harness::server::{Around, Server, processes_of};
use crate::harness::watch;

const CONFIG: &str = r#"
[tasks.gated]
command = ["sh", "-c", "echo begun; until [ -e gate ]; do sleep 0.05; done; echo ended"]
cwd = "."
env = ["PATH"]

[tasks.render]
mode = "worker"
"#;

/// While writes fail, all is told so and what runs goes on; afterwards all goes on without a restart, and nothing is missing.
async fn rides_out(server: &mut Server, refuse: impl AsyncFn(bool), known_code: &str, words: &str) {
    let http = server.http.clone();
    let (id, mut watchers) = running(server, "gated").await;
    let reporter = tracked(server, 60_000).await;
    let worker = claimed(server, "render").await;
    let kept = word(&http.submit(json!({"task": "import", "mode": "tracked"})).await["id"]);

    refuse(true).await;
    let refused = http.post("/api/v1/jobs", json!({"task": "render", "input": "x".repeat(100_000)})).await;
    let code = refused.body["code"].clone();
    let told = refused.expect(503);
    assert_eq!(code, known_code, "{told:#}");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.to_lowercase().contains("again")), "it says what to do: {told:#}");
    logged(server, words).await;
    // Reads go on, and so does the child; its end is kept until it can be written.
    assert_eq!(http.job(&id).await["status"], "running");
    let listed = http.get("/api/v1/jobs?limit=10").await.expect("an answer").expect(200);
    assert!(listed["jobs"].as_array().is_some_and(|jobs| jobs.len() >= 3), "{listed}");
    std::fs::write(server.folder().join("gate"), "").expect("the gate opens");
    eventually("the child to end", async || processes_of(&id).is_empty().then_some(())).await;
    assert_eq!(http.job(&id).await["status"], "running", "no end is told that is not written");
    // A watcher that comes meanwhile is served.
    watch::socket(&http, json!({"job": kept}), None).until("a snapshot", |seen| seen.revs == [1]).await;
    assert_eq!(http.get("/healthz").await.expect("an answer").status, 200);

    refuse(false).await;
    watch::until_all(&mut watchers, "the end", watch::Seen::has_ended).await;
    http.until_status(&id, "completed").await;
    assert_eq!((beat(server, &reporter).await, beat(server, &worker).await), (200, 200), "no lease was lost");
    http.report(&reporter.0, &reporter.1, "complete", json!({"result": 1})).await.expect(200);
    let after = word(&http.submit(json!({"task": "render"})).await["id"]);

    server.kill();
    server.start_again().await;
    for (id, status) in [(&kept, "running"), (&id, "completed"), (&reporter.0, "completed"), (&after, "pending")] {
        assert_eq!(http.job(id).await["status"], status);
    }
    assert!(http.output(&id).await.starts_with("begun\n"));
}

#[tokio::test]
async fn a_full_disk_is_told_and_ridden_out() {
    let (mut server, surroundings) = start(CONFIG).await;
    let refuse = async |full: bool| surroundings.refuse_writes(full.then_some(Errno::NOSPC));
    rides_out(&mut server, refuse, "disk_full", "make room").await;
}

#[tokio::test]
async fn a_disk_that_becomes_read_only_is_told_and_ridden_out() {
    let (mut server, surroundings) = start(CONFIG).await;
    let refuse = async |read_only: bool| surroundings.refuse_writes(read_only.then_some(Errno::ROFS));
    // A write that fails in a commit may have been the last of it.
    rides_out(&mut server, refuse, "outcome_unknown", "cannot be written to").await;
}

/// A small file system of the server's own. `None` where this user may not mount one.
async fn on_a_small_disk(kilobytes: u32) -> Option<Server> {
    let mount = format!("mount -t tmpfs -o size={kilobytes}k none \"$0\"");
    let server = Server::prepare(CONFIG, &[]);
    let data = server.folder().join("data");
    std::fs::create_dir(&data).expect("the data folder");
    let try_it = std::process::Command::new("unshare").args(["-m", "sh", "-c", &mount]).arg(&data).output();
    if !try_it.is_ok_and(|tried| tried.status.success()) {
        println!("skipped: this user may not mount a file system of its own");
        return None;
    }
    let mut server = server;
    let script = format!("mount -t tmpfs -o size={kilobytes}k none '{}' && exec \"$0\" \"$@\"", data.display());
    let through = ["unshare", "-m", "sh", "-c", &script].map(str::to_owned).to_vec();
    server.set_around(Around { through, ..Around::default() });
    server.start_again().await;
    Some(server)
}

#[tokio::test]
async fn a_file_system_without_room_loses_nothing_that_was_answered() {
    let Some(server) = on_a_small_disk(2_048).await else { return };
    let http = &server.http;
    let (id, mut watchers) = running(&server, "gated").await;
    let mut answered = Vec::new();
    let refused = loop {
        let submit = json!({"task": "render", "input": "x".repeat(20_000)});
        let answer = http.post("/api/v1/jobs", submit).await;
        match answer.status {
            201 => answered.push(word(&answer.body["id"])),
            _ => break answer,
        }
        assert!(answered.len() < 1_000, "the disk is never full");
    };
    assert_eq!(refused.expect(503)["code"], "disk_full");
    assert!(answered.len() > 5);
    for id in &answered {
        assert_eq!(http.job(id).await["status"], "pending");
    }
    // Room is made in the server's own view of its disk.
    let disk = PathBuf::from(format!("/proc/{}/root", server.pid())).join(server.folder().strip_prefix("/").expect("absolute"));
    let grown = std::process::Command::new("nsenter")
        .args(["-m", "-t", &server.pid().to_string(), "mount", "-o", "remount,size=32m"])
        .arg(server.folder().join("data"))
        .output()
        .expect("nsenter runs");
    assert!(grown.status.success(), "{grown:?} in {}", disk.display());
    eventually("submits to be taken again", async || {
        let answer = http.post("/api/v1/jobs", json!({"task": "render"})).await;
        (answer.status == 201).then_some(())
    })
    .await;
    std::fs::write(server.folder().join("gate"), "").expect("the gate opens");
    watch::until_all(&mut watchers, "the end", watch::Seen::has_ended).await;
    assert_eq!(http.job(&id).await["status"], "completed");
    for id in &answered {
        assert_eq!(http.job(id).await["status"], "pending");
    }
}

#[tokio::test]
async fn a_sync_that_fails_ends_the_server_and_no_answer_claims_success() {
    let (mut server, surroundings) = start(CONFIG).await;
    let http = server.http.clone();
    let (id, watchers) = running(&server, "gated").await;
    let before = word(&http.submit(json!({"task": "render"})).await["id"]);
    let mut everything = watch::socket(&http, json!({"job": before}), None);
    everything.until("the job", |seen| !seen.revs.is_empty()).await;

    surroundings.refuse_syncs(Some(Errno::IO));
    let body = json!({"task": "render", "title": "never answered"});
    let answer = http.send(reqwest::Method::POST, "/api/v1/jobs", &[], Some(&body)).await;
    assert!(!answer.is_ok_and(|answer| answer.status < 300), "an answer claims what the disk did not keep");
    let ended = server.ended();
    assert!(!ended.success(), "{ended:?}");
    assert_eq!(ended.signal(), None, "it ends by itself, without a crash: {ended:?}");
    assert_eq!(ended.code(), Some(10), "{ended:?}");
    logged(&server, "the disk did not keep what was written").await;
    logged(&server, "start it again").await;
    let mut seen = Vec::new();
    for watcher in watchers {
        seen.push(watcher.disconnect().await);
    }
    eventually("the child to be ended with it", async || processes_of(&id).is_empty().then_some(())).await;

    surroundings.refuse_syncs(None);
    server.start_again().await;
    assert_eq!(http.job(&before).await["status"], "pending");
    // What was seen before is in the log, and what follows comes without a hole: `Seen` asserts that each revision follows its last.
    let mut watchers = watch::all_edges(&http, &json!({"job": id}), seen);
    watch::until_all(&mut watchers, "what became of it", watch::Seen::has_ended).await;
    http.submit(json!({"task": "render"})).await;
}

#[tokio::test]
async fn a_start_on_a_disk_that_fails_says_which_and_what_to_do() {
    let cases = [(Some(Errno::NOSPC), "no room on the disk", "Make room"), (Some(Errno::ROFS), "cannot be written to", "--data")];
    for (error, what, advice) in cases {
        let (mut server, surroundings) = prepare(CONFIG);
        server.start_again().await;
        let job = word(&server.http.submit(json!({"task": "render"})).await["id"]);
        assert!(server.stop().success());
        surroundings.refuse_writes(error);
        server.launch();
        let ended = tokio::time::timeout(Duration::from_secs(30), async { server.ended() }).await.expect("it ends");
        assert_eq!(ended.code(), Some(1), "{error:?}");
        let line = logged(&server, what).await;
        assert!(line.contains(&*server.folder().to_string_lossy()), "{line}");
        logged(&server, advice).await;
        surroundings.refuse_writes(None);
        server.start_again().await;
        assert_eq!(server.http.job(&job).await["status"], "pending", "{error:?}: it harmed nothing");
    }
}
