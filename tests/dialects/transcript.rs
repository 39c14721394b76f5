//! Replays the transcripts of `fixtures/dialects/<name>/`: what a client sends, and what it is answered. Each is replayed twice, at the paths
//! of the document and under `/dialects/<name>`.
//!
//! A transcript is a JSON object: `about`; `config` of the server and `files` beside it (names of files in the same folder); `closed` when users
//! sign in; and `steps`, each of them one of
//!
//! - `request` (`METHOD path`), with `as` (a user), `headers`, `body`, then `status` and `answer` (the whole body) or `has` (some of it); with
//!   `eventually` it is asked again until it is answered so
//! - `open` (a name) with a `request`: an event stream stays open under this name
//! - `read` (that name), with `events` that come next, each with `data` (all of it) or `has` (some of it), and perhaps `id`; an event of type `progress` that is not expected is
//!   passed over, for progress is newest-wins. With `ends`, the stream must be over
//! - `socket` (a name) with a `request`: a WebSocket stays open under this name; `{token}` in it is the token of the user `as`
//! - `send` (that name), with a `message`: JSON, or a text as it is; `{token}` in it is the token of the user `as`
//! - `hear` (that name), with the `messages` that come next, as `events`; newest-wins messages (counts) that are not expected are passed over,
//!   and a ping that is not is answered.
//!   With `closes`, it must be closed with this code, and nothing said before
//!
//! [`super::pattern`] says how what is not known before is written.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::event_stream::EventStream;
use super::pattern::Names;
use super::web_socket::WebSocket;
use crate::harness::server::Server;
use crate::harness::{eventually, files};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transcript {
    about: String,
    config: String,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    closed: bool,
    steps: Vec<Step>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Step {
    request: String,
    r#as: Option<String>,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    status: u16,
    answer: Option<Value>,
    has: Option<Value>,
    eventually: bool,
    open: Option<String>,
    read: Option<String>,
    events: Vec<ExpectedEvent>,
    ends: bool,
    socket: Option<String>,
    send: Option<String>,
    message: Option<Value>,
    hear: Option<String>,
    messages: Vec<ExpectedEvent>,
    closes: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedEvent {
    id: Option<String>,
    data: Option<Value>,
    #[serde(default)]
    has: Value,
}

const SECRET: &str = "a secret of at least thirty-two bytes";
/// A closed server, whose users bring tokens.
const CLOSED: &str = "[access]\njwt = { algorithm = \"HS256\", secret_file = \"secret\" }\n\n";

/// A user's token.
pub fn token(subject: &str) -> String {
    token_until(subject, 600)
}

/// A user's token that ends in so many seconds.
pub fn token_until(subject: &str, seconds: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    let scope = "jobs:read jobs:submit jobs:control jobs:report";
    let claims = json!({"sub": subject, "scope": scope, "exp": now + seconds});
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
}

/// A closed server with these tasks.
pub async fn closed(config: &str, files_beside: &[(&str, &str)]) -> Server {
    let files: Vec<_> = files_beside.iter().copied().chain([("secret", SECRET)]).collect();
    Server::start_with(&format!("{CLOSED}{config}"), &files).await
}

struct Replay<'a> {
    server: &'a Server,
    /// What stands before the paths of the dialect.
    prefix: String,
    own: &'a str,
    names: Names,
    streams: BTreeMap<String, EventStream>,
    sockets: BTreeMap<String, WebSocket>,
    client: reqwest::Client,
}

/// Beats of the server that may come before a message: more, and it does not come.
const MOST_BEATS: u32 = 2;
/// Messages of which only the newest counts.
const NEWEST_WINS: &[&str] = &["job_stats_update"];

/// Replays all transcripts of a dialect whose paths begin with `own`.
pub async fn replay(dialect: &str, own: &str) {
    let folder = files::root().join("fixtures/dialects").join(dialect);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).expect("transcripts").flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no transcript", folder.display());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a transcript");
        let transcript: Transcript = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("{}: {}", path.display(), transcript.about);
        let under_its_name = format!("/dialects/{dialect}");
        tokio::join!(replay_one(&transcript, &folder, String::new(), own), replay_one(&transcript, &folder, under_its_name, own));
    }
}

async fn replay_one(transcript: &Transcript, folder: &Path, prefix: String, own: &str) {
    let beside: Vec<(String, String)> = transcript
        .files
        .iter()
        .map(|name| (name.clone(), std::fs::read_to_string(folder.join(name)).expect("a file beside the transcript")))
        .collect();
    let beside: Vec<(&str, &str)> = beside.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let server = match transcript.closed {
        true => closed(&transcript.config, &beside).await,
        false => Server::start_with(&transcript.config, &beside).await,
    };
    let client = reqwest::Client::new();
    let (streams, sockets) = (BTreeMap::new(), BTreeMap::new());
    let mut replay = Replay { server: &server, prefix, own, names: Names::default(), streams, sockets, client };
    for (number, step) in (1..).zip(&transcript.steps) {
        if let Err(problem) = replay.step(step).await {
            let names = [&step.read, &step.send, &step.hear].map(|name| name.as_deref().unwrap_or(""));
            let said = [step.request.as_str(), &names.concat()].concat();
            panic!("{}, step {number} ({said}): {problem}", transcript.about);
        }
    }
}

impl Replay<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        if let Some(name) = &step.socket {
            let token = step.r#as.as_deref().map(token).unwrap_or_default();
            let path = step.request.strip_prefix("GET ").ok_or("a WebSocket begins with GET")?.replace("{token}", &token);
            let path = self.path(&path);
            let socket = WebSocket::open(self.server, &path).await;
            self.sockets.insert(name.clone(), socket);
            return Ok(());
        }
        if let Some(name) = &step.send {
            return self.say(name, step).await;
        }
        if let Some(name) = &step.hear {
            return self.hear(name, step).await;
        }
        match (&step.read, &step.open) {
            (Some(name), _) => self.read(name, step).await,
            (None, Some(name)) => {
                let stream = EventStream::new(self.send(step).await);
                self.streams.insert(name.clone(), stream);
                Ok(())
            }
            (None, None) if step.eventually => {
                eventually(&step.request, async || self.ask(step).await.ok()).await;
                Ok(())
            }
            (None, None) => self.ask(step).await,
        }
    }

    async fn say(&mut self, name: &str, step: &Step) -> Result<(), String> {
        let text = self.names.filled_json(step.message.as_ref().ok_or("nothing to send")?).to_string();
        let token = step.r#as.as_deref().map(token).unwrap_or_default();
        let message = serde_json::from_str(&text.replace("{token}", &token)).map_err(|error| error.to_string())?;
        self.sockets.get_mut(name).ok_or("no such socket is open")?.say(&message).await;
        Ok(())
    }

    async fn hear(&mut self, name: &str, step: &Step) -> Result<(), String> {
        let socket = self.sockets.get_mut(name).ok_or("no such socket is open")?;
        for expected in &step.messages {
            let mut beats = 0;
            loop {
                let pattern = expected.data.as_ref().unwrap_or(&expected.has);
                let message = socket.hear().await.map_err(|code| format!("closed with {code} before {pattern}"))?;
                let is_other = message["type"] != pattern["type"];
                if is_other && NEWEST_WINS.iter().any(|newest| message["type"] == *newest) {
                    continue;
                }
                if is_other && message["type"] == "ping" && beats < MOST_BEATS {
                    // On a machine that is slow just now the server's own beat comes in between, and wants its answer.
                    beats += 1;
                    socket.say(&json!({"type": "pong"})).await;
                    continue;
                }
                let checked = self.names.check(pattern, &message, expected.data.is_some());
                checked.map_err(|problem| format!("{problem}\nin {message}"))?;
                break;
            }
        }
        match step.closes {
            None => Ok(()),
            Some(wanted) => match socket.rest().await {
                (said, code) if said.is_empty() && code == wanted => Ok(()),
                (said, code) => Err(format!("closed with {code}, not {wanted}, after {said:?}")),
            },
        }
    }

    /// The path with its names filled in, and with the prefix if it is one of the dialect.
    fn path(&self, path: &str) -> String {
        let path = self.names.filled(path);
        let is_own = path.starts_with(self.own) && !path.starts_with("/api/v1/") && !path.starts_with("/dialects/");
        format!("{}{path}", if is_own { self.prefix.as_str() } else { "" })
    }

    async fn send(&self, step: &Step) -> reqwest::Response {
        let (method, path) = step.request.split_once(' ').expect("METHOD path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{}", self.server.url(), self.path(path)));
        for (name, value) in &step.headers {
            request = request.header(name, self.names.filled(value));
        }
        if let Some(user) = &step.r#as {
            request = request.bearer_auth(token(user));
        }
        if let Some(body) = &step.body {
            let text = body.as_str().map_or_else(|| self.names.filled_json(body).to_string(), str::to_owned);
            request = request.header("content-type", "application/json").body(text);
        }
        request.send().await.expect("an answer")
    }

    async fn ask(&mut self, step: &Step) -> Result<(), String> {
        let answer = self.send(step).await;
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        if status != step.status {
            return Err(format!("answered {status}, not {}: {text}", step.status));
        }
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let told = |problem: String| format!("{problem}\nin {text}");
        match (&step.answer, &step.has) {
            (Some(pattern), _) => self.names.check(pattern, &body, true).map_err(told),
            (None, Some(pattern)) => self.names.check(pattern, &body, false).map_err(told),
            (None, None) if text.is_empty() => Ok(()),
            (None, None) => Err(format!("a body is not expected: {text}")),
        }
    }

    async fn read(&mut self, name: &str, step: &Step) -> Result<(), String> {
        let stream = self.streams.get_mut(name).ok_or("no such stream is open")?;
        for expected in &step.events {
            loop {
                let pattern = expected.data.as_ref().unwrap_or(&expected.has);
                let event = stream.next().await.ok_or_else(|| format!("the stream ended before {pattern}"))?;
                if event.data["type"] == "progress" && pattern["type"] != "progress" {
                    continue;
                }
                let checked = self.names.check(pattern, &event.data, expected.data.is_some());
                checked.map_err(|problem| format!("{problem}\nin {}", event.data))?;
                if let Some(id) = &expected.id {
                    let found = event.id.map_or(Value::Null, Value::String);
                    self.names.check(&Value::String(id.clone()), &found, true)?;
                }
                break;
            }
        }
        if step.ends {
            let rest = stream.rest().await;
            if !rest.is_empty() {
                return Err(format!("it was to end and told {rest:?}"));
            }
        }
        Ok(())
    }
}

/// A transcript cannot expect what it does not say.
#[test]
fn unknown_words_are_refused() {
    assert!(serde_json::from_str::<Transcript>(r#"{"about":"","config":"","steps":[{"requst":"GET /"}]}"#).is_err());
}
