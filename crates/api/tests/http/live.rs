//! The edges: a poll, a stream, a ticket, a socket.

use axum::body::Body;
use futures::StreamExt;
use http::StatusCode;
use serde_json::json;
use tower::ServiceExt;

use crate::rig::{Call, KEY, NOW, Rig, SOON, ann, token};

const ME: &str = "topic=%7B%22owner%22:%22me%22%7D";

/// An open stream, read up to a word.
pub struct Stream {
    body: axum::body::BodyDataStream,
    pub text: String,
}

impl Stream {
    pub async fn open(call: Call) -> (http::HeaderMap, Stream) {
        let (app, request) = call.build();
        let response = app.oneshot(request).await.expect("the router never fails");
        assert_eq!(response.status(), StatusCode::OK);
        let (parts, body) = response.into_parts();
        (parts.headers, Stream { body: Body::into_data_stream(body), text: String::new() })
    }

    pub async fn until(&mut self, word: &str) {
        let read = async {
            while !self.text.contains(word) {
                let chunk = self.body.next().await.expect("the stream goes on").expect("a chunk");
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        if tokio::time::timeout(SOON, read).await.is_err() {
            panic!("no {word} in {}", self.text);
        }
    }

    pub async fn end(&mut self) {
        let read = async {
            while let Some(chunk) = self.body.next().await {
                self.text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk")));
            }
        };
        tokio::time::timeout(SOON, read).await.expect("the stream ends");
    }

    fn last_id(&self) -> String {
        let mut ids = self.text.lines().filter_map(|line| line.strip_prefix("id: "));
        ids.next_back().expect("a position").to_owned()
    }
}

#[tokio::test]
async fn a_poll_brings_the_state_and_then_what_happens() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    let first = rig.get(&format!("/live/poll?{ME}&wait=5")).token(&ann()).send().await.expect(StatusCode::OK);
    assert_eq!(first.json["reset"], true);
    assert_eq!(first.json["frames"][0]["jobs"][0]["id"], json!(id));
    let after = first.text("position");
    let poll = rig.get(&format!("/live/poll?{ME}&wait=9&after={after}")).token(&ann()).send();
    let ann_token = ann();
    let (polled, other) = tokio::join!(poll, rig.submitted(&ann_token));
    let polled = polled.expect(StatusCode::OK);
    assert_eq!((polled.json["reset"].clone(), polled.json["frames"][0]["job"]["id"].clone()), (json!(false), json!(other)));
    let none = rig.get(&format!("/live/poll?{ME}&wait=0&after={}", polled.text("position"))).token(&ann()).send().await;
    assert_eq!(none.expect(StatusCode::OK).json["frames"], json!([]));
    let bobs = rig.get(&format!("/live/poll?{ME}&wait=0")).token(&token("bob", json!({}))).send().await.expect(StatusCode::OK);
    assert!(!bobs.body.contains(&id));
    for query in ["", "topic=x", "topic=%7B%22planet%22:1%7D", "topic=%7B%22tenant%22:true%7D&wait=56"] {
        rig.get(&format!("/live/poll?{query}")).token(&ann()).send().await.problem(400, "invalid");
    }
}

/// Each topic goes on from a place of its own: the subscription ids that are told, the kinds, and whether something begins anew.
#[tokio::test]
async fn after_is_given_once_or_for_each_topic() {
    const STATS: &str = "topic=%7B%22stats%22:true%7D";
    let rig = Rig::closed();
    let (id, lease) = rig.tracked(&ann()).await;
    let report = |what: &str, body| rig.post(&format!("/jobs/{id}/{what}"), body).token(&ann()).header("tidings-lease", &lease);
    let old = rig.get(&format!("/live/poll?{ME}&wait=0")).token(&ann()).send().await.text("position");
    report("output", json!({"chunks": [{"text": "first\n"}]})).send().await.expect(StatusCode::OK);
    rig.submitted(&ann()).await;
    let new = rig.get(&format!("/live/poll?{ME}&wait=0")).token(&ann()).send().await.text("position");
    report("output", json!({"chunks": [{"text": "second\n"}]})).send().await.expect(StatusCode::OK);
    let tenant = "topic=%7B%22tenant%22:true%7D";
    let output = format!("topic=%7B%22output%22:%22{id}%22%7D");
    let rows = [
        (format!("{ME}&{tenant}&after={old}"), "update [1], update [2]", false),
        (format!("{ME}&{tenant}&after={old}&after={new}"), "update [1]", false),
        (format!("{ME}&{tenant}&after={new}&after={old}"), "update [2]", false),
        (format!("{ME}&{tenant}&after={new}&after="), "snapshot 2, live 2", true),
        (format!("{ME}&{STATS}&after={new}&after="), "stats [2]", false),
        (format!("{ME}&{output}&after={new}&after=1:6"), "output [2] 6", false),
        (format!("{ME}&{output}&after={new}&outputAfter=1:6"), "output [2] 6", false),
        (format!("{ME}&{output}&after={new}&after=1:6&outputAfter=1:0"), "output [2] 6", false),
        (format!("{output}&after=1:6"), "output [1] 6", false),
        (format!("{output}&after={new}&outputAfter=1:6"), "output [1] 6", false),
        (format!("{output}&after={new}"), "output [1] 0", false),
    ];
    let short = |frame: &serde_json::Value| {
        let of = if frame["subs"].is_null() { &frame["id"] } else { &frame["subs"] };
        let offset = frame["offset"].as_u64().map(|offset| format!(" {offset}")).unwrap_or_default();
        format!("{} {of}{offset}", frame["type"].as_str().expect("a type"))
    };
    for (query, told, reset) in rows {
        let polled = rig.get(&format!("/live/poll?{query}&wait=5")).token(&ann()).send().await.expect(StatusCode::OK);
        let frames: Vec<String> = polled.json["frames"].as_array().expect("frames").iter().map(short).collect();
        assert_eq!((frames.join(", ").as_str(), &polled.json["reset"]), (told, &json!(reset)), "{query}");
        let (_, mut stream) = Stream::open(rig.get(&format!("/live/events?{query}")).token(&ann())).await;
        stream.until(if told.starts_with("output") { "second" } else { "event: live" }).await;
        assert!(stream.text.starts_with("retry: 2000\nevent: hello\n"), "{}", stream.text);
        assert!(
            stream.text.contains("\n\nevent: authenticated\ndata: {\"type\":\"authenticated\",\"principal\":{\"subject\":\"ann\"")
        );
    }
    for path in ["events", "poll"] {
        let call = rig.get(&format!("/live/{path}?{ME}&{STATS}&{tenant}&after={new}&after={old}")).token(&ann());
        let refused = call.send().await.problem(400, "invalid");
        assert!(refused.body.contains("is given 2 times for 3 topics"), "{}", refused.body);
    }
    // The place that an EventSource comes back with counts for all topics of the log, and for no output.
    let query = format!("{ME}&{tenant}&{output}&after=&after={old}&after=1:6");
    let call = rig.get(&format!("/live/events?{query}")).token(&ann()).header("last-event-id", &new);
    let (_, mut stream) = Stream::open(call).await;
    stream.until("second").await;
    stream.until("\"type\":\"live\",\"id\":2,").await;
    assert!(!stream.text.contains("event: update") && !stream.text.contains("event: snapshot"), "{}", stream.text);
    assert!(!stream.text.contains("first"), "{}", stream.text);
}

#[tokio::test]
async fn a_stream_tells_who_it_is_and_until_when() {
    let rig = Rig::closed();
    let short = token("ann", json!({"exp": NOW.0 / 1_000 + 600}));
    for (token, subject, expires_at) in [(short.as_str(), "ann", json!("2026-11-22T18:40:00.000Z")), (KEY, "shop", json!(null))] {
        let (_, mut stream) = Stream::open(rig.get(&format!("/live/events?{ME}")).token(token)).await;
        stream.until("event: live").await;
        let frame =
            stream.text.lines().find_map(|line| line.strip_prefix("data: ").filter(|data| data.contains("\"authenticated\"")));
        let frame: serde_json::Value = serde_json::from_str(frame.expect("a frame")).expect("JSON");
        assert_eq!((&frame["principal"]["subject"], &frame["expiresAt"]), (&json!(subject), &expires_at), "{frame}");
    }
}

#[tokio::test]
async fn a_poll_that_only_waits_is_sent_off_when_the_server_drains() {
    let rig = Rig::closed();
    let token = ann();
    let first = rig.get(&format!("/live/poll?{ME}&wait=0")).token(&token).send().await.expect(StatusCode::OK);
    let after = first.text("position");
    let idle = rig.get(&format!("/live/poll?{ME}&wait=55&after={after}")).token(&token).send();
    let drain = async { rig.context.draining.cancel() };
    let (reply, ()) = tokio::time::timeout(SOON, async { tokio::join!(idle, drain) }).await.expect("an answer at once");
    let reply = reply.expect(StatusCode::OK);
    assert_eq!((reply.text("position"), reply.json["frames"].clone()), (after, json!([])));
}

#[tokio::test]
async fn a_stream_of_one_job_ends_with_it_and_stays_ended() {
    let rig = Rig::closed();
    let (id, lease) = rig.tracked(&ann()).await;
    let (headers, mut stream) = Stream::open(rig.get(&format!("/jobs/{id}/live")).token(&ann())).await;
    assert_eq!(
        (&headers["content-type"], &headers["cache-control"], &headers["x-accel-buffering"]),
        (&"text/event-stream".parse().expect("a value"), &"no-store".parse().expect("a value"), &"no".parse().expect("a value"))
    );
    stream.until("event: live").await;
    assert!(stream.text.starts_with("retry: "), "{}", stream.text);
    rig.post(&format!("/jobs/{id}/complete"), json!({}))
        .token(&ann())
        .header("tidings-lease", &lease)
        .send()
        .await
        .expect(StatusCode::OK);
    stream.end().await;
    assert!(stream.text.contains("\"kind\":\"settled\""), "{}", stream.text);
    let again = rig.get(&format!("/jobs/{id}/live?after=none")).token(&ann()).header("last-event-id", &stream.last_id());
    again.send().await.expect(StatusCode::NO_CONTENT);
}

/// In one browser somebody signs in after somebody else, whose cookie is still there: each ticket opens what it was made for.
#[tokio::test]
async fn a_cookie_of_before_does_not_answer_for_a_ticket_of_now() {
    let rig = Rig::closed();
    let bob = token("bob", json!({}));
    let anns = rig.submitted(&ann()).await;
    let bobs = rig.submitted(&bob).await;
    // As a browser keeps them: one for each name.
    let mut jar: std::collections::BTreeMap<String, String> = Default::default();
    let mut held = Vec::new();
    for (user, own, other) in [(&ann(), &anns, &bobs), (&bob, &bobs, &anns)] {
        let ticket = rig.post("/tickets", json!({"topics": [{"owner": "me"}]})).token(user).send().await.text("ticket");
        let call = rig.get(&format!("/live/events?{ME}&ticket={ticket}")).header("cookie", &shown(&jar));
        let (headers, mut stream) = Stream::open(call).await;
        stream.until("event: live").await;
        assert!(stream.text.contains(own) && !stream.text.contains(other), "{}", stream.text);
        let pair = headers["set-cookie"].to_str().expect("a cookie").split(';').next().expect("a pair");
        let (name, value) = pair.split_once('=').expect("a pair");
        jar.insert(name.to_owned(), value.to_owned());
        held.push((ticket, name.to_owned(), value.to_owned(), other));
    }
    // Both come back with what they have; whose cookie was overwritten needs a new ticket, and is never shown another's jobs.
    for (ticket, name, value, other) in held {
        let call = rig.get(&format!("/live/events?{ME}&ticket={ticket}")).header("cookie", &shown(&jar));
        if jar[&name] != value {
            call.send().await.problem(401, "bad_ticket");
            continue;
        }
        let (_, mut stream) = Stream::open(call).await;
        stream.until("event: live").await;
        assert!(!stream.text.contains(other), "{}", stream.text);
    }
}

fn shown(jar: &std::collections::BTreeMap<String, String>) -> String {
    jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn a_ticket_opens_one_stream_and_its_cookie_the_next_ones() {
    let rig = Rig::closed();
    let ticket = |topics| rig.post("/tickets", json!({"topics": topics})).token(&ann());
    let mine = json!([{"owner": "me"}]);
    let text = ticket(mine.clone()).send().await.expect(StatusCode::CREATED).text("ticket");
    let (headers, mut stream) = Stream::open(rig.get(&format!("/live/events?{ME}&ticket={text}"))).await;
    stream.until("event: live").await;
    let cookie = headers["set-cookie"].to_str().expect("a cookie").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/live", "Max-Age=6"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let again = rig.get(&format!("/live/events?{ME}&ticket={text}")).header("cookie", &pair);
    let (_, mut stream) = Stream::open(again).await;
    stream.until("event: live").await;
    // The cookie is good for these topics, this origin and the live routes only.
    let other = "topic=%7B%22tenant%22:true%7D";
    rig.get(&format!("/live/events?{other}&ticket={text}")).header("cookie", &pair).send().await.problem(401, "bad_ticket");
    let spent = format!("/live/events?{ME}&ticket={text}");
    let elsewhere = rig.get(&spent).header("cookie", &pair).header("origin", "https://app.example.com");
    elsewhere.send().await.problem(401, "bad_ticket");
    rig.get(&spent).send().await.problem(401, "bad_ticket");
    // Without its ticket it is good for nothing.
    rig.get(&format!("/live/events?{ME}")).header("cookie", &pair).send().await.problem(401, "unauthenticated");
    rig.get("/jobs").header("cookie", &pair).send().await.problem(401, "unauthenticated");
    let value = pair.split_once('=').expect("a pair").1;
    rig.get("/jobs").token(value).send().await.problem(401, "unauthenticated");

    let proxied = ticket(mine).header("origin", "https://app.example.com").send().await.text("ticket");
    let call = rig.get(&format!("/live/events?{ME}&ticket={proxied}")).header("sec-fetch-site", "same-origin");
    Stream::open(call).await.1.until("event: live").await;
}
