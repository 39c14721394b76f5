//! Every route against every caller that must not get through.

use domain::access::Scope;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::rig::{Call, KEY, Limits, NOW, Rig, ann, closed_config, signed, token};

/// A route with a body that it takes, and the scope that it needs (none: any caller).
struct Route(Method, &'static str, Option<Value>, Option<Scope>);

/// `{id}` is a job of ann's.
fn routes() -> Vec<Route> {
    use Scope::*;
    let mut routes = vec![
        Route(Method::POST, "/jobs", Some(json!({"task": "review"})), Some(JobsSubmit)),
        Route(Method::POST, "/jobs/batch", Some(json!({"jobs": [{"task": "review"}]})), Some(JobsSubmit)),
        Route(Method::GET, "/jobs", None, Some(JobsRead)),
        Route(Method::GET, "/jobs/{id}", None, Some(JobsRead)),
        Route(Method::GET, "/jobs/{id}/attempts", None, Some(JobsRead)),
        Route(Method::GET, "/jobs/{id}/events", None, Some(JobsRead)),
        Route(Method::GET, "/jobs/{id}/output", None, Some(JobsRead)),
        Route(Method::GET, "/jobs/{id}/live", None, Some(JobsRead)),
        Route(Method::PATCH, "/jobs/{id}", Some(json!({"title": "x"})), Some(JobsControl)),
        Route(Method::DELETE, "/jobs/{id}", None, Some(JobsControl)),
        Route(Method::POST, "/jobs/{id}/answer", Some(json!({"value": 1})), Some(JobsControl)),
        Route(Method::POST, "/jobs/{id}/rerun", None, Some(JobsControl)),
        Route(Method::POST, "/jobs/actions", Some(json!({"verb": "abort", "filter": {"task": "review"}})), Some(JobsControl)),
        Route(Method::POST, "/claims", Some(json!({"tasks": ["review"], "worker": "w"})), Some(JobsReport)),
        Route(Method::GET, "/stats", None, Some(JobsRead)),
        Route(Method::GET, "/tasks", None, Some(JobsRead)),
        Route(Method::GET, "/me", None, None),
        Route(Method::POST, "/tickets", Some(json!({})), Some(JobsRead)),
        Route(Method::GET, "/live/events?topic=%7B%22owner%22:%22me%22%7D", None, Some(JobsRead)),
        Route(Method::GET, "/live/poll?topic=%7B%22owner%22:%22me%22%7D&wait=0", None, Some(JobsRead)),
        Route(Method::GET, "//metrics", None, Some(Admin)),
    ];
    for verb in ["pause", "resume", "abort", "kill", "retry", "run-now"] {
        let path: &'static str = Box::leak(format!("/jobs/{{id}}/{verb}").into_boxed_str());
        routes.push(Route(Method::POST, path, None, Some(JobsControl)));
    }
    let reports = [
        ("progress", json!({"percentage": 1})),
        ("heartbeat", json!({})),
        ("output", json!({"chunks": []})),
        ("complete", json!({})),
        ("fail", json!({"error": {"message": "no"}})),
        ("wait", json!({"on": "input"})),
    ];
    for (report, body) in reports {
        let path: &'static str = Box::leak(format!("/jobs/{{id}}/{report}").into_boxed_str());
        routes.push(Route(Method::POST, path, Some(body), Some(JobsReport)));
    }
    routes
}

fn call(rig: &Rig, route: &Route, id: &str) -> Call {
    let call = rig.call(route.0.clone(), &route.1.replace("{id}", id)).header("tidings-lease", "lease_x");
    match &route.2 {
        Some(body) => call.json(body),
        None => call,
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_good_token() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    let expired = token("ann", json!({"exp": NOW.0 / 1_000 - 60}));
    let early = token("ann", json!({"nbf": NOW.0 / 1_000 + 60}));
    let forged = signed("ann", json!({}), b"another secret that has also at least 32 bytes");
    let unsigned = {
        let parts: Vec<String> = ann().split('.').map(str::to_owned).collect();
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1])
    };
    let nobody = token("", json!({}));
    for route in routes() {
        for (token, code) in [
            ("", "unauthenticated"),
            (&*forged, "unauthenticated"),
            (&*unsigned, "unauthenticated"),
            (&*early, "unauthenticated"),
            (&*nobody, "unauthenticated"),
            ("tdk_shop_wrong", "unauthenticated"),
            ("x", "unauthenticated"),
            (&*expired, "token_expired"),
        ] {
            let reply = call(&rig, &route, &id).token(token).send().await.problem(401, code);
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{}", reply.told);
        }
    }
}

#[tokio::test]
async fn a_foreign_job_does_not_exist() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    let strangers = [
        token("bob", json!({})),
        token("ann", json!({"tenant": "other"})),
        token("eve", json!({"tenant": "other", "tenant_wide": true})),
    ];
    for route in routes().iter().filter(|route| route.1.contains("{id}") && route.3 != Some(Scope::JobsReport)) {
        for token in &strangers {
            call(&rig, route, &id).token(token).send().await.problem(404, "not_found");
        }
    }
    for token in &strangers {
        let list = rig.get("/jobs").token(token).send().await.expect(StatusCode::OK);
        assert_eq!(list.json["jobs"], json!([]));
        let stats = rig.get("/stats").token(token).send().await.expect(StatusCode::OK);
        assert_eq!(stats.json["total"], 0);
        let action = json!({"verb": "abort", "filter": {"ids": [id]}});
        let acted = rig.post("/jobs/actions", action).token(token).send().await.expect(StatusCode::OK);
        assert_eq!(acted.json["matched"], 0);
    }
}

#[tokio::test]
async fn each_route_needs_its_scope() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    for route in routes() {
        let Some(needed) = route.3 else { continue };
        let others: Vec<&str> =
            Scope::ALL.iter().filter(|scope| **scope != needed && **scope != Scope::Admin).map(|scope| scope.as_str()).collect();
        let small = token("ann", json!({"scope": others.join(" ")}));
        let reply = call(&rig, &route, &id).token(&small).send().await.problem(403, "missing_scope");
        assert!(reply.text("detail").contains(needed.as_str()), "{}: {}", reply.told, reply.body);
    }
}

#[tokio::test]
async fn a_foreign_origin_is_kept_out_and_a_listed_one_let_in() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    for route in routes() {
        for origin in ["https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com"] {
            let reply =
                call(&rig, &route, &id).token(&ann()).header("origin", origin).send().await.problem(403, "forbidden_origin");
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
async fn a_service_makes_tokens_that_can_no_more_than_itself() {
    let rig = Rig::closed();
    let asked = json!({"subject": "ann", "scopes": ["jobs:read"], "expiresIn": 60});
    rig.post("/tokens", asked.clone()).token(&ann()).send().await.problem(403, "not_a_service");
    rig.post("/tokens", json!({"subject": "ann", "scopes": ["admin"]})).token(KEY).send().await.problem(400, "invalid");
    rig.post("/tokens", json!({"subject": ""})).token(KEY).send().await.problem(400, "invalid");
    let token = rig.post("/tokens", asked).token(KEY).send().await.expect(StatusCode::CREATED).text("token");
    let me = rig.get("/me").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(
        (me.json["subject"].clone(), me.json["scopes"].clone(), me.json["tenantWide"].clone()),
        (json!("ann"), json!(["jobs:read"]), json!(false))
    );
    rig.post("/tokens", json!({"subject": "eve"})).token(&token).send().await.problem(403, "not_a_service");
    rig.clock.advance_ms(70_000);
    rig.get("/me").token(&token).send().await.problem(401, "token_expired");
}

#[tokio::test]
async fn only_a_service_may_name_another_owner_or_claim() {
    let rig = Rig::closed();
    let body = json!({"task": "review", "owner": "bob"});
    rig.post("/jobs", body.clone()).token(&ann()).send().await.problem(403, "other_owner");
    let made = rig.post("/jobs", body).token(KEY).send().await.expect(StatusCode::CREATED);
    assert_eq!(made.json["owner"], "bob");
    rig.get(&format!("/jobs/{}", made.text("id"))).token(&token("bob", json!({}))).send().await.expect(StatusCode::OK);
    let claim = json!({"tasks": ["review"], "worker": "w"});
    rig.post("/claims", claim.clone()).token(&ann()).send().await.problem(403, "not_a_service");
    let claimed = rig.post("/claims", claim).token(KEY).send().await.expect(StatusCode::OK);
    assert_eq!(claimed.json["jobs"][0]["status"], "running");
    assert!(claimed.json["jobs"][0]["lease"]["token"].is_string());
}

#[tokio::test]
async fn new_rules_hold_at_once() {
    let rig = Rig::closed();
    rig.get("/me").token(KEY).send().await.expect(StatusCode::OK);
    rig.context.access.replace(api::AccessConfig { keys: Vec::new(), ..closed_config() }).expect("a good configuration");
    rig.get("/me").token(KEY).send().await.problem(401, "unauthenticated");
    let short = api::access::JwtKey::Secret(b"short".to_vec());
    let mut bad = closed_config();
    if let Some(jwt) = &mut bad.jwt {
        jwt.key = short;
    }
    assert!(rig.context.access.replace(bad).is_err());
    rig.get("/me").token(&ann()).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let rig = Rig::with(closed_config(), Limits::one());
    rig.get("/me").token(&ann()).send().await.expect(StatusCode::OK);
    let reply = rig.get("/me").token(&ann()).send().await.problem(429, "too_many_requests");
    assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    rig.get("/me").token(&token("bob", json!({}))).send().await.expect(StatusCode::OK);
    rig.get("/me").send().await.problem(401, "unauthenticated");
    rig.get("/me").send().await.problem(429, "too_many_requests");
}
