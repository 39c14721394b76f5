//! A server that ends, in order or not, and what its successor makes of the jobs.

use serde_json::json;

use crate::harness::eventually;
use crate::harness::server::{Server, processes_of};

const CONFIG: &str = r#"
[tasks.sleep]
command = ["sleep", "600"]
pause = "freeze"
abort_grace = "100ms"
retry = { attempts = 2, base = "10ms" }
env = ["PATH"]
"#;

async fn a_paused_job(server: &Server) -> String {
    let job = server.http.submit(json!({"task": "sleep"})).await;
    let id = job["id"].as_str().expect("an id").to_owned();
    server.http.until_status(&id, "running").await;
    server.http.verb(&id, "pause").await.expect(202);
    server.http.until_status(&id, "paused").await;
    id
}

#[tokio::test]
async fn a_paused_job_is_still_paused_after_a_stop_and_after_a_kill() {
    for kill in [false, true] {
        let mut server = Server::start(CONFIG).await;
        let id = a_paused_job(&server).await;
        match kill {
            true => server.kill(),
            false => assert!(server.stop().success()),
        }
        eventually("nothing to be left", async || processes_of(&id).is_empty().then_some(())).await;
        server.start_again().await;
        let held =
            eventually("the rescue", async || Some(server.http.job(&id).await).filter(|job| job["rev"].as_u64() > Some(5))).await;
        assert_eq!((&held["status"], &held["reason"]), (&json!("paused"), &json!("before_start")), "killed: {kill}: {held:#}");
        server.http.verb(&id, "resume").await.expect(200);
        let job = server.http.until_status(&id, "running").await;
        assert_eq!(job["attempt"], 2, "it goes on only when somebody says so");
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_in_words() {
    let server = Server::start(CONFIG).await;
    let mut second = server.command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    let ran = second.arg(server.folder().join("data")).output().expect("it runs");
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(!ran.status.success() && words.contains("in use by another server"), "{words}");
    assert!(words.contains(&server.pid().to_string()) && words.contains("--data"), "it says by whom, and what to do: {words}");
    assert_eq!(server.http.get("/readyz").await.expect("an answer").status, 200, "the first is not harmed");
}
