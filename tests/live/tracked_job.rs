//! An app does the work in its own request and reports: wishes with each answer, a server that dies, a reporter that vanishes.

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::server::Server;
use crate::harness::watch::{self, Seen};

#[tokio::test]
async fn a_tracked_job_is_watched_paused_and_outlives_the_server() {
    let mut server = Server::start("").await;
    let http = server.http.clone();
    let subject = json!({"type": "report", "id": "7"});
    let made = http.submit(json!({"task": "report", "mode": "tracked", "subject": subject, "session": "page-1"})).await;
    let (id, lease) = names(&made);
    assert_eq!(made["status"], "running");
    let topic = json!({"subject": subject});
    let mut watchers = watch::all_edges(&http, &topic, Vec::new());

    let told = http.report(&id, &lease, "progress", json!({"percentage": 25.0, "message": "reading"})).await.expect(200);
    assert_eq!(told["wish"]["kind"], "none");
    for watcher in &mut watchers {
        watcher.until("progress", |seen| seen.progress_frames > 0).await;
    }
    http.verb(&id, "pause").await.expect(202);
    let told = http.report(&id, &lease, "heartbeat", json!({})).await.expect(200);
    assert_eq!(told["wish"]["kind"], "pause", "the wish comes with the next answer");
    let done = http.report(&id, &lease, "progress", json!({"acknowledge": told["wish"]["number"]})).await.expect(200);
    assert_eq!(done["status"], "paused");

    server.kill();
    let seen = watch::disconnect_all(watchers).await;
    server.start_again().await;
    let mut watchers = watch::all_edges(&http, &topic, seen);
    assert_eq!(http.job(&id).await["status"], "paused", "nothing of it was lost");
    http.verb(&id, "resume").await.expect(202);
    let told = http.report(&id, &lease, "heartbeat", json!({})).await.expect(200);
    http.report(&id, &lease, "progress", json!({"acknowledge": told["wish"]["number"], "percentage": 90.0})).await.expect(200);
    let lines = json!({"chunks": [{"stream": "info", "text": "wrote 200 rows\n"}]});
    http.report(&id, &lease, "output", lines).await.expect(200);
    let done = http.report(&id, &lease, "complete", json!({"result": {"rows": 200}})).await.expect(200);
    assert_eq!(done["status"], "completed");
    let again = http.report(&id, &lease, "complete", json!({"result": {"rows": 200}})).await.expect(200);
    assert_eq!(again["rev"], done["rev"], "said twice, heard once");
    for watcher in &mut watchers {
        let seen = watcher.until("the end", Seen::has_ended).await;
        assert_eq!(seen.revs.last().copied(), done["rev"].as_u64());
    }
    let job = http.job(&id).await;
    assert_eq!((&job["result"]["rows"], &job["progress"]["percentage"]), (&json!(200), &json!(90.0)));
    assert_eq!(http.output(&id).await, "wrote 200 rows\n");
}

#[tokio::test]
async fn a_reporter_that_vanishes_makes_its_job_lost_and_a_late_word_corrects_it() {
    let server = Server::start("").await;
    let http = server.http.clone();
    let made = http.submit(json!({"task": "report", "mode": "tracked", "leaseMs": 1000})).await;
    let (id, lease) = names(&made);
    // Leases are not judged in the first half-minute of a server: nobody had a fair chance to renew.
    let lost = eventually("the job to be lost", async || Some(http.job(&id).await).filter(|job| job["status"] == "lost")).await;
    assert_eq!(lost["reason"], "reporter_gone");
    let done = http.report(&id, &lease, "complete", json!({"result": 1})).await.expect(200);
    assert_eq!(done["status"], "completed", "the late word under that very lease is heard");
    let events = http.get(&format!("/api/v1/jobs/{id}/events")).await.expect("an answer").expect(200);
    let kinds: Vec<&str> = events["events"].as_array().into_iter().flatten().filter_map(|event| event["kind"].as_str()).collect();
    assert_eq!(kinds, ["submitted", "settled", "corrected"]);
    let stale = http.report(&id, "lease_of_somebody_else", "heartbeat", json!({})).await;
    assert_eq!(stale.expect(409)["code"], "stale_lease");
}

fn names(made: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["id"]), text(&made["lease"]["token"]))
}
