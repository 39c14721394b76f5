//! `doctor`: does a server work from here, end to end, and if not, what mends it.

mod machine;

use std::net::ToSocketAddrs;
use std::time::Duration;

use client::{Client, Connection, Error, Happened};
use engine::clock::{Clock, SystemClock};
use futures::StreamExt;
use reqwest::{Response, Url};
use serde_json::json;
use tokio::time::{Instant, timeout};
use wire::body::Me;

use super::client as client_of;
use crate::cli::{Doctor, Reach};
use crate::config::Layers;
use crate::exit::{Exit, Failure};
use crate::screen::print_json;

/// How long one check may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon the first event of a stream must be there: later, something on the way gathers bytes.
const FIRST_EVENT: Duration = Duration::from_secs(2);
/// Difference between the clocks that tokens survive.
const CLOCKS_APART_MS: i64 = 5_000;

/// What a check found.
enum Finding {
    Good(String),
    /// Nothing wrong, but not what one may expect.
    Note(String),
    /// What is wrong, and how to mend it.
    Bad(String, &'static str),
}

/// A sentence, or what is wrong and how to mend it.
type Found = Result<String, (String, &'static str)>;

impl From<Found> for Finding {
    fn from(found: Found) -> Finding {
        found.map_or_else(|(words, mend)| Finding::Bad(words, mend), Finding::Good)
    }
}

struct Report {
    json: bool,
    failed: bool,
}

impl Report {
    fn add(&mut self, what: &str, found: impl Into<Finding>) {
        let found = found.into();
        self.failed |= matches!(found, Finding::Bad(..));
        match (self.json, found) {
            (true, Finding::Good(words)) => print_json(&json!({"check": what, "ok": true, "found": words})),
            (true, Finding::Note(words)) => print_json(&json!({"check": what, "ok": true, "note": true, "found": words})),
            (true, Finding::Bad(words, mend)) => print_json(&json!({"check": what, "ok": false, "found": words, "mend": mend})),
            (false, Finding::Good(words)) => outln!("✓ {what}: {words}"),
            (false, Finding::Note(words)) => outln!("· {what}: {words}"),
            (false, Finding::Bad(words, mend)) => outln!("✗ {what}: {words}\n    to mend it: {mend}"),
        }
    }
}

pub async fn doctor(mut reach: Reach, args: Doctor) -> Result<(), Failure> {
    if let Some(server) = args.server {
        reach.url = Some(server);
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
        probe.all(&mut report).await;
    }
    if base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
        let flags = args.config.map(|config| [("--config", config)].into()).unwrap_or_default();
        let layers = Layers::of_this_process(flags);
        report.add("data folder", machine::data_folder(&layers, is_reachable));
        if let Some(found) = machine::introspection(&layers).await {
            report.add("introspection", found);
        }
        if let Some(found) = machine::channel(&layers).await {
            report.add("channel", found);
        }
        report.add("descriptors", machine::descriptors());
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
    async fn all(&self, report: &mut Report) {
        let me = self.client.me().await;
        if let Err(Error::SpeaksHttp { .. }) = &me {
            report.add(
                "scheme",
                me.map(|_| String::new()).map_err(|error| (error.to_string(), "write http:// in place of https://")),
            );
            return;
        }
        report
            .add("alive", self.answers("/healthz", "see the server's log, and whether something else listens on this port").await);
        report.add("ready", self.answers("/readyz", "the store cannot write: see the server's log and the room on its disk").await);
        let is_denied = me.is_err();
        report.add("token", token(me));
        report.add("clock", self.clock().await);
        if is_denied {
            for what in ["websocket", "event stream"] {
                report.add(what, Finding::Note("not checked: it needs the token, see above".to_owned()));
            }
        } else {
            report.add("websocket", self.websocket().await);
            report.add("event stream", self.stream().await);
        }
        report.add("foreign pages", self.origin().await);
    }

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

fn token(me: Result<Me, Error>) -> Found {
    let mend = "set --token, --token-file or TIDINGS_TOKEN; `tidings key new` makes a key, `tidings token` a token";
    match me {
        Ok(me) if me.open => Ok(format!("not needed: open mode, everybody on this machine is {}", me.subject)),
        Ok(me) => {
            let reach = if me.tenant_wide { "sees its whole tenant" } else { "sees its own jobs" };
            Ok(format!("{} of tenant {}, may {}, {reach}", me.subject, me.tenant, me.scopes.join(" ")))
        }
        Err(error) => Err((Failure::from(error).words, mend)),
    }
}
