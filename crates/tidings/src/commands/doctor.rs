//! `doctor`: does a server work from here, end to end, and if not, what mends it.

use std::net::ToSocketAddrs;
use std::time::Duration;

use client::{Client, Connection, Happened};
use engine::clock::{Clock, SystemClock};
use futures::StreamExt;
use reqwest::{Response, Url};
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::client as client_of;
use crate::cli::{Doctor, Reach};
use crate::config::{Config, Layers};
use crate::exit::{Exit, Failure};
use crate::screen::print_json;

/// How long one check may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon the first event of a stream must be there: later, something on the way gathers bytes.
const FIRST_EVENT: Duration = Duration::from_secs(2);
/// Difference between the clocks that tokens survive.
const CLOCKS_APART_MS: i64 = 5_000;
/// Descriptors that a server with many watchers wants.
const DESCRIPTORS: u64 = 4_096;

/// What a check found: a sentence, or what is wrong and how to mend it.
type Found = Result<String, (String, &'static str)>;

struct Report {
    json: bool,
    failed: bool,
}

impl Report {
    fn add(&mut self, what: &str, found: Found) {
        self.failed |= found.is_err();
        match (self.json, found) {
            (true, Ok(words)) => print_json(&json!({"check": what, "ok": true, "found": words})),
            (true, Err((words, mend))) => print_json(&json!({"check": what, "ok": false, "found": words, "mend": mend})),
            (false, Ok(words)) => outln!("✓ {what}: {words}"),
            (false, Err((words, mend))) => outln!("✗ {what}: {words}\n    to mend it: {mend}"),
        }
    }
}

pub async fn doctor(mut reach: Reach, args: Doctor) -> Result<(), Failure> {
    if let Some(server) = args.server {
        reach.url = server;
    }
    let client = client_of(&reach)?;
    let base = Url::parse(client.url()).map_err(|_| Failure::usage(format!("{} is not an address", client.url())))?;
    let http = reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .build()
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let mut report = Report { json: reach.json, failed: false };

    let port = port_open(&base).await;
    let is_reachable = port.is_ok();
    report.add("port", port);
    if is_reachable {
        let probe = Probe { http, base: client.url().to_owned(), client: &client };
        report
            .add("alive", probe.answers("/healthz", "see the server's log, and whether something else listens on this port").await);
        report
            .add("ready", probe.answers("/readyz", "the store cannot write: see the server's log and the room on its disk").await);
        report.add("token", probe.token().await);
        report.add("clock", probe.clock().await);
        report.add("websocket", probe.websocket().await);
        report.add("event stream", probe.stream().await);
        report.add("foreign pages", probe.origin().await);
    }
    if base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
        let flags = args.config.map(|config| [("--config", config)].into()).unwrap_or_default();
        report.add("data folder", data_folder(&Layers::of_this_process(flags), is_reachable));
        report.add("descriptors", descriptors());
    }
    match report.failed {
        false => Ok(()),
        true if !is_reachable => Err(Failure::silent(Exit::Unreachable)),
        true => Err(Failure::silent(Exit::Failed)),
    }
}

async fn port_open(base: &Url) -> Found {
    let (host, port) = (base.host_str().unwrap_or_default(), base.port_or_known_default().unwrap_or(80));
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (bare, port)
        .to_socket_addrs()
        .map_err(|error| (format!("{host} has no address: {error}"), "check the name, or use an IP address"))?;
    let mut last = "no address".to_owned();
    for address in addresses {
        match timeout(PATIENCE, tokio::net::TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(format!("{address} accepts connections")),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no answer; a firewall may drop it"),
        }
    }
    Err((last, "start the server with `tidings serve`, or name another address with --url"))
}

struct Probe<'a> {
    http: reqwest::Client,
    base: String,
    client: &'a Client,
}

impl Probe<'_> {
    async fn get(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Response, String> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = self.client.token() {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match timeout(PATIENCE, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn answers(&self, path: &str, mend: &'static str) -> Found {
        match self.get(path, &[]).await {
            Ok(response) if response.status().is_success() => Ok(format!("{path} answers {}", response.status())),
            Ok(response) => Err((format!("{path} answers {}", response.status()), mend)),
            Err(why) => Err((format!("{path}: {why}"), mend)),
        }
    }

    async fn token(&self) -> Found {
        let mend = "set --token, --token-file or TIDINGS_TOKEN; `tidings key new` makes a key, `tidings token` a token";
        match self.client.me().await {
            Ok(me) if me.open => Ok(format!("not needed: open mode, everybody on this machine is {}", me.subject)),
            Ok(me) => {
                let reach = if me.tenant_wide { "sees its whole tenant" } else { "sees its own jobs" };
                Ok(format!("{} of tenant {}, may {}, {reach}", me.subject, me.tenant, me.scopes.join(" ")))
            }
            Err(error) => Err((error.to_string(), mend)),
        }
    }

    async fn clock(&self) -> Found {
        let mend = "let both machines follow the same time servers; tokens expire by the clock";
        let response = self.get("/healthz", &[]).await.map_err(|why| (why, mend))?;
        let date = response.headers().get("date").and_then(|date| date.to_str().ok()).unwrap_or_default();
        let Ok(theirs) = jiff::fmt::rfc2822::parse(date) else {
            return Ok("not compared: the answers carry no date".to_owned());
        };
        // The date has whole seconds: it is up to one behind.
        let apart = SystemClock.now().0 - theirs.timestamp().as_millisecond();
        let off = if apart < 0 { -apart } else { (apart - 1_000).max(0) };
        match off > CLOCKS_APART_MS {
            true => Err((format!("the server's clock is {} s {}", off / 1_000, if apart < 0 { "ahead" } else { "behind" }), mend)),
            false => Ok("agrees with the server's".to_owned()),
        }
    }

    async fn websocket(&self) -> Found {
        let mend = "a proxy in between must pass `Upgrade: websocket` on for /api/v1/live; until then clients use the event stream";
        let mut watch = self.client.watch(vec![json!({"stats": true})]);
        let began = Instant::now();
        let joined = timeout(PATIENCE, async {
            loop {
                match watch.next().await {
                    Some(Happened::Live { .. } | Happened::Stats(_)) => return Ok(()),
                    Some(Happened::Connection(Connection::Cut { why, .. } | Connection::GivenUp { why, .. })) => return Err(why),
                    Some(Happened::Refused { code, message, .. }) => return Err(format!("{message} [{code}]")),
                    Some(_) => {}
                    None => return Err("it ended at once".to_owned()),
                }
            }
        });
        match joined.await {
            Ok(Ok(())) => Ok(format!("upgraded, signed in and live within {} ms", began.elapsed().as_millis())),
            Ok(Err(why)) => Err((why, mend)),
            Err(_) => Err((format!("nothing came within {} s", PATIENCE.as_secs()), mend)),
        }
    }

    async fn stream(&self) -> Found {
        let mend = "a proxy in between gathers the answer: switch its buffering and compression off for /api/v1/live/events";
        let path = "/api/v1/live/events?topic=%7B%22stats%22%3Atrue%7D";
        let response = self.get(path, &[("accept", "text/event-stream")]).await.map_err(|why| (why, mend))?;
        if !response.status().is_success() {
            return Err((format!("answers {}", response.status()), "see the checks above; the stream needs the scope jobs:read"));
        }
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        if !kind.starts_with("text/event-stream") {
            return Err((format!("answers with {kind:?}"), "something in between answers in the server's place"));
        }
        let began = Instant::now();
        match timeout(FIRST_EVENT, response.bytes_stream().next()).await {
            Ok(Some(Ok(_))) => {
                Ok(format!("the first event came after {} ms, with the answer still open", began.elapsed().as_millis()))
            }
            Ok(_) => Err(("it ended before its first event".to_owned(), mend)),
            Err(_) => Err((format!("no event within {} s", FIRST_EVENT.as_secs()), mend)),
        }
    }

    async fn origin(&self) -> Found {
        let foreign = [("origin", "https://foreign.example"), ("sec-fetch-site", "cross-site")];
        let mend = "remove the wildcard: list the origins of your app in [access] origins, and let no proxy add CORS headers";
        let response = self.get("/api/v1/me", &foreign).await.map_err(|why| (why, mend))?;
        match response.headers().get("access-control-allow-origin") {
            None => Ok(format!("a page of another site cannot read answers (it gets {})", response.status())),
            Some(allowed) => Err((format!("a page of any site may read answers: {}", allowed.to_str().unwrap_or("?")), mend)),
        }
    }
}

/// The folder of a server on this machine: writable, and not held by a process that is gone.
fn data_folder(layers: &Layers, is_served: bool) -> Found {
    let config =
        Config::load(layers).map_err(|error| (error.to_string(), "mend the configuration; `tidings config check` says more"))?;
    let folder = config.data;
    let shown = folder.display();
    if !folder.exists() {
        return match is_served {
            true => Ok(format!("{shown} does not exist: the server that answers uses another; --config names its file")),
            false => Ok(format!("{shown} will be made by `tidings serve`")),
        };
    }
    let mend = "let the server's user own it: chown and chmod u+rwx";
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&probe, b"").map_err(|error| (format!("{shown} cannot be written: {error}"), mend))?;
    std::fs::remove_file(&probe).ok();
    let Ok(lock) = std::fs::File::open(folder.join("tidings.lock")) else { return Ok(format!("{shown} is writable")) };
    match lock.try_lock_shared() {
        Ok(()) if is_served => Ok(format!("{shown} is writable; the server that answers uses another folder")),
        Ok(()) => Ok(format!("{shown} is writable, and no server holds it")),
        Err(_) if is_served => Ok(format!("{shown} is writable, and a living server holds it")),
        Err(_) => Err((
            format!("{shown} is held by a server that does not answer"),
            "stop it: tidings.lock in the folder names its process",
        )),
    }
}

fn descriptors() -> Found {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    match limit.current {
        Some(current) if current < DESCRIPTORS => {
            let mend = "raise it: `ulimit -n 65536`, or LimitNOFILE=65536 in the unit";
            Err((format!("{current} open files are allowed; each watcher takes one"), mend))
        }
        Some(current) => Ok(format!("{current} open files are allowed")),
        None => Ok("open files are not limited".to_owned()),
    }
}
