//! Sockets of older systems whose users keep the session of their app, and what a dashboard's clean-up and retries do over days.

use futures::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::fake_app::FakeApp;
use crate::rig::{KEY, Rig, SOON, ann, token};
use crate::sessions_table::by_cookie;
use crate::socket::serve;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(rig: &Rig, path: &str, cookie: &str) -> Socket {
        let mut request = format!("ws://{}{path}", serve(rig).await).into_client_request().expect("an address");
        for (name, value) in [("cookie", cookie), ("origin", "https://app.example.com")] {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
        Socket(tokio_tungstenite::connect_async(request).await.expect("a socket").0)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("sent");
    }

    /// The next message of this type, or the code of the close.
    async fn hear(&mut self, kind: &str) -> Result<Value, u16> {
        loop {
            match tokio::time::timeout(SOON, self.0.next()).await.expect("in time").expect("a message").expect("no error") {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == kind {
                        return Ok(message);
                    }
                }
                Message::Close(close) => return Err(close.map_or(0, |close| close.code.into())),
                _ => {}
            }
        }
    }
}

/// The page of system 0's document sends no token; later ones ask for a token first. Both speak for the session of the handshake's cookie.
#[tokio::test]
async fn a_session_cookie_is_enough_for_the_socket_of_runs_and_its_end_closes_it() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let told = by_cookie(rig.get("//api/websocket-token"), "sid=a").send().await.expect(StatusCode::OK).text("token");
    let mut sockets = Vec::new();
    for first in [json!({"type": "subscribe_user", "userId": "bob"}), json!({"type": "authenticate", "token": told})] {
        let mut socket = Socket::open(&rig, "/api/websocket", "sid=a").await;
        socket.say(first).await;
        assert_eq!(socket.hear("authenticated").await.expect("let in")["userId"], "ann");
        sockets.push(socket);
    }
    by_cookie(rig.post("/jobs", json!({"task": "review"})), "sid=b").send().await.expect(StatusCode::CREATED);
    rig.clock.advance_ms(1);
    let run = by_cookie(rig.post("/jobs", json!({"task": "review"})), "sid=a").send().await.expect(StatusCode::CREATED).text("id");
    for socket in &mut sockets {
        assert_eq!(socket.hear("run_update").await.expect("an update")["runId"], json!(run), "and none of bob's");
    }
    app.signs_out("sid=a");
    rig.clock.advance_ms(30_000);
    for socket in &mut sockets {
        assert_eq!(socket.hear("error").await.expect("why")["code"], "INVALID_TOKEN");
        assert_eq!(socket.hear("nothing").await, Err(4100));
    }
    let mut back = Socket::open(&rig, "/api/websocket", "sid=a").await;
    back.say(json!({"type": "subscribe_user"})).await;
    assert_eq!(back.hear("error").await.expect("why")["code"], "UNAUTHORIZED");
    assert_eq!(back.hear("nothing").await, Err(4200));
}

/// Who lost a right is told no more: the connection hears of it, not only its beginning.
#[tokio::test]
async fn an_administrator_who_is_none_any_more_is_told_of_no_foreign_job() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let session = |wide: bool| json!({"subject": "boss", "scopes": ["jobs:read"], "tenantWide": wide});
    app.signs_in("sid=boss", session(true));
    let mut socket = Socket::open(&rig, "/api/notifications/ws", "sid=boss").await;
    socket.say(json!({"type": "auth"})).await;
    socket.say(json!({"type": "subscribe_jobs"})).await;
    socket.hear("jobs_subscribed").await.expect("let in");
    let foreign = || by_cookie(rig.post("/jobs", json!({"task": "review"})), "sid=a").send();
    foreign().await.expect(StatusCode::CREATED);
    socket.hear("job_update").await.expect("an administrator is told");
    app.signs_in("sid=boss", session(false));
    let asked = app.asked();
    rig.clock.advance_ms(30_000);
    app.asked_beyond(asked).await;
    by_cookie(rig.get("/me"), "sid=boss").send().await;
    foreign().await;
    socket.say(json!({"type": "ping"})).await;
    loop {
        match socket.0.next().await.expect("a message").expect("no error") {
            Message::Text(text) if text.contains("\"pong\"") => break,
            Message::Text(text) => assert!(!text.contains("\"job_update\""), "told of a foreign job: {text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_dashboard_s_cleanup_takes_what_is_old_and_over_and_its_user_may_see() {
    let rig = Rig::closed();
    let ended = async |owner: &str| {
        let made = rig.post("/jobs", json!({"task": "report", "mode": "tracked", "owner": owner})).token(KEY).send().await;
        let (id, lease) = (made.text("id"), made.json["lease"]["token"].as_str().expect("a lease").to_owned());
        let report = rig.post(&format!("/jobs/{id}/complete"), json!({"result": 1})).token(KEY);
        report.header("tidings-lease", &lease).send().await.expect(StatusCode::OK);
        id
    };
    let (old, foreign) = (ended("ann").await, ended("bob").await);
    let waits = rig.submitted(&ann()).await;
    rig.clock.advance_ms(8 * DAY_MS);
    let young = ended("ann").await;
    let user = |name: &str| token(name, json!({"exp": rig.context.engine.clock().now().0 / 1_000 + 600}));
    let cleaned = rig.post("//api/jobs/jobs/cleanup", json!({})).token(&user("ann")).send().await.expect(StatusCode::OK);
    assert_eq!(cleaned.json, json!({"message": "Cleaned up 1 jobs", "data": {"deleted": 1, "daysOld": 7}}));
    let left = rig.get("//api/jobs/jobs").token(&user("ann")).send().await.expect(StatusCode::OK);
    let ids: Vec<_> = left.json["data"].as_array().expect("jobs").iter().map(|job| job["id"].clone()).collect();
    assert_eq!(ids, [json!(young), json!(waits)]);
    rig.get(&format!("//api/jobs/{old}")).token(&user("ann")).send().await.expect(StatusCode::NOT_FOUND);
    rig.get(&format!("//api/jobs/{foreign}")).token(&user("bob")).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn runs_are_listed_for_a_minute_after_their_end() {
    let rig = Rig::closed();
    let run = rig.submitted(&ann()).await;
    rig.post(&format!("/jobs/{run}/abort"), json!({})).token(&ann()).send().await.expect(StatusCode::OK);
    for (after_ms, count) in [(59_999, 1), (1, 0)] {
        rig.clock.advance_ms(after_ms);
        let listed = rig.get("//api/runs/active").token(&ann()).send().await.expect(StatusCode::OK);
        assert_eq!(listed.json.as_array().map(Vec::len), Some(count), "{}", listed.body);
    }
}
