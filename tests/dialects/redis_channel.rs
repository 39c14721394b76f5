//! The Redis channel of task status updates, both ways, with a real Redis and programs on it as the document has them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::http::Http;
use crate::harness::redis::Redis;
use crate::harness::server::{Around, Server};

/// SHA-256 of the keys `tdk_default` and `tdk_other`.
const DEFAULT_SHA256: &str = "e8329a065a08beab82a7a571514f7cfa6c5aad529329cc65fb62fcbbd44547a7";
const OTHER_SHA256: &str = "137e53b57c8070bc4f65cb45582874e8b84c89589743a1f37716f868dc9844a4";

/// A server on the channel.
pub(crate) async fn on_the_channel(redis: &Redis, more: &str) -> Server {
    Server::start(&config(redis, more)).await
}

pub(crate) fn config(redis: &Redis, more: &str) -> String {
    format!("[sources.task_status]\nredis = \"{}\"\n{more}", redis.url())
}

/// What the document's `publish_task_status_update` publishes, so many seconds after a certain moment.
pub(crate) fn said(task: impl Into<Value>, status: &str, second: u32) -> Value {
    json!({
        "task_id": task.into(), "status": status, "updated_at": format!("2026-11-20T10:{:02}:{:02}.000250", second / 60, second % 60),
        "output": null, "error": null, "assignee": null, "project_id": null,
    })
}

/// The job that is called so, once there is one.
pub(crate) async fn job_called(http: &Http, name: &str) -> Value {
    eventually(&format!("a job called {name}"), async || find(http, name).await).await
}

async fn find(http: &Http, name: &str) -> Option<Value> {
    let found = http.get(&format!("/api/v1/jobs?externalId={name}")).await.expect("an answer").expect(200);
    let jobs = found["jobs"].as_array().expect("jobs");
    assert!(jobs.len() <= 1, "one job for one name: {jobs:#?}");
    Some(http.job(jobs.first()?["id"].as_str()?).await)
}

/// The job that is called so, once it is so.
pub(crate) async fn until_called(http: &Http, name: &str, status: &str) -> Value {
    eventually(&format!("{name} to be {status}"), async || find(http, name).await.filter(|job| job["status"] == status)).await
}

/// How the source is, as an operator sees it.
pub(crate) async fn source(http: &Http) -> Value {
    let ready = http.get("/readyz").await.expect("an answer").expect(200);
    assert_eq!(ready["sources"][0]["name"], "task_status", "{ready}");
    ready["sources"][0].clone()
}

/// The source once it is so.
pub(crate) async fn until_source(http: &Http, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || Some(source(http).await).filter(|source| wanted(source))).await
}

/// Makes a tracked job and completes it; answers its id.
pub(crate) async fn completed(http: &Http, body: Value, result: Value) -> String {
    let mut submit = json!({"task": "report", "mode": "tracked"});
    submit.as_object_mut().expect("an object").extend(body.as_object().cloned().unwrap_or_default());
    let job = http.submit(submit).await;
    let (id, lease) = (job["id"].as_str().expect("an id"), job["lease"]["token"].as_str().expect("a lease"));
    http.report(id, lease, "complete", json!({"result": result})).await.expect(200);
    id.to_owned()
}

fn of<'a>(messages: &'a [Value], task: &Value) -> Vec<&'a Value> {
    messages.iter().filter(|message| message["task_id"] == *task).collect()
}

fn statuses(messages: &[&Value]) -> Vec<String> {
    messages.iter().map(|message| message["status"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn what_is_published_moves_a_job_and_does_not_come_back() {
    let redis = Redis::start().await;
    let server = on_the_channel(&redis, "owner = \"ann\"\ntask = \"import\"\n").await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    let mut app = redis.publisher().await;
    let mut message = said(123, "running", 1);
    message["assignee"] = json!("agent-7");
    message["project_id"] = json!(456);
    message["output"] = json!("half of it");
    app.publish(message.clone()).await;
    let job = until_called(&server.http, "123", "running").await;
    for (field, expected) in [
        ("mode", json!("mirrored")),
        ("owner", json!("ann")),
        ("task", json!("import")),
        ("tenant", json!("default")),
        ("tags", json!(["assignee:agent-7", "project:456"])),
        ("result", json!("half of it")),
        ("attempt", json!(1)),
    ] {
        assert_eq!(job[field], expected, "{field} of {job:#}");
    }
    // An older word, and the same one again, change nothing.
    app.publish(said(123, "failed", 0)).await;
    app.publish(message).await;
    let mut last = said(123, "completed", 2);
    last["output"] = json!("all of it");
    last["assignee"] = json!("");
    app.publish(last).await;
    let job = until_called(&server.http, "123", "completed").await;
    assert_eq!(
        (&job["result"], &job["tags"], &job["settlement"]),
        (&json!("all of it"), &json!(["project:456"]), &json!(1)),
        "{job:#}"
    );
    let id = job["id"].as_str().expect("an id");
    let history = server.http.get(&format!("/api/v1/jobs/{id}/events")).await.expect("an answer").expect(200);
    let events = history["events"].as_array().expect("events");
    assert!(events.len() >= 3 && events.iter().all(|event| event["by"] == "source:task_status"), "{events:#?}");

    // What the server says next comes after all that it would have said of the words before.
    let own = completed(&server.http, json!({}), json!(null)).await;
    let seen = channel.until(|message| message["task_id"] == own.as_str() && message["status"] == "completed").await;
    assert_eq!(of(&seen, &json!(123)).len(), 4, "each word was on the channel once: {seen:#?}");
    let source = source(&server.http).await;
    assert_eq!((&source["taken"], &source["refused"], &source["connected"]), (&json!(4), &json!(0), &json!(true)), "{source:#}");
}

#[tokio::test]
async fn what_happens_here_is_published_in_order() {
    let redis = Redis::start().await;
    let server = on_the_channel(&redis, "[tasks.render]\nmode = \"worker\"\n").await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    let http = &server.http;
    let tags = json!({"externalId": "42", "tags": ["assignee:bob", "project:9"]});
    completed(http, tags, json!("Task output text")).await;
    let waiting = http.submit(json!({"task": "render"})).await;
    let waiting = waiting["id"].as_str().expect("an id");
    http.verb(waiting, "pause").await.expect(200);
    http.verb(waiting, "abort").await.expect(200);
    let seen = channel.until(|message| message["task_id"] == waiting && message["status"] == "failed").await;

    let first = of(&seen, &json!(42));
    assert_eq!(statuses(&first), ["running", "completed"], "{first:#?}");
    let ended = first[1];
    for (field, expected) in
        [("output", json!("Task output text")), ("error", json!(null)), ("assignee", json!("bob")), ("project_id", json!(9))]
    {
        assert_eq!(ended[field], expected, "{field} of {ended:#}");
    }
    assert!(ended["updated_at"].as_str().is_some_and(|at| at.ends_with("+00:00")), "{ended:#}");
    assert!(ended["from"].as_str().is_some_and(|from| from.starts_with("tidings-")), "{ended:#}");
    let second = of(&seen, &json!(waiting));
    assert_eq!(statuses(&second), ["pending", "disabled", "failed"], "{second:#?}");
    assert!(second[2]["error"].as_str().is_some_and(|error| error.starts_with("Cancelled")), "{second:#?}");
    until_source(http, "its own messages to be passed over", |source| source["passedOver"] == source["published"]).await;
}

#[tokio::test]
async fn only_the_jobs_of_its_tenant_are_published() {
    let redis = Redis::start().await;
    let sections = [("default", DEFAULT_SHA256), ("other", OTHER_SHA256)]
        .map(|(tenant, sha256)| format!("[[access.keys]]\nname = \"app\"\ntenant = \"{tenant}\"\nsha256 = \"{sha256}\"\n"));
    let server = on_the_channel(&redis, &format!("owner = \"ann\"\n{}", sections.concat())).await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    completed(&server.http.with_token("tdk_other"), json!({"externalId": "secret"}), json!("secret")).await;
    completed(&server.http.with_token("tdk_default"), json!({"externalId": "told"}), json!("told")).await;
    let seen = channel.until(|message| message["status"] == "completed").await;
    assert!(seen.iter().all(|message| message["task_id"] == "told"), "{seen:#?}");
}

#[tokio::test]
async fn the_channel_does_not_move_a_job_that_runs_here() {
    let redis = Redis::start().await;
    let server = on_the_channel(&redis, "").await;
    redis.until_heard_by(1).await;
    let http = &server.http;
    let job = http.submit(json!({"task": "report", "mode": "tracked", "externalId": "mine"})).await;
    let id = job["id"].as_str().expect("an id");
    let before = until_source(http, "its own words to come back", |source| source["passedOver"].as_u64() >= Some(1)).await;
    let mut app = redis.publisher().await;
    app.publish(said(id, "failed", 1)).await;
    app.publish(said("mine", "failed", 1)).await;
    let passed_over = before["passedOver"].as_u64().expect("a count") + 2;
    let source = until_source(http, "both to be passed over", |source| source["passedOver"] == passed_over).await;
    assert_eq!((&source["taken"], &source["refused"]), (&json!(0), &json!(0)), "{source:#}");
    let after = http.job(id).await;
    assert_eq!((&after["status"], &after["rev"]), (&json!("running"), &job["rev"]));
    let all = http.get("/api/v1/jobs").await.expect("an answer").expect(200);
    assert_eq!(all["jobs"].as_array().map(Vec::len), Some(1), "no mirror of it was made: {all:#}");
}

#[tokio::test]
async fn garbage_is_dropped_counted_and_told() {
    let redis = Redis::start().await;
    let server = on_the_channel(&redis, "").await;
    redis.until_heard_by(1).await;
    let mut app = redis.publisher().await;
    let mut garbage: Vec<String> = ["", "hello", "[]", "{}", "{\"task_id\": 1", "\u{0}\u{1}", "null"].map(str::to_owned).to_vec();
    for (field, value) in [
        ("task_id", json!("")),
        ("task_id", json!({})),
        ("status", json!("done")),
        ("status", json!("lost")),
        ("updated_at", json!("yesterday")),
        ("updated_at", json!(null)),
        ("project_id", json!([1])),
    ] {
        let mut message = said(1, "running", 1);
        message[field] = value;
        garbage.push(message.to_string());
    }
    garbage.push(format!("{{\"task_id\":1,\"output\":\"{}\"}}", "x".repeat(5_000_000)));
    let count = garbage.len() as u64 * 20;
    let storm: Vec<String> = garbage.iter().cycle().take(count as usize).cloned().collect();
    for part in storm.chunks(20) {
        app.publish_all(part).await;
    }
    app.publish(said(7, "completed", 1)).await;
    until_called(&server.http, "7", "completed").await;
    let source = until_source(&server.http, "all of it to be counted", |source| source["refused"] == count).await;
    assert_eq!(
        (&source["taken"], &source["received"], &source["dropped"]),
        (&json!(1), &json!(count + 1), &json!(0)),
        "{source:#}"
    );
    let log = server.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("a message of the channel was refused")).collect();
    assert!(!told.is_empty() && told.len() < 30, "told, and not at every message: {} lines", told.len());
    assert!(told[0].contains("it is no JSON object"), "{}", told[0]);
}

#[tokio::test]
async fn two_servers_on_one_redis_agree_without_a_storm() {
    let redis = Redis::start().await;
    let (one, two) = (on_the_channel(&redis, "").await, on_the_channel(&redis, "").await);
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(3).await;
    let mut app = redis.publisher().await;
    app.publish(said("nightly", "running", 1)).await;
    for server in [&one, &two] {
        until_called(&server.http, "nightly", "running").await;
    }
    // Somebody says it on one of them; both know it, and it was on the channel once.
    let path = "/dialects/task_status/api/tasks/nightly";
    let body = json!({"status": "failed", "error": "no space left"});
    one.http.send(reqwest::Method::PUT, path, &[], Some(&body)).await.expect("an answer").expect(200);
    for server in [&one, &two] {
        let job = until_called(&server.http, "nightly", "failed").await;
        assert_eq!(job["error"]["message"], "no space left", "{job:#}");
    }
    // And again by the app, whose word is the newer one.
    let mut again = said("nightly", "running", 1);
    again["updated_at"] = json!("2126-01-01T00:00:00Z");
    app.publish(again).await;
    for server in [&one, &two] {
        until_called(&server.http, "nightly", "running").await;
    }
    // An app whose clock is a minute ahead, and somebody who takes its word back: both servers know that this is the newer one.
    let ahead = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs() + 60;
    let mut early = said("early", "running", 1);
    early["updated_at"] = json!(ahead);
    app.publish(early).await;
    for server in [&one, &two] {
        until_called(&server.http, "early", "running").await;
    }
    let path = "/dialects/task_status/api/tasks/early";
    one.http.send(reqwest::Method::PUT, path, &[], Some(&json!({"status": "completed"}))).await.expect("an answer").expect(200);
    for server in [&one, &two] {
        until_called(&server.http, "early", "completed").await;
    }
    // A job of one is mirrored by the other, and moved by nobody else.
    let own = completed(&one.http, json!({"externalId": "own"}), json!("done")).await;
    let mirrored = until_called(&two.http, "own", "completed").await;
    assert_eq!((&mirrored["mode"], &mirrored["result"]), (&json!("mirrored"), &json!("done")), "{mirrored:#}");
    assert_eq!(one.http.job(&own).await["mode"], "tracked");
    let last = completed(&two.http, json!({"externalId": "last"}), json!(null)).await;
    until_called(&one.http, "last", "completed").await;
    let seen = channel.until(|message| message["task_id"] == "last" && message["status"] == "completed").await;
    assert_ne!(last, own);
    let of = |task: &str| of(&seen, &json!(task)).len();
    assert_eq!((of("nightly"), of("early"), of("own"), of("last")), (3, 2, 2, 2), "{seen:#?}");
    // One said four of these nine itself.
    let one = until_source(&one.http, "its own to come back", |source| source["received"] == 9).await;
    assert_eq!((&one["taken"], &one["passedOver"], &one["published"]), (&json!(5), &json!(4), &json!(4)), "{one:#}");
}

#[tokio::test]
async fn a_password_is_used_and_never_told() {
    let mut redis = Redis::prepare(Some("s3cret-word"));
    redis.start_again().await;
    let server = on_the_channel(&redis, "").await;
    until_source(&server.http, "the connection", |source| source["connected"] == true).await;
    let doctor = server.command(&["doctor", "--config"]).arg(server.folder().join("tidings.toml")).output().expect("it runs");
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("✓ channel: redis://127.0.0.1:") && doctor.contains("answers: Redis "), "{doctor}");

    let mut wrong = Server::prepare(&config(&redis, ""), &[]);
    let env = vec![("REDIS_URL".to_owned(), redis.url().replace("s3cret-word", "s3cret-guess"))];
    wrong.set_around(Around { env, ..Around::default() });
    wrong.start_again().await;
    let source = until_source(&wrong.http, "the refusal", |source| source["problem"].is_string()).await;
    assert!(
        source["problem"].as_str().is_some_and(|problem| problem.contains("WRONGPASS") || problem.contains("uthentication")),
        "{source:#}"
    );
    eventually("the log to say which address counts", async || wrong.log().contains("REDIS_URL wins over it").then_some(())).await;
    let told = format!("{}{}{doctor}{source}", server.log(), wrong.log());
    assert!(!told.contains("s3cret"), "{told}");
}

#[tokio::test]
async fn a_redis_that_refuses_is_told_and_tried_again() {
    let redis = Redis::start().await;
    // As `docs/guide/moving/task-status-channel.md` says, but that it may not publish.
    redis.command("ACL SETUSER app on >word resetchannels &task_status_update -@all +subscribe +ping").await;
    let url = redis.url().replace("redis://", "redis://app:word@");
    let server = Server::start(&format!("[sources.task_status]\nredis = \"{url}\"\n")).await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    let id = completed(&server.http, json!({}), json!(null)).await;
    let source = until_source(&server.http, "the refusal", |source| source["problem"].is_string()).await;
    let problem = source["problem"].as_str().expect("a sentence");
    assert!(problem.starts_with("PUBLISH: ") && problem.to_uppercase().contains("NOPERM"), "{problem}");
    assert_eq!((&source["connected"], source["behind"].as_u64() >= Some(1)), (&json!(true), true), "{source:#}");
    redis.command("ACL SETUSER app +publish").await;
    channel.until(|message| message["task_id"] == id.as_str() && message["status"] == "completed").await;
    until_source(&server.http, "all to be well", |source| source["problem"].is_null() && source["behind"] == 0).await;
}

#[tokio::test]
async fn tls_is_spoken_and_a_certificate_that_nobody_stands_for_is_refused() {
    let redis = Redis::start().await;
    let config = format!("[sources.task_status]\nredis = \"{}\"\n", redis.tls_url());
    let stranger = Server::start(&config).await;
    let away = until_source(&stranger.http, "the refusal", |source| source["problem"].is_string()).await;
    assert!(away["problem"].as_str().is_some_and(|problem| problem.contains("certificate")), "{away:#}");
    drop(stranger);

    let mut server = Server::prepare(&config, &[]);
    let env = vec![("SSL_CERT_FILE".to_owned(), Redis::authority().display().to_string())];
    server.set_around(Around { env, ..Around::default() });
    server.start_again().await;
    redis.until_heard_by(1).await;
    redis.publisher().await.publish(said(5, "completed", 1)).await;
    until_called(&server.http, "5", "completed").await;
}

#[tokio::test]
async fn without_its_section_nothing_is_switched_on() {
    let redis = Redis::start().await;
    let mut server = Server::prepare("", &[]);
    let env = ["REDIS_URL", "TIDINGS_REDIS"].map(|name| (name.to_owned(), redis.url())).to_vec();
    server.set_around(Around { env, ..Around::default() });
    server.start_again().await;
    let ready = server.http.get("/readyz").await.expect("an answer").expect(200);
    assert_eq!(ready, json!({"status": "ready"}));
    completed(&server.http, json!({}), json!(null)).await;

    // Switched on, it begins with what comes then.
    server.stop();
    std::fs::write(server.folder().join("tidings.toml"), "[sources.task_status]\n").expect("the configuration is written");
    let mut channel = redis.subscribe().await;
    server.start_again().await;
    redis.until_heard_by(2).await;
    let first = completed(&server.http, json!({}), json!(null)).await;
    assert_eq!(channel.next().await["task_id"], first.as_str());

    // A change of the section is told to need a new start.
    std::fs::write(server.folder().join("tidings.toml"), "").expect("the configuration is written");
    server.signal(rustix::process::Signal::HUP);
    eventually("the log to say so", async || server.log().contains("[sources] changed").then_some(())).await;
    assert_eq!(source(&server.http).await["connected"], true);
}
