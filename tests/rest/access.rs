//! Closed access through the real binary: keys, users' tokens, tickets. Rights that end while somebody watches are in `live/rights.rs`.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::server::Server;

const SECRET: &str = "a secret of at least thirty-two bytes";

/// A closed server; answers it with the key of a service.
pub async fn closed() -> (Server, String) {
    let made = std::process::Command::new(crate::harness::files::binary()).args(["key", "new", "shop", "--json"]).output();
    let made: Value = serde_json::from_slice(&made.expect("a key").stdout).expect("JSON");
    let key = made["key"].as_str().expect("a key").to_owned();
    let sha256 = &made["sha256"];
    let config = format!(
        "[access]\njwt = {{ algorithm = \"HS256\", secret_file = \"secret\" }}\n\n[[access.keys]]\nname = \"shop\"\nsha256 = {sha256}\ntenant_wide = true\n"
    );
    (Server::start_with(&config, &[("secret", SECRET)]).await, key)
}

pub fn token(subject: &str, scope: &str, seconds: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs() as i64;
    let claims = json!({"sub": subject, "scope": scope, "exp": now + seconds});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
}

pub const USER: &str = "jobs:read jobs:submit jobs:control";

#[tokio::test]
async fn everybody_sees_their_own_jobs_and_nobody_else_s() {
    let (server, key) = closed().await;
    let refused = server.http.get("/api/v1/jobs").await.expect("an answer").expect(401);
    assert_eq!(refused["code"], "unauthenticated");
    let service = server.http.with_token(&key);
    let job = service.submit(json!({"task": "import", "mode": "tracked", "owner": "ann"})).await;
    let id = job["id"].as_str().expect("an id").to_owned();
    let (ann, bob) = (server.http.with_token(&token("ann", USER, 60)), server.http.with_token(&token("bob", USER, 60)));
    assert_eq!(ann.job(&id).await["owner"], "ann");
    for (method, path) in [
        (Method::GET, format!("/api/v1/jobs/{id}")),
        (Method::GET, format!("/api/v1/jobs/{id}/events")),
        (Method::GET, format!("/api/v1/jobs/{id}/output")),
        (Method::POST, format!("/api/v1/jobs/{id}/abort")),
        (Method::DELETE, format!("/api/v1/jobs/{id}")),
    ] {
        let body = (method == Method::POST).then(|| json!({}));
        let answer = bob.send(method, &path, &[], body.as_ref()).await.expect("an answer");
        assert_eq!(answer.expect(404)["code"], "not_found", "{path}");
    }
    assert_eq!(bob.get("/api/v1/stats").await.expect("an answer").expect(200)["total"], 0);
    let refused = bob.post("/api/v1/jobs", json!({"task": "import", "mode": "tracked", "owner": "ann"})).await;
    assert_eq!(refused.status, 403, "{:#}", refused.body);
    let reader = server.http.with_token(&token("ann", "jobs:read", 60));
    assert_eq!(reader.verb(&id, "abort").await.expect(403)["code"], "missing_scope");
    let expired = server.http.with_token(&token("ann", USER, -120));
    assert_eq!(expired.get("/api/v1/me").await.expect("an answer").expect(401)["code"], "token_expired");
}

#[tokio::test]
async fn a_ticket_opens_one_stream_and_no_second() {
    let (server, key) = closed().await;
    let service = server.http.with_token(&key);
    let minted = service.post("/api/v1/tokens", json!({"subject": "ann", "expiresIn": 60})).await;
    let minted = if minted.status == 201 { minted.expect(201) } else { minted.expect(200) };
    let ann = server.http.with_token(minted["token"].as_str().expect("a token"));
    let ticket = ann.post("/api/v1/tickets", json!({})).await;
    let ticket = ticket.body["ticket"].as_str().expect("a ticket").to_owned();
    let stream = async || {
        let client = reqwest::Client::new();
        let topic = json!({"owner": "me"}).to_string();
        client.get(format!("{}/api/v1/live/events", server.url())).query(&[("topic", &topic), ("ticket", &ticket)]).send().await
    };
    let first = stream().await.expect("an answer");
    assert_eq!(first.status(), 200);
    let cookie = first.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert_eq!(stream().await.expect("an answer").status(), 401, "a ticket is good once");
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing_from_an_open_server() {
    let server = Server::start("").await;
    for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("host", "evil.example")] {
        let answer = server.http.send(Method::GET, "/api/v1/jobs", &[(name, value)], None).await.expect("an answer");
        assert_eq!(answer.status, 403, "{name}: {value}: {:#}", answer.body);
    }
    let plain = server.http.send(Method::POST, "/api/v1/jobs", &[("content-type", "text/plain")], None).await.expect("an answer");
    assert_eq!(plain.expect(415)["code"], "unsupported_media_type");
}

#[tokio::test]
async fn an_open_server_listens_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = std::process::Command::new(crate::harness::files::binary());
    let ran = command.args(["serve", "--listen", "0.0.0.0:0", "--data"]).arg(folder.path()).output().expect("it ran");
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(!ran.status.success() && words.contains("configure [access]"), "{words}");
}

#[tokio::test]
async fn a_reload_brings_tasks_and_a_bad_one_changes_nothing() {
    let server = Server::start("").await;
    let config = server.folder().join("tidings.toml");
    let names = async || {
        let tasks = server.http.get("/api/v1/tasks").await.expect("an answer").expect(200);
        tasks["tasks"].as_array().expect("tasks").iter().map(|task| task["name"].clone()).collect::<Vec<_>>()
    };
    std::fs::write(&config, "[tasks.new]\ncommand = [\"true\"]\n").expect("written");
    server.signal(Signal::HUP);
    eventually("the new task", async || (names().await == [json!("new")]).then_some(())).await;
    std::fs::write(&config, "[tasks.new]\ncomand = [\"true\"]\n").expect("written");
    server.signal(Signal::HUP);
    let job = server.http.submit(json!({"task": "new"})).await;
    server.http.until_status(job["id"].as_str().expect("an id"), "completed").await;
}
