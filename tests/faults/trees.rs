//! Programs that start others: a browser in a session of its own, daemons, children that ignore signals. Nothing may be left.

use serde_json::json;

use crate::harness::eventually;
use crate::harness::server::{Server, lives, processes_of};

const CONFIG: &str = r#"
[tasks.stubborn]
command = ["python3", "-c", "import os,signal,subprocess,time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nif os.fork()==0:\n    os.setsid()\n    if os.fork()==0:\n        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        time.sleep(600)\n    os._exit(0)\ntime.sleep(600)"]
pause = "freeze"
abort_grace = "100ms"
env = ["PATH"]
"#;

#[tokio::test]
async fn a_tree_that_ignores_signals_is_frozen_thawed_and_ended_with_its_daemon() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let job = http.submit(json!({"task": "stubborn"})).await;
    let id = job["id"].as_str().expect("an id");
    let tree = eventually("the daemon", async || Some(processes_of(id)).filter(|found| found.len() >= 2)).await;
    http.verb(id, "pause").await.expect(202);
    http.until_status(id, "paused").await;
    for pid in processes_of(id) {
        assert_eq!(state(pid), 'T', "{pid} is stopped");
    }
    http.verb(id, "resume").await.expect(202);
    http.until_status(id, "running").await;
    http.verb(id, "abort").await.expect(202);
    http.until_status(id, "aborted").await;
    assert!(tree.iter().all(|pid| !lives(*pid)), "nothing of {tree:?} is left");
}

#[tokio::test]
async fn a_server_killed_while_a_job_is_frozen_leaves_nothing_and_says_so() {
    let mut server = Server::start(CONFIG).await;
    let http = server.http.clone();
    let job = http.submit(json!({"task": "stubborn"})).await;
    let id = job["id"].as_str().expect("an id");
    eventually("the daemon", async || Some(processes_of(id)).filter(|found| found.len() >= 2)).await;
    http.verb(id, "pause").await.expect(202);
    http.until_status(id, "paused").await;
    server.kill();
    eventually("every process to be gone", async || processes_of(id).is_empty().then_some(())).await;
    server.start_again().await;
    let lost = http.until_status(id, "lost").await;
    assert_eq!(lost["reason"], "server_gone");
    assert!(lost["error"]["message"].as_str().is_some_and(|words| words.contains("the server that ran it ended")), "{lost:#}");
}

fn state(pid: i32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('?')
}
