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

use crate::keys::*;
use crate::rig::{Limits, NOW, Rig, SECRET, closed_config, signed};

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
        jsonwebtoken::Algorithm::RS256 | jsonwebtoken::Algorithm::RS512 => EncodingKey::from_rsa_pem(RSA_PRIVATE.as_bytes()),
        _ => EncodingKey::from_ed_pem(ED_PRIVATE.as_bytes()),
    };
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, &claims(change), &key.expect("a key")).expect("a token")
}

/// The token with one character of its signature changed.
fn broken(token: &str) -> String {
    let (rest, signature) = token.rsplit_once('.').expect("a signature");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{rest}.{first}{}", &signature[1..])
}

#[tokio::test]
async fn only_the_configured_algorithm_counts() {
    use jsonwebtoken::Algorithm::{ES256, EdDSA, RS256, RS512};
    let algorithms = [RS256, ES256, EdDSA];
    let tokens = algorithms.map(|algorithm| by(algorithm, None, json!({})));
    let rules = [(Algorithm::Rs256, RSA_PUBLIC), (Algorithm::Es256, EC_PUBLIC), (Algorithm::EdDsa, ED_PUBLIC)];
    for (place, (algorithm, pem)) in rules.into_iter().enumerate() {
        let rig = rig(jwt(algorithm, JwtKey::Pem(pem.as_bytes().to_vec())));
        let good = &tokens[place];
        let me = rig.get("/me").token(good).send().await.expect(StatusCode::OK);
        assert_eq!(me.json["scopes"], json!(["jobs:read"]), "words of others are left out");
        let mut bad: Vec<String> = tokens.iter().filter(|token| *token != good).cloned().collect();
        // The public key taken for a secret; the right key under another algorithm; claims or signature that were changed; none at all.
        bad.extend([signed("ann", json!({}), pem.as_bytes()), by(RS512, None, json!({})), broken(good)]);
        bad.extend([crate::rig::unsigned("none"), signed("ann", json!({}), SECRET)]);
        let other = by(algorithms[place], None, json!({"sub": "eve"}));
        let parts: Vec<&str> = good.split('.').collect();
        let others: Vec<&str> = other.split('.').collect();
        bad.push(format!("{}.{}.{}", parts[0], others[1], parts[2]));
        for token in &bad {
            rig.get("/me").token(token).send().await.problem(401, "unauthenticated");
        }
        let early = by(algorithms[place], None, json!({"nbf": NOW.0 / 1_000 + 60}));
        rig.get("/me").token(&early).send().await.problem(401, "unauthenticated");
        let late = by(algorithms[place], None, json!({"exp": NOW.0 / 1_000 - 60}));
        rig.get("/me").token(&late).send().await.problem(401, "token_expired");
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

#[tokio::test]
async fn a_set_that_rotates_is_followed() {
    use jsonwebtoken::Algorithm::RS256;
    let served = Arc::new(std::sync::Mutex::new(json!({"keys": [
        {"kty": "RSA", "kid": "old", "use": "sig", "n": RSA_N, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "kid": "other", "use": "sig", "alg": "ES256", "x": EC_X, "y": EC_Y},
    ]})));
    let answered = served.clone();
    let answer = move || std::future::ready(answered.lock().expect("a set").to_string());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", get(answer))).await });
    let config = |path: &str| {
        let jwt = jwt(Algorithm::Rs256, JwtKey::JwksUrl(format!("http://{address}/{path}")));
        AccessConfig { jwt: Some(jwt), ..closed_config() }
    };
    let rig = Rig::with(config("keys"), Limits::none());
    let me = async |kid: &str| rig.get("/me").token(&by(RS256, Some(kid), json!({}))).send().await;
    me("old").await.expect(StatusCode::OK);
    me("other").await.problem(401, "unauthenticated");

    *served.lock().expect("a set") = json!({"keys": [{"kty": "RSA", "kid": "new", "use": "sig", "n": RSA_N, "e": "AQAB"}]});
    // A reload that leaves these rules alone keeps the keys that were fetched, and asks no sooner for others.
    rig.context.access.replace(config("keys")).expect("a good configuration");
    me("old").await.expect(StatusCode::OK);
    me("new").await.problem(401, "unauthenticated");
    // Another address is another set, fetched anew: what only the former one held is good no more.
    rig.context.access.replace(config("keys?2")).expect("a good configuration");
    me("new").await.expect(StatusCode::OK);
    me("old").await.problem(401, "unauthenticated");
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
    assert!(matches!(taken(jwt(Algorithm::Es256, JwtKey::JwksUrl("file:///keys".into()))), Err(BadAccess::BadUrl { .. })));
    for origin in ["*", "https://*.example.com", "app.example.com", "https://a.example/path", "null"] {
        let config = AccessConfig { origins: vec![origin.into()], ..closed_config() };
        assert!(matches!(api::Access::new(config, clock.clone()).map(|_| ()), Err(BadAccess::BadOrigin(_))), "{origin}");
    }
}
