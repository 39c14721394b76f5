//! What every dialect stands on, shown with one of the tests' own; and what the real ones do over days.

use std::sync::Arc;

use api::Context;
use dialects::Dialect;
use dialects::dialect::{Action, Answer, Heard, Method, Refused, Request, Route, Session, Step, Which};
use dialects::frame::Frame;
use domain::Timestamp;
use domain::request::Ask;
use futures::{SinkExt, StreamExt};
use http::StatusCode;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use wire::body::Submit;
use wire::close::Close;
use wire::frame::ClientFrame;
use wire::problem::Problem;

use crate::fake_app::FakeApp;
use crate::live::Stream;
use crate::rig::{KEY, Rig, SOON, ann, closed_config, token};
use crate::sessions_table::by_cookie;
use crate::socket::serve;

/// Says what it is told, in words that no real one has.
struct Double;

const ROUTES: &[Route] = &[
    Route::http(Method::Get, "/double/jobs/{name}", find),
    Route::http(Method::Put, "/double/jobs/{name}", submit),
    Route::http(Method::Delete, "/double/jobs/{name}", delete),
    Route::http(Method::Patch, "/double/jobs/{name}", retry),
    Route::http(Method::Get, "/double/count", count),
    Route::http(Method::Get, "/api/v1/tasks/{name}", count).under_its_name_only(),
    Route::socket("/double/socket", |_| Box::new(Talk::default())),
];

impl Dialect for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn refuse(&self, problem: &Problem) -> Answer {
        Answer::json(problem.status, &json!({"no": problem.code}))
    }
}

fn told<T>(outcome: Result<T, Refused>, yes: impl FnOnce(T) -> Value) -> Step {
    match outcome {
        Ok(value) => Answer::json(200, &yes(value)).into(),
        Err(problem) => Double.refuse(&problem).into(),
    }
}

fn theirs(request: &Request<'_>) -> Which {
    Which::Theirs(request.param(0).to_owned())
}

fn find(request: &Request<'_>) -> Step {
    Step::Find(theirs(request), Box::new(|found| told(found, |job| json!({"status": job.summary.status, "input": job.input}))))
}

fn submit(request: &Request<'_>) -> Step {
    let name = request.param(0).to_owned();
    let submit = Submit { task: "nobody-declares".into(), external_id: Some(name), ..Submit::default() };
    Step::Submit(Box::new(submit), Box::new(|made| told(made, |job| json!({"reason": job.summary.reason}))))
}

fn delete(request: &Request<'_>) -> Step {
    Step::Find(
        theirs(request),
        Box::new(|found| match found {
            Ok(job) => Step::Delete(job.summary.id.to_string(), Box::new(|deleted| told(deleted, |()| json!({"deleted": true})))),
            Err(problem) => Double.refuse(&problem).into(),
        }),
    )
}

fn retry(request: &Request<'_>) -> Step {
    Step::Find(
        theirs(request),
        Box::new(|found| match found {
            Ok(job) => {
                let verb = if job.status().is_end() { Ask::Retry } else { Ask::Abort };
                Step::Ask(
                    job.summary.id.to_string(),
                    verb,
                    Box::new(|asked| told(asked, |asked| json!({"status": asked.job.status}))),
                )
            }
            Err(problem) => Double.refuse(&problem).into(),
        }),
    )
}

fn count(_: &Request<'_>) -> Step {
    Step::Count(Box::new(|stats| told(stats, |stats| json!({"total": stats.total}))))
}

/// A socket that authenticates by a message, follows its user's jobs, reads each whole, and pings.
#[derive(Default)]
struct Talk {
    pings: u32,
}

impl Session for Talk {
    fn hear(&mut self, heard: Heard<'_>, now: Timestamp) -> Vec<Action> {
        let say = |text: String| Action::Say(text);
        match heard {
            Heard::Opened => vec![say("who?".into())],
            Heard::Text("leave") => vec![say("bye".into()), Action::End(4_321, "left")],
            Heard::Text(token) => vec![Action::Tell(ClientFrame::Auth { token: Some(token.to_owned()) })],
            Heard::Frame(Frame::Authenticated { principal }) => vec![
                say(format!("hello {}", principal.subject)),
                Action::Tell(ClientFrame::Subscribe { id: 1, topic: json!({"owner": "me"}), after: None }),
                Action::TickIn(20),
            ],
            Heard::Frame(Frame::Update { job, .. }) => {
                vec![Action::Read(job.id.to_string()), Action::CountBefore(job.id.to_string())]
            }
            Heard::Frame(Frame::Error { code, .. }) => vec![say(format!("no: {code}"))],
            Heard::Job(found) => {
                vec![say(found.as_ref().map_or("?".into(), |job| format!("{} {:?}", job.summary.task, job.input)))]
            }
            Heard::Before(before) => vec![say(format!("before: {before}"))],
            Heard::Tick => {
                self.pings += 1;
                let more = (self.pings < 2).then_some(Action::TickIn(20));
                [say(format!("ping {} {}", self.pings, now.0))].into_iter().chain(more).collect()
            }
            Heard::Closed(Close::Unauthenticated) => vec![say("not you".into()), Action::End(1008, "bad token")],
            Heard::Closed(_) | Heard::Frame(_) => Vec::new(),
        }
    }
}

fn with_double(mut rig: Rig) -> Rig {
    let on: Arc<[&'static dyn Dialect]> = vec![&Double as &'static dyn Dialect].into();
    rig.app = api::router(Context { dialects: on, ..rig.context.clone() });
    rig
}

#[tokio::test]
async fn a_client_s_own_ids_and_undeclared_tasks_are_taken() {
    let rig = with_double(Rig::closed());
    for prefix in ["/", "//dialects/double"] {
        let (path, own) = (format!("{prefix}/double/jobs/7"), ann());
        rig.call(http::Method::GET, &path).token(&own).send().await.expect(StatusCode::NOT_FOUND);
        let made = rig.call(http::Method::PUT, &path).token(&own).send().await.expect(StatusCode::OK);
        assert_eq!(made.json, json!({"reason": "no_worker"}));
        let found = rig.call(http::Method::GET, &path).token(&own).send().await.expect(StatusCode::OK);
        assert_eq!(found.json["status"], "pending");
        let foreign = rig.call(http::Method::GET, &path).token(&token("bob", json!({}))).send().await.expect(StatusCode::NOT_FOUND);
        assert_eq!(foreign.json, json!({"no": "not_found"}));
        rig.call(http::Method::DELETE, &path).token(&own).send().await.expect(StatusCode::CONFLICT);
        for status in ["aborted", "pending", "aborted"] {
            let asked = rig.call(http::Method::PATCH, &path).token(&own).send().await.expect(StatusCode::OK);
            assert_eq!(asked.json["status"], status);
        }
        rig.call(http::Method::DELETE, &path).token(&own).send().await.expect(StatusCode::OK);
        let counted =
            rig.call(http::Method::GET, &format!("{prefix}/double/count")).token(&own).send().await.expect(StatusCode::OK);
        assert_eq!(counted.json, json!({"total": 0}));
    }
}

#[tokio::test]
async fn a_path_of_this_server_stays_its_own() {
    let rig = with_double(Rig::open());
    assert_eq!(rig.get("//dialects/double/api/v1/tasks/x").send().await.expect(StatusCode::OK).json, json!({"total": 0}));
    rig.get("//api/v1/tasks/x").send().await.problem(404, "no_such_route");
}

#[tokio::test]
async fn a_repeated_request_with_its_key_makes_one_job() {
    let rig = with_double(Rig::open());
    let put = || rig.call(http::Method::PUT, "//double/jobs/7").header("idempotency-key", "k").send();
    put().await.expect(StatusCode::OK);
    put().await.expect(StatusCode::OK);
    assert_eq!(rig.get("//double/count").send().await.json, json!({"total": 1}));
}

/// Who is refused before a route is asked is told so in the dialect's shape, and foreign pages are kept out as everywhere.
#[tokio::test]
async fn refusals_come_in_the_dialect_s_shape() {
    let rig = with_double(Rig::closed());
    let unknown = rig.get("//double/count").send().await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(
        (unknown.json.clone(), unknown.header("www-authenticate")),
        (json!({"no": "unauthenticated"}), "Bearer realm=\"tidings\"")
    );
    let form = rig.call(http::Method::PUT, "//double/jobs/7").raw(b"a=b").token(&ann()).send().await;
    assert_eq!(form.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE).json, json!({"no": "unsupported_media_type"}));
    let reader = token("ann", json!({"scope": "jobs:read"}));
    let submitted = rig.call(http::Method::PUT, "//double/jobs/7").token(&reader).send().await.expect(StatusCode::FORBIDDEN);
    assert_eq!(submitted.json, json!({"no": "missing_scope"}));
    let bad_query = rig.get("//double/count?x=%ff").token(&ann()).send().await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(bad_query.json, json!({"no": "invalid"}));
    let plain = rig.get("//double/socket").token(&ann()).send().await.expect(StatusCode::UPGRADE_REQUIRED);
    assert_eq!(plain.json, json!({"no": "upgrade_required"}));
    for path in ["//api/background-jobs", "//dialects/background_jobs/api/background-jobs"] {
        let open = Rig::open();
        open.get(path).header("origin", "https://evil.example").send().await.problem(403, "forbidden_origin");
    }
}

#[tokio::test]
async fn a_socket_authenticates_by_a_message_and_is_told_what_its_user_may_see() {
    let rig = with_double(Rig::with(closed_config(), crate::rig::Limits::none()));
    let address = serve(&rig).await;
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/double/socket")).await.expect("a socket");
    async fn next(socket: &mut (impl StreamExt<Item = Result<Message, impl std::fmt::Debug>> + Unpin)) -> Message {
        tokio::time::timeout(SOON, socket.next()).await.expect("in time").expect("a message").expect("no error")
    }
    let text = |message: Message| message.into_text().expect("text").to_string();
    assert_eq!(text(next(&mut socket).await), "who?");
    socket.send(Message::text(ann())).await.expect("sent");
    assert_eq!(text(next(&mut socket).await), "hello ann");
    for ping in 1..=2 {
        assert_eq!(text(next(&mut socket).await), format!("ping {ping} {}", crate::rig::NOW.0));
    }
    rig.post("/jobs", json!({"task": "review"})).token(&token("bob", json!({}))).send().await.expect(StatusCode::CREATED);
    rig.clock.advance_ms(1);
    rig.post("/jobs", json!({"task": "review", "input": {"n": 1}})).token(&ann()).send().await.expect(StatusCode::CREATED);
    assert_eq!(text(next(&mut socket).await), "review Some(RawValue({\"n\":1}))");
    assert_eq!(text(next(&mut socket).await), "before: 1", "bob's is before it, and nothing else of it is told");
    socket.send(Message::text("leave")).await.expect("sent");
    assert_eq!(text(next(&mut socket).await), "bye");
    let Message::Close(Some(goodbye)) = next(&mut socket).await else { panic!("no goodbye") };
    assert_eq!((u16::from(goodbye.code), goodbye.reason.as_str()), (4_321, "left"));

    // Opened only now: a socket on which nobody says who they are is closed after some seconds.
    let (mut stranger, _) =
        tokio_tungstenite::connect_async(format!("ws://{address}/dialects/double/double/socket")).await.expect("a socket");
    assert_eq!(text(next(&mut stranger).await), "who?");
    stranger.send(Message::text("nobody's token")).await.expect("sent");
    assert_eq!(text(next(&mut stranger).await), "no: unauthenticated");
    assert_eq!(text(next(&mut stranger).await), "not you");
    let Message::Close(Some(goodbye)) = next(&mut stranger).await else { panic!("no goodbye") };
    assert_eq!((u16::from(goodbye.code), goodbye.reason.as_str()), (1_008, "bad token"));
}

/// A job of this owner's that ran and ended.
async fn ended(rig: &Rig, owner: &str) -> String {
    let body = json!({"task": "report", "mode": "tracked", "owner": owner});
    let made = rig.post("/jobs", body).token(KEY).send().await.expect(StatusCode::CREATED);
    let (id, lease) = (made.text("id"), made.json["lease"]["token"].as_str().expect("a lease").to_owned());
    let path = format!("/jobs/{id}/complete");
    rig.post(&path, json!({"result": 1})).token(KEY).header("tidings-lease", &lease).send().await.expect(StatusCode::OK);
    id
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn user(name: &str, rig: &Rig) -> String {
    token(name, json!({"exp": rig.context.engine.clock().now().0 / 1_000 + 600}))
}

fn ids(reply: &crate::rig::Reply) -> Vec<&str> {
    reply.json["jobs"].as_array().expect("jobs").iter().map(|job| job["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn a_cleanup_takes_only_what_is_one_s_own_and_old_and_over() {
    let rig = Rig::closed();
    let (old, foreign) = (ended(&rig, "ann").await, ended(&rig, "bob").await);
    let waits = rig.submitted(&ann()).await;
    rig.clock.advance_ms(3 * DAY_MS);
    let young = ended(&rig, "ann").await;
    let ann = user("ann", &rig);
    let cleaned = rig.post("//api/background-jobs/cleanup", json!({"daysOld": 2})).token(&ann).send().await.expect(StatusCode::OK);
    assert_eq!(cleaned.json["deletedCount"], 1, "{}", cleaned.body);
    let left = rig.get("//api/background-jobs").token(&ann).send().await.expect(StatusCode::OK);
    assert_eq!(ids(&left), [&young, &waits]);
    rig.get(&format!("//api/background-jobs/{old}")).token(&ann).send().await.expect(StatusCode::NOT_FOUND);
    let bob = user("bob", &rig);
    rig.get(&format!("//api/background-jobs/{foreign}")).token(&bob).send().await.expect(StatusCode::OK);
}

/// Whoever sees the whole tenant still lists and cleans up only what is its own there: those pages say "my jobs".
#[tokio::test]
async fn lists_are_one_s_own_even_for_who_may_see_more() {
    let rig = Rig::closed();
    ended(&rig, "ann").await;
    let own = ended(&rig, "shop").await;
    rig.clock.advance_ms(DAY_MS + 1);
    for path in ["", "?status=completed"] {
        let listed = rig.get(&format!("//api/background-jobs{path}")).token(KEY).send().await.expect(StatusCode::OK);
        assert_eq!(ids(&listed), [&own]);
    }
    let cleaned = rig.post("//api/background-jobs/cleanup", json!({"daysOld": 1})).token(KEY).send().await.expect(StatusCode::OK);
    assert_eq!(cleaned.json["deletedCount"], 1);
}

#[tokio::test]
async fn completions_are_told_for_five_minutes_however_many_there_are_and_however_long_they_ran() {
    let rig = Rig::closed();
    let body = json!({"task": "long", "mode": "tracked", "leaseMs": 3_600_000});
    let long = rig.post("/jobs", body).token(&ann()).send().await.expect(StatusCode::CREATED);
    let mut quick = Vec::new();
    for _ in 0..210 {
        quick.push(ended(&rig, "ann").await);
    }
    rig.clock.advance_ms(10 * 60_000);
    let asked = || rig.get("//api/background-jobs/recent-completions").token(&user("ann", &rig)).send();
    assert!(ids(&asked().await).is_empty(), "what ended ten minutes ago was told");
    let (id, lease) = (long.text("id"), long.json["lease"]["token"].as_str().expect("a lease"));
    let report = rig.post(&format!("/jobs/{id}/complete"), json!({"result": 1})).token(KEY).header("tidings-lease", lease);
    report.send().await.expect(StatusCode::OK);
    assert_eq!(ids(&asked().await), [&id], "made before 210 others, it ended last");
    for _ in 0..7 {
        ended(&rig, "ann").await;
    }
    assert_eq!(ids(&asked().await).len(), 8);
    rig.clock.advance_ms(5 * 60_000 + 1);
    assert!(asked().await.json["jobs"].as_array().is_some_and(Vec::is_empty));
}

#[tokio::test]
async fn a_start_that_is_refused_is_no_success() {
    let rig = Rig::closed();
    let reader = token("ann", json!({"scope": "jobs:read"}));
    let refused = rig.post("//api/tasks/review", json!({"a": 1})).token(&reader).send().await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.json["success"], false);
    assert!(refused.json["error"].is_string() && refused.json.get("taskId").is_none(), "{}", refused.body);
    let long = format!("//api/tasks/{}", "x".repeat(300));
    assert_eq!(rig.post(&long, json!({})).token(&ann()).send().await.expect(StatusCode::BAD_REQUEST).json["success"], false);
}

/// A browser's `EventSource` sends no header of its own, and needs none: the cookie of the app comes along.
#[tokio::test]
async fn a_session_cookie_is_enough_and_its_end_ends_the_streams() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let started = by_cookie(rig.post("//api/tasks/review", json!({"a": 1})), "sid=a").send().await.expect(StatusCode::OK);
    let path = format!("//api/tasks/review?taskId={}", started.text("taskId"));
    let (_, mut stream) = Stream::open(by_cookie(rig.get(&path), "sid=a")).await;
    stream.until("no worker has asked for review yet").await;
    by_cookie(rig.get(&path), "sid=b").send().await.expect(StatusCode::NOT_FOUND);
    let listed = by_cookie(rig.get("//api/background-jobs/running"), "sid=a").send().await.expect(StatusCode::OK);
    assert_eq!(ids(&listed), [started.text("taskId")]);
    app.signs_out("sid=a");
    rig.clock.advance_ms(30_000);
    stream.end().await;
    by_cookie(rig.get(&path), "sid=a").send().await.expect(StatusCode::UNAUTHORIZED);
}
