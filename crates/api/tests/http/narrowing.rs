//! Rights that end or shrink while somebody watches: over each edge it is told at once, and nothing of the former rights comes after.

use std::time::Duration;

use api::AccessConfig;
use api::access::ApiKeyConfig;
use domain::access::Scope;
use http::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use crate::live::Stream;
use crate::rig::{KEY, NOW, Rig, ann, closed_config, token};
use crate::socket::{Socket, connect, serve};

const TENANT: &str = "topic=%7B%22tenant%22:true%7D";

fn with_key(change: impl FnOnce(&mut ApiKeyConfig)) -> AccessConfig {
    let mut config = closed_config();
    change(&mut config.keys[0]);
    config
}

/// Rules under which something of the key is gone.
fn lesser_rules() -> Vec<(&'static str, AccessConfig)> {
    let reads = |key: &mut ApiKeyConfig| key.scopes.retain(|scope| *scope != Scope::JobsRead);
    vec![
        ("the key is gone", AccessConfig { keys: Vec::new(), ..closed_config() }),
        ("another key has its name", with_key(|key| key.sha256 = [1; 32])),
        ("it may read no more", with_key(reads)),
        ("it is another tenant's", with_key(|key| key.tenant = "other".into())),
    ]
}

fn reload(rig: &Rig, rules: AccessConfig) {
    rig.context.access.replace(rules).expect("a good configuration");
    rig.context.engine.rights_changed(None);
}

async fn minted(rig: &Rig) -> String {
    rig.post("/tokens", json!({"subject": "ann"})).token(KEY).send().await.expect(StatusCode::CREATED).text("token")
}

async fn follower(rig: &Rig, token: &str) -> Socket {
    let mut socket = connect(serve(rig).await, None).await.expect("a socket");
    socket.send(json!({"type": "auth", "token": token})).await;
    socket.frame("authenticated").await;
    socket.send(json!({"type": "subscribe", "id": 1, "topic": {"tenant": true}})).await;
    socket.frame("live").await;
    socket
}

#[tokio::test]
async fn what_a_key_made_ends_with_the_key() {
    for (told, rules) in lesser_rules() {
        let rig = Rig::closed();
        let minted = minted(&rig).await;
        let ticket = rig.post("/tickets", json!({})).token(&minted).send().await.text("ticket");
        let opened = rig.get(&format!("/live/events?{TENANT}&ticket={ticket}"));
        let (headers, mut by_ticket) = Stream::open(opened).await;
        let cookie = headers["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair").to_owned();
        let by_cookie = || rig.get(&format!("/live/events?{TENANT}&ticket={ticket}")).header("cookie", &cookie);
        let (_, mut by_cookie_stream) = Stream::open(by_cookie()).await;
        let position = rig.get(&format!("/live/poll?{TENANT}&wait=0")).token(&minted).send().await.text("position");
        let waiting = rig.get(&format!("/live/poll?{TENANT}&wait=55&after={position}")).token(&minted);
        let waiting = tokio::spawn(waiting.send());
        let mut by_key = follower(&rig, KEY).await;
        let mut by_token = follower(&rig, &minted).await;
        let mut anns = follower(&rig, &ann()).await;
        for stream in [&mut by_ticket, &mut by_cookie_stream] {
            stream.until("event: live").await;
        }
        let open = async {
            while rig.context.hub.stats().connections.load(std::sync::atomic::Ordering::Relaxed) < 6 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(crate::rig::SOON, open).await.expect("all are open");

        reload(&rig, rules);
        let late = rig.submitted(&ann()).await;
        for socket in [&mut by_key, &mut by_token] {
            assert_eq!(socket.close_code_without(&late).await, 4100, "{told}");
        }
        for stream in [&mut by_ticket, &mut by_cookie_stream] {
            stream.end().await;
            assert!(stream.text.contains("\"code\":\"token_expired\""), "{told}: {}", stream.text);
            assert!(!stream.text.contains(&late), "{told}: {}", stream.text);
        }
        waiting.await.expect("no panic").problem(401, "token_expired");
        // Ann's own token never came from that key.
        assert_eq!(anns.frame("update").await["job"]["id"], json!(late), "{told}");

        for token in [KEY, &minted] {
            let list = rig.get("/jobs").token(token).send().await;
            assert!(!list.body.contains(&late) && [401, 403, 200].contains(&list.status.as_u16()), "{told}: {}", list.body);
        }
        let read = rig.get("/jobs").token(&minted).send().await.status.as_u16();
        assert_eq!(read, if told.contains("read no more") { 403 } else { 401 }, "{told}");
        let again = by_cookie().send().await.status.as_u16();
        assert_eq!(again, if told.contains("read no more") { 403 } else { 401 }, "{told}");
    }
}

#[tokio::test]
async fn a_reload_that_takes_nothing_away_disturbs_nobody() {
    let rig = Rig::closed();
    let minted = minted(&rig).await;
    let mut sockets = [follower(&rig, KEY).await, follower(&rig, &minted).await, follower(&rig, &ann()).await];
    let mut wider = with_key(|key| key.scopes.push(Scope::Admin));
    wider.keys.insert(0, ApiKeyConfig { name: "other".into(), sha256: [3; 32], ..wider.keys[0].clone() });
    reload(&rig, wider);
    let id = rig.submitted(&ann()).await;
    for socket in &mut sockets {
        assert_eq!(socket.frame("update").await["job"]["id"], json!(id));
    }
    rig.get("/me").token(&minted).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn other_rules_for_users_end_what_rested_on_the_former() {
    let rig = Rig::closed();
    let minted = minted(&rig).await;
    let ticket = rig.post("/tickets", json!({})).token(&ann()).send().await.text("ticket");
    let (mut anns, mut by_token) = (follower(&rig, &ann()).await, follower(&rig, &minted).await);
    let mut rules = closed_config();
    rules.jwt.as_mut().expect("rules for users").key = api::access::JwtKey::Secret(vec![5; 32]);
    reload(&rig, rules);
    assert_eq!(anns.close_code().await, 4100);
    rig.get(&format!("/live/events?{TENANT}&ticket={ticket}")).send().await.problem(401, "bad_ticket");
    rig.get("/me").token(&ann()).send().await.problem(401, "unauthenticated");
    let id = rig.post("/jobs", json!({"task": "review"})).token(&minted).send().await.expect(StatusCode::CREATED).text("id");
    assert_eq!(by_token.frame("update").await["job"]["id"], json!(id));
}

#[tokio::test]
async fn a_narrower_token_narrows_what_is_followed() {
    let rig = Rig::closed();
    let wide = token("ann", json!({"tenant_wide": true}));
    let mut socket = follower(&rig, &wide).await;
    let (bobs, anns) = (rig.submitted(&token("bob", json!({}))).await, rig.submitted(&ann()).await);
    socket.until(|frame| frame["job"]["id"] == json!(anns)).await;
    socket.send(json!({"type": "subscribe", "id": 2, "topic": {"job": bobs}})).await;
    socket.until(|frame| frame["type"] == "live" && frame["id"] == 2).await;
    socket.send(json!({"type": "auth", "token": ann()})).await;
    socket.frame("authenticated").await;
    let path = format!("/jobs/{bobs}");
    let patch = rig.call(http::Method::PATCH, &path).json(&json!({"title": "x"})).token(&token("bob", json!({})));
    patch.send().await.expect(StatusCode::OK);
    let last = rig.submitted(&ann()).await;
    let heard = socket.until(|frame| frame["job"]["id"] == json!(last)).await;
    assert!(heard.iter().all(|frame| !frame.to_string().contains(&bobs)), "{heard:#?}");
    assert!(heard.iter().any(|frame| frame["type"] == "error" && frame["id"] == 2), "{heard:#?}");

    let blind = token("ann", json!({"scope": "jobs:submit"}));
    socket.send(json!({"type": "auth", "token": blind})).await;
    socket.frame("authenticated").await;
    rig.submitted(&ann()).await;
    rig.context.engine.rights_changed(None);
    socket.send(json!({"type": "subscribe", "id": 3, "topic": {"tenant": true}})).await;
    let heard = socket.until(|frame| frame["type"] == "error" && frame["id"] == 3).await;
    assert!(heard.iter().all(|frame| frame["type"] != "update"), "{heard:#?}");
}

/// Streams and polls have no frames of their own: a token's end closes them.
#[tokio::test(start_paused = true)]
async fn a_token_s_end_is_the_end_of_stream_and_poll_within_a_second() {
    let rig = Rig::closed();
    let short = token("ann", json!({"exp": NOW.0 / 1_000 + 10}));
    let (_, mut stream) = Stream::open(rig.get(&format!("/live/events?{TENANT}")).token(&short)).await;
    stream.until("event: live").await;
    let position = rig.get(&format!("/live/poll?{TENANT}&wait=0")).token(&short).send().await.text("position");
    let waiting = tokio::spawn(rig.get(&format!("/live/poll?{TENANT}&wait=55&after={position}")).token(&short).send());
    while rig.context.hub.stats().connections.load(std::sync::atomic::Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    rig.clock.advance_ms(10_000);
    let ended = Instant::now();
    waiting.await.expect("no panic").problem(401, "token_expired");
    stream.end().await;
    assert!(ended.elapsed() <= Duration::from_secs(1), "{:?}", ended.elapsed());
    assert!(stream.text.contains("\"code\":\"token_expired\""), "{}", stream.text);
}

#[tokio::test]
async fn a_token_s_end_is_the_end_of_its_socket() {
    let rig = Rig::closed();
    let short = token("ann", json!({"exp": NOW.0 / 1_000 + 10}));
    let mut refreshed = follower(&rig, &short).await;
    refreshed.send(json!({"type": "auth", "token": ann()})).await;
    refreshed.frame("authenticated").await;
    let mut socket = follower(&rig, &short).await;
    rig.clock.advance_ms(10_000);
    assert_eq!(socket.close_reason().await, (4100, "token_expired".to_owned()));
    let id = rig.submitted(&ann()).await;
    assert_eq!(refreshed.frame("update").await["job"]["id"], json!(id));
}
