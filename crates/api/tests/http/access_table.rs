//! The table of who may call what: a row for each method of each path in the API document, a column for each caller that must not get
//! through. A route that is added without a row fails here.

use std::collections::BTreeSet;

use domain::access::Scope::{self, *};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rig::{Call, KEY, Reply, Rig, ann, forged, signed, token, unsigned};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq)]
enum For {
    /// Everybody; it says nothing about jobs.
    Anybody,
    /// Whoever is known, with these scopes.
    Known(&'static [Scope]),
    /// A service, with these scopes.
    Service(&'static [Scope]),
    /// It says who it is in its first frame: see the table of frames.
    Frames,
}

struct Row {
    method: Method,
    /// As the document has it; `{id}` is a job of ann's.
    path: &'static str,
    query: &'static str,
    body: Option<Value>,
    who: For,
}

impl Row {
    fn scopes(&self) -> &'static [Scope] {
        match self.who {
            For::Known(scopes) | For::Service(scopes) => scopes,
            For::Anybody | For::Frames => &[],
        }
    }

    fn call(&self, rig: &Rig, id: &str) -> Call {
        let path = format!("/{}{}", self.path.replace("{id}", id), self.query);
        let call = rig.call(self.method.clone(), &path).header("tidings-lease", "lease_x");
        match &self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }

    /// A token with all that the row needs.
    fn good(&self) -> String {
        match self.who {
            For::Service(_) => KEY.to_owned(),
            _ => scoped(self.scopes()),
        }
    }
}

const TOPIC: &str = "?topic=%7B%22owner%22:%22me%22%7D&wait=0";
const STREAM: &str = "?topic=%7B%22owner%22:%22me%22%7D";

fn rows() -> Vec<Row> {
    let row = |method, path, who| Row { method, path, query: "", body: None, who };
    let with = |path, body, who| Row { method: Method::POST, path, query: "", body: Some(body), who };
    let (read, control, report) = (For::Known(&[JobsRead]), For::Known(&[JobsControl]), For::Known(&[JobsReport]));
    let submit = For::Known(&[JobsSubmit]);
    let (get, post) = (Method::GET, Method::POST);
    vec![
        with("/api/v1/jobs", json!({"task": "review"}), submit),
        with("/api/v1/jobs", json!({"task": "x", "mode": "tracked"}), For::Known(&[JobsSubmit, JobsReport])),
        with("/api/v1/jobs/batch", json!({"jobs": [{"task": "review"}]}), submit),
        row(get.clone(), "/api/v1/jobs", read),
        row(get.clone(), "/api/v1/jobs/{id}", read),
        row(get.clone(), "/api/v1/jobs/{id}/attempts", read),
        row(get.clone(), "/api/v1/jobs/{id}/events", read),
        row(get.clone(), "/api/v1/jobs/{id}/output", read),
        row(get.clone(), "/api/v1/jobs/{id}/live", read),
        Row { method: Method::PATCH, body: Some(json!({"title": "x"})), ..row(get.clone(), "/api/v1/jobs/{id}", control) },
        row(Method::DELETE, "/api/v1/jobs/{id}", control),
        row(post.clone(), "/api/v1/jobs/{id}/pause", control),
        row(post.clone(), "/api/v1/jobs/{id}/resume", control),
        row(post.clone(), "/api/v1/jobs/{id}/abort", control),
        row(post.clone(), "/api/v1/jobs/{id}/kill", control),
        row(post.clone(), "/api/v1/jobs/{id}/retry", control),
        row(post.clone(), "/api/v1/jobs/{id}/run-now", control),
        row(post.clone(), "/api/v1/jobs/{id}/rerun", For::Known(&[JobsControl, JobsSubmit])),
        with("/api/v1/jobs/{id}/answer", json!({"value": 1}), control),
        with("/api/v1/jobs/{id}/progress", json!({"percentage": 1}), report),
        with("/api/v1/jobs/{id}/heartbeat", json!({}), report),
        with("/api/v1/jobs/{id}/output", json!({"chunks": []}), report),
        with("/api/v1/jobs/{id}/complete", json!({}), report),
        with("/api/v1/jobs/{id}/fail", json!({"error": {"message": "no"}}), report),
        with("/api/v1/jobs/{id}/wait", json!({"on": "input"}), report),
        with("/api/v1/jobs/actions", json!({"verb": "abort", "filter": {"task": "review"}}), control),
        with("/api/v1/claims", json!({"tasks": ["review"], "worker": "w"}), For::Service(&[JobsReport])),
        row(get.clone(), "/api/v1/stats", read),
        row(get.clone(), "/api/v1/tasks", read),
        row(get.clone(), "/api/v1/me", For::Known(&[])),
        with("/api/v1/tickets", json!({}), read),
        with("/api/v1/tokens", json!({"subject": "ann", "scopes": ["jobs:read"]}), For::Service(&[])),
        Row { query: STREAM, ..row(get.clone(), "/api/v1/live/events", read) },
        Row { query: TOPIC, ..row(get.clone(), "/api/v1/live/poll", read) },
        row(get.clone(), "/api/v1/live", For::Frames),
        row(get.clone(), "/metrics", For::Known(&[Admin])),
        row(get.clone(), "/healthz", For::Anybody),
        row(get, "/readyz", For::Anybody),
    ]
}

fn scoped(scopes: &[Scope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    token("ann", json!({"scope": words.join(" ")}))
}

#[test]
fn each_route_of_the_document_has_a_row() {
    let document = serde_json::to_value(api::openapi()).expect("JSON");
    let methods = ["get", "put", "post", "patch", "delete"];
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, item)| {
            let present = methods.iter().filter(|method| item.get(method).is_some());
            present.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let listed: BTreeSet<(String, String)> = rows().iter().map(|row| (row.method.to_string(), row.path.to_owned())).collect();
    assert_eq!(documented, listed);
}

#[tokio::test]
async fn a_token_that_is_not_good_opens_nothing() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    let columns = [
        ("no token", String::new(), "unauthenticated"),
        ("wrong signature", forged(), "unauthenticated"),
        ("changed claims", format!("{}x", ann()), "unauthenticated"),
        ("alg none", unsigned("none"), "unauthenticated"),
        ("alg None", unsigned("None"), "unauthenticated"),
        ("expired", token("ann", json!({"exp": crate::rig::NOW.0 / 1_000 - 60})), "token_expired"),
        ("not yet valid", token("ann", json!({"nbf": crate::rig::NOW.0 / 1_000 + 60})), "unauthenticated"),
        ("without an end", signed("ann", json!({"exp": null}), crate::rig::SECRET), "unauthenticated"),
        ("nobody's", token("", json!({})), "unauthenticated"),
        ("no key of ours", "tdk_shop_wrong".to_owned(), "unauthenticated"),
        ("no token at all", "x".to_owned(), "unauthenticated"),
    ];
    for row in rows() {
        for (column, token, code) in &columns {
            let call = row.call(&rig, &id).token(token);
            match row.who {
                For::Anybody => _ = call.send().await.expect(StatusCode::OK),
                For::Frames => _ = call.send().await.problem(426, "upgrade_required"),
                For::Known(_) | For::Service(_) => {
                    let reply = call.send().await.problem(401, code);
                    assert!(reply.header("www-authenticate").starts_with("Bearer"), "{column}: {}", reply.told);
                }
            }
        }
    }
}

#[tokio::test]
async fn each_route_needs_each_of_its_scopes_and_no_more() {
    let rig = Rig::closed();
    for row in rows() {
        let id = rig.submitted(&ann()).await;
        let needed = row.scopes();
        if needed.is_empty() {
            continue;
        }
        let all_but = |missing: Scope| {
            let rest: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| *scope != missing && *scope != Admin).collect();
            scoped(&rest)
        };
        for missing in needed {
            let reply = row.call(&rig, &id).token(&all_but(*missing)).send().await.problem(403, "missing_scope");
            assert!(reply.text("detail").contains(missing.as_str()), "{}: {}", reply.told, reply.body);
        }
        let alone = Scope::ALL.iter().filter(|scope| **scope != Admin && needed != [**scope]);
        for scopes in alone.map(std::slice::from_ref).chain([&[][..]]) {
            row.call(&rig, &id).token(&scoped(scopes)).send().await.problem(403, "missing_scope");
        }
        let status = row.call(&rig, &id).token(&row.good()).status().await.as_u16();
        assert!(![401, 403, 404].contains(&status), "{} {}: {status}", row.method, row.path);
    }
    for row in rows().iter().filter(|row| matches!(row.who, For::Service(_))) {
        row.call(&rig, "").token(&ann()).send().await.problem(403, "not_a_service");
    }
    let waits = rig.post("/jobs", json!({"task": "review"})).header("prefer", "wait=1");
    waits.token(&scoped(&[JobsSubmit])).send().await.problem(403, "missing_scope");
}

/// Callers who may do everything, but not with ann's jobs.
fn strangers() -> [(&'static str, String); 4] {
    [
        ("another owner", token("bob", json!({}))),
        ("her name in another tenant", token("ann", json!({"tenant": "other"}))),
        ("all of another tenant", token("eve", json!({"tenant": "other", "tenant_wide": true, "service": true}))),
        ("an administrator of another tenant", token("root", json!({"tenant": "other", "scope": "admin"}))),
    ]
}

/// A well-formed id that no job has.
const NEVER: &str = "job_0000000000000000000000000a";

/// What an answer tells, its ids aside.
fn told(reply: &Reply, ids: &[&str]) -> (u16, Vec<(String, String)>, String) {
    let mask = |text: &str| ids.iter().fold(text.to_owned(), |text, id| text.replace(id, "ID"));
    let headers = reply.headers.iter().map(|(name, value)| (name.to_string(), mask(value.to_str().unwrap_or("?"))));
    (reply.status.as_u16(), headers.collect(), mask(&reply.body))
}

#[tokio::test]
async fn a_foreign_job_is_told_as_one_that_never_was() {
    let rig = Rig::closed();
    let (id, _) = rig.tracked(&ann()).await;
    let etag = format!("\"{}.9\"", rig.context.engine.store().identity().epoch);
    let conditions =
        [("", ""), ("if-match", etag.as_str()), ("if-none-match", "*"), ("idempotency-key", "k"), ("prefer", "wait=1")];
    for row in rows().iter().filter(|row| row.path.contains("{id}")) {
        for (stranger, token) in &strangers() {
            for (header, value) in conditions {
                let ask = async |id: &str| {
                    let call = row.call(&rig, id).token(token);
                    if header.is_empty() { call.send().await } else { call.header(header, value).send().await }
                };
                let (foreign, never) = (ask(&id).await.problem(404, "not_found"), ask(NEVER).await);
                assert_eq!(told(&foreign, &[&id]), told(&never, &[NEVER]), "{stranger}, {header}: {}", foreign.told);
                assert_eq!((foreign.header("etag"), foreign.header("location")), ("", ""));
            }
        }
    }
    let job = rig.get(&format!("/jobs/{id}")).token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!((&job.json["rev"], &job.json["status"]), (&json!(1), &json!("running")), "nobody touched it");
}

/// A job of ann's that every filter finds.
async fn described(rig: &Rig) -> String {
    let job = json!({
        "task": "review", "title": "about unicorns", "session": "s1", "subject": {"type": "doc", "id": "7"}, "tags": ["rare"],
        "batchId": "b1", "externalId": "x1",
    });
    rig.post("/jobs", job).token(&ann()).send().await.expect(StatusCode::CREATED).text("id")
}

#[tokio::test]
async fn no_list_count_or_action_reaches_a_foreign_job() {
    let rig = Rig::closed();
    let id = described(&rig).await;
    let root = format!("root={id}");
    let filters = [
        "",
        "status=pending",
        "status=active",
        "task=review",
        "owner=ann",
        "session=s1",
        "subjectType=doc&subjectId=7",
        "tag=rare",
        "batch=b1",
        &root,
        "externalId=x1",
        "createdAfter=2000-01-01T00:00:00Z",
        "createdBefore=2100-01-01T00:00:00Z",
        "text=unicorn",
        "limit=200",
    ];
    for filter in filters {
        let list = async |token: &str| rig.get(&format!("/jobs?{filter}")).token(token).send().await.expect(StatusCode::OK);
        assert_eq!(list(&ann()).await.json["jobs"][0]["id"], json!(id), "{filter}");
        for (stranger, token) in &strangers() {
            let seen = list(token).await;
            let nothing = rig.get("/jobs?task=nothing").token(token).send().await;
            assert_eq!(seen.body, nothing.body, "{stranger}: {filter}");
        }
    }
    for (stranger, token) in &strangers() {
        let stats = rig.get("/stats").token(token).send().await.expect(StatusCode::OK);
        assert_eq!(stats.json["total"], 0, "{stranger}");
        let tasks = rig.get("/tasks").token(token).send().await.expect(StatusCode::OK);
        assert!(
            tasks.json["tasks"].as_array().is_some_and(|tasks| tasks.iter().all(|task| task["pending"] == 0)),
            "{}",
            tasks.body
        );
        for verb in ["pause", "resume", "abort", "kill", "retry", "run-now", "delete"] {
            for dry_run in [true, false] {
                let act = async |id: &str| {
                    let body = json!({"verb": verb, "dryRun": dry_run, "filter": {"ids": [id]}});
                    rig.post("/jobs/actions", body).token(token).send().await
                };
                let (foreign, never) = (act(&id).await.expect(StatusCode::OK), act(NEVER).await);
                assert_eq!(foreign.json["matched"], 0, "{stranger}: {verb}");
                assert_eq!(told(&foreign, &[&id]), told(&never, &[NEVER]), "{stranger}: {verb}");
            }
        }
    }
}

#[tokio::test]
async fn what_a_stranger_makes_learns_nothing_from_what_is_there() {
    let rig = Rig::closed();
    let id = described(&rig).await;
    let submit = async |token: &str, body: Value| rig.post("/jobs", body).token(token).header("idempotency-key", "k").send().await;
    let hers = submit(&ann(), json!({"task": "review", "externalId": "x2"})).await.expect(StatusCode::CREATED);
    for (stranger, token) in strangers() {
        // Her key with another body would be 422 to her: to others it is a key like any other, and their answer names their own job.
        let mine = submit(&token, json!({"task": "mail", "externalId": "x2"})).await.expect(StatusCode::CREATED);
        assert_ne!(mine.text("id"), hers.text("id"), "{stranger}");
        assert_eq!(mine.header("location"), format!("/api/v1/jobs/{}", mine.text("id")));
        assert_eq!(mine.header("idempotency-replayed"), "");
        let child =
            async |parent: &str| rig.post("/jobs", json!({"task": "review", "parentId": parent})).token(&token).send().await;
        let (foreign, never) = (child(&id).await.problem(400, "no_parent"), child(NEVER).await);
        assert_eq!(told(&foreign, &[&id]), told(&never, &[NEVER]), "{stranger}");
        let same_batch = rig.post("/jobs", json!({"task": "review", "batchId": "b1"})).token(&token).send().await;
        same_batch.expect(StatusCode::CREATED);
        let batch = rig.get("/jobs?batch=b1").token(&token).send().await.expect(StatusCode::OK);
        assert!(!batch.body.contains(&id), "{stranger}: {}", batch.body);
    }
    submit(&ann(), json!({"task": "mail"})).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing_with_a_good_token() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    for row in rows().iter().filter(|row| row.who != For::Anybody) {
        for origin in ["https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com", ""] {
            let reply = row.call(&rig, &id).token(&row.good()).header("origin", origin).send().await;
            let reply = reply.problem(403, "forbidden_origin");
            assert_eq!(reply.header("access-control-allow-origin"), "", "{}", reply.told);
        }
    }
    let listed = "https://app.example.com";
    let reply = rig.get("/me").token(&ann()).header("origin", listed).send().await.expect(StatusCode::OK);
    assert_eq!(reply.header("access-control-allow-origin"), listed);
    assert_eq!(reply.header("vary"), "Origin");
    let preflight =
        |origin: &str| rig.call(Method::OPTIONS, "/jobs").header("origin", origin).header("access-control-request-method", "POST");
    let reply = preflight(listed).send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!(reply.header("access-control-allow-origin"), listed);
    assert!(reply.header("access-control-allow-headers").contains("Idempotency-Key"));
    preflight("https://evil.example").send().await.problem(403, "forbidden_origin");
    let own = rig.get("/me").token(&ann()).host("jobs.example.com").header("origin", "https://jobs.example.com");
    own.send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn without_access_control_only_this_machine_s_pages_get_in() {
    let rig = Rig::open();
    let id = rig.submitted("").await;
    for row in rows().iter().filter(|row| row.who != For::Anybody) {
        let expected = |header: &str| if header == "host" { "forbidden_host" } else { "forbidden_origin" };
        for (header, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost.evil.example"),
            ("origin", "http://127.0.0.1@evil.example"),
            ("host", "evil.example:8430"),
            ("host", "localhost.evil.example:8430"),
            ("host", "127.0.0.1:80"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let call = row.call(&rig, &id);
            let call = if header == "host" { call.host(value) } else { call.header(header, value) };
            let reply = call.send().await.problem(403, expected(header));
            assert_eq!(reply.header("access-control-allow-origin"), "", "{}", reply.told);
        }
    }
    let job = rig.get(&format!("/jobs/{id}")).send().await.expect(StatusCode::OK);
    assert_eq!(job.json["rev"], 1, "nothing was done to it");
}
