//! A server of the test's own, in a folder of its own, on a free port; killed, stopped and started again at will.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal};

use super::http::Http;
use super::{eventually, files};

/// What a server is started in, where the machine as it is will not do.
#[derive(Default)]
pub struct Around {
    /// Variables of its environment, beside those of the test.
    pub env: Vec<(String, String)>,
    /// A command and its first arguments, which becomes the server by `exec` of the arguments that follow. Empty: none.
    pub through: Vec<String>,
}

pub struct Server {
    folder: tempfile::TempDir,
    around: Around,
    log: Arc<Mutex<Vec<String>>>,
    config: PathBuf,
    port: u16,
    process: Option<Child>,
    pub http: Http,
}

impl Server {
    /// A running server with this `tidings.toml`. Paths in it are meant from its folder; `{examples}` is the folder of the examples.
    pub async fn start(config: &str) -> Server {
        Server::start_with(config, &[]).await
    }

    /// The same, with files beside the configuration.
    pub async fn start_with(config: &str, files_beside: &[(&str, &str)]) -> Server {
        let mut server = Server::prepare(config, files_beside);
        server.start_again().await;
        server
    }

    /// One that is not started yet; what it is started in may be said before.
    pub fn prepare(config: &str, files_beside: &[(&str, &str)]) -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let examples = files::root().join("examples");
        let config_path = folder.path().join("tidings.toml");
        let config = config.replace("{examples}", &examples.display().to_string());
        std::fs::write(&config_path, config).expect("the configuration is written");
        for (name, text) in files_beside {
            std::fs::write(folder.path().join(name), text).expect("a file beside it is written");
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let http = Http::new(format!("http://127.0.0.1:{port}"));
        Server { folder, around: Around::default(), log: Arc::default(), config: config_path, port, process: None, http }
    }

    pub fn set_around(&mut self, around: Around) {
        self.around = around;
    }

    /// What it logged so far, and its last words.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The process id of the server.
    pub fn pid(&self) -> i32 {
        self.process.as_ref().map(|process| process.id() as i32).unwrap_or_default()
    }

    pub async fn start_again(&mut self) {
        self.launch();
        let http = self.http.clone();
        eventually("the server to be ready", async || http.get("/readyz").await.ok().filter(|answer| answer.status == 200)).await;
    }

    /// Starts it and does not wait.
    pub fn launch(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let binary = files::binary();
        let mut command = match self.around.through.split_first() {
            Some((first, others)) => {
                let mut command = Command::new(first);
                command.args(others).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        let mut process = command
            .args(["serve", "--config"])
            .arg(&self.config)
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .arg("--data")
            .arg(self.folder.path().join("data"))
            .env("TIDINGS_LOG", "info")
            .envs(self.around.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let log = process.stderr.take().expect("its log");
        // Its log is shown when the test fails, as the test's own output.
        let kept = self.log.clone();
        std::thread::spawn(move || {
            BufReader::new(log).lines().map_while(Result::ok).for_each(|line| {
                println!("server: {line}");
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            });
        });
        self.process = Some(process);
    }

    /// Ends it as a power cut would: no word, no clean-up.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.reap();
    }

    /// Ends it as an operator would, and waits.
    pub fn stop(&mut self) -> std::process::ExitStatus {
        self.signal(Signal::TERM);
        self.reap()
    }

    /// Waits for the end of a server that was told to stop.
    pub fn ended(&mut self) -> std::process::ExitStatus {
        self.reap()
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid()) {
            rustix::process::kill_process(pid, signal).expect("the server can be signalled");
        }
    }

    fn reap(&mut self) -> std::process::ExitStatus {
        let mut process = self.process.take().expect("it runs");
        process.wait().expect("it ends")
    }

    /// A command of the command line, against this server.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(files::binary());
        command.args(arguments).env("TIDINGS_URL", self.url()).env_remove("TIDINGS_TOKEN").stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Whether a process with this id lives and is not a zombie.
pub fn lives(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
}

/// Processes that carry this job in their environment, other than zombies.
pub fn processes_of(job: &str) -> Vec<i32> {
    let wanted = format!("TIDINGS_JOB={job}");
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()) && lives(*pid)
    })
    .collect()
}
