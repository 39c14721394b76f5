//! The table of who may watch what: a row for each topic on each edge, one for each frame of a client, one for each use of a ticket.

use std::net::SocketAddr;

use domain::Topic;
use http::StatusCode;
use serde_json::{Value, json};
use wire::frame::ClientFrame;

use crate::live::Stream;
use crate::rig::{Call, KEY, NOW, Rig, ann, closed_config, forged, token, unsigned};
use crate::socket::{Socket, connect, serve};

/// A well-formed id that no job has.
const NEVER: &str = "job_0000000000000000000000000a";

/// Every topic that finds the job of [`described`]. Subscription ids are their places, from 1.
fn topics(id: &str) -> Vec<Value> {
    let topics = vec![
        json!({"job": id}),
        json!({"owner": "ann"}),
        json!({"session": "s1"}),
        json!({"subject": {"type": "doc", "id": "7"}}),
        json!({"task": "import"}),
        json!({"tag": "rare"}),
        json!({"batch": "b1"}),
        json!({"root": id}),
        json!({"tenant": true}),
        json!({"stats": true}),
        json!({"output": id}),
        json!({"tasks": true}),
    ];
    let kinds: std::collections::BTreeSet<usize> =
        topics.iter().map(|topic| place(&wire::convert::topic_in(topic).expect("a topic"))).collect();
    assert_eq!(kinds.len(), topics.len(), "one of each kind");
    topics
}

/// A kind of topic that is added fails to compile here until it has a row above.
fn place(topic: &Topic) -> usize {
    match topic {
        Topic::Job(_) => 1,
        Topic::Owner(_) => 2,
        Topic::Session(_) => 3,
        Topic::Subject(_) => 4,
        Topic::Task(_) => 5,
        Topic::Tag(_) => 6,
        Topic::Batch(_) => 7,
        Topic::Root(_) => 8,
        Topic::Tenant => 9,
        Topic::Stats => 10,
        Topic::Output(_) => 11,
        Topic::Tasks => 12,
    }
}

/// A running job of ann's that every topic finds, and its lease.
async fn described(rig: &Rig) -> (String, String) {
    let job = json!({
        "task": "import", "mode": "tracked", "title": "unicorns", "session": "s1", "subject": {"type": "doc", "id": "7"},
        "tags": ["rare"], "batchId": "b1",
    });
    let made = rig.post("/jobs", job).token(&ann()).send().await.expect(StatusCode::CREATED);
    (made.text("id"), made.json["lease"]["token"].as_str().expect("a lease").to_owned())
}

/// Ann works: progress, output, a change, the end.
async fn work(rig: &Rig, id: &str, lease: &str) {
    for (what, body) in [
        ("progress", json!({"percentage": 50, "message": "unicorns"})),
        ("output", json!({"chunks": [{"text": "unicorns"}]})),
        ("complete", json!({"result": "unicorns"})),
    ] {
        let path = format!("/jobs/{id}/{what}");
        rig.post(&path, body).token(&ann()).header("tidings-lease", lease).send().await.expect(StatusCode::OK);
    }
}

fn in_query(topics: &[Value]) -> String {
    let encoded = |topic: &Value| topic.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    topics.iter().map(|topic| format!("topic={}", encoded(topic))).collect::<Vec<_>>().join("&")
}

fn has_output(frame: &Value) -> bool {
    frame["chunks"][0].is_object()
}

/// Follows topics over an edge while ann works and then the follower submits a job of its own; answers all frames up to that job's.
async fn watched(rig: &Rig, edge: &str, token: &str, topics: &[Value], id: &str, lease: &str) -> Vec<Value> {
    let mut topics = topics.to_vec();
    topics.push(json!({"owner": "me"}));
    let last = topics.len();
    let own = async || rig.submitted(token).await;
    // Output is read beside the log: to whom it is shown, it may come after the job that comes last.
    let is_hers = token == ann();
    match edge {
        "ws" => {
            let mut socket = authenticated(serve(rig).await, token).await;
            for (number, topic) in (1..).zip(&topics) {
                socket.send(json!({"type": "subscribe", "id": number, "topic": topic})).await;
            }
            let mut heard = socket.until(|frame| frame["type"] == "live" && frame["id"] == last).await;
            work(rig, id, lease).await;
            let own = own().await;
            heard.extend(socket.until(|frame| frame["job"]["id"] == json!(own)).await);
            if is_hers && !heard.iter().any(has_output) {
                heard.extend(socket.until(has_output).await);
            }
            heard
        }
        "sse" => {
            let (_, mut stream) = Stream::open(rig.get(&format!("/live/events?{}", in_query(&topics))).token(token)).await;
            stream.until(&format!("\"type\":\"live\",\"id\":{last},")).await;
            work(rig, id, lease).await;
            let own = own().await;
            stream.until(&own).await;
            if is_hers {
                stream.until("\"text\":\"unicorns").await;
            }
            let data = stream.text.lines().filter_map(|line| line.strip_prefix("data: "));
            data.map(|json| serde_json::from_str(json).expect("JSON")).collect()
        }
        _ => {
            let poll = async |rest: &str| {
                let reply = rig.get(&format!("/live/poll?{}&{rest}", in_query(&topics))).token(token).send().await;
                reply.expect(StatusCode::OK)
            };
            let first = poll("wait=0").await;
            let mut heard = first.json["frames"].as_array().expect("frames").clone();
            let mut after = first.text("position");
            work(rig, id, lease).await;
            let own = own().await;
            let mut is_told = false;
            loop {
                let next = poll(&format!("wait=5&after={after}")).await;
                heard.extend(next.json["frames"].as_array().expect("frames").clone());
                after = next.text("position");
                is_told |= next.body.contains(&own);
                if is_told && (!is_hers || heard.iter().any(has_output)) {
                    return heard;
                }
            }
        }
    }
}

async fn authenticated(address: SocketAddr, token: &str) -> Socket {
    let mut socket = connect(address, None).await.expect("a socket");
    socket.send(json!({"type": "auth", "token": token})).await;
    socket.frame("authenticated").await;
    socket
}

#[tokio::test]
async fn no_topic_on_any_edge_shows_a_foreign_job() {
    for edge in ["ws", "sse", "poll"] {
        let rig = Rig::closed();
        let (id, lease) = described(&rig).await;
        let hers = watched(&rig, edge, &ann(), &topics(&id), &id, &lease).await;
        for number in 1..=12 {
            let is_of = |frame: &&Value| {
                let subs = frame["subs"].as_array().is_some_and(|subs| subs.contains(&json!(number)));
                let shows = |text: &str| text.contains("unicorns") || text.contains("\"total\":") || text.contains("\"tasks\":");
                (subs || frame["id"] == number) && shows(&frame.to_string())
            };
            assert!(hers.iter().any(|frame| is_of(&frame)), "{edge}: she sees it under topic {number}: {hers:#?}");
        }
        for (stranger, token) in [
            ("another owner", token("bob", json!({}))),
            ("her name in another tenant", token("ann", json!({"tenant": "other"}))),
            ("an administrator of another tenant", token("root", json!({"tenant": "third", "scope": "admin"}))),
        ] {
            let (id, lease) = described(&rig).await;
            let seen = watched(&rig, edge, &token, &topics(&id), &id, &lease).await;
            for frame in &seen {
                let text = frame.to_string();
                // The refusal of a topic does not repeat it.
                assert!(!text.contains(&id) && !text.contains("unicorns"), "{edge}, {stranger}: {text}");
                let is_fence = frame["stats"]["byStatus"]["pending"] == 1;
                assert!(frame["type"] != "stats" || is_fence || frame["stats"]["total"] == 0, "{edge}, {stranger}: {text}");
            }
            let refusals = |frames: &[Value]| {
                let errors = frames.iter().filter(|frame| frame["type"] == "error");
                let told = |frame: &Value| (frame["id"].as_u64(), frame["code"].clone(), frame["message"].clone());
                let mut refusals: Vec<_> = errors.map(told).collect();
                refusals.sort_by_key(|(number, ..)| *number);
                // Each poll joins anew, and is refused anew.
                refusals.dedup();
                refusals
            };
            let refused = refusals(&seen);
            assert_eq!(
                refused.iter().map(|(number, ..)| number.unwrap_or(0)).collect::<Vec<_>>(),
                [1, 8, 11],
                "{edge}: {refused:?}"
            );
            assert!(refused.iter().all(|(_, code, _)| code == "not_found"), "{edge}: {refused:?}");
            let (other_id, other_lease) = described(&rig).await;
            let never = watched(&rig, edge, &token, &topics(NEVER), &other_id, &other_lease).await;
            assert_eq!(refused, refusals(&never), "{edge}, {stranger}: as if it had never been");
        }
    }
}

#[tokio::test]
async fn no_topic_on_any_edge_is_followed_without_the_scope() {
    let rig = Rig::closed();
    let (id, _) = described(&rig).await;
    let small = token("ann", json!({"scope": "jobs:submit jobs:control jobs:report"}));
    let mut socket = authenticated(serve(&rig).await, &small).await;
    for (number, topic) in (1..).zip(topics(&id)) {
        socket.send(json!({"type": "subscribe", "id": number, "topic": topic})).await;
        let refused = socket.frame("error").await;
        assert_eq!((&refused["code"], &refused["id"]), (&json!("forbidden"), &json!(number)));
        let query = in_query(std::slice::from_ref(&topic));
        rig.get(&format!("/live/events?{query}")).token(&small).send().await.problem(403, "missing_scope");
        rig.get(&format!("/live/poll?{query}&wait=0")).token(&small).send().await.problem(403, "missing_scope");
    }
}

/// What a frame is answered with.
#[derive(Debug)]
enum Then {
    /// A frame of this type goes on.
    Answer(&'static str),
    /// An error of this code, and the connection goes on.
    Error(&'static str),
    /// An error of this name, and the connection is closed with this code.
    Close(u16, &'static str),
}

/// A frame that is added fails to compile here until the table below has a row for it.
fn word(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Auth { .. } => "auth",
        ClientFrame::Subscribe { .. } => "subscribe",
        ClientFrame::Unsubscribe { .. } => "unsubscribe",
        ClientFrame::Ping => "ping",
    }
}

#[tokio::test]
async fn each_frame_is_answered_as_its_sender_may_expect() {
    use Then::*;
    let rig = Rig::closed();
    let address = serve(&rig).await;
    let auth = |token: String| json!({"type": "auth", "token": token});
    let subscribe = json!({"type": "subscribe", "id": 1, "topic": {"owner": "me"}});
    let unsubscribe = json!({"type": "unsubscribe", "id": 1});
    let (ping, bare) = (json!({"type": "ping"}), json!({"type": "auth"}));
    let seconds = NOW.0 / 1_000;
    let (expired, early) = (token("ann", json!({"exp": seconds - 60})), token("ann", json!({"nbf": seconds + 60})));
    let bad_topic = json!({"type": "subscribe", "id": 1, "topic": {"moon": 1}});
    let never = json!({"type": "subscribe", "id": 1, "topic": {"job": NEVER}});
    let nobody = || Close(4200, "unauthenticated");
    let rows = [
        (false, ping.clone(), Answer("pong")),
        (false, subscribe.clone(), Close(4202, "bad_frame")),
        (false, unsubscribe.clone(), Close(4202, "bad_frame")),
        (false, json!({"type": "dance"}), Close(4202, "bad_frame")),
        (false, auth(ann()), Answer("authenticated")),
        (false, auth(KEY.to_owned()), Answer("authenticated")),
        (false, bare.clone(), nobody()),
        (false, auth(String::new()), nobody()),
        (false, auth("x".to_owned()), nobody()),
        (false, auth(forged()), nobody()),
        (false, auth(unsigned("none")), nobody()),
        (false, auth(early.clone()), nobody()),
        (false, auth("tdk_shop_wrong".to_owned()), nobody()),
        (false, auth(expired.clone()), Close(4100, "token_expired")),
        (true, ping, Answer("pong")),
        (true, subscribe, Answer("snapshot")),
        (true, unsubscribe, Answer("unsubscribed")),
        (true, bad_topic, Error("bad_topic")),
        (true, never, Error("not_found")),
        (true, auth(ann()), Answer("authenticated")),
        (true, auth(token("bob", json!({}))), Close(4101, "identity_changed")),
        (true, auth(token("ann", json!({"tenant": "other"}))), Close(4101, "identity_changed")),
        (true, auth(KEY.to_owned()), Close(4101, "identity_changed")),
        (true, bare, nobody()),
        (true, auth(forged()), nobody()),
        (true, auth(unsigned("none")), nobody()),
        (true, auth(early), nobody()),
        (true, auth(expired), Close(4100, "token_expired")),
    ];
    for kind in ["auth", "subscribe", "unsubscribe", "ping"] {
        for known in [false, true] {
            let is_it = |frame: &Value| serde_json::from_value(frame.clone()).is_ok_and(|frame| word(&frame) == kind);
            assert!(rows.iter().any(|(was_known, frame, _)| *was_known == known && is_it(frame)), "{kind} has a row");
        }
    }
    for (known, frame, then) in rows {
        let mut socket = match known {
            true => authenticated(address, &ann()).await,
            false => connect(address, None).await.expect("a socket"),
        };
        socket.send(frame.clone()).await;
        let told = format!("{known}: {frame}: {then:?}");
        match then {
            Answer(kind) => _ = socket.frame(kind).await,
            Error(code) => assert_eq!(socket.frame("error").await["code"], code, "{told}"),
            Close(code, name) => assert_eq!(socket.close_reason().await, (code, name.to_owned()), "{told}"),
        }
        if !matches!(then, Close(..)) {
            socket.send(json!({"type": "ping"})).await;
            socket.frame("pong").await;
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_opens_no_socket() {
    use tokio_tungstenite::tungstenite::Error::Http;
    for (rig, foreign, own) in [
        (Rig::closed(), &["https://evil.example", "null"][..], "https://app.example.com"),
        (Rig::open(), &["https://evil.example", "null"], "http://localhost:5173"),
    ] {
        // Over a socket the port is the listener's: only the origin is looked at here.
        let address = serve(&rig).await;
        for origin in foreign {
            match connect(address, Some(origin)).await {
                Err(Http(answer)) => assert_eq!(answer.status(), 403, "{origin}"),
                Err(other) => panic!("{origin}: {other}"),
                Ok(_) => panic!("{origin} got in"),
            }
        }
        if !rig.context.access.is_open() {
            connect(address, Some(own)).await.expect("a listed origin");
        }
    }
}

#[tokio::test]
async fn a_ticket_opens_what_it_was_made_for_once() {
    const ME: &str = "topic=%7B%22owner%22:%22me%22%7D";
    const LISTED: &str = "https://app.example.com";
    const TENANT: &str = "topic=%7B%22tenant%22:true%7D";
    let rig = Rig::closed();
    let (id, _) = described(&rig).await;
    let made = async |token: &str, origin: &str| {
        let call = rig.post("/tickets", json!({"topics": [{"owner": "me"}]})).token(token);
        let call = if origin.is_empty() { call } else { call.header("origin", origin) };
        call.send().await.expect(StatusCode::CREATED).text("ticket")
    };
    let mine = async || made(&ann(), "").await;
    let stream = |query: &str, ticket: &str| rig.get(&format!("/live/events?{query}&ticket={ticket}"));
    let refused = async |call: Call, code: &str| {
        let reply = call.send().await.problem(401, code);
        assert_eq!(reply.header("set-cookie"), "", "{}", reply.told);
    };

    let ticket = mine().await;
    Stream::open(stream(ME, &ticket)).await;
    refused(stream(ME, &ticket), "bad_ticket").await;
    // Shown in a wrong place it is spent, too.
    let ticket = mine().await;
    refused(stream(ME, &ticket).header("origin", LISTED), "bad_ticket").await;
    refused(stream(ME, &ticket), "bad_ticket").await;
    refused(stream(ME, &made(&ann(), LISTED).await), "bad_ticket").await;
    Stream::open(stream(ME, &made(&ann(), LISTED).await).header("origin", LISTED)).await;
    let foreign = stream(ME, &mine().await).header("origin", "https://evil.example");
    foreign.send().await.problem(403, "forbidden_origin");
    for query in [TENANT, &format!("{ME}&{TENANT}"), "topic=%7B%22owner%22:%22bob%22%7D"] {
        refused(stream(query, &mine().await), "bad_ticket").await;
    }
    refused(rig.get(&format!("/jobs/{id}/live?ticket={}", mine().await)), "bad_ticket").await;
    for path in ["/jobs", "/me", "/stats", "/tasks"] {
        refused(rig.get(&format!("{path}?ticket={}", mine().await)), "unauthenticated").await;
    }
    refused(rig.get("/me").token(&mine().await), "unauthenticated").await;
    refused(stream(ME, "ticket_none"), "bad_ticket").await;

    let short = token("ann", json!({"exp": NOW.0 / 1_000 + 10}));
    let (late, outlived) = (mine().await, made(&short, "").await);
    rig.clock.advance_ms(10_001);
    refused(stream(ME, &outlived), "bad_ticket").await;
    rig.clock.advance_ms(20_000);
    refused(stream(ME, &late), "bad_ticket").await;

    let withdrawn = made(KEY, "").await;
    let rules = api::AccessConfig { keys: Vec::new(), ..closed_config() };
    rig.context.access.replace(rules).expect("a good configuration");
    refused(stream(ME, &withdrawn), "bad_ticket").await;
}
