//! Keys, services and the tokens that they make; and rules that change.

use http::StatusCode;
use serde_json::json;

use crate::rig::{KEY, Rig, ann, closed_config, token};

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
