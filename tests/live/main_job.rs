//! A program runs as a job, is watched over all three edges, paused, resumed, and loses its server in the middle.

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::harness::server::{Server, processes_of};
use crate::harness::watch::{self, Seen};

const CONFIG: &str = r#"
[tasks.node-ipc]
command = ["node", "worker.js"]
cwd = "{examples}/check-links"
channel = "node-ipc"
pause = "cooperative"
retry = { attempts = 2, base = "50ms" }
env = ["PATH", "HOME"]

[tasks.node-wrapper]
command = ["node", "wrapper.js"]
cwd = "{examples}/check-links"
channel = "node-ipc"
pause = "cooperative"
retry = { attempts = 2, base = "50ms" }
env = ["PATH", "HOME"]

[tasks.lines]
command = ["python3", "word_count.py"]
cwd = "{examples}/word-count"
channel = "lines"
pause = "cooperative"
retry = { attempts = 2, base = "50ms" }
env = ["PATH", "HOME"]

[tasks.plain]
command = ["python3", "-u", "-c", "import json,os,sys,time\ninput=json.load(open(os.environ['TIDINGS_INPUT_FILE']))\nfor i in range(input['steps']):\n    print('step', i, 100*i//input['steps'], '%', flush=True)\n    time.sleep(input['delayMs']/1000)\nprint('done')"]
channel = "plain"
pause = "freeze"
progress = "percent"
retry = { attempts = 2, base = "50ms" }
env = ["PATH", "HOME"]
"#;

struct Walk {
    task: &'static str,
    input: Value,
    /// How the output of its last attempt ends.
    output: &'static str,
    /// What the result must hold.
    check: fn(&Value),
}

async fn walk(walk: Walk) {
    let mut server = Server::start(CONFIG).await;
    let http = server.http.clone();
    let job = http.submit(json!({"task": walk.task, "input": walk.input, "title": "the main job", "tags": ["walk"]})).await;
    let id = job["id"].as_str().expect("an id").to_owned();
    let topic = json!({"job": id});
    let mut watchers = watch::all_edges(&http, &topic, Vec::new());

    watch::until_all(&mut watchers, "progress", |seen| seen.progress_frames > 1).await;
    assert_eq!(http.verb(&id, "pause").await.expect(202)["wish"]["kind"], "pause");
    watch::until_all(&mut watchers, "the pause", |seen| seen.statuses.last().is_some_and(|status| status == "paused")).await;
    let held = http.job(&id).await["progress"]["tick"].clone();
    assert_eq!(http.verb(&id, "pause").await.expect(200)["status"], "paused", "a pause of what is paused is done");
    assert_eq!(http.job(&id).await["progress"]["tick"], held, "no progress while paused");
    http.verb(&id, "resume").await;
    watch::until_all(&mut watchers, "the resumption", |seen| seen.kinds.last().is_some_and(|kind| kind == "resumed")).await;
    let ticked = held.as_u64().unwrap_or_default();
    eventually("progress to go on", async || http.job(&id).await["progress"]["tick"].as_u64().filter(|tick| *tick > ticked)).await;

    let running = processes_of(&id);
    assert!(!running.is_empty(), "its processes can be found");
    server.kill();
    eventually("every process of the job to be gone", async || processes_of(&id).is_empty().then_some(())).await;
    let seen = watch::disconnect_all(watchers).await;
    server.start_again().await;
    let mut watchers = watch::all_edges(&http, &topic, seen);
    watch::until_all(&mut watchers, "the end", Seen::has_ended).await;

    let job = http.job(&id).await;
    assert_eq!(job["status"], "completed", "{job:#}");
    assert_eq!(job["attempt"], 2, "the second attempt ran it to its end");
    (walk.check)(&job);
    let output = http.output(&id).await;
    assert!(output.ends_with(walk.output), "its output is kept: {output}");
    for watcher in watchers {
        let seen = watcher.disconnect().await;
        assert_eq!(seen.revs.last().copied(), job["rev"].as_u64(), "the watcher is where the job is");
        assert_eq!(seen.kinds.iter().filter(|kind| *kind == "settled").count(), 1, "exactly one end");
        assert!(seen.kinds.iter().any(|kind| kind == "retrying"), "it saw the rescue: {:?}", seen.kinds);
    }
    let attempts = http.get(&format!("/api/v1/jobs/{id}/attempts")).await.expect("an answer").expect(200);
    assert_eq!(attempts["attempts"][0]["error"]["kind"], "server_gone", "{attempts:#}");
    assert!(server.stop().success(), "it stops cleanly");
}

#[tokio::test]
async fn a_node_worker_over_its_own_channel() {
    let check = |job: &Value| assert_eq!(job["result"]["links"], 48, "{job:#}");
    walk(Walk { task: "node-ipc", input: json!({"folder": "site", "delayMs": 30}), output: "", check }).await;
}

#[tokio::test]
async fn a_node_worker_behind_a_wrapper_that_relays() {
    let check = |job: &Value| assert_eq!(job["result"]["links"], 48, "{job:#}");
    walk(Walk { task: "node-wrapper", input: json!({"folder": "site", "delayMs": 30}), output: "", check }).await;
}

#[tokio::test]
async fn a_python_worker_over_json_lines() {
    let check = |job: &Value| {
        assert_eq!(job["reason"], "partial", "one file failed and one was skipped: {job:#}");
        assert_eq!(job["progress"]["ok"], 5);
    };
    walk(Walk { task: "lines", input: json!({"folder": "texts", "delayMs": 300}), output: "", check }).await;
}

#[tokio::test]
async fn any_program_with_percentages_from_its_output() {
    let check = |job: &Value| assert!(job["result"].is_null(), "{job:#}");
    walk(Walk { task: "plain", input: json!({"steps": 60, "delayMs": 40}), output: "done\n", check }).await;
}
