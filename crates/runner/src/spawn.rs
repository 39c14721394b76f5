//! Starts a shim with its descriptors and hands the pieces to a supervisor.
//!
//! The shim gets no parent-death signal: that signal follows the spawning thread, and ours come and go. It sees the end of
//! the server as the end of its control socket.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::census::{Census, Record, Trace};
use crate::handle::{ChildHandle, ORDERS_WAITING};
use crate::input::InputFile;
use crate::kill_point;
use crate::launch::{Channel, Home, Launch, ProgressFrom};
use crate::output::{CHUNKS_WAITING, OutputChunk, OutputReader, Stream};
use crate::said::ChildSaid;
use crate::shim::control::{self, Spec};
use crate::supervisor::{Parts, supervise};
use crate::tree;

/// What the child says may wait so long for the caller, entries.
const SAID_WAITING: usize = 256;

/// A child that was started, or whose stream says why it was not.
#[derive(Debug)]
pub struct Started {
    pub handle: ChildHandle,
    /// Ends after `Gone`.
    pub said: mpsc::Receiver<ChildSaid>,
    /// Ends with both streams, and no later than what waits in it is read after `Gone`.
    pub output: mpsc::Receiver<OutputChunk>,
}

/// Why a shim could not be started.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("a job named {0:?} cannot be run: its name cannot be a file's")]
    JobName(String),
    #[error("the private input file could not be written")]
    Input(#[source] io::Error),
    #[error("the record of the child could not be written")]
    Record(#[source] io::Error),
    #[error("the control or channel socket could not be made")]
    Socket(#[source] io::Error),
    #[error("the shim {0} could not be started")]
    Shim(String, #[source] io::Error),
}

/// A shim that runs, with our ends of all that leads to it.
pub(crate) struct Attached {
    pub(crate) shim: Child,
    pub(crate) control: UnixStream,
    pub(crate) channel: Option<UnixStream>,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) readers: Vec<JoinHandle<()>>,
    /// The launch as the first line on the control socket.
    pub(crate) spec: Vec<u8>,
    pub(crate) record: Record,
    pub(crate) input_file: Option<InputFile>,
}

/// Starts `launch` and returns at once; everything that follows, also a failure to start, is told on the stream. Must be
/// called inside a tokio runtime; when that runtime ends, so do its children.
pub fn spawn(home: impl Into<Arc<Home>>, launch: Launch) -> Started {
    let home = home.into();
    let (said_sender, said) = mpsc::channel(SAID_WAITING);
    let (output_sender, output) = mpsc::channel(CHUNKS_WAITING);
    let (orders_sender, orders) = mpsc::channel(ORDERS_WAITING);
    let (percent_sender, percent) = watch::channel(None);
    let handle = ChildHandle::new(orders_sender, &launch);
    match attach(&home, &launch, output_sender, percent_sender) {
        Ok(attached) => {
            let census = Census::new(&home.children_folder, &home.host);
            let parts = Parts { launch, census, attached, orders, said: said_sender, percent };
            tokio::spawn(supervise(parts));
        }
        Err(error) => {
            let message = match std::error::Error::source(&error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            };
            let reason = "spawn_failed".to_owned();
            // There is room: nobody has said anything yet.
            said_sender.try_send(ChildSaid::SpawnFailed { reason, message }).ok();
            said_sender.try_send(ChildSaid::Gone).ok();
        }
    }
    Started { handle, said, output }
}

fn attach(
    home: &Home,
    launch: &Launch,
    output: mpsc::Sender<OutputChunk>,
    percent: watch::Sender<Option<f64>>,
) -> Result<Attached, StartError> {
    kill_point::reach("before_shim");
    let plain = launch.channel == Channel::Plain;
    let file_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if launch.job.is_empty() || !launch.job.bytes().all(file_name) {
        return Err(StartError::JobName(launch.job.clone()));
    }
    let name = format!("{}-{}", launch.job, launch.attempt);
    let input_file =
        plain.then(|| InputFile::write(&home.input_folder, &name, launch.input_text())).transpose().map_err(StartError::Input)?;
    fs::create_dir_all(&home.children_folder).map_err(StartError::Record)?;

    let (control, control_end) = pair().map_err(StartError::Socket)?;
    let (channel, channel_end) = match plain {
        true => (None, None),
        false => pair().map(|(ours, theirs)| (Some(ours), Some(theirs))).map_err(StartError::Socket)?,
    };
    let shim_failed = |error| StartError::Shim(home.shim.display().to_string(), error);
    let mut shim = start_shim(home, plain, &control_end, channel_end.as_ref()).map_err(shim_failed)?;
    drop((control_end, channel_end));

    let pid = shim.id().unwrap_or_default() as i32;
    let start_time = tree::process(pid).map_or(0, |process| process.start_time);
    let record = Record {
        job: launch.job.clone(),
        attempt: launch.attempt,
        boot_id: tree::boot_id(),
        shim: Trace { pid, start_time },
        child: None,
    };
    // On failure the control socket is dropped, so the shim ends without having started anything.
    Census::new(&home.children_folder, &home.host).record(&record).map_err(StartError::Record)?;
    let percent = (launch.progress == ProgressFrom::Percent).then_some(percent);
    let mut readers = Vec::new();
    if let Some(pipe) = shim.stdout.take() {
        let reader = OutputReader { stream: Stream::Stdout, output: output.clone(), percent: percent.clone() };
        readers.push(tokio::spawn(reader.read_all(pipe)));
    }
    if let Some(pipe) = shim.stderr.take() {
        readers.push(tokio::spawn(OutputReader { stream: Stream::Stderr, output, percent }.read_all(pipe)));
    }
    let spec = control::line(&Spec {
        argv: launch.argv.clone(),
        env: launch.environment(home, input_file.as_ref().and_then(InputFile::path)),
        cwd: launch.cwd.clone(),
        memory_bytes: launch.memory_bytes,
    });
    Ok(Attached { stdin: shim.stdin.take(), shim, control, channel, readers, spec, record, input_file })
}

/// Our end, ready for tokio, and theirs, blocking.
fn pair() -> io::Result<(UnixStream, StdUnixStream)> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs))
}

fn start_shim(home: &Home, plain: bool, control: &StdUnixStream, channel: Option<&StdUnixStream>) -> io::Result<Child> {
    let mut command = Command::new(&home.shim);
    command.args(&home.shim_args).env_clear();
    command.stdin(if plain { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.arg("--control").arg(control.as_raw_fd().to_string());
    if let Some(channel) = channel {
        command.arg("--channel").arg(channel.as_raw_fd().to_string());
    }
    let kept = [Some(control.as_raw_fd()), channel.map(AsRawFd::as_raw_fd)];
    let prepare = move || {
        // The descriptors keep their numbers, which the arguments name; only in this child do they survive the exec.
        for fd in kept.into_iter().flatten() {
            // SAFETY: fcntl and setsid are async-signal-safe, and the descriptors are open until the spawn returns.
            if unsafe { libc::fcntl(fd, libc::F_SETFD, 0) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        // An own session from the first moment: a Ctrl-C at the server's terminal is not for the children.
        // SAFETY: as above.
        unsafe { libc::setsid() };
        Ok(())
    };
    // SAFETY: the closure only makes the async-signal-safe calls above and allocates nothing.
    unsafe { command.pre_exec(prepare) };
    command.spawn()
}

/// Writes the input to a `plain` child and closes its stdin. A child that does not read it is no error.
pub(crate) async fn feed(mut stdin: ChildStdin, input: bytes::Bytes) {
    stdin.write_all(&input).await.ok();
}
