//! A `tidings serve` of the same build profile as a child process, in a folder of its own, on a free port.

use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::children::OwnChild;
use crate::http_line::HttpLine;
use crate::outcome::Outcome;
use crate::plan::PATIENCE;
use crate::token;

/// The task that measurements submit; nobody runs it unless the measurement does. Its name is short, so that frames are small.
pub const TASK: &str = "b";
/// A task that no watcher follows.
pub const QUIET_TASK: &str = "quiet";
/// Sockets that one caller may hold are 20; callers of a measurement stay below.
pub const SOCKETS_OF_CALLER: usize = 8;

const SECRET: &[u8] = b"a secret of at least thirty-two bytes, for measurements only";

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    /// Everybody is the user `local`: no limit on requests, few sockets.
    Open,
    /// Tokens: as many callers as are wanted.
    ByToken,
}

pub struct Server {
    folder: PathBuf,
    doors: Doors,
    process: Option<OwnChild>,
    pub address: SocketAddr,
}

impl Server {
    /// A running, ready server on an empty store.
    pub fn start(folder: &Path, doors: Doors) -> Outcome<Server> {
        Server::start_with(folder, doors, "")
    }

    /// The same, with more in its configuration.
    pub fn start_with(folder: &Path, doors: Doors, more: &str) -> Outcome<Server> {
        let secret = folder.join("secret");
        std::fs::write(&secret, SECRET)?;
        let mut config = match doors {
            Doors::Open => String::new(),
            Doors::ByToken => {
                format!("[access]\njwt = {{ algorithm = \"HS256\", secret_file = {secret:?} }}\nmetrics = \"open\"\n\n")
            }
        };
        for task in [TASK, QUIET_TASK] {
            config.push_str(&format!("[tasks.{task}]\nmode = \"worker\"\nconcurrency = 10000\n\n"));
        }
        config.push_str(more);
        std::fs::write(folder.join("tidings.toml"), config)?;
        let free = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no port of 127.0.0.1 is free: {error}"))?;
        let address = free.local_addr()?;
        drop(free);
        let mut server = Server { folder: folder.to_owned(), doors, process: None, address };
        server.start_again()?;
        Ok(server)
    }

    /// Starts it on the store that is there. Answers how long it took to listen.
    pub fn start_again(&mut self) -> Outcome<Duration> {
        let log = File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        let mut command = Command::new(binary()?);
        command
            .arg("serve")
            .arg("--config")
            .arg(self.folder.join("tidings.toml"))
            .args(["--listen", &self.address.to_string()])
            .arg("--data")
            .arg(self.folder.join("data"))
            .env("TIDINGS_LOG", "warn")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let begun = Instant::now();
        self.process = Some(OwnChild::start(&mut command)?);
        let listening = self.until_listening(begun)?;
        self.until_ready()?;
        Ok(listening)
    }

    fn until_listening(&mut self, begun: Instant) -> Outcome<Duration> {
        loop {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > PATIENCE || self.has_ended()? {
                let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                let tail = log.char_indices().rev().nth(1_000).map_or(0, |(at, _)| at);
                return Err(format!("the server does not listen; its log ends: {}", log[tail..].trim()).into());
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    fn until_ready(&self) -> Outcome<()> {
        let begun = Instant::now();
        loop {
            let answer = HttpLine::open(self.address, None).and_then(|mut line| line.exchange("GET", "/readyz", "", ""));
            match answer {
                Ok((200, _)) => return Ok(()),
                other if begun.elapsed() > PATIENCE => return Err(format!("the server is not ready: {other:?}").into()),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn has_ended(&mut self) -> Outcome<bool> {
        match &mut self.process {
            Some(process) => process.has_ended(),
            None => Ok(true),
        }
    }

    pub fn pid(&self) -> u32 {
        self.process.as_ref().map_or(0, OwnChild::pid)
    }

    /// A token for the caller with this number, if tokens are asked for.
    pub fn token(&self, caller: usize) -> Option<String> {
        (self.doors == Doors::ByToken).then(|| token::make(SECRET, &format!("c{caller}")))
    }

    pub fn line(&self, caller: usize) -> Outcome<HttpLine> {
        HttpLine::open(self.address, self.token(caller))
    }

    /// A value of `/metrics` whose name holds all of `words`; `None` when metrics are closed or have none.
    pub fn metric(&self, words: &[&str]) -> Option<f64> {
        let (_, text) = self.line(0).ok()?.exchange("GET", "/metrics", "", "").ok()?;
        let text = String::from_utf8(text).ok()?;
        let line = text.lines().find(|line| !line.starts_with('#') && words.iter().all(|word| line.contains(word)))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// As a power cut would.
    pub fn kill(&mut self) -> Outcome<()> {
        self.end(Signal::KILL)
    }

    /// As an operator would.
    pub fn stop(&mut self) -> Outcome<()> {
        self.end(Signal::TERM)
    }

    fn end(&mut self, signal: Signal) -> Outcome<()> {
        self.process.take().map_or(Ok(()), |process| process.end(signal))
    }
}

/// `TIDINGS_BIN`, or a fresh build of the profile that this binary has.
fn binary() -> Outcome<PathBuf> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    Ok(BINARY.get_or_init(|| find_binary().map_err(|error| error.to_string())).clone()?)
}

fn find_binary() -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os("TIDINGS_BIN") {
        let path = PathBuf::from(path);
        return Ok(path.canonicalize().map_err(|error| format!("TIDINGS_BIN names {}: {error}", path.display()))?);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace")?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "-p", "tidings"]).current_dir(root);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err("cargo build -p tidings failed".into());
    }
    Ok(std::env::current_exe()?.with_file_name("tidings"))
}
