//! Sessions of the app behind live connections: the end of a session, other rights, another user, an app that is silent.

use std::sync::atomic::Ordering;

use api::access::IntrospectConfig;
use api::{AccessConfig, RateLimits};
use http::StatusCode;
use serde_json::json;

use crate::fake_app::{FakeApp, Manner};
use crate::live::Stream;
use crate::rig::{Call, KEY, Limits, Reply, Rig, SOON, closed_config};
use crate::sessions_table::{OWN, by_cookie};
use crate::socket::{Socket, connect, connect_with, serve};

const TENANT: &str = "topic=%7B%22tenant%22:true%7D";
/// From an answer until a live connection's session is asked about again, at the most.
const AGAIN_MS: i64 = 27_000;

/// A socket whose handshake carried this cookie.
async fn socket(rig: &Rig, cookie: &str) -> Socket {
    connect_with(serve(rig).await, &[("cookie", cookie), ("origin", "https://app.example.com")]).await.expect("a socket")
}

/// One that follows all its user may see.
async fn follower(rig: &Rig, cookie: &str) -> Socket {
    let mut socket = socket(rig, cookie).await;
    socket.send(json!({"type": "auth"})).await;
    let admitted = socket.frame("authenticated").await;
    assert_eq!(admitted.get("expiresAt"), None, "it lasts as long as its session: {admitted}");
    socket.send(json!({"type": "subscribe", "id": 1, "topic": {"tenant": true}})).await;
    socket.frame("live").await;
    socket
}

fn stream(rig: &Rig, cookie: &str) -> Call {
    by_cookie(rig.get(&format!("/live/events?{TENANT}")), cookie)
}

/// A long poll that waits for more.
async fn waiting_poll(rig: &Rig, cookie: &str) -> tokio::task::JoinHandle<Reply> {
    let first = by_cookie(rig.get(&format!("/live/poll?{TENANT}&wait=0")), cookie).send().await.text("position");
    tokio::spawn(by_cookie(rig.get(&format!("/live/poll?{TENANT}&wait=55&after={first}")), cookie).send())
}

async fn submits(rig: &Rig, cookie: &str) -> String {
    by_cookie(rig.post("/jobs", json!({"task": "review"})), cookie).send().await.expect(StatusCode::CREATED).text("id")
}

async fn open_connections(rig: &Rig, count: isize) {
    let open = async {
        while rig.context.hub.stats().connections.load(Ordering::Relaxed) as isize != count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, open).await.expect("so many connections");
}

/// Lets the time pass after which the app is asked again about ann's session, and waits until what it says is known.
async fn again(rig: &Rig, app: &FakeApp) {
    let asked = app.asked();
    rig.clock.advance_ms(30_000);
    app.asked_beyond(asked).await;
    // No former answer is good any more: this waits for the one that is on its way.
    by_cookie(rig.get("/me"), "sid=a").send().await;
}

#[tokio::test]
async fn a_session_s_end_is_the_end_of_all_it_opened() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let mut sockets = [follower(&rig, "sid=a").await, follower(&rig, "sid=a").await];
    let (_, mut streamed) = Stream::open(stream(&rig, "sid=a")).await;
    streamed.until("event: live").await;
    let polled = waiting_poll(&rig, "sid=a").await;
    let mut bobs = follower(&rig, "sid=b").await;
    open_connections(&rig, 5).await;
    assert_eq!(app.asked(), 2, "a session is asked about once, whatever rests on it");

    again(&rig, &app).await;
    let seen = submits(&rig, "sid=a").await;
    for socket in &mut sockets {
        assert_eq!(socket.frame("update").await["job"]["id"], json!(seen), "what stands goes on");
    }
    polled.await.expect("no panic").expect(StatusCode::OK);
    let polled = waiting_poll(&rig, "sid=a").await;
    open_connections(&rig, 5).await;
    assert!(app.asked() <= 4, "{}", app.asked());

    app.signs_out("sid=a");
    rig.clock.advance_ms(AGAIN_MS);
    for socket in &mut sockets {
        assert_eq!(socket.close_reason().await, (4100, "token_expired".to_owned()));
    }
    streamed.end().await;
    assert_eq!(streamed.text.matches("\"code\":\"token_expired\"").count(), 1, "{}", streamed.text);
    polled.await.expect("no panic").problem(401, "token_expired");
    let bob = submits(&rig, "sid=b").await;
    assert_eq!(bobs.frame("update").await["job"]["id"], json!(bob));
    // Who comes back is told to sign in.
    let mut back = socket(&rig, "sid=a").await;
    back.send(json!({"type": "auth"})).await;
    assert_eq!(back.close_code().await, 4200);
    stream(&rig, "sid=a").send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_rest_hears_of_a_sign_out_is_heard_by_all() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let long = json!({"subject": "ann", "exp": (rig.context.engine.clock().now().0 + 3_600_000) / 1_000});
    app.signs_in("sid=a", long);
    let mut socket = follower(&rig, "sid=a").await;
    let asked = app.asked();
    app.signs_out("sid=a");
    // Its answer is too old for a request before the session was due.
    rig.clock.advance_ms(30_000);
    by_cookie(rig.get("/me"), "sid=a").send().await.problem(401, "unauthenticated");
    assert_eq!(socket.close_code().await, 4100);
    assert_eq!(app.asked(), asked + 1);
}

#[tokio::test]
async fn other_rights_are_given_in_place() {
    let app = FakeApp::start().await;
    app.signs_in("sid=a", json!({"subject": "ann", "tenantWide": true}));
    let rig = app.rig();
    let mut socket = follower(&rig, "sid=a").await;
    let (_, mut streamed) = Stream::open(stream(&rig, "sid=a")).await;
    streamed.until("event: live").await;
    let bobs = submits(&rig, "sid=b").await;
    assert_eq!(socket.frame("update").await["job"]["id"], json!(bobs));
    app.signs_in("sid=a", json!({"subject": "ann"}));
    rig.clock.advance_ms(AGAIN_MS);
    let narrowed = socket.frame("authenticated").await;
    assert_eq!(narrowed["principal"]["tenantWide"], json!(false), "{narrowed}");
    streamed.until("\"tenantWide\":false").await;
    let (bobs, anns) = (submits(&rig, "sid=b").await, submits(&rig, "sid=a").await);
    let heard = socket.until(|frame| frame["job"]["id"] == json!(anns)).await;
    assert!(heard.iter().all(|frame| !frame.to_string().contains(&bobs)), "{heard:#?}");
    streamed.until(&anns).await;
    assert!(!streamed.text.contains(&bobs), "{}", streamed.text);

    app.signs_in("sid=a", json!({"subject": "ann", "scopes": ["jobs:submit"]}));
    rig.clock.advance_ms(AGAIN_MS + 1_000);
    assert_eq!(socket.frame("error").await["code"], "forbidden");
}

#[tokio::test]
async fn another_user_in_the_same_session_ends_its_connections() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    for other in [json!({"subject": "eve"}), json!({"subject": "eve", "tenant": "other"})] {
        let mut socket = follower(&rig, "sid=a").await;
        app.signs_in("sid=a", other);
        rig.clock.advance_ms(AGAIN_MS);
        assert_eq!(socket.close_reason().await, (4101, "identity_changed".to_owned()));
        let mut eves = follower(&rig, "sid=a").await;
        let id = submits(&rig, "sid=a").await;
        assert_eq!(eves.frame("update").await["job"]["id"], json!(id), "the new user's own stays");
    }
}

#[tokio::test]
async fn a_session_that_is_lengthened_by_use_goes_on() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let minute = || json!({"subject": "ann", "exp": (rig.context.engine.clock().now().0 + 60_000) / 1_000});
    app.signs_in("sid=a", minute());
    let mut socket = follower(&rig, "sid=a").await;
    for _ in 0..3 {
        app.signs_in("sid=a", minute());
        again(&rig, &app).await;
    }
    let id = submits(&rig, "sid=a").await;
    assert_eq!(socket.frame("update").await["job"]["id"], json!(id));
    // An app that says nothing lengthens nothing.
    app.fails();
    rig.clock.advance_ms(60_000);
    assert_eq!(socket.close_code().await, 4100);
}

#[tokio::test]
async fn an_app_that_is_silent_ends_nothing_for_a_while() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let mut socket = follower(&rig, "sid=a").await;
    app.fails();
    for _ in 0..2 {
        again(&rig, &app).await;
    }
    rig.submitted(&crate::rig::ann()).await;
    socket.frame("update").await;
    let mut late =
        connect_with(serve(&rig).await, &[("cookie", "sid=b"), ("origin", "https://app.example.com")]).await.expect("a socket");
    late.send(json!({"type": "auth"})).await;
    assert_eq!(late.close_reason().await, (4002, "overloaded".to_owned()), "whoever comes now is told to come again");
    by_cookie(rig.get("/me"), "sid=a").send().await.problem(503, "identity_unavailable");

    app.behaves(Manner::Knows);
    again(&rig, &app).await;
    rig.submitted(&crate::rig::ann()).await;
    socket.frame("update").await;

    app.fails();
    rig.clock.advance_ms(300_000);
    assert_eq!(socket.close_reason().await, (4002, "overloaded".to_owned()));
}

#[tokio::test]
async fn a_handshake_counts_only_from_a_page_of_ours() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let address = serve(&rig).await;
    let own: &str = format!("http://{address}").leak();
    let rows: [(&[(&'static str, &str)], &str); 8] = [
        (&[("cookie", "sid=a"), ("origin", own)], "ann"),
        (&[("cookie", "sid=a"), ("sec-fetch-site", "same-origin")], "ann"),
        (&[("cookie", "sid=a"), ("sec-fetch-site", "none")], "4201"),
        (&[("cookie", "sid=a")], "4201"),
        (&[("cookie", "theme=dark"), ("origin", own)], "4200"),
        (&[("origin", own)], "4200"),
        (&[("authorization", &format!("Bearer {KEY}"))], "shop"),
        (&[("cookie", "sid=a"), ("origin", own), ("authorization", &format!("Bearer {KEY}"))], "shop"),
    ];
    for (headers, expected) in rows {
        let mut socket = connect_with(address, headers).await.expect("a socket");
        socket.send(json!({"type": "auth"})).await;
        let told = match expected.parse::<u16>() {
            Ok(_) => socket.close_code().await.to_string(),
            Err(_) => socket.frame("authenticated").await["principal"]["subject"].as_str().expect("a name").to_owned(),
        };
        assert_eq!(told, expected, "{headers:?}");
    }
    let foreign = connect(address, Some("https://evil.example")).await;
    assert!(matches!(foreign, Err(tokio_tungstenite::tungstenite::Error::Http(response)) if response.status() == 403));
    // A token wins over the handshake, and the app's own tokens are taken too.
    app.signs_in("Bearer opaque", json!({"subject": "carl"}));
    for (token, subject) in [(KEY, "shop"), ("opaque", "carl")] {
        let mut socket = connect_with(address, &[("cookie", "sid=a"), ("origin", own)]).await.expect("a socket");
        socket.send(json!({"type": "auth", "token": token})).await;
        assert_eq!(socket.frame("authenticated").await["principal"]["subject"], subject);
    }
    assert_eq!(app.seen().get("cookie"), None, "a token in a frame is shown alone");
}

#[tokio::test]
async fn a_ticket_and_its_cookie_end_with_the_session() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    app.signs_in("Bearer opaque", json!({"subject": "ann"}));
    let ticket = async || rig.post("/tickets", json!({})).token("opaque").send().await.expect(StatusCode::CREATED).text("ticket");
    let open = |ticket: &str| rig.get(&format!("/live/events?{TENANT}&ticket={ticket}"));
    let first = ticket().await;
    let (headers, mut streamed) = Stream::open(open(&first)).await;
    let cookie = headers["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair").to_owned();
    streamed.until("event: live").await;
    drop(streamed);
    open_connections(&rig, 0).await;
    // The cookie is as good as the session, long after the connection went.
    rig.clock.advance_ms(600_000);
    let again = || open(&first).header("cookie", &cookie);
    let (_, mut streamed) = Stream::open(again()).await;
    streamed.until("event: live").await;
    app.fails();
    rig.clock.advance_ms(31_000);
    again().send().await.problem(503, "identity_unavailable");
    app.behaves(Manner::Knows);
    rig.clock.advance_ms(2_000);
    let second = ticket().await;
    app.signs_out("Bearer opaque");
    rig.clock.advance_ms(28_000);
    streamed.end().await;
    assert!(streamed.text.contains("\"code\":\"token_expired\""), "{}", streamed.text);
    again().send().await.problem(401, "bad_ticket");
    open(&second).send().await.problem(401, "unauthenticated");
    // Somebody else in the same session has no use of it.
    rig.clock.advance_ms(3_000);
    app.signs_in("Bearer opaque", json!({"subject": "ann"}));
    let third = ticket().await;
    app.signs_in("Bearer opaque", json!({"subject": "eve"}));
    rig.clock.advance_ms(29_999);
    open(&third).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn other_rules_end_what_rested_on_the_former() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let reload = |config: AccessConfig| {
        rig.context.access.replace(config).expect("a good configuration");
        rig.context.engine.rights_changed(None);
    };
    let mut socket = follower(&rig, "sid=a").await;
    // A shorter life of answers takes nothing away.
    let short = IntrospectConfig { cache_ms: 1_000, ..app.introspect() };
    reload(AccessConfig { introspect: Some(short), ..app.config() });
    let id = submits(&rig, "sid=a").await;
    assert_eq!(socket.frame("update").await["job"]["id"], json!(id));
    reload(closed_config());
    assert_eq!(socket.close_code().await, 4100);
}

#[tokio::test]
async fn many_sessions_are_asked_about_in_their_time() {
    let app = FakeApp::start().await;
    let rig = Rig::with(app.config(), RateLimits { ..Limits::none() });
    let mut sockets = Vec::new();
    for number in 0..40 {
        let sid = format!("sid=n{number}");
        app.signs_in(&sid, json!({"subject": format!("user{number}")}));
        sockets.push(follower(&rig, &sid).await);
    }
    for number in 0..40 {
        app.signs_out(&format!("sid=n{number}"));
    }
    let asked = app.asked();
    rig.clock.advance_ms(AGAIN_MS);
    for socket in &mut sockets {
        assert_eq!(socket.close_code().await, 4100);
    }
    assert_eq!(app.asked(), asked + 40);
    let (_, streamed) = Stream::open(stream(&rig, "sid=b").header(OWN.0, OWN.1)).await;
    drop(streamed);
    drop(sockets);
    open_connections(&rig, 0).await;
}
