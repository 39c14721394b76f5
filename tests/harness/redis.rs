//! A Redis of the test's own, on a free port, with nothing kept on disk; killed and started again at will. Beside it a subscriber and a
//! publisher, as other programs on the channel are.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use futures::StreamExt;
use redis::aio::MultiplexedConnection;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{PATIENCE, eventually, files};

/// The channel of the document.
pub const CHANNEL: &str = "task_status_update";

pub struct Redis {
    folder: tempfile::TempDir,
    port: u16,
    /// Where it speaks TLS besides, with a certificate for `localhost` that `authority.pem` beside this file stands for.
    tls_port: u16,
    password: Option<&'static str>,
    /// Nobody is let in who does not know [`GATE`].
    is_shut: bool,
    process: Option<Child>,
}

/// What the test's own connections say at a Redis that is shut.
const GATE: &str = "gate";

impl Redis {
    /// One that runs.
    pub async fn start() -> Redis {
        let mut redis = Redis::prepare(None);
        redis.start_again().await;
        redis
    }

    /// One that does not run yet.
    pub fn prepare(password: Option<&'static str>) -> Redis {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [port, tls_port] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let [port, tls_port] = [port, tls_port].map(|socket| socket.local_addr().expect("its address").port());
        Redis { folder, port, tls_port, password, is_shut: false, process: None }
    }

    pub fn url(&self) -> String {
        self.url_with(self.password)
    }

    fn url_with(&self, password: Option<&str>) -> String {
        let password = password.map_or(String::new(), |password| format!(":{password}@"));
        format!("redis://{password}127.0.0.1:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.tls_port)
    }

    /// The certificate of whoever stands for its own.
    pub fn authority() -> PathBuf {
        beside("authority.pem")
    }

    /// As the test itself comes in.
    fn own_url(&self) -> String {
        if self.is_shut { self.url_with(Some(GATE)) } else { self.url() }
    }

    fn required(&self) -> Option<&'static str> {
        if self.is_shut { Some(GATE) } else { self.password }
    }

    /// Starts it, and lets only the test in: so that it is subscribed before the server is there.
    pub async fn start_shut(&mut self) {
        self.is_shut = true;
        self.start_again().await;
    }

    /// Lets everybody in.
    pub async fn let_in(&mut self) {
        self.command(&format!("CONFIG SET requirepass {}", self.password.unwrap_or_default())).await;
        self.is_shut = false;
    }

    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &self.port.to_string()]);
        command.args(["--tls-port", &self.tls_port.to_string(), "--tls-auth-clients", "no"]);
        for (flag, file) in
            [("--tls-cert-file", "localhost.pem"), ("--tls-key-file", "localhost.key"), ("--tls-ca-cert-file", "authority.pem")]
        {
            command.arg(flag).arg(beside(file));
        }
        if let Some(password) = self.required() {
            command.args(["--requirepass", password]);
        }
        let process =
            command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(process.expect("redis-server starts; `cargo xtask setup` installs it"));
        eventually("Redis to answer", async || self.try_connect().await.ok()).await;
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        self.is_shut = false;
    }

    /// Carries out a command of an administrator.
    pub async fn command(&self, words: &str) {
        let mut words = words.split(' ');
        let mut command = redis::cmd(words.next().unwrap_or_default());
        for word in words {
            command.arg(word);
        }
        let mut connection = self.try_connect().await.expect("Redis answers");
        command.exec_async(&mut connection).await.expect("it is carried out");
    }

    /// Stops all its processes where they stand, or lets them go on: a peer that says nothing and closes nothing.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.process.as_ref().and_then(|process| rustix::process::Pid::from_raw(process.id() as i32));
        rustix::process::kill_process(pid.expect("it runs"), signal).expect("it can be signalled");
    }

    async fn try_connect(&self) -> redis::RedisResult<MultiplexedConnection> {
        let mut connection = redis::Client::open(self.own_url())?.get_multiplexed_async_connection().await?;
        redis::cmd("PING").exec_async(&mut connection).await?;
        Ok(connection)
    }

    pub async fn publisher(&self) -> Publisher {
        Publisher { connection: self.try_connect().await.expect("Redis answers") }
    }

    /// Everything on the channel from now on.
    pub async fn subscribe(&self) -> Subscriber {
        let client = redis::Client::open(self.own_url()).expect("an address");
        let mut channel = client.get_async_pubsub().await.expect("Redis answers");
        channel.subscribe(CHANNEL).await.expect("a subscription");
        let (tell, messages) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut messages = channel.into_on_message();
            while let Some(message) = messages.next().await {
                let text = message.get_payload::<String>().expect("text");
                if tell.send(serde_json::from_str(&text).unwrap_or(Value::String(text))).is_err() {
                    return;
                }
            }
        });
        Subscriber { messages, task }
    }

    /// Waits until so many connections hear the channel.
    pub async fn until_heard_by(&self, count: u64) {
        let mut connection = self.try_connect().await.expect("Redis answers");
        eventually(&format!("{count} to hear the channel"), async || {
            let told: (String, u64) = redis::cmd("PUBSUB").arg("NUMSUB").arg(CHANNEL).query_async(&mut connection).await.ok()?;
            (told.1 == count).then_some(())
        })
        .await;
    }
}

fn beside(file: &str) -> PathBuf {
    files::root().join("tests/harness/redis").join(file)
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

pub struct Publisher {
    connection: MultiplexedConnection,
}

impl Publisher {
    /// Publishes these in one go; answers how many heard the last of them.
    pub async fn publish_all(&mut self, messages: &[String]) -> u64 {
        let mut pipe = redis::pipe();
        for message in messages {
            pipe.cmd("PUBLISH").arg(CHANNEL).arg(message);
        }
        let heard: Vec<u64> = pipe.query_async(&mut self.connection).await.expect("Redis takes them");
        heard.last().copied().unwrap_or_default()
    }

    pub async fn publish(&mut self, message: Value) {
        self.publish_all(&[message.to_string()]).await;
    }
}

pub struct Subscriber {
    messages: mpsc::UnboundedReceiver<Value>,
    task: JoinHandle<()>,
}

impl Subscriber {
    /// The next message.
    pub async fn next(&mut self) -> Value {
        match tokio::time::timeout(PATIENCE, self.messages.recv()).await {
            Ok(Some(message)) => message,
            Ok(None) => panic!("the subscription ended"),
            Err(_) => panic!("waited {PATIENCE:?} for a message of the channel"),
        }
    }

    /// All messages up to the one that is wanted, that one included.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let message = self.next().await;
            let is_it = wanted(&message);
            seen.push(message);
            if is_it {
                return seen;
            }
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}
