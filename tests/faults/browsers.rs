//! A worker that starts a browser in a session of its own, as Playwright does. However the job ends, no browser is left.

use serde_json::json;

use crate::harness::server::{Server, lives};
use crate::harness::{eventually, files};

const CONFIG: &str = r#"
[tasks.browse]
command = ["node", "{worker}"]
channel = "node-ipc"
pause = "freeze"
abort_grace = "300ms"
env = ["PATH", "HOME"]
"#;

fn config() -> String {
    CONFIG.replace("{worker}", &files::root().join("tests/faults/browser_worker.mjs").display().to_string())
}

fn chromium() -> String {
    std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned())
}

/// The browsers among the descendants of the server: `(pid, session)`.
fn browsers(server: &Server) -> Vec<(i32, i32)> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let pids: Vec<i32> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let is_below = |mut pid: i32| {
        for _ in 0..64 {
            match stat(pid) {
                Some((parent, _)) if parent == server.pid() => return true,
                Some((parent, _)) if parent > 1 => pid = parent,
                _ => return false,
            }
        }
        false
    };
    let is_browser = |pid: i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("chromium")
    };
    pids.into_iter().filter(|pid| is_browser(*pid) && is_below(*pid)).filter_map(|pid| Some((pid, stat(pid)?.1))).collect()
}

/// Parent and session of a process.
fn stat(pid: i32) -> Option<(i32, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(1);
    let parent = fields.next()?.parse().ok()?;
    Some((parent, fields.nth(1)?.parse().ok()?))
}

async fn open_browser(server: &Server) -> (String, Vec<(i32, i32)>) {
    let http = &server.http;
    let job = http.submit(json!({"task": "browse", "input": {"chromium": chromium()}})).await;
    let id = job["id"].as_str().expect("an id").to_owned();
    eventually("the browser to show its page", async || {
        let job = http.job(&id).await;
        assert_ne!(job["status"], "failed", "{job:#}\n{}", http.output(&id).await);
        (job["progress"]["message"] == "open").then_some(())
    })
    .await;
    let found = browsers(server);
    assert!(found.len() >= 3, "a browser is several processes: {found:?}");
    (id, found)
}

#[tokio::test]
async fn a_frozen_and_then_aborted_browser_is_gone() {
    let server = Server::start(&config()).await;
    let (id, found) = open_browser(&server).await;
    server.http.verb(&id, "pause").await.expect(202);
    server.http.until_status(&id, "paused").await;
    for (pid, _) in &found {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.contains(") T ") || !lives(*pid), "{pid} is frozen: {stat}");
    }
    server.http.verb(&id, "abort").await.expect(202);
    server.http.until_status(&id, "aborted").await;
    assert!(found.iter().all(|(pid, _)| !lives(*pid)), "no browser is left of {found:?}");
}

#[tokio::test]
async fn a_killed_job_leaves_no_browser() {
    let server = Server::start(&config()).await;
    let (id, found) = open_browser(&server).await;
    server.http.verb(&id, "kill").await.expect(202);
    server.http.until_status(&id, "aborted").await;
    assert!(found.iter().all(|(pid, _)| !lives(*pid)), "no browser is left of {found:?}");
}

#[tokio::test]
async fn a_killed_server_leaves_no_browser() {
    let mut server = Server::start(&config()).await;
    let (id, found) = open_browser(&server).await;
    server.kill();
    eventually("every browser to be gone", async || found.iter().all(|(pid, _)| !lives(*pid)).then_some(())).await;
    server.start_again().await;
    server.http.until_status(&id, "lost").await;
}
