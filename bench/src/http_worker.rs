//! No-op jobs from submit to end over HTTP, by one worker that claims in batches and completes one by one over a few connections; beside
//! the same rows written by plain statements, one transaction and one sync a transition.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use crate::bare_rows::{BareRows, Template};
use crate::outcome::{Goal, Outcome, Row};
use crate::plan::{PATIENCE, Plan};
use crate::server::{Doors, Server, TASK};
use crate::stage::{make_tables, runtime};

/// Jobs of one submit and of one claim.
const BATCH: usize = 100;
/// Connections over which the worker completes what it claimed.
const COMPLETERS: usize = 32;

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let (ours, bare) = (plan.room("http-worker")?, plan.room("http-worker-bare")?);
    runtime()?.block_on(make_tables(&bare))?;
    let mut server = Server::start(&ours, Doors::Open)?;
    let jobs = (plan.noop_jobs / 2).next_multiple_of(BATCH);
    let seconds = run_all(&server, jobs)?;
    server.stop()?;
    let template = Template::read(&ours.join("data"), jobs)?;
    let (ended, took) = BareRows::open(&bare)?.run_each(&template, plan.span)?;
    Ok(vec![Row {
        name: "http_worker".into(),
        unit: "jobs/s",
        ours: jobs as f64 / seconds,
        baseline: ended as f64 / took.as_secs_f64(),
        goal: Goal::AtLeast(10_000.0),
        note: format!("{jobs} jobs, claims of {BATCH}, completed one by one over {COMPLETERS} connections"),
    }])
}

/// From the first submit to the last answer to a `complete`.
fn run_all(server: &Server, jobs: usize) -> Outcome<f64> {
    let begun = Instant::now();
    let (hand, claimed) = sync_channel::<Value>(4 * BATCH);
    let claimed = Arc::new(Mutex::new(claimed));
    std::thread::scope(|scope| -> Outcome<()> {
        let submitter = scope.spawn(|| -> Outcome<()> {
            let mut line = server.line(0)?;
            let body = json!({"jobs": vec![json!({"task": TASK}); BATCH]});
            for _ in 0..jobs / BATCH {
                line.post("/api/v1/jobs/batch", &body)?;
            }
            Ok(())
        });
        let mut completers = Vec::new();
        for _ in 0..COMPLETERS {
            let claimed = claimed.clone();
            completers.push(scope.spawn(move || complete_all(server, &claimed)));
        }
        let mut line = server.line(0)?;
        let claim = json!({"tasks": [TASK], "worker": "bench", "max": BATCH, "wait": 1});
        let mut given = 0;
        while given < jobs && begun.elapsed() < PATIENCE {
            let answer = line.post("/api/v1/claims", &claim)?;
            for job in answer["jobs"].as_array().into_iter().flatten() {
                given += 1;
                hand.send(job.clone())?;
            }
        }
        drop(hand);
        submitter.join().map_err(|_| "the submitter panicked")??;
        for completer in completers {
            completer.join().map_err(|_| "a completer panicked")??;
        }
        Ok(())
    })?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Completes what is handed over until nothing more comes.
fn complete_all(server: &Server, claimed: &Mutex<Receiver<Value>>) -> Outcome<()> {
    let mut line = server.line(0)?;
    loop {
        let next = claimed.lock().map_err(|_| "a completer panicked")?.recv();
        let Ok(job) = next else { return Ok(()) };
        let id = job["id"].as_str().ok_or("no id")?;
        let token = job["lease"]["token"].as_str().ok_or("no lease")?;
        line.post_with(&format!("/api/v1/jobs/{id}/complete"), &format!("tidings-lease: {token}\r\n"), &json!({}))?;
    }
}
