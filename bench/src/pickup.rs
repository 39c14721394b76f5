//! From a submit to an idle worker that waits for it over HTTP, beside the two syncs that durability asks for: the submit's and the claim's.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::outcome::{Goal, Outcome, Row, median, ms, quantile, spread};
use crate::plan::{PATIENCE, Plan};
use crate::server::{Doors, Server, TASK};
use crate::sync_cost;

/// How long the worker is left alone before each submit, so that it waits again.
const IDLE: Duration = Duration::from_millis(4);

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let wanted = plan.pickups;
    let (mut p50, mut p99, mut syncs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let folder = plan.room(&format!("pickup-{round}"))?;
        let (samples, sync) = sync_cost::around(plan.root(), || submit_each(&folder, wanted))?;
        p50.push(quantile(&samples, 0.5));
        p99.push(quantile(&samples, 0.99));
        syncs.push(ms(sync));
    }
    let sync = median(&syncs);
    let row = |name: &str, found: &[f64], more| Row {
        name: name.into(),
        unit: "ms",
        ours: median(found),
        baseline: 2.0 * sync,
        goal: Goal::OverBaselineAtMost(more),
        note: format!("{wanted} jobs a round, {}; baseline: two syncs of {sync:.2} ms", spread(found)),
    };
    Ok(vec![row("pickup, p50", &p50, 1.0), row("pickup, p99", &p99, 4.0)])
}

/// Milliseconds from each submit to the worker.
fn submit_each(folder: &Path, wanted: usize) -> Outcome<Vec<f64>> {
    let server = Server::start(folder, Doors::Open)?;
    let (tell, picked) = sync_channel::<Outcome<Instant>>(1);
    let mut worker = server.line(0)?;
    let working = std::thread::spawn(move || {
        let claim = json!({"tasks": [TASK], "worker": "bench", "max": 1, "wait": 20});
        for _ in 0..wanted {
            let picked = (|| {
                let answer = worker.post("/api/v1/claims", &claim)?;
                let at = Instant::now();
                let job = &answer["jobs"][0];
                let (id, token) =
                    (job["id"].as_str().ok_or("no job came")?, job["lease"]["token"].as_str().ok_or("no lease came")?);
                worker.post_with(&format!("/api/v1/jobs/{id}/complete"), &format!("tidings-lease: {token}\r\n"), &json!({}))?;
                Ok(at)
            })();
            let has_failed = picked.is_err();
            if tell.send(picked).is_err() || has_failed {
                return;
            }
        }
    });
    let mut submitter = server.line(0)?;
    let mut samples = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        std::thread::sleep(IDLE);
        let begun = Instant::now();
        submitter.post("/api/v1/jobs", &json!({"task": TASK}))?;
        let at = picked.recv_timeout(PATIENCE)??;
        samples.push(ms(at.saturating_duration_since(begun)));
    }
    working.join().map_err(|_| "the worker panicked")?;
    Ok(samples)
}
