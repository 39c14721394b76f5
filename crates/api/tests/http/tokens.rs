//! Users' tokens by algorithm, and keys that come from a key set.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::AccessConfig;
use api::access::{Algorithm, BadAccess, JwtConfig, JwtKey};
use axum::Router;
use axum::routing::get;
use domain::access::Scope;
use http::StatusCode;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use crate::rig::{Limits, NOW, Rig, SECRET, closed_config, signed};

// Keys made for these tests; nothing else knows them.
const EC_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpE5zkmYoQZMOIO40\nygybgcRHKCd3voNSLOE9XKOTHU+hRANCAAQ+hrfpbhjdZik0uMpqD54AF/CHvsbg\nHIJK7/Gz2+lB+JYJP9Y8j94vBF+zRfixKVtlvHGNe7Mc5dMPVPyZh3hs\n-----END PRIVATE KEY-----\n";
const EC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPoa36W4Y3WYpNLjKag+eABfwh77G\n4ByCSu/xs9vpQfiWCT/WPI/eLwRfs0X4sSlbZbxxjXuzHOXTD1T8mYd4bA==\n-----END PUBLIC KEY-----\n";
const ED_PRIVATE: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIFDnfwsMsrnrOAGV6ckFXs/wSDv9FIA/nyjjPJOPGFpJ\n-----END PRIVATE KEY-----\n";
const ED_PUBLIC: &str =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA4ylVQoxtZRlnZpo40cUecPTB7kafGyjb5FQlqbRRKzQ=\n-----END PUBLIC KEY-----\n";
const EC_X: &str = "Poa36W4Y3WYpNLjKag-eABfwh77G4ByCSu_xs9vpQfg";
const EC_Y: &str = "lgk_1jyP3i8EX7NF-LEpW2W8cY17sxzl0w9U_JmHeGw";
const ED_X: &str = "4ylVQoxtZRlnZpo40cUecPTB7kafGyjb5FQlqbRRKzQ";

fn jwt(algorithm: Algorithm, key: JwtKey) -> JwtConfig {
    JwtConfig { algorithm, key, issuer: None, audience: None, private_hosts: vec!["127.0.0.1".into()], default_scopes: Vec::new() }
}

fn rig(jwt: JwtConfig) -> Rig {
    Rig::with(AccessConfig { jwt: Some(jwt), ..closed_config() }, Limits::none())
}

fn claims(change: Value) -> Value {
    let mut claims = json!({"sub": "ann", "scope": "jobs:read other:thing", "exp": NOW.0 / 1_000 + 600});
    for (name, value) in change.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

fn by(algorithm: jsonwebtoken::Algorithm, kid: Option<&str>, change: Value) -> String {
    api::install_crypto();
    let key = match algorithm {
        jsonwebtoken::Algorithm::ES256 => EncodingKey::from_ec_pem(EC_PRIVATE.as_bytes()),
        _ => EncodingKey::from_ed_pem(ED_PRIVATE.as_bytes()),
    };
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &claims(change), &key.expect("a key")).expect("a token")
}

#[tokio::test]
async fn only_the_configured_algorithm_counts() {
    use jsonwebtoken::Algorithm::{ES256, EdDSA};
    let (ec, ed) = (by(ES256, None, json!({})), by(EdDSA, None, json!({})));
    let confused = signed("ann", json!({}), EC_PUBLIC.as_bytes());
    for (algorithm, pem, good, bad) in [(Algorithm::Es256, EC_PUBLIC, &ec, &ed), (Algorithm::EdDsa, ED_PUBLIC, &ed, &ec)] {
        let rig = rig(jwt(algorithm, JwtKey::Pem(pem.as_bytes().to_vec())));
        let me = rig.get("/me").token(good).send().await.expect(StatusCode::OK);
        assert_eq!(me.json["scopes"], json!(["jobs:read"]), "words of others are left out");
        for token in [bad, &confused] {
            rig.get("/me").token(token).send().await.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn issuer_and_audience_count_when_they_are_configured() {
    let strict = JwtConfig {
        issuer: Some("https://id.example.com".into()),
        audience: Some("tidings".into()),
        default_scopes: vec![Scope::JobsRead],
        ..jwt(Algorithm::Hs256, JwtKey::Secret(SECRET.to_vec()))
    };
    let rig = rig(strict);
    let good = json!({"iss": "https://id.example.com", "aud": ["tidings", "x"], "scope": "jobs:read"});
    rig.get("/me").token(&signed("ann", good, SECRET)).send().await.expect(StatusCode::OK);
    for change in [
        json!({}),
        json!({"iss": "https://id.example.com"}),
        json!({"aud": "tidings"}),
        json!({"iss": "https://id.example.com", "aud": "other"}),
        json!({"iss": "https://evil.example", "aud": "tidings"}),
        // Looks like one of the server's own, and is not.
        json!({"iss": "tidings", "aud": "tidings"}),
    ] {
        rig.get("/me").token(&signed("ann", change.clone(), SECRET)).send().await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn keys_come_from_a_set_and_are_kept() {
    use jsonwebtoken::Algorithm::{ES256, EdDSA};
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let set = json!({"keys": [
        {"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256", "x": EC_X, "y": EC_Y},
        {"kty": "OKP", "crv": "Ed25519", "kid": "two", "use": "sig", "x": ED_X},
    ]});
    let answer = move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::ready(set.to_string())
    };
    let away = || std::future::ready((StatusCode::FOUND, [("location", "/keys")]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let app = Router::new().route("/keys", get(answer)).route("/away", get(away));
    tokio::spawn(async move { axum::serve(listener, app).await });

    let with_set = rig(jwt(Algorithm::Es256, JwtKey::JwksUrl(format!("http://{address}/keys"))));
    for kid in [Some("one"), None, Some("one")] {
        with_set.get("/me").token(&by(ES256, kid, json!({}))).send().await.expect(StatusCode::OK);
    }
    for (algorithm, kid) in [(ES256, Some("two")), (EdDSA, Some("two")), (ES256, Some("three"))] {
        with_set.get("/me").token(&by(algorithm, kid, json!({}))).send().await.problem(401, "unauthenticated");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "an unknown key id does not fetch again at once");

    let redirected = rig(jwt(Algorithm::Es256, JwtKey::JwksUrl(format!("http://{address}/away"))));
    let reply = redirected.get("/me").token(&by(ES256, Some("one"), json!({}))).send().await.problem(503, "unavailable");
    assert!(!reply.header("retry-after").is_empty());
}

#[test]
fn keys_that_do_not_fit_are_refused_at_the_start() {
    api::install_crypto();
    let clock: engine::clock::SharedClock = engine::clock::ManualClock::at(NOW);
    let taken = |jwt| api::Access::new(AccessConfig { jwt: Some(jwt), ..closed_config() }, clock.clone()).map(|_| ());
    assert!(matches!(taken(jwt(Algorithm::Hs256, JwtKey::Secret(vec![1; 31]))), Err(BadAccess::ShortSecret(31))));
    assert!(matches!(taken(jwt(Algorithm::Es256, JwtKey::Secret(vec![1; 32]))), Err(BadAccess::WrongKey { .. })));
    assert!(matches!(taken(jwt(Algorithm::Hs256, JwtKey::Pem(Vec::new()))), Err(BadAccess::WrongKey { .. })));
    assert!(matches!(taken(jwt(Algorithm::Es256, JwtKey::Pem(b"no key".to_vec()))), Err(BadAccess::BadKey(_))));
    assert!(matches!(taken(jwt(Algorithm::Es256, JwtKey::JwksUrl("file:///keys".into()))), Err(BadAccess::BadUrl)));
    for origin in ["*", "https://*.example.com", "app.example.com", "https://a.example/path", "null"] {
        let config = AccessConfig { origins: vec![origin.into()], ..closed_config() };
        assert!(matches!(api::Access::new(config, clock.clone()).map(|_| ()), Err(BadAccess::BadOrigin(_))), "{origin}");
    }
}
