//! A data folder that is not for this server: read-only, in use, or made by a newer one.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::json;

use super::{running, word};
use crate::harness::files;
use crate::harness::server::Server;

const CONFIG: &str = r#"
[tasks.sleep]
command = ["sleep", "600"]
env = ["PATH"]
"#;

#[tokio::test]
async fn a_read_only_folder_is_refused_in_words() {
    let mut server = Server::prepare(CONFIG, &[]);
    let data = server.folder().join("data");
    std::fs::create_dir(&data).expect("the data folder");
    let lock = |mode| std::fs::set_permissions(&data, std::fs::Permissions::from_mode(mode)).expect("its mode is set");
    lock(0o555);
    let mut serve = Command::new(files::binary());
    if rustix::process::geteuid().is_root() {
        // Root may write anywhere: another user asks.
        serve = Command::new("setpriv");
        serve.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(files::binary());
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(server.folder(), open).expect("its folder is open");
    }
    let ran = serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).current_dir("/").output().expect("it runs");
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{words}");
    assert!(words.contains(&format!("the data folder {} cannot be written to", data.display())), "{words}");
    assert!(words.contains("Name a folder that this user may write to with --data."), "{words}");
    lock(0o755);
    server.start_again().await;
}

#[tokio::test]
async fn a_second_server_is_kept_off_the_folder_and_harms_nothing() {
    let server = Server::start(CONFIG).await;
    let (id, mut watchers) = running(&server, "sleep").await;
    let data = server.folder().join("data");
    let ran = server.command(&["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data).output().expect("it runs");
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{words}");
    let named = format!("the data folder {} is in use by another server (process {})", data.display(), server.pid());
    assert!(words.contains(&named), "{words}");
    assert!(words.contains("Stop the other server, or give this one a folder of its own with --data."), "{words}");
    assert_eq!(server.http.job(&id).await["status"], "running", "its children are not taken for a former server's");
    server.http.verb(&id, "kill").await.expect(202);
    for watcher in &mut watchers {
        watcher.until("the end", |seen| seen.has_ended()).await;
    }
}

/// Changes a database as a newer server would.
fn change(file: &std::path::Path, sql: &str) {
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.close()";
    let ran = Command::new("python3").args(["-c", script]).arg(file).arg(sql).output().expect("python3 runs");
    assert!(ran.status.success(), "{ran:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_server_is_refused_and_left_as_it_is() {
    let cases = [
        ("tidings.db", "INSERT INTO migration VALUES (99, 'later', 'x', 0)", "DELETE FROM migration WHERE version = 99"),
        ("output.db", "PRAGMA user_version = 99", "PRAGMA user_version = 1"),
    ];
    for (name, newer, back) in cases {
        let mut server = Server::start(CONFIG).await;
        let job = word(&server.http.submit(json!({"task": "import", "mode": "tracked"})).await["id"]);
        assert!(server.stop().success());
        let file = server.folder().join("data").join(name);
        change(&file, newer);
        let kept = std::fs::read(&file).expect("the database");
        server.launch();
        assert_eq!(server.ended().code(), Some(1));
        super::logged(&server, "was made by a newer server: it has version 99, this server knows ").await;
        super::logged(&server, "Start the newer server again, or restore a copy of the folder from before it ran.").await;
        assert!(server.log().contains(&*file.to_string_lossy()), "{}", server.log());
        assert!(std::fs::read(&file).expect("the database") == kept, "{name} is not touched");
        change(&file, back);
        server.start_again().await;
        assert_eq!(server.http.job(&job).await["status"], "running");
    }
}
