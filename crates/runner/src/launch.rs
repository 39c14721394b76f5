//! What the caller asks to be run: one [`Launch`] per attempt, and the [`Home`] that all attempts of a server share.
//!
//! Refuses nothing itself; a launch that cannot be started is reported as `SpawnFailed` on its stream.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

/// What every child of one server shares.
#[derive(Clone, Debug)]
pub struct Home {
    /// The program that holds the shim role: in production the server's own binary.
    pub shim: PathBuf,
    /// Its first arguments, `["shim"]` in production; the descriptor numbers are appended.
    pub shim_args: Vec<String>,
    /// Random id of the data folder. Every child carries it as `TIDINGS_HOST`, so that two servers on one machine never
    /// end each other's children.
    pub host: String,
    /// Where the records of living children are kept, one file per job. Created when missing.
    pub children_folder: PathBuf,
    /// Where the private input files of `plain` children are kept while they live. Created when missing, mode 0700.
    pub input_folder: PathBuf,
}

/// How server and child talk, besides the child's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Any program: input by stdin and by the file named in `TIDINGS_INPUT_FILE`; it says nothing but output and its exit.
    Plain,
    /// JSON lines both ways on the descriptor named in `TIDINGS_CHANNEL_FD`.
    Lines,
    /// Node's own channel: `process.send` and `process.on('message')`.
    NodeIpc,
}

/// How the child is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseKind {
    /// A message asks; the child acknowledges. Needs a channel.
    Cooperative,
    /// Every process of the tree is stopped by the kernel.
    Freeze,
    /// Pausing is refused.
    None,
}

/// Where progress may be read from, besides the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressFrom {
    /// Nowhere.
    ChannelOnly,
    /// The last percentage printed on stdout or stderr; see [`crate::percent`].
    Percent,
}

/// One attempt to run.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Job id; letters, digits, `-`, `_` only, since it names a file.
    pub job: String,
    /// Attempt number, from 1.
    pub attempt: u32,
    /// Task name.
    pub task: String,
    /// Owner of the job; `node-ipc` children see it as `shopId`.
    pub owner: String,
    /// Program and arguments; never a shell line. The program is searched in `PATH` of `env`.
    pub argv: Vec<String>,
    /// Folder to start in. None: the server's.
    pub cwd: Option<PathBuf>,
    /// The child's whole environment, but for the `TIDINGS_` and `NODE_CHANNEL_` names, which the runner adds.
    pub env: Vec<(String, String)>,
    pub channel: Channel,
    /// The job's input, JSON text. None: `null`.
    pub input_json: Option<Bytes>,
    pub pause: PauseKind,
    pub progress: ProgressFrom,
    /// Resident memory of the whole tree, bytes. None: no limit.
    pub memory_bytes: Option<u64>,
    /// From the abort message to SIGTERM. On `plain`, which has no message: from SIGTERM to SIGKILL.
    pub abort_grace: Duration,
    /// From a reported end to SIGTERM.
    pub exit_grace: Duration,
}

impl Launch {
    /// The input as JSON text, `null` when there is none.
    pub(crate) fn input_text(&self) -> &[u8] {
        self.input_json.as_deref().unwrap_or(b"null")
    }

    /// The child's exact environment. Names of ours win over the same names in `env`.
    pub(crate) fn environment(&self, home: &Home, input_file: Option<&str>) -> Vec<(String, String)> {
        let ours = |name: &str| name.starts_with("TIDINGS_") || name.starts_with("NODE_CHANNEL_");
        let mut env: Vec<_> = self.env.iter().filter(|(name, _)| !ours(name)).cloned().collect();
        let mut add = |name: &str, value: String| env.push((name.to_owned(), value));
        add("TIDINGS_JOB", self.job.clone());
        add("TIDINGS_ATTEMPT", self.attempt.to_string());
        add("TIDINGS_TASK", self.task.clone());
        add("TIDINGS_HOST", home.host.clone());
        match self.channel {
            Channel::Plain => {}
            Channel::Lines => add("TIDINGS_CHANNEL_FD", "3".to_owned()),
            Channel::NodeIpc => {
                add("NODE_CHANNEL_FD", "3".to_owned());
                add("NODE_CHANNEL_SERIALIZATION_MODE", "json".to_owned());
            }
        }
        if let Some(path) = input_file {
            add("TIDINGS_INPUT_FILE", path.to_owned());
        }
        env
    }
}
