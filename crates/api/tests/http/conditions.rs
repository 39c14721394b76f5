//! Idempotency keys, validators and preferences.

use http::{Method, StatusCode};
use serde_json::json;

use crate::rig::{Rig, ann, token};

#[tokio::test]
async fn a_key_makes_a_submit_happen_once() {
    let rig = Rig::closed();
    let submit = |who: &str, body| rig.post("/jobs", body).token(who).header("idempotency-key", "k1").send();
    let body = json!({"task": "import", "mode": "tracked", "input": {"n": 1}});
    let first = submit(&ann(), body.clone()).await.expect(StatusCode::CREATED);
    assert_eq!(first.header("location"), format!("/api/v1/jobs/{}", first.text("id")));
    let again = submit(&ann(), body.clone()).await.expect(StatusCode::OK);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        (again.text("id"), &again.json["lease"]["token"], &again.json["input"]),
        (first.text("id"), &first.json["lease"]["token"], &json!({"n": 1}))
    );
    submit(&ann(), json!({"task": "import", "mode": "tracked"})).await.problem(422, "idempotency_key_reused");
    let other = submit(&token("bob", json!({})), body).await.expect(StatusCode::CREATED);
    assert_ne!(other.text("id"), first.text("id"));
    rig.post("/jobs", json!({"task": "review"}))
        .token(&ann())
        .header("idempotency-key", &"k".repeat(256))
        .send()
        .await
        .problem(400, "invalid");
}

#[tokio::test]
async fn a_key_makes_a_batch_happen_once() {
    let rig = Rig::open();
    let body = json!({"jobs": [{"task": "review"}, {"task": "import", "mode": "tracked"}]});
    let submit = || rig.post("/jobs/batch", body.clone()).header("idempotency-key", "b").send();
    let first = submit().await.expect(StatusCode::CREATED);
    assert!(first.json["jobs"][1]["lease"]["token"].is_string());
    let again = submit().await.expect(StatusCode::OK);
    assert_eq!(again.json["jobs"][0]["id"], first.json["jobs"][0]["id"]);
}

#[tokio::test]
async fn a_key_on_a_verb_belongs_to_that_job_and_verb() {
    let rig = Rig::open();
    let (one, two) = (rig.submitted("").await, rig.submitted("").await);
    let ask = |path: String| rig.call(Method::POST, &path).header("idempotency-key", "v").send();
    ask(format!("/jobs/{one}/pause")).await.expect(StatusCode::OK);
    ask(format!("/jobs/{one}/resume")).await.expect(StatusCode::OK);
    let again = ask(format!("/jobs/{one}/pause")).await.expect(StatusCode::OK);
    assert_eq!(again.json["status"], "pending", "the repeated pause has no second effect");
    ask(format!("/jobs/{two}/pause")).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn validators_guard_reads_and_writes() {
    let rig = Rig::open();
    let id = rig.submitted("").await;
    let path = format!("/jobs/{id}");
    let read = rig.get(&path).send().await.expect(StatusCode::OK);
    let etag = read.header("etag").to_owned();
    assert_eq!(etag, format!("\"{}.1\"", rig.context.engine.store().identity().epoch));
    let same = rig.get(&path).header("if-none-match", &etag).send().await.expect(StatusCode::NOT_MODIFIED);
    assert_eq!((same.body.as_str(), same.header("etag")), ("", etag.as_str()));
    let patch = |tag: &str| rig.call(Method::PATCH, &path).json(&json!({"title": "new"})).header("if-match", tag).send();
    let patched = patch(&etag).await.expect(StatusCode::OK);
    assert_eq!((patched.text("title"), patched.json["rev"].clone()), ("new".to_owned(), json!(2)));
    let refused = patch(&etag).await.problem(412, "revision_changed");
    assert_eq!(refused.json["job"]["rev"], 2);
    for tag in ["\"other.2\"", "2", "W/\"x\""] {
        patch(tag).await.problem(412, "revision_changed");
    }
    rig.get(&path).header("if-none-match", &etag).send().await.expect(StatusCode::OK);
    rig.call(Method::POST, &format!("{path}/abort")).header("if-match", &etag).send().await.problem(412, "revision_changed");
    let aborted = rig.call(Method::POST, &format!("{path}/abort")).header("if-match", patched.header("etag")).send().await;
    let aborted = aborted.expect(StatusCode::OK);
    rig.call(Method::DELETE, &path).header("if-match", &etag).send().await.problem(412, "revision_changed");
    rig.call(Method::DELETE, &path).header("if-match", aborted.header("etag")).send().await.expect(StatusCode::NO_CONTENT);
    rig.get(&path).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn progress_is_never_hidden_by_a_validator() {
    let rig = Rig::open();
    let (id, lease) = rig.tracked("").await;
    let etag = rig.get(&format!("/jobs/{id}")).send().await.header("etag").to_owned();
    let report = json!({"percentage": 40, "message": "on it"});
    rig.post(&format!("/jobs/{id}/progress"), report).header("tidings-lease", &lease).send().await.expect(StatusCode::OK);
    let read = rig.get(&format!("/jobs/{id}")).header("if-none-match", &etag).send().await.expect(StatusCode::OK);
    assert_eq!(read.json["progress"]["percentage"], 40.0);
    let patch = rig.call(Method::PATCH, &format!("/jobs/{id}")).json(&json!({"title": "x"}));
    patch.header("if-match", read.header("etag")).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn the_answer_waits_for_the_end_when_it_is_preferred() {
    let rig = Rig::open();
    let submit = |prefer: &str| rig.post("/jobs", json!({"task": "import", "mode": "tracked"})).header("prefer", prefer).send();
    let reply = submit("respond-async").await.expect(StatusCode::ACCEPTED);
    assert_eq!(reply.header("preference-applied"), "respond-async");
    let reply = submit("wait=0").await.expect(StatusCode::ACCEPTED);
    assert_eq!((reply.header("preference-applied"), reply.text("status").as_str()), ("wait=0", "running"));
    assert!(reply.header("location").ends_with(&reply.text("id")));

    let waiting = rig.post("/jobs", json!({"task": "review", "tags": ["quick"]})).header("prefer", "wait=9");
    let worker = async {
        let claim = json!({"tasks": ["review"], "worker": "w", "wait": 9});
        let job = rig.post("/claims", claim).send().await.expect(StatusCode::OK).json["jobs"][0].clone();
        let path = format!("/jobs/{}/complete", job["id"].as_str().expect("an id"));
        let lease = job["lease"]["token"].as_str().expect("a lease").to_owned();
        rig.post(&path, json!({"result": [1, 2]})).header("tidings-lease", &lease).send().await.expect(StatusCode::OK);
    };
    let (reply, ()) = tokio::join!(waiting.send(), worker);
    let reply = reply.expect(StatusCode::CREATED);
    assert_eq!((reply.text("status").as_str(), &reply.json["result"]), ("completed", &json!([1, 2])));
    assert_eq!(reply.header("preference-applied"), "wait=9");
}
