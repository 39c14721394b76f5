//! Bad surroundings: what the machine does to a server that works. Each is made to happen around the real binary, while children run,
//! a worker and an app hold leases, and watchers are connected.

mod channel;
mod clock;
mod descriptors;
mod disk;
mod folder;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::server::{Around, Server};
use crate::harness::watch::{self, Watcher};

/// The server's disk and clock, in the hands of the test. See `surroundings.c`.
struct Surroundings(File);

impl Surroundings {
    /// Ahead of the machine's clock by so many seconds, from now on.
    fn set_clock(&self, ahead_seconds: i64) {
        self.0.write_all_at(&(ahead_seconds * 1_000).to_ne_bytes(), 0).expect("the control file is written");
    }

    /// Every write to the data folder fails with this; `None`: works.
    fn refuse_writes(&self, error: Option<rustix::io::Errno>) {
        self.0.write_all_at(&number(error), 8).expect("the control file is written");
    }

    /// Every sync of the data folder fails with this; `None`: works.
    fn refuse_syncs(&self, error: Option<rustix::io::Errno>) {
        self.0.write_all_at(&number(error), 12).expect("the control file is written");
    }
}

fn number(error: Option<rustix::io::Errno>) -> [u8; 4] {
    error.map_or(0, rustix::io::Errno::raw_os_error).to_ne_bytes()
}

/// The library that stands between the server and the machine, compiled once a run.
fn library() -> PathBuf {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let library = folder.path().join("surroundings.so");
        let source = crate::harness::files::root().join("tests/faults/surroundings/surroundings.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(compiler.status().is_ok_and(|status| status.success()), "{compiler:?} failed");
        (folder, library)
    });
    made.1.clone()
}

/// A server that is not started yet, and its surroundings, calm.
fn prepare(config: &str) -> (Server, Surroundings) {
    let mut server = Server::prepare(config, &[]);
    let control = server.folder().join("surroundings");
    std::fs::write(&control, [0; 16]).expect("the control file is made");
    let data = server.folder().canonicalize().expect("its folder").join("data");
    let env = [("LD_PRELOAD", library()), ("SURROUNDINGS", control.clone()), ("SURROUNDINGS_FOLDER", data)];
    let env = env.map(|(name, value)| (name.to_owned(), value.display().to_string())).to_vec();
    server.set_around(Around { env, ..Around::default() });
    let control = File::options().write(true).open(control).expect("the control file opens");
    (server, Surroundings(control))
}

async fn start(config: &str) -> (Server, Surroundings) {
    let (mut server, surroundings) = prepare(config);
    server.start_again().await;
    (server, surroundings)
}

/// A job of an app that works in its own request.
async fn tracked(server: &Server, lease_ms: u64) -> (String, String) {
    let job = server.http.submit(json!({"task": "import", "mode": "tracked", "leaseMs": lease_ms})).await;
    (word(&job["id"]), word(&job["lease"]["token"]))
}

/// A job that a worker has claimed.
async fn claimed(server: &Server, task: &str) -> (String, String) {
    server.http.submit(json!({"task": task})).await;
    let claim = json!({"tasks": [task], "worker": "w1", "max": 1, "wait": 20});
    let claimed = server.http.post("/api/v1/claims", claim).await.expect(200);
    let job = &claimed["jobs"][0];
    (word(&job["id"]), word(&job["lease"]["token"]))
}

async fn beat(server: &Server, (id, lease): &(String, String)) -> u16 {
    server.http.report(id, lease, "heartbeat", json!({})).await.status
}

/// A child that runs, with a watcher on each edge who has seen so.
async fn running(server: &Server, task: &str) -> (String, Vec<Watcher>) {
    let job = server.http.submit(json!({"task": task})).await;
    let id = word(&job["id"]);
    server.http.until_status(&id, "running").await;
    let mut watchers = watch::all_edges(&server.http, &json!({"job": id}), Vec::new());
    watch::until_all(&mut watchers, "it to run", |seen| seen.statuses.last().is_some_and(|status| status == "running")).await;
    (id, watchers)
}

/// Waits for a line of the server's log.
async fn logged(server: &Server, words: &str) -> String {
    let line = async || server.log().lines().find(|line| line.contains(words)).map(str::to_owned);
    eventually(&format!("the log to say {words:?}"), line).await
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}
