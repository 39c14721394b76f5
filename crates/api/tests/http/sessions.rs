//! Callers that the app knows by a session cookie, over REST: what they may, how long an answer counts, and how often the app is asked.

use api::AccessConfig;
use futures::future::join_all;
use http::StatusCode;
use serde_json::json;

use crate::fake_app::{FakeApp, Manner};
use crate::rig::{KEY, Rig, SOON, closed_config};
use crate::sessions_table::{OWN, by_cookie};

#[tokio::test]
async fn a_session_is_a_user_like_any_other() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    let made = by_cookie(rig.post("/jobs", json!({"task": "review"})), "sid=a").send().await.expect(StatusCode::CREATED);
    let (id, path) = (made.text("id"), format!("/jobs/{}", made.text("id")));
    assert_eq!(made.text("owner"), "ann");
    by_cookie(rig.get(&path), "sid=a").send().await.expect(StatusCode::OK);
    by_cookie(rig.get(&path), "sid=b").send().await.problem(404, "not_found");
    let list = by_cookie(rig.get("/jobs"), "sid=a").send().await.expect(StatusCode::OK);
    assert_eq!(list.json["jobs"][0]["id"], json!(id));
    let claim = json!({"tasks": ["review"], "worker": "w"});
    app.signs_in("sid=w", json!({"subject": "wim", "scopes": ["jobs:report"]}));
    by_cookie(rig.post("/claims", claim), "sid=w").send().await.problem(403, "not_a_service");
    by_cookie(rig.post("/tokens", json!({"subject": "eve"})), "sid=a").send().await.problem(403, "not_a_service");
    let tracked = json!({"task": "import", "mode": "tracked"});
    by_cookie(rig.post("/jobs", tracked), "sid=a").send().await.problem(403, "missing_scope");
    by_cookie(rig.get("//metrics"), "sid=a").send().await.problem(403, "missing_scope");
    by_cookie(rig.post(&format!("{path}/abort"), json!({})), "sid=a").send().await.expect(StatusCode::OK);

    app.signs_in("sid=r", json!({"subject": "root", "scopes": ["admin"]}));
    by_cookie(rig.get(&path), "sid=r").send().await.expect(StatusCode::OK);
    by_cookie(rig.get("/me"), "sid=none").send().await.problem(401, "unauthenticated");
    rig.get("/me").send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_answer_counts_for_its_time() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    // The time that passes, the session, the answer, and whether the app is asked for it.
    let me = async |told: &str, pass_ms: i64, sid: &str, status: u16, is_asked: bool| {
        rig.clock.advance_ms(pass_ms);
        let asked = app.asked();
        let reply = by_cookie(rig.get("/me"), sid).send().await;
        assert_eq!((reply.status.as_u16(), app.asked() - asked), (status, usize::from(is_asked)), "{told}");
    };
    me("new", 0, "sid=a", 200, true).await;
    me("known", 0, "sid=a", 200, false).await;
    me("another", 0, "sid=b", 200, true).await;
    app.signs_out("sid=a");
    me("up to 30 s", 29_999, "sid=a", 200, false).await;
    me("then it is asked", 1, "sid=a", 401, true).await;
    app.signs_in("sid=a", json!({"subject": "ann"}));
    me("signed out counts for 2 s", 1_999, "sid=a", 401, false).await;
    me("and no longer", 1, "sid=a", 200, true).await;
    me("the clock goes back", -5_000, "sid=a", 200, true).await;
    app.fails();
    me("nothing new is needed", 29_000, "sid=a", 200, false).await;
    me("no answer", 1_000, "sid=a", 503, true).await;
    me("is not asked for again at once", 999, "sid=a", 503, false).await;
    me("but soon", 1, "sid=a", 503, true).await;
    app.behaves(Manner::Knows);
    me("it is back", 1_000, "sid=a", 200, true).await;
    app.signs_in("sid=a", json!({"subject": "ann", "exp": (rig.context.engine.clock().now().0 + 36_000) / 1_000}));
    me("a session with an end", 30_000, "sid=a", 200, true).await;
    me("before it", 5_000, "sid=a", 200, false).await;
    me("at it", 1_000, "sid=a", 401, true).await;
}

#[tokio::test]
async fn equal_questions_are_asked_once() {
    let app = FakeApp::start().await;
    let rig = app.rig();
    app.behaves(Manner::Hangs);
    let calls = (0..40).map(|number| tokio::spawn(by_cookie(rig.get("/me"), ["sid=a", "sid=b"][number % 2]).send()));
    let calls: Vec<_> = calls.collect();
    app.asked_beyond(1).await;
    // Who asks first may go away: the others are answered all the same.
    calls[0].abort();
    calls[1].abort();
    app.inner.go.notify_waiters();
    app.behaves(Manner::Knows);
    for (number, call) in calls.into_iter().enumerate().skip(2) {
        let reply = tokio::time::timeout(SOON, call).await.expect("in time").expect("no panic").expect(StatusCode::OK);
        assert_eq!(reply.text("subject"), ["ann", "bob"][number % 2]);
    }
    assert_eq!(app.asked(), 2);
    let again = join_all((0..20).map(|_| by_cookie(rig.get("/me"), "sid=a").send())).await;
    assert!(again.iter().all(|reply| reply.status == 200) && app.asked() == 2);
}

#[tokio::test]
async fn other_rules_hold_at_once() {
    let app = FakeApp::start().await;
    let rig = Rig::with(closed_config(), crate::rig::Limits::none());
    by_cookie(rig.get("/me"), "sid=a").send().await.problem(401, "unauthenticated");
    assert_eq!(app.asked(), 0, "no app is asked");
    rig.context.access.replace(app.config()).expect("a good configuration");
    by_cookie(rig.get("/me"), "sid=a").send().await.expect(StatusCode::OK);
    // What stays the same keeps what it knows.
    rig.context.access.replace(AccessConfig { keys: Vec::new(), ..app.config() }).expect("a good configuration");
    by_cookie(rig.get("/me"), "sid=a").send().await.expect(StatusCode::OK);
    assert_eq!(app.asked(), 1);
    let mut bad = app.config();
    bad.introspect.as_mut().expect("an app").private_hosts.clear();
    assert!(rig.context.access.replace(bad).is_err());
    let other = FakeApp::start().await;
    other.signs_in("sid=a", json!({"subject": "anna"}));
    rig.context.access.replace(other.config()).expect("a good configuration");
    let me = by_cookie(rig.get("/me"), "sid=a").send().await.expect(StatusCode::OK);
    assert_eq!((me.text("subject"), app.asked(), other.asked()), ("anna".to_owned(), 1, 1));
    rig.context.access.replace(closed_config()).expect("a good configuration");
    by_cookie(rig.get("/me"), "sid=a").send().await.problem(401, "unauthenticated");
    rig.get("/me").token(KEY).header(OWN.0, OWN.1).send().await.expect(StatusCode::OK);
}
