//! A real app with session cookies (`examples/session-app`) in front of a real server, which asks it who is there: REST and all three live
//! edges by cookie, the end of a session, an app that is restarted, another app.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures::{SinkExt, StreamExt};
use reqwest::{Client, Method};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::harness::http::Http;
use crate::harness::server::Server;
use crate::harness::{PATIENCE, eventually, files};

/// The app: one Node process, on a port that it keeps over restarts.
struct App {
    url: String,
    port: u16,
    tidings: String,
    sessions: std::path::PathBuf,
    process: Option<Child>,
}

impl App {
    async fn start(tidings: &str, folder: &Path) -> App {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let (url, sessions) = (format!("http://127.0.0.1:{port}"), folder.join(format!("sessions-{port}")));
        let mut app = App { url, port, tidings: tidings.to_owned(), sessions, process: None };
        app.start_again().await;
        app
    }

    async fn start_again(&mut self) {
        let program = files::root().join("examples/session-app/app.js");
        let mut command = Command::new("node");
        command.arg(program).env("PORT", self.port.to_string()).env("TIDINGS_URL", &self.tidings).env("SESSIONS", &self.sessions);
        self.process = Some(command.stdout(Stdio::null()).spawn().expect("node starts"));
        let http = Http::new(self.url.clone());
        eventually("the app to listen", async || http.get("/whoami").await.ok().map(|_| ())).await;
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the app can be ended");
            process.wait().expect("it ends");
        }
    }

    /// Somebody who has signed in.
    async fn sign_in(&self, name: &str) -> Browser {
        let http = Http::new(self.url.clone());
        let answer = http.send(Method::POST, "/sign-in", &[], Some(&json!({"name": name}))).await.expect("an answer");
        let cookie = answer.header("set-cookie").split(';').next().expect("a pair").to_owned();
        assert_eq!(answer.status, 200);
        Browser { http, cookie, origin: self.url.clone() }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends what a browser sends: the cookie with everything, `Origin` with changes, `Sec-Fetch-Site` with reads.
#[derive(Clone)]
struct Browser {
    http: Http,
    cookie: String,
    origin: String,
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

const MINE: &str = "{\"owner\":\"me\"}";

impl Browser {
    async fn get(&self, path: &str) -> crate::harness::http::Answer {
        let headers = [("cookie", self.cookie.as_str()), ("sec-fetch-site", "same-origin")];
        self.http.send(Method::GET, path, &headers, None).await.expect("an answer")
    }

    async fn post(&self, path: &str, body: Value) -> crate::harness::http::Answer {
        let headers = [("cookie", self.cookie.as_str()), ("origin", self.origin.as_str())];
        self.http.send(Method::POST, path, &headers, Some(&body)).await.expect("an answer")
    }

    async fn submits(&self) -> String {
        let job = self.post("/api/v1/jobs", json!({"task": "wait"})).await.expect(201);
        job["id"].as_str().expect("an id").to_owned()
    }

    /// A WebSocket that follows the user's jobs.
    async fn socket(&self) -> Socket {
        let url = format!("{}/api/v1/live", self.http.url().replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in [("cookie", &self.cookie), ("origin", &self.origin)] {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a WebSocket");
        for frame in [json!({"type": "auth"}), json!({"type": "subscribe", "id": 1, "topic": {"owner": "me"}})] {
            socket.send(Message::text(frame.to_string())).await.expect("sent");
        }
        hears(&mut socket, "\"type\":\"live\"").await;
        socket
    }

    /// An `EventSource`: only the cookie, and what the browser adds.
    async fn stream(&self) -> reqwest::Response {
        let request = Client::new().get(format!("{}/api/v1/live/events", self.http.url())).query(&[("topic", MINE)]);
        let request =
            request.header("cookie", &self.cookie).header("accept", "text/event-stream").header("sec-fetch-site", "same-origin");
        let answer = request.send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().expect("a value"))
        );
        answer
    }
}

/// Reads frames up to one that has this in it.
async fn hears(socket: &mut Socket, words: &str) {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a frame").expect("open").expect("no error");
        match message {
            Message::Text(text) if text.contains(words) => return,
            Message::Close(close) => panic!("{close:?} instead of {words}"),
            _ => {}
        }
    }
}

async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.expect("an end in time").expect("a close");
        if let Message::Close(close) = message.expect("no error") {
            return close.expect("a reason").code.into();
        }
    }
}

/// Reads a stream up to these words, or to its end.
async fn reads(stream: &mut reqwest::Response, words: &str) -> String {
    let mut text = String::new();
    while !text.contains(words) {
        match tokio::time::timeout(PATIENCE, stream.chunk()).await.expect("in time").expect("no error") {
            Some(chunk) => text.push_str(&String::from_utf8_lossy(&chunk)),
            None => return text,
        }
    }
    text
}

/// Access by this app, and by the key of a service; and that key.
fn config(app: &str) -> (String, String) {
    let made = Command::new(files::binary()).args(["key", "new", "service", "--json"]).output();
    let made: Value = serde_json::from_slice(&made.expect("a key").stdout).expect("JSON");
    let config = format!(
        "[access]\nintrospect = \"{app}/whoami\"\nintrospect_cookies = [\"sid\"]\nintrospect_cache = \"1s\"\nprivate_hosts = [\"127.0.0.1\"]\n\
         origins = [\"{app}\"]\n[[access.keys]]\nname = \"service\"\nsha256 = {}\n[tasks.wait]\nmode = \"worker\"\n",
        made["sha256"]
    );
    (config, made["key"].as_str().expect("a key").to_owned())
}

/// Writes the configuration for this app, and answers the key of a service.
fn configure(server: &Server, app: &App) -> String {
    let (config, key) = config(&app.url);
    std::fs::write(server.folder().join("tidings.toml"), config).expect("the configuration is written");
    key
}

/// A server, the app in front of it, and the key of a service.
async fn both() -> (Server, App, String) {
    let mut server = Server::prepare("", &[]);
    let app = App::start(&server.url(), server.folder()).await;
    let key = configure(&server, &app);
    server.start_again().await;
    (server, app, key)
}

#[tokio::test]
async fn a_session_cookie_is_all_that_a_page_needs() {
    let (server, app, _) = both().await;
    let (ann, bob) = (app.sign_in("ann").await, app.sign_in("bob").await);
    assert_eq!(ann.get("/api/v1/me").await.expect(200)["subject"], "ann");
    let mut socket = ann.socket().await;
    let mut stream = ann.stream().await;
    reads(&mut stream, "event: live").await;
    let polled = ann.get("/api/v1/live/poll?topic=%7B%22owner%22:%22me%22%7D&wait=0").await.expect(200);
    let after = polled["position"].as_str().expect("a position").to_owned();
    let id = ann.submits().await;
    hears(&mut socket, &id).await;
    assert!(reads(&mut stream, &id).await.contains("event: update"));
    let polled = ann.get(&format!("/api/v1/live/poll?topic=%7B%22owner%22:%22me%22%7D&wait=20&after={after}")).await.expect(200);
    assert_eq!(polled["frames"][0]["job"]["id"], json!(id));
    assert_eq!(ann.get("/api/v1/jobs").await.expect(200)["jobs"][0]["owner"], "ann");
    assert_eq!(bob.get("/api/v1/jobs").await.expect(200)["jobs"], json!([]));
    assert_eq!(bob.get(&format!("/api/v1/jobs/{id}")).await.expect(404)["code"], "not_found");

    // Straight to the server, as a page of a listed origin does.
    let direct = Browser { http: server.http.clone(), ..ann.clone() };
    let other = direct.submits().await;
    hears(&mut socket, &other).await;
    let mut straight = direct.socket().await;
    assert_eq!(direct.post(&format!("/api/v1/jobs/{id}/abort"), json!({})).await.expect(200)["status"], "aborted");
    hears(&mut straight, "\"status\":\"aborted\"").await;

    for origin in [None, Some("https://evil.example"), Some("null")] {
        let mut headers = vec![("cookie", ann.cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        for http in [&ann.http, &server.http] {
            let answer = http.send(Method::POST, "/api/v1/jobs", &headers, Some(&json!({"task": "wait"}))).await;
            assert_eq!(answer.expect("an answer").expect(403)["code"], "forbidden_origin", "{origin:?}");
        }
    }
    assert_eq!(ann.get("/api/v1/jobs").await.expect(200)["jobs"].as_array().map(Vec::len), Some(2));
    assert!(!server.log().contains(&ann.cookie), "a cookie is never logged");
}

#[tokio::test]
async fn signing_out_closes_all_that_the_session_opened() {
    let (_server, app, _) = both().await;
    let (ann, bob) = (app.sign_in("ann").await, app.sign_in("bob").await);
    let (mut socket, mut stream, mut bobs) = (ann.socket().await, ann.stream().await, bob.socket().await);
    let topic = "topic=%7B%22owner%22:%22me%22%7D";
    let first = ann.get(&format!("/api/v1/live/poll?{topic}&wait=0")).await.expect(200)["position"].clone();
    let path = format!("/api/v1/live/poll?{topic}&wait=55&after={}", first.as_str().expect("a position"));
    let polling = tokio::spawn({
        let ann = ann.clone();
        async move { ann.get(&path).await }
    });
    let ticket = ann.post("/api/v1/tickets", json!({})).await.expect(201)["ticket"].clone();
    ann.post("/sign-out", json!({})).await.expect(200);
    let signed_out = Instant::now();
    assert_eq!(close_code(&mut socket).await, 4100);
    reads(&mut stream, "\"code\":\"token_expired\"").await;
    assert!(stream.chunk().await.expect("no error").is_none(), "the stream ends");
    let refused = polling.await.expect("no panic");
    assert_eq!((refused.status, &refused.body["code"]), (401, &json!("token_expired")));
    assert!(signed_out.elapsed() < Duration::from_secs(30), "{:?}", signed_out.elapsed());
    println!("all connections were closed {:?} after the sign-out", signed_out.elapsed());
    assert_eq!(ann.get("/api/v1/me").await.expect(401)["code"], "unauthenticated");
    let by_ticket = format!("/api/v1/live/events?{topic}&ticket={}", ticket.as_str().expect("a ticket"));
    assert_eq!(ann.get(&by_ticket).await.status, 401);
    let id = bob.submits().await;
    hears(&mut bobs, &id).await;
}

#[tokio::test]
async fn an_app_that_is_restarted_signs_nobody_out() {
    let (server, mut app, key) = both().await;
    let ann = app.sign_in("ann").await;
    let direct = Browser { http: server.http.clone(), ..ann.clone() };
    let mut socket = direct.socket().await;
    app.kill();
    eventually("the app to be missed", async || (direct.get("/api/v1/me").await.status == 503).then_some(())).await;
    let refused = direct.get("/api/v1/me").await;
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(refused.expect(503)["code"], "identity_unavailable");
    let doctor = |server: &Server| {
        let config = server.folder().join("tidings.toml").display().to_string();
        let mut command = server.command(&["doctor", "--json", "--config", &config]);
        String::from_utf8_lossy(&command.env("TIDINGS_TOKEN", &key).output().expect("it ran").stdout).into_owned()
    };
    let found = |told: &str| told.lines().find(|line| line.contains("\"introspection\"")).expect("a line").to_owned();
    assert!(found(&doctor(&server)).contains("\"ok\":false"), "{}", doctor(&server));
    // Whoever watched goes on watching, and sees what others do for her.
    let service = server.http.with_token(&key);
    let job = service.submit(json!({"task": "wait", "owner": "ann"})).await;
    hears(&mut socket, job["id"].as_str().expect("an id")).await;

    app.start_again().await;
    eventually("the app to be heard again", async || (direct.get("/api/v1/me").await.status == 200).then_some(())).await;
    let id = direct.submits().await;
    hears(&mut socket, &id).await;
    assert!(found(&doctor(&server)).contains("\"ok\":true"), "{}", doctor(&server));
    assert!(server.log().contains("the app says again who asks"), "{}", server.log());
}

#[tokio::test]
async fn a_reload_asks_another_app() {
    let (server, app, _) = both().await;
    let other = App::start(&server.url(), server.folder()).await;
    let ann = app.sign_in("ann").await;
    let direct = Browser { http: server.http.clone(), ..ann };
    let mut socket = direct.socket().await;
    configure(&server, &other);
    server.signal(Signal::HUP);
    assert_eq!(close_code(&mut socket).await, 4100);
    let eve = other.sign_in("eve").await;
    let direct = Browser { http: server.http.clone(), ..eve };
    assert_eq!(direct.get("/api/v1/me").await.expect(200)["subject"], "eve");
}
