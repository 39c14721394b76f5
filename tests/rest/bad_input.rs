//! Whatever a caller sends: each piece of nonsense is answered with its status, a stable code, and a sentence; nothing else notices.
//!
//! Requests are written byte by byte, since no client library would send most of them. A neighbour runs all the while and completes after.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bad_frames;
use crate::harness::server::Server;
use crate::harness::{PATIENCE, eventually};

pub const CONFIG: &str = r#"
[tasks.neighbour]
command = ["sh", "-c", "until [ -e stop ]; do sleep 0.05; done"]
env = ["PATH"]

[tasks.app]
mode = "tracked"

[tasks.work]
mode = "worker"
"#;

/// One request and how it must be answered.
struct Row {
    /// Method and target, as on the wire.
    line: String,
    /// Lines of headers beside Host, Content-Length and Connection.
    headers: Vec<u8>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    field: Option<&'static str>,
    limit: Option<u64>,
}

fn row(line: impl Into<String>, body: impl AsRef<[u8]>, status: u16, code: &'static str) -> Row {
    let (line, body) = (line.into(), body.as_ref().to_vec());
    let headers = if body.is_empty() { Vec::new() } else { b"content-type: application/json\r\n".to_vec() };
    Row { line, headers, body, status, code, field: None, limit: None }
}

impl Row {
    fn field(mut self, field: &'static str) -> Row {
        self.field = Some(field);
        self
    }

    fn limit(mut self, limit: u64) -> Row {
        self.limit = Some(limit);
        self
    }

    fn header(mut self, line: impl AsRef<[u8]>) -> Row {
        self.headers.extend_from_slice(line.as_ref());
        self.headers.extend_from_slice(b"\r\n");
        self
    }

    fn only_header(mut self, line: impl AsRef<[u8]>) -> Row {
        self.headers.clear();
        self.header(line)
    }
}

/// Answers status and body of whatever bytes the server gives to whatever bytes it was sent.
async fn raw(server: &Server, bytes: &[u8]) -> (u16, String) {
    let address = server.url().replace("http://", "");
    let mut socket = TcpStream::connect(address).await.expect("the server listens");
    let (mut reader, mut writer) = socket.split();
    // A server that has refused already may not take the rest.
    let sending = async {
        let _ = writer.write_all(bytes).await;
        std::future::pending::<()>().await
    };
    let mut answer = Vec::new();
    let reading = async {
        let _ = reader.read_to_end(&mut answer).await;
    };
    tokio::select! {
        () = sending => {}
        ended = tokio::time::timeout(PATIENCE, reading) => ended.expect("an answer and the end of the connection"),
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}

fn request(row: &Row, host: &str) -> Vec<u8> {
    let has_length = row.headers.windows(9).any(|part| part.eq_ignore_ascii_case(b"transfer-"))
        || row.headers.windows(14).any(|part| part.eq_ignore_ascii_case(b"content-length"));
    let length = if has_length { String::new() } else { format!("content-length: {}\r\n", row.body.len()) };
    let mut bytes = format!("{} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{length}", row.line).into_bytes();
    bytes.extend_from_slice(&row.headers);
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&row.body);
    bytes
}

/// What is wrong with the answer to a row; nothing when all is as expected.
fn fault(row: &Row, status: u16, body: &str) -> Option<String> {
    let problem: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let (code, field, limit) = (problem["code"].as_str().unwrap_or(""), problem["field"].as_str(), problem["limit"].as_u64());
    let says = problem["detail"].as_str().unwrap_or("");
    // The HTTP library answers for itself where a request is none.
    let is_sentence =
        code.is_empty() || (says.len() > 10 && says.len() < 1_500 && says.ends_with('.') && problem["status"] == status);
    let is_good = (status, code, is_sentence) == (row.status, row.code, true)
        && (row.field.is_none() || row.field == field)
        && (row.limit.is_none() || row.limit == limit);
    let sent = String::from_utf8_lossy(&row.body);
    let sent: String = row.line.chars().take(120).chain(" ".chars()).chain(sent.chars().take(120)).collect();
    (!is_good).then(|| {
        format!(
            "{sent}\n    expected {} {} {:?} {:?}\n    got {status} {}",
            row.status,
            row.code,
            row.field,
            row.limit,
            body.chars().take(500).collect::<String>()
        )
    })
}

fn submit(body: impl AsRef<[u8]>, status: u16, code: &'static str) -> Row {
    row("POST /api/v1/jobs", body, status, code)
}

/// A submit whose one field is bad.
fn with(field: &str, value: impl std::fmt::Display, named: &'static str) -> Row {
    submit(format!("{{\"task\":\"app\",\"mode\":\"tracked\",\"{field}\":{value}}}"), 400, "invalid").field(named)
}

fn bodies() -> Vec<Row> {
    let deep =
        |levels: usize| format!("{{\"task\":\"app\",\"mode\":\"tracked\",\"input\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let large = |bytes: usize| format!("{{\"task\":\"app\",\"mode\":\"tracked\",\"input\":\"{}\"}}", "x".repeat(bytes));
    let jobs = |count: usize| format!("{{\"jobs\":[{}]}}", vec!["{\"task\":\"work\"}"; count].join(","));
    let many = |count: usize| vec!["\"t\""; count].join(",");
    vec![
        submit("", 400, "bad_json").header("content-type: application/json"),
        submit("{", 400, "bad_json"),
        submit("{\"task\":\"app\"} x", 400, "bad_json"),
        submit("\u{feff}{\"task\":\"work\"}", 400, "bad_json"),
        submit(b"{\"task\":\"\xff\xfe\"}", 400, "bad_json"),
        submit("{\"task\":\"\\ud800\"}", 400, "bad_json"),
        submit("{\"task\":\"a\0b\"}", 400, "bad_json"),
        submit("[]", 400, "invalid"),
        submit("null", 400, "invalid"),
        submit("{}", 400, "invalid").field("task"),
        submit("{\"task\":7}", 400, "invalid").field("task"),
        submit("{\"task\":\"\"}", 400, "invalid").field("task"),
        submit("{\"task\":\"\\u0000\"}", 400, "invalid").field("task"),
        submit("[\"work\"]", 400, "invalid"),
        submit("{\"task\":\"nowhere\"}", 422, "unknown_task").field("task"),
        submit("{\"task\":\"app\",\"task\":\"work\"}", 400, "invalid").field("task"),
        submit("{\"task\":\"app\",\"colour\":1}", 400, "invalid").field("colour"),
        submit(format!("{{\"{}\":1}}", "x".repeat(100_000)), 400, "invalid"),
        with("mode", "\"later\"", "mode"),
        with("priority", "101", "priority").limit(100),
        with("priority", "-101", "priority").limit(100),
        with("priority", "9223372036854775808", "priority"),
        with("priority", "1.5", "priority"),
        with("leaseMs", "0", "leaseMs").limit(3_600_000),
        with("leaseMs", "-1", "leaseMs"),
        with("leaseMs", "18446744073709551616", "leaseMs"),
        with("leaseMs", "9223372036854775808", "leaseMs"),
        with("runAt", "\"yesterday\"", "runAt"),
        with("runAt", "\"-009000-01-01T00:00:00Z\"", "runAt"),
        with("runAt", "\"99999-01-01T00:00:00Z\"", "runAt"),
        with("runAt", "1", "runAt"),
        with("link", "\"javascript:alert(1)\"", "link"),
        with("link", format!("\"/{}\"", "x".repeat(2_000)), "link").limit(1_000),
        with("title", format!("\"{}\"", "x".repeat(301)), "title").limit(300),
        with("session", format!("\"{}\"", "x".repeat(201)), "session").limit(200),
        with("session", "\"a\\u0000b\"", "session"),
        with("subject", "{\"type\":\"a\"}", "id"),
        with("subject", "{\"type\":\"\",\"id\":\"7\"}", "subject.type"),
        with("subject", "[\"a\",\"7\"]", "subject"),
        with("parentId", "\"7\"", "parentId"),
        submit("{\"task\":\"undeclared\",\"mode\":\"tracked\",\"pause\":\"freeze\"}", 400, "invalid").field("pause"),
        submit(format!("{{\"task\":\"work\",\"tags\":[{}]}}", many(1_000_000)), 413, "too_large").limit(1_114_112),
        with("tags", format!("[{}]", many(200_000)), "tags").limit(50),
        with("tags", "[\"\"]", "tags"),
        with("tags", "[7]", "tags[0]"),
        with("tags", format!("[\"{}\"]", "x".repeat(101)), "tags").limit(100),
        with("tags", format!("{:?}", vec!["t"; 51]), "tags").limit(50),
        submit("{\"task\":\"app\",\"mode\":\"tracked\",\"input\":NaN}", 400, "bad_json"),
        submit("{\"task\":\"app\",\"mode\":\"tracked\",\"priority\":1e999}", 400, "bad_json"),
        submit(deep(129), 413, "too_large").field("input").limit(128),
        submit(deep(400_000), 413, "too_large").field("input").limit(128),
        submit(large(1_048_575), 413, "too_large").field("input").limit(1_048_576),
        submit(large(3_000_000), 413, "too_large").limit(1_114_112),
        submit(format!("{{\"task\":\"app\",\"mode\":\"tracked\",\"metadata\":\"{}\"}}", "x".repeat(17_000)), 413, "too_large")
            .field("metadata")
            .limit(16_384),
        row("POST /api/v1/jobs/batch", "{\"jobs\":[]}", 400, "invalid").field("jobs").limit(1_000),
        row("POST /api/v1/jobs/batch", jobs(1_001), 400, "invalid").field("jobs").limit(1_000),
        row("POST /api/v1/jobs/batch", "{\"jobs\":[{\"task\":\"work\"},{\"task\":\"nowhere\"}]}", 422, "unknown_task"),
        row("POST /api/v1/jobs/batch", "{\"jobs\":[{\"task\":\"work\"},7]}", 400, "invalid").field("jobs[1]"),
        row("POST /api/v1/claims", "{\"tasks\":[],\"worker\":\"w\"}", 400, "invalid").field("tasks"),
        row("POST /api/v1/claims", "{\"tasks\":[\"work\"],\"worker\":\"w\",\"max\":101}", 400, "invalid").field("max").limit(100),
        row("POST /api/v1/claims", "{\"tasks\":[\"work\"],\"worker\":\"w\",\"wait\":-1}", 400, "invalid").field("wait"),
        row("POST /api/v1/claims", "{\"tasks\":[\"work\"],\"worker\":\"w\",\"wait\":56}", 400, "invalid").field("wait").limit(55),
        row("POST /api/v1/jobs/actions", "{\"verb\":\"dance\",\"filter\":{\"tag\":\"a\"}}", 400, "invalid").field("verb"),
        row("POST /api/v1/jobs/actions", "{\"verb\":\"abort\",\"filter\":{}}", 400, "invalid"),
        row("POST /api/v1/tokens", "{\"subject\":\"ann\",\"expiresIn\":0}", 400, "invalid").field("expiresIn"),
        row("POST /api/v1/tokens", "{\"subject\":\"ann\",\"scopes\":[\"everything\"]}", 400, "invalid").field("scopes"),
        row("POST /api/v1/tickets", "{\"topics\":[{\"moon\":1}]}", 400, "invalid").field("topics"),
        submit("{\"task\":\"work\"}", 415, "unsupported_media_type").only_header("content-type: text/plain").field("Content-Type"),
        submit("{\"task\":\"work\"}", 415, "unsupported_media_type").only_header("content-type: application/x-www-form-urlencoded"),
        submit("{\"task\":\"work\"}", 415, "unsupported_media_type").only_header("content-type: \u{ff}"),
        submit("{\"task\":\"work\"}", 415, "unsupported_media_type").only_header("x-nothing: 1"),
        submit(b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 415, "unsupported_media_type")
            .header("content-encoding: gzip")
            .field("Content-Encoding"),
        chunked(b"{\"task\":\"".iter().copied().chain(std::iter::repeat_n(b'x', 2_000_000)).collect(), 413, "too_large")
            .limit(1_114_112),
        chunked(b"{\"task\":\"nowhere\"}".to_vec(), 422, "unknown_task"),
    ]
}

/// A submit whose length nobody announced.
fn chunked(body: Vec<u8>, status: u16, code: &'static str) -> Row {
    let mut sent = Vec::new();
    for chunk in body.chunks(60_000) {
        sent.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        sent.extend_from_slice(chunk);
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b"0\r\n\r\n");
    submit(sent, status, code).header("transfer-encoding: chunked")
}

fn addresses(id: &str) -> Vec<Row> {
    let get = |target: &str, status, code| row(format!("GET {target}"), "", status, code);
    let list = |query: &str, field| get(&format!("/api/v1/jobs?{query}"), 400, "invalid").field(field);
    vec![
        list("limit=0", "limit").limit(200),
        list("limit=201", "limit").limit(200),
        list("limit=-1", "limit"),
        list("limit=1e3", "limit"),
        list("limit=9223372036854775808", "limit"),
        list("limit=1&limit=2", "limit"),
        list("status=dancing", "status"),
        list("cursor=nonsense", "cursor"),
        list("cursor=c8zzzzzzzzzzzzzzzzzzzzzzzzz", "cursor"),
        list("createdAfter=yesterday", "createdAfter"),
        list("subjectType=a", "subjectId"),
        list("colour=1", "colour"),
        list("root=7", "root"),
        list("text=%FF%FE", "text"),
        list(&format!("session={}", "x".repeat(201)), "session").limit(200),
        get("/api/v1/jobs?text=%", 200, ""),
        get("/api/v1/jobs?text=%00", 200, ""),
        get("/api/v1/jobs?&&&=", 400, "invalid"),
        get("/api/v1/jobs/job_7", 404, "not_found"),
        get("/api/v1/jobs/%00", 404, "not_found"),
        get("/api/v1/jobs/%FF", 404, "not_found"),
        get("/api/v1/jobs/%2e%2e%2fme", 404, "not_found"),
        get("/api/v1/jobs/../me", 404, "no_such_route"),
        get(&format!("/api/v1/jobs/{}", "x".repeat(20_000)), 404, "not_found"),
        get("/api/v1/nothing", 404, "no_such_route"),
        get("//api/v1/jobs", 404, "no_such_route"),
        get("/%2e%2e/%2e%2e/etc/passwd", 404, "no_such_route"),
        get("/assets/..%2f..%2fetc%2fpasswd", 404, "no_such_route"),
        row("PUT /api/v1/jobs", "{}", 405, "method_not_allowed"),
        row("BREW /api/v1/jobs", "", 405, "method_not_allowed"),
        get(&format!("/api/v1/jobs/{id}/output?attempt=99999999999"), 400, "invalid").field("attempt"),
        get(&format!("/api/v1/jobs/{id}/output?attempt=7"), 404, "no_attempt"),
        get(&format!("/api/v1/jobs/{id}/output?offset=9223372036854775808"), 400, "invalid").field("offset"),
        get(&format!("/api/v1/jobs/{id}/events?afterRev=-1"), 400, "invalid").field("afterRev"),
        get("/api/v1/live", 426, "upgrade_required"),
        get("/api/v1/live/poll", 400, "invalid").field("topic"),
        get("/api/v1/live/poll?topic=nonsense", 400, "invalid").field("topic"),
        get("/api/v1/live/poll?topic=%7B%22tenant%22%3Atrue%7D&wait=56", 400, "invalid").field("wait").limit(55),
        get("/api/v1/live/poll?topic=%7B%22tenant%22%3Atrue%7D&wait=0&after=nonsense", 200, ""),
        get(&format!("/api/v1/live/events?{}", vec!["topic=%7B%22tenant%22%3Atrue%7D"; 21].join("&")), 400, "invalid")
            .field("topic")
            .limit(20),
        get("/api/v1/live/events?topic=%5B%5D", 400, "invalid").field("topic"),
    ]
}

fn headers(id: &str) -> Vec<Row> {
    let patch = |line: &str, status, code| row(format!("PATCH /api/v1/jobs/{id}"), "{\"tags\":[]}", status, code).header(line);
    let long = "k".repeat(256);
    vec![
        patch("if-match: nonsense", 412, "revision_changed").field("If-Match"),
        patch("if-match: \"\"", 412, "revision_changed").field("If-Match"),
        patch("if-match: \"x.99999999999999999999999\"", 412, "revision_changed").field("If-Match"),
        patch("if-match: W/\"x.1\"", 412, "revision_changed").field("If-Match"),
        patch(&format!("idempotency-key: {long}"), 400, "invalid").field("Idempotency-Key").limit(255),
        patch("idempotency-key:", 400, "invalid").field("Idempotency-Key"),
        patch("idempotency-key: \u{e9}", 400, "invalid").field("Idempotency-Key"),
        submit("{\"task\":\"nowhere\"}", 422, "unknown_task").header("prefer: wait=forever, respond-async=3, ,;="),
        submit("{\"task\":\"nowhere\"}", 422, "unknown_task").header("prefer: wait=99999999999999999999"),
        row(format!("POST /api/v1/jobs/{id}/progress"), "{}", 400, "no_lease").field("Tidings-Lease"),
        row(format!("POST /api/v1/jobs/{id}/progress"), "{}", 409, "stale_lease").header("tidings-lease: nonsense"),
        row(format!("POST /api/v1/jobs/{id}/progress"), "{\"total\":9223372036854775808}", 400, "invalid")
            .header("tidings-lease: nonsense"),
        row(format!("POST /api/v1/jobs/{id}/progress"), "{\"percentage\":1e999}", 400, "bad_json")
            .header("tidings-lease: nonsense"),
        row("GET /api/v1/jobs", "", 403, "forbidden_origin").header("origin: null"),
        row("GET /api/v1/jobs", "", 403, "forbidden_origin").header("origin: https://elsewhere.example"),
        row("GET /api/v1/jobs", "", 431, "").header(format!("x-large: {}", "x".repeat(500_000))),
        row(format!("GET /api/v1/jobs?text={}", "x".repeat(70_000)), "", 414, ""),
        row("GET api/v1/jobs", "", 400, ""),
        row("GET /api/v1/jobs", "", 400, "").header("bad header"),
        row("GET /api/v1/jobs", "", 400, "").header("x-nul: a\0b"),
        submit("{}", 400, "").header("content-length: -1"),
        submit("{}", 400, "").header("content-length: 2\r\ncontent-length: 3"),
        submit("zz\r\n", 400, "bad_json").header("transfer-encoding: chunked"),
    ]
}

#[tokio::test]
async fn nonsense_is_refused_in_words_and_nobody_else_notices() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let neighbour = http.submit(json!({"task": "neighbour"})).await;
    let id = neighbour["id"].as_str().expect("an id").to_owned();
    http.until_status(&id, "running").await;
    let pid = server.pid();

    let host = server.url().replace("http://", "");
    let mut faults = Vec::new();
    for row in bodies().into_iter().chain(addresses(&id)).chain(headers(&id)) {
        let (status, body) = raw(&server, &request(&row, &host)).await;
        faults.extend(fault(&row, status, &body));
    }
    for bytes in
        [&b"\x00\xff\xfe\x16\x03\x01garbage\r\n\r\n"[..], b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense"]
    {
        let (status, body) = raw(&server, bytes).await;
        if status >= 500 || (200..400).contains(&status) {
            faults.push(format!("{bytes:?}: {status} {body}"));
        }
    }
    faults.extend(bad_frames::faults(&server).await);
    assert!(faults.is_empty(), "{} of the answers are wrong:\n{}", faults.len(), faults.join("\n"));

    // What was refused made nothing, and what ran runs on.
    let page = http.get("/api/v1/jobs?limit=200").await.expect("an answer").expect(200);
    assert_eq!(page["jobs"].as_array().map(Vec::len), Some(1), "only the neighbour is there: {page:#}");
    let job = http.job(&id).await;
    assert_eq!((&job["status"], &job["attempt"], &job["rev"]), (&json!("running"), &json!(1), &json!(2)), "{job:#}");
    std::fs::write(server.folder().join("stop"), "").expect("the neighbour is told");
    http.until_status(&id, "completed").await;
    eventually("the same server to be ready", async || {
        http.get("/readyz").await.ok().filter(|answer| answer.status == 200 && server.pid() == pid).map(|_| ())
    })
    .await;
    let log = server.log();
    let bad = |line: &&str| ["panicked", "ERROR", "defect"].iter().any(|word| line.contains(word));
    assert_eq!(log.lines().filter(bad).collect::<Vec<_>>(), Vec::<&str>::new());
}
