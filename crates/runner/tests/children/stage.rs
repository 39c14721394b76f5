//! Where the tests play: a home in a temporary folder with an id of its own, launches with sensible defaults, and the one
//! place that waits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runner::outcome::Outcome;
use runner::{Channel, ChildHandle, ChildSaid, Home, Launch, OutputChunk, PauseKind, ProgressFrom, Started, spawn, tree};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stage {
    pub folder: tempfile::TempDir,
    pub home: Home,
}

impl Stage {
    pub fn new() -> Self {
        static STAGES: AtomicUsize = AtomicUsize::new(0);
        let folder = tempfile::tempdir().unwrap();
        let home = Home {
            shim: env!("CARGO_BIN_EXE_tidings-shim-probe").into(),
            shim_args: vec!["shim".into()],
            host: format!("test-{}-{}", std::process::id(), STAGES.fetch_add(1, Ordering::Relaxed)),
            children_folder: folder.path().join("children"),
            input_folder: folder.path().join("input"),
        };
        Self { folder, home }
    }

    /// A child whose main process is described by `argv`.
    pub fn play(&self, launch: Launch) -> Play {
        let Started { handle, said, output } = spawn(self.home.clone(), launch);
        Play { handle, said, output }
    }

    /// The living processes that carry this stage's id, shims (which carry nothing) not among them.
    pub fn living(&self) -> Vec<tree::Process> {
        let mark = format!("TIDINGS_HOST={}", self.home.host);
        tree::all()
            .into_iter()
            .filter(|process| !process.is_dead())
            .filter(|process| {
                let environment = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
            })
            .collect()
    }

    pub fn nothing_left(&self) {
        let left = self.living();
        assert!(left.is_empty(), "left behind: {left:?}");
        let records: Vec<_> = std::fs::read_dir(&self.home.children_folder).unwrap().flatten().collect();
        assert!(records.is_empty(), "{records:?}");
        if let Ok(inputs) = std::fs::read_dir(&self.home.input_folder) {
            assert_eq!(inputs.count(), 0, "the input file is removed");
        }
    }
}

pub fn program(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/children/programs").join(name).display().to_string()
}

pub fn launch<const N: usize>(channel: Channel, argv: [&str; N]) -> Launch {
    Launch {
        job: "job-1".into(),
        attempt: 2,
        task: "report".into(),
        owner: "alice".into(),
        argv: argv.map(Into::into).to_vec(),
        cwd: None,
        env: vec![("PATH".into(), std::env::var("PATH").unwrap())],
        channel,
        input_json: None,
        pause: PauseKind::Freeze,
        progress: ProgressFrom::ChannelOnly,
        memory_bytes: None,
        abort_grace: Duration::from_millis(300),
        exit_grace: Duration::from_millis(300),
    }
}

/// A running child.
pub struct Play {
    pub handle: ChildHandle,
    pub said: mpsc::Receiver<ChildSaid>,
    pub output: mpsc::Receiver<OutputChunk>,
}

impl Play {
    /// The next thing said.
    pub async fn next(&mut self) -> ChildSaid {
        timeout(PATIENCE, self.said.recv()).await.expect("nothing was said for too long").expect("the stream ended")
    }

    /// Skips to the first thing that `wanted` accepts.
    pub async fn until(&mut self, wanted: impl Fn(&ChildSaid) -> bool) -> ChildSaid {
        loop {
            let said = self.next().await;
            if wanted(&said) {
                return said;
            }
            assert_ne!(said, ChildSaid::Gone, "gone before what was waited for");
        }
    }

    /// The child's pid.
    pub async fn spawned(&mut self) -> i32 {
        match self.next().await {
            ChildSaid::Spawned { pid, .. } => pid,
            other => panic!("{other:?}"),
        }
    }

    /// Everything said from here to `Gone`, without it.
    pub async fn rest(&mut self) -> Vec<ChildSaid> {
        let mut rest = Vec::new();
        loop {
            match self.next().await {
                ChildSaid::Gone => return rest,
                said => rest.push(said),
            }
        }
    }

    /// The outcome, once everything is gone.
    pub async fn outcome(&mut self) -> Outcome {
        let mut rest = self.rest().await;
        match rest.pop() {
            Some(ChildSaid::Exited { outcome, .. }) => outcome,
            other => panic!("the last word was {other:?}"),
        }
    }

    /// All output up to its end; and how much was dropped.
    pub async fn all_output(&mut self) -> (Vec<u8>, u64) {
        let (mut bytes, mut dropped) = (Vec::new(), 0);
        while let Some(chunk) = timeout(PATIENCE, self.output.recv()).await.expect("output stalls") {
            bytes.extend_from_slice(&chunk.bytes);
            dropped += chunk.dropped_before;
        }
        (bytes, dropped)
    }

    /// Output up to the first newline.
    pub async fn first_line(&mut self) -> String {
        let mut bytes = Vec::new();
        while !bytes.contains(&b'\n') {
            let chunk = timeout(PATIENCE, self.output.recv()).await.expect("output stalls").expect("output ended");
            bytes.extend_from_slice(&chunk.bytes);
        }
        String::from_utf8(bytes).unwrap().lines().next().unwrap().to_owned()
    }
}

/// Waits until `condition` holds.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The time between two looks at something that has no signal.
pub fn breathe() {
    std::thread::sleep(Duration::from_millis(2));
}
