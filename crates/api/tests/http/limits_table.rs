//! Every limit is seen to refuse by name: its code, and its value in the answer. The values in force are asserted once; where they are
//! too costly to reach, the part under test is given smaller ones.

use std::num::NonZeroU32;
use std::time::Duration;

use domain::limits;
use gateway::HubLimits;
use http::StatusCode;
use serde_json::{Value, json};

use crate::live::Stream;
use crate::rig::{Limits, Rig, ann, closed_config, token};
use crate::socket::{Socket, connect, serve};

const ME: &str = "topic=%7B%22owner%22:%22me%22%7D";

#[test]
fn the_limits_in_force_are_those_of_the_design() {
    let hub = HubLimits::default();
    assert_eq!(hub.auth_within, Duration::from_secs(5));
    assert_eq!((hub.sockets_per_principal, hub.waits_per_principal, hub.subscriptions), (20, 100, 200));
    assert_eq!((hub.outbox_bytes, hub.total_outbox_bytes), (1 << 20, 256 << 20));
    assert_eq!((limits::PAYLOAD_BYTES, wire::frame::CLIENT_FRAME_BYTES), (1 << 20, 64 << 10));
    assert_eq!((limits::TAGS, limits::TAG_BYTES, limits::PENDING_PER_OWNER), (50, 100, 100_000));
    let requests = api::RateLimits::default();
    let of = |limit: Option<api::RateLimit>| limit.map(|limit| (limit.per_second.get(), limit.burst.get()));
    assert_eq!((of(requests.principal), of(requests.refused_address)), (Some((200, 400)), Some((5, 50))));
    assert!(!requests.in_open_mode);
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_limit() {
    let rig = Rig::closed();
    let (id, lease) = rig.tracked(&ann()).await;
    let text = |bytes: usize| "x".repeat(bytes);
    let tags = |count: usize, bytes: usize| (0..count).map(|tag| format!("{tag:0bytes$}")).collect::<Vec<_>>();
    let submit = |field: &str, value: Value| ("/jobs".to_owned(), json!({"task": "review", field: value}));
    let report = |what: &str, body: Value| (format!("/jobs/{id}/{what}"), body);
    let mega = limits::PAYLOAD_BYTES;
    for ((path, body), status, code, field, limit) in [
        (submit("input", json!(text(mega))), 413, "too_large", "input", mega),
        (report("complete", json!({"result": text(mega)})), 413, "too_large", "result", mega),
        (submit("tags", json!(tags(51, 3))), 400, "invalid", "tags", 50),
        (submit("tags", json!(tags(1, 101))), 400, "invalid", "tags", 100),
        (submit("metadata", json!({"a": text(limits::METADATA_BYTES)})), 413, "too_large", "metadata", limits::METADATA_BYTES),
        (submit("title", json!(text(301))), 400, "invalid", "title", limits::TITLE_BYTES),
        (submit("session", json!(text(201))), 400, "invalid", "session", limits::NAME_BYTES),
        (report("output", json!({"chunks": [{"text": text(300_000)}]})), 413, "too_large", "chunks", 256 * 1024),
        (("/jobs/batch".to_owned(), json!({"jobs": vec![json!({"task": "review"}); 1_001]})), 400, "invalid", "jobs", 1_000),
        (("/tickets".to_owned(), json!({"topics": vec![json!({"owner": "me"}); 21]})), 400, "invalid", "topics", 20),
    ] {
        let reply = rig.post(&path, body).token(&ann()).header("tidings-lease", &lease).send().await.problem(status, code);
        assert_eq!((&reply.json["field"], &reply.json["limit"]), (&json!(field), &json!(limit)), "{}", reply.body);
    }
    let fits = json!({"task": "review", "input": text(mega - 2), "tags": tags(50, 100)});
    rig.post("/jobs", fits).token(&ann()).send().await.expect(StatusCode::CREATED);
    let done = json!({"result": text(mega - 2)});
    let done = rig.post(&format!("/jobs/{id}/complete"), done).token(&ann()).header("tidings-lease", &lease).send().await;
    done.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_owner_s_waiting_jobs_are_bounded() {
    let rig = Rig::closed();
    let batch = json!({"jobs": vec![json!({"task": "review"}); limits::BATCH_JOBS]});
    let batches = limits::PENDING_PER_OWNER / limits::BATCH_JOBS as u64;
    for _ in 0..batches {
        rig.post("/jobs/batch", batch.clone()).token(&ann()).status().await;
    }
    for body in [json!({"task": "review"}), json!({"task": "mail"})] {
        let reply = rig.post("/jobs", body).token(&ann()).send().await.problem(429, "too_many_pending");
        assert_eq!(reply.json["limit"], limits::PENDING_PER_OWNER, "{}", reply.body);
        assert!(!reply.header("retry-after").is_empty());
    }
    rig.submitted(&token("bob", json!({}))).await;
}

#[tokio::test]
async fn a_principal_s_connections_are_bounded() {
    let rig = Rig::with_hub(closed_config(), Limits::none(), HubLimits { waits_per_principal: 2, ..HubLimits::default() });
    let address = serve(&rig).await;
    let bob = token("bob", json!({}));
    // 20 in all, whichever edge they are of.
    let (mut sockets, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        sockets.push(authenticated(address, &ann()).await);
        streams.push(Stream::open(rig.get(&format!("/live/events?{ME}")).token(&ann())).await);
    }
    let mut refused = connect(address, None).await.expect("a socket");
    refused.send(json!({"type": "auth", "token": ann()})).await;
    let told = refused.frame("error").await;
    assert_eq!(told["code"], "too_many_connections");
    assert!(told["message"].as_str().is_some_and(|message| message.starts_with("20 live connections")), "{told}");
    assert_eq!(refused.close_code().await, 4203);
    let reply = rig.get(&format!("/live/events?{ME}")).token(&ann()).send().await.problem(429, "too_many_connections");
    assert!(reply.text("detail").starts_with("20 live connections"), "{}", reply.body);
    assert!(!reply.header("retry-after").is_empty());
    authenticated(address, &bob).await;
    drop(streams);
    authenticated(address, &ann()).await;

    let position = rig.get(&format!("/live/poll?{ME}&wait=0")).token(&bob).send().await.text("position");
    let poll = |after: &str| rig.get(&format!("/live/poll?{ME}&wait=55&after={after}")).token(&bob);
    // Of three, one is refused at once.
    let mut waits: tokio::task::JoinSet<_> = (0..3).map(|_| poll(&position).send()).collect();
    let reply = tokio::time::timeout(crate::rig::SOON, waits.join_next()).await.expect("an answer").expect("a poll");
    let reply = reply.expect("no panic").problem(429, "too_many_connections");
    assert!(reply.text("detail").starts_with("2 long polls"), "{}", reply.body);
}

async fn authenticated(address: std::net::SocketAddr, token: &str) -> Socket {
    let mut socket = connect(address, None).await.expect("a socket");
    socket.send(json!({"type": "auth", "token": token})).await;
    socket.frame("authenticated").await;
    socket
}

#[tokio::test]
async fn a_connection_is_bounded_in_what_it_may_say_and_when() {
    let limits = HubLimits { auth_within: Duration::from_millis(200), ..HubLimits::default() };
    let rig = Rig::with_hub(closed_config(), Limits::none(), limits);
    let address = serve(&rig).await;
    let mut silent = connect(address, None).await.expect("a socket");
    assert_eq!(silent.close_reason().await, (4204, "auth_timeout".to_owned()));

    let mut socket = authenticated(address, &ann()).await;
    for id in 1..=201 {
        socket.send(json!({"type": "subscribe", "id": id, "topic": {"session": id.to_string()}})).await;
    }
    let told = socket.frame("error").await;
    assert_eq!((&told["code"], &told["id"]), (&json!("too_many_subscriptions"), &json!(201)));
    assert!(told["message"].as_str().is_some_and(|message| message.starts_with("200 ")), "{told}");
    socket.send(json!({"type": "ping"})).await;
    socket.frame("pong").await;

    socket.send(json!({"type": "ping", "more": "x".repeat(64 * 1024)})).await;
    let told = socket.frame("error").await;
    assert_eq!(told["code"], "bad_frame");
    assert!(told["message"].as_str().is_some_and(|message| message.contains("65536 (64 KB)")), "{told}");
    assert_eq!(socket.close_reason().await, (4202, "bad_frame".to_owned()));
}

/// Makes a job and changes it `times`, 300 bytes each, for a stream that takes nothing.
async fn talk(rig: &Rig, times: usize) {
    let id = rig.submitted(&ann()).await;
    for time in 0..times {
        let body = json!({"title": format!("{time:0300}")});
        let patched = rig.call(http::Method::PATCH, &format!("/jobs/{id}")).json(&body).token(&ann()).send().await;
        patched.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn outboxes_are_bounded_and_who_takes_nothing_is_cut() {
    use std::sync::atomic::Ordering::Relaxed;
    for (limits, times) in [
        (HubLimits { outbox_bytes: 20_000, stalled_after: Duration::from_millis(600), ..HubLimits::default() }, 60),
        (HubLimits { total_outbox_bytes: 20_000, stalled_after: Duration::from_millis(600), ..HubLimits::default() }, 60),
    ] {
        let rig = Rig::with_hub(closed_config(), Limits::none(), HubLimits { shards: 1, ..limits });
        let (_, mut stream) = Stream::open(rig.get(&format!("/live/events?{ME}")).token(&ann())).await;
        stream.until("event: live").await;
        talk(&rig, times).await;
        let stats = rig.context.hub.stats();
        let behind = async {
            while stats.behind.load(Relaxed) == 0 {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(crate::rig::SOON, behind).await.expect("it is put behind");
        assert!(stats.outbox_bytes.load(Relaxed) <= 20_000, "{}", stats.outbox_bytes.load(Relaxed));
        let mut look = tokio::time::interval(Duration::from_millis(10));
        let cut = async {
            while stats.cut.load(Relaxed) == 0 {
                look.tick().await;
            }
        };
        tokio::time::timeout(crate::rig::SOON, cut).await.expect("it is cut");
        stream.end().await;
        assert!(stream.text.contains("\"code\":\"too_slow\""), "{}", stream.text);
    }
}

fn few(per_second: u32, burst: u32) -> Option<api::RateLimit> {
    let number = |number| NonZeroU32::new(number).expect("more than zero");
    Some(api::RateLimit { per_second: number(per_second), burst: number(burst) })
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let limits = api::RateLimits { principal: few(1, 2), refused_address: few(1, 2), in_open_mode: true };
    let rig = Rig::with(closed_config(), limits);
    let me = async |token: &str| rig.get("/me").token(token).send().await;
    let refused = |reply: crate::rig::Reply, what: &str| {
        let reply = reply.problem(429, "too_many_requests");
        assert_eq!(reply.json["limit"], 1, "{}", reply.body);
        assert!(reply.text("detail").starts_with(what), "{}", reply.body);
        assert!(reply.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    };
    for _ in 0..2 {
        me(&ann()).await.expect(StatusCode::OK);
    }
    refused(me(&ann()).await, "1 requests a second");
    refused(rig.get(&format!("/live/poll?{ME}&wait=0")).token(&ann()).send().await, "1 requests a second");
    me(&token("bob", json!({}))).await.expect(StatusCode::OK);
    for _ in 0..2 {
        me("").await.problem(401, "unauthenticated");
    }
    refused(me("").await, "1 refused requests of one address");
    // A token that was good once is nobody's guess, and counts on no edge.
    let old = token("ann", json!({"exp": crate::rig::NOW.0 / 1_000 - 1}));
    me(&old).await.problem(401, "token_expired");
    rig.get(&format!("/live/poll?{ME}&wait=0")).token(&old).send().await.problem(401, "token_expired");

    // Other limits hold from now on; one that stays the same stays used.
    rig.context.limits.replace(api::RateLimits { principal: few(1_000, 1_000), ..limits });
    me(&ann()).await.expect(StatusCode::OK);
    refused(me("").await, "1 refused requests of one address");
    rig.context.limits.replace(Limits::none());
    me("").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_guess_over_a_socket_counts_as_one_over_http() {
    let limits = api::RateLimits { principal: None, refused_address: few(1, 3), in_open_mode: true };
    let rig = Rig::with(closed_config(), limits);
    let address = serve(&rig).await;
    let guess = async |token: &str| {
        let mut socket = connect(address, None).await.expect("a socket");
        socket.send(json!({"type": "auth", "token": token})).await;
        let told = socket.frame("error").await;
        (told["message"].as_str().unwrap_or_default().to_owned(), socket.close_code().await)
    };
    let old = token("ann", json!({"exp": crate::rig::NOW.0 / 1_000 - 1}));
    for (guessed, code) in [("x", 4200), (old.as_str(), 4100), ("", 4200), ("tdk_shop_x", 4200)] {
        assert_eq!(guess(guessed).await.1, code, "{guessed}");
    }
    let (message, code) = guess("y").await;
    assert_eq!(code, 4002, "{message}");
    assert!(message.starts_with("1 refused requests of one address a second are allowed"), "{message}");
    // The same count over HTTP, from the same address.
    let asked = reqwest::get(format!("http://{address}/api/v1/me")).await.expect("an answer");
    assert_eq!(asked.status(), 429);
    authenticated(address, &ann()).await;
}
