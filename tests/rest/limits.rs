//! What bounds a job: time, memory, places, schedules, output; and what each of them says.

use serde_json::json;

use crate::harness::eventually;
use crate::harness::server::{Server, processes_of};

const CONFIG: &str = r#"
[tasks.slow]
command = ["sleep", "600"]
time_limit = "400ms"
abort_grace = "200ms"
pause = "freeze"
env = ["PATH"]

[tasks.hungry]
command = ["python3", "-c", "import time\nheld = bytearray(200_000_000)\ntime.sleep(600)"]
memory = "64MB"
env = ["PATH"]

[tasks.silent]
command = ["python3", "-c", "pass"]
channel = "lines"
env = ["PATH"]

[tasks.flaky]
command = ["sh", "-c", "exit 3"]
retry = { attempts = 3, base = "10ms" }
env = ["PATH"]

[tasks.chatty]
command = ["python3", "-c", "import sys\nfor i in range(600_000): sys.stdout.write('line %06d\\n' % i)"]
env = ["PATH"]

[tasks.quick]
command = ["true"]
concurrency = 1
env = ["PATH"]
"#;

#[tokio::test]
async fn each_limit_ends_a_job_in_its_own_words() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    for (task, status, reason, kind) in [
        ("slow", "timed_out", "time_limit", "time_limit"),
        ("hungry", "failed", "out_of_memory", "out_of_memory"),
        ("silent", "failed", "no_result", "no_result"),
        ("flaky", "failed", "exit_code", "exit_code"),
    ] {
        let job = http.submit(json!({"task": task})).await;
        let id = job["id"].as_str().expect("an id");
        let job = http.until_status(id, status).await;
        assert_eq!((&job["reason"], &job["error"]["kind"]), (&json!(reason), &json!(kind)), "{job:#}");
        assert!(processes_of(id).is_empty(), "{task}: nothing is left");
        if task == "flaky" {
            assert_eq!(job["attempt"], 3, "all attempts were made");
        }
    }
}

#[tokio::test]
async fn paused_time_does_not_count() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let job = http.submit(json!({"task": "slow"})).await;
    let id = job["id"].as_str().expect("an id");
    http.until_status(id, "running").await;
    http.verb(id, "pause").await.expect(202);
    let paused = http.until_status(id, "paused").await;
    // Twice its limit goes by on the log of another job, while this one stands still.
    let other = http.submit(json!({"task": "slow"})).await;
    http.until_status(other["id"].as_str().expect("an id"), "timed_out").await;
    let other = http.submit(json!({"task": "slow"})).await;
    http.until_status(other["id"].as_str().expect("an id"), "timed_out").await;
    assert_eq!(http.job(id).await["rev"], paused["rev"], "it still stands");
    http.verb(id, "resume").await.expect(202);
    http.until_status(id, "timed_out").await;
}

#[tokio::test]
async fn of_much_output_the_head_and_the_tail_are_kept_and_the_gap_is_named() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let job = http.submit(json!({"task": "chatty"})).await;
    let id = job["id"].as_str().expect("an id");
    http.until_status(id, "completed").await;
    let head = http.get(&format!("/api/v1/jobs/{id}/output?limit=100")).await.expect("an answer").expect(200);
    assert!(head["chunks"][0]["text"].as_str().is_some_and(|text| text.starts_with("line 000000")), "{head:#}");
    let gap = eventually("the gap", async || {
        let read = http.get(&format!("/api/v1/jobs/{id}/output?offset=1100000")).await.expect("an answer").expect(200);
        read["gap"].as_object().cloned()
    })
    .await;
    let end = gap["to"].as_u64().expect("a number");
    let tail = http.get(&format!("/api/v1/jobs/{id}/output?offset={end}&limit=1000000")).await.expect("an answer").expect(200);
    assert!(tail["next"].as_u64() > Some(end), "the tail is there: {}", tail["next"]);
}

#[tokio::test]
async fn a_held_job_starts_when_it_is_let_go_and_a_scheduled_one_at_its_time() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    let later = http.submit(json!({"task": "quick", "runAt": "2999-01-01T00:00:00Z"})).await;
    let id = later["id"].as_str().expect("an id");
    assert_eq!(later["status"], "scheduled");
    http.verb(id, "pause").await.expect(200);
    assert_eq!(http.verb(id, "resume").await.expect(200)["status"], "scheduled", "its due time is kept");
    http.verb(id, "run-now").await.expect(200);
    http.until_status(id, "completed").await;
    let again = http.verb(id, "rerun").await.expect(201);
    assert_eq!(again["rerunOf"], id);
    http.until_status(again["id"].as_str().expect("an id"), "completed").await;
    assert_eq!(http.verb(id, "retry").await.expect(409)["code"], "wrong_status");
}

#[tokio::test]
async fn an_action_counts_first_and_says_what_came_of_each() {
    let server = Server::start(CONFIG).await;
    let http = &server.http;
    for n in 0..5 {
        http.submit(json!({"task": "quick", "runAt": "2999-01-01T00:00:00Z", "tags": [format!("n{}", n % 2)]})).await;
    }
    let action = json!({"verb": "abort", "filter": {"tag": "n0"}, "dryRun": true});
    let counted = http.post("/api/v1/jobs/actions", action).await.expect(200);
    assert_eq!((&counted["matched"], counted["items"].as_array().map(Vec::len)), (&json!(3), Some(0)));
    let done = http.post("/api/v1/jobs/actions", json!({"verb": "abort", "filter": {"tag": "n0"}})).await.expect(200);
    assert!(done["items"].as_array().expect("items").iter().all(|item| item["outcome"] == "changed"), "{done:#}");
    let stats = http.get("/api/v1/stats").await.expect("an answer").expect(200);
    assert_eq!((&stats["byStatus"]["aborted"], &stats["byStatus"]["scheduled"]), (&json!(3), &json!(2)));
    let refused = http.post("/api/v1/jobs/actions", json!({"verb": "abort", "filter": {}})).await;
    assert_eq!(refused.expect(400)["code"], "invalid");
}
