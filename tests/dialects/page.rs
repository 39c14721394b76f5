//! A page of an older system, as a program of Node's that does what its document says: it drives itself, and says when it has come so far.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::harness::server::Server;
use crate::harness::{PATIENCE, files};

pub struct Page {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Page {
    /// `tests/dialects/pages/<name>.mjs`, for this server.
    pub fn open(server: &Server, name: &str, arguments: &[&str]) -> Page {
        let script = files::root().join("tests/dialects/pages").join(format!("{name}.mjs"));
        let mut process = Command::new("node")
            .arg(script)
            .arg(server.url())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let said = BufReader::new(process.stdout.take().expect("its words")).lines();
        Page { process, said }
    }

    /// Waits until it says this.
    pub async fn says(&mut self, wanted: &str) {
        let line = tokio::time::timeout(PATIENCE, self.said.next_line()).await.expect("a word in time").expect("text");
        assert_eq!(line.as_deref(), Some(wanted), "what the page complains of stands above");
    }

    /// Waits until it ends, and well.
    pub async fn ends(mut self) {
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.expect("an end in time").expect("a status");
        assert!(status.success(), "{status}");
    }
}
