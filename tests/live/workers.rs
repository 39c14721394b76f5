//! Processes of the user's claim jobs over HTTP.

use serde_json::json;

use crate::harness::server::Server;
use crate::harness::watch::{self, Seen};

const CONFIG: &str = r#"
[tasks.thumbnails]
mode = "worker"
concurrency = 2
retry = { attempts = 2, base = "10ms" }
"#;

#[tokio::test]
async fn a_worker_claims_reports_and_is_asked_to_stop() {
    let server = Server::start(CONFIG).await;
    let http = server.http.clone();
    let first = http.submit(json!({"task": "thumbnails", "input": {"image": 1}})).await;
    assert_eq!((&first["status"], &first["reason"]), (&json!("pending"), &json!("no_worker")), "it says why it waits");
    let urgent = http.submit(json!({"task": "thumbnails", "input": {"image": 2}, "priority": 10})).await;
    let third = http.submit(json!({"task": "thumbnails", "input": {"image": 3}})).await;

    let claim = json!({"tasks": ["thumbnails"], "worker": "w1", "max": 5});
    let claimed = http.post("/api/v1/claims", claim.clone()).await.expect(200);
    let jobs = claimed["jobs"].as_array().expect("jobs").clone();
    let order: Vec<_> = jobs.iter().map(|job| job["id"].clone()).collect();
    assert_eq!(order, [urgent["id"].clone(), first["id"].clone()], "two places; priority, then first in, first out");
    assert_eq!(jobs[0]["input"], json!({"image": 2}));

    let lease = |at: usize| jobs[at]["lease"]["token"].as_str().expect("a lease").to_owned();
    let id = |at: usize| jobs[at]["id"].as_str().expect("an id").to_owned();
    http.verb(&id(0), "abort").await.expect(202);
    let told = http.report(&id(0), &lease(0), "progress", json!({"percentage": 10})).await.expect(200);
    assert_eq!(told["wish"]["kind"], "abort");
    let done = http.report(&id(0), &lease(0), "progress", json!({"acknowledge": told["wish"]["number"]})).await.expect(200);
    assert_eq!(done["status"], "aborted");
    let failed = json!({"error": {"kind": "decode", "message": "not an image"}});
    let told = http.report(&id(1), &lease(1), "fail", failed).await.expect(200);
    assert_eq!(told["status"], "retrying");

    let waiting = json!({"tasks": ["thumbnails"], "worker": "w1", "max": 5, "wait": 20});
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let claimed = http.post("/api/v1/claims", waiting.clone()).await.expect(200);
        for job in claimed["jobs"].as_array().expect("jobs") {
            let (id, lease) = (job["id"].as_str().expect("an id"), job["lease"]["token"].as_str().expect("a lease"));
            http.report(id, lease, "complete", json!({"result": "ok"})).await.expect(200);
            seen.push(job["id"].clone());
        }
    }
    assert!(seen.contains(&third["id"]) && seen.contains(&first["id"]));
    let stats = http.get("/api/v1/stats").await.expect("an answer").expect(200);
    assert_eq!(
        (&stats["byStatus"]["completed"], &stats["byStatus"]["aborted"], &stats["total"]),
        (&json!(2), &json!(1), &json!(3))
    );
}

#[tokio::test]
async fn a_worker_s_job_is_watched_paused_and_outlives_the_server() {
    let mut server = Server::start(CONFIG).await;
    let http = server.http.clone();
    let job = http.submit(json!({"task": "thumbnails", "batchId": "b1"})).await;
    let id = job["id"].as_str().expect("an id").to_owned();
    let topic = json!({"batch": "b1"});
    let mut watchers = watch::all_edges(&http, &topic, Vec::new());
    let claim = json!({"tasks": ["thumbnails"], "worker": "w1", "wait": 20});
    let claimed = http.post("/api/v1/claims", claim).await.expect(200);
    let lease = claimed["jobs"][0]["lease"]["token"].as_str().expect("a lease").to_owned();
    let report = async |what: &str, body| http.report(&id, &lease, what, body).await.expect(200);

    report("progress", json!({"current": 1, "total": 4})).await;
    watch::until_all(&mut watchers, "progress", |seen| seen.progress_frames > 0).await;
    http.verb(&id, "pause").await.expect(202);
    let told = report("heartbeat", json!({})).await;
    report("progress", json!({"acknowledge": told["wish"]["number"]})).await;
    watch::until_all(&mut watchers, "the pause", |seen| seen.statuses.last().is_some_and(|status| status == "paused")).await;

    server.kill();
    let seen = watch::disconnect_all(watchers).await;
    server.start_again().await;
    let mut watchers = watch::all_edges(&http, &topic, seen);
    http.verb(&id, "resume").await.expect(202);
    let told = report("heartbeat", json!({})).await;
    report("progress", json!({"acknowledge": told["wish"]["number"], "current": 4})).await;
    report("output", json!({"chunks": [{"stream": "stdout", "text": "drawn\n"}]})).await;
    let done = report("complete", json!({"result": {"width": 64}})).await;
    watch::until_all(&mut watchers, "the end", Seen::has_ended).await;
    for seen in watch::disconnect_all(watchers).await {
        assert_eq!(seen.revs.last().copied(), done["rev"].as_u64(), "every event once, in order: {:?}", seen.kinds);
    }
    let job = http.job(&id).await;
    assert_eq!((&job["result"]["width"], &job["progress"]["current"], &job["attempt"]), (&json!(64), &json!(4), &json!(1)));
    assert_eq!(http.output(&id).await, "drawn\n");
}
