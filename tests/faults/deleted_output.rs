//! A server that dies between the commit of a deletion and the removal of the job's output: the next one removes it.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::eventually;
use crate::harness::server::Server;

const CONFIG: &str = r#"
[tasks.say]
command = ["echo", "something"]
env = ["PATH"]
"#;

/// Files of the output store, as they lie in the data folder.
const FILES: [&str; 3] = ["output.db", "output.db-wal", "output.db-shm"];

/// Replaces the output store of `to` by that of `from`.
fn copy_output(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for file in FILES {
        let _ = std::fs::remove_file(to.join(file));
        if from.join(file).exists() {
            std::fs::copy(from.join(file), to.join(file)).expect("a copy");
        }
    }
}

/// How many jobs have output, asked of the file itself: to a client, output of no job is not there at all.
fn jobs_with_output(data: &Path) -> u32 {
    let ask =
        "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(DISTINCT job) FROM chunk').fetchone()[0])";
    let ran = Command::new("python3").args(["-c", ask]).arg(data.join("output.db")).output().expect("python3 runs");
    let words = String::from_utf8_lossy(&ran.stdout);
    words.trim().parse().unwrap_or_else(|_| panic!("{words}{}", String::from_utf8_lossy(&ran.stderr)))
}

#[tokio::test]
async fn output_of_a_deleted_job_is_removed_though_the_server_died_before_it_was() {
    let mut server = Server::start(CONFIG).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let job = server.http.submit(json!({"task": "say"})).await;
        let id = job["id"].as_str().expect("an id").to_owned();
        server.http.until_status(&id, "completed").await;
        ids.push(id);
    }
    let data = server.folder().join("data");
    let aside = server.folder().join("aside");
    assert!(server.stop().success());
    assert_eq!(jobs_with_output(&data), 3);
    copy_output(&data, &aside);

    server.start_again().await;
    let path = format!("/api/v1/jobs/{}", ids[1]);
    let deleted = server.http.send(reqwest::Method::DELETE, &path, &[], None).await.expect("an answer");
    assert_eq!(deleted.status, 204, "{:#}", deleted.body);
    server.kill();
    // What a death right after the commit would have left: the job gone, its output there.
    copy_output(&aside, &data);
    assert_eq!(jobs_with_output(&data), 3);

    server.start_again().await;
    eventually("the output of the deleted job to be removed", async || (jobs_with_output(&data) == 2).then_some(())).await;
    assert_eq!(server.http.output(&ids[0]).await, "something\n", "and nobody else's");
    assert_eq!(server.http.output(&ids[2]).await, "something\n", "and nobody else's");
}
