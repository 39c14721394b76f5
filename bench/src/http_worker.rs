//! No-op jobs from submit to end over HTTP, by one worker that claims in batches and completes one by one over a few connections; beside
//! the same rows written by plain statements, one transaction and one sync a transition.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use crate::bare_rows::{BareRows, Template};
use crate::http_crowd::{Crowd, post};
use crate::outcome::{Goal, Outcome, Row, median, spread};
use crate::plan::{PATIENCE, Plan};
use crate::server::{Doors, Server, TASK};
use crate::stage::{make_tables, runtime};

/// Jobs of one submit and of one claim.
const BATCH: usize = 100;
/// Connections over which the worker completes what it claimed.
const COMPLETERS: usize = 64;
/// The connection that submits, and the one that claims; those that complete are numbered after them.
const SUBMITTER: usize = 0;
const CLAIMER: usize = 1;
const FIRST_COMPLETER: usize = 2;
/// Jobs that the worker holds, above which it claims no more.
const ENOUGH: usize = 2 * BATCH;

#[derive(Deserialize)]
struct Claimed<'a> {
    #[serde(borrow)]
    jobs: Vec<ClaimedJob<'a>>,
}

#[derive(Deserialize)]
struct ClaimedJob<'a> {
    id: &'a str,
    #[serde(borrow)]
    lease: Lease<'a>,
}

#[derive(Deserialize)]
struct Lease<'a> {
    token: &'a str,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let jobs = (plan.noop_jobs / 2).next_multiple_of(BATCH);
    let (mut rates, mut bare_rates) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let (ours, bare) = (plan.room(&format!("http-worker-{round}"))?, plan.room(&format!("http-worker-bare-{round}"))?);
        runtime()?.block_on(make_tables(&bare))?;
        let mut server = Server::start(&ours, Doors::Open)?;
        rates.push(jobs as f64 / run_all(server.address, jobs)?);
        server.stop()?;
        let template = Template::read(&ours.join("data"), jobs)?;
        let (ended, took) = BareRows::open(&bare)?.run_each(&template, plan.span)?;
        bare_rates.push(ended as f64 / took.as_secs_f64());
        std::fs::remove_dir_all(ours)?;
        std::fs::remove_dir_all(bare)?;
    }
    Ok(vec![Row {
        name: "http_worker".into(),
        unit: "jobs/s",
        ours: median(&rates),
        baseline: median(&bare_rates),
        goal: Goal::AtLeast(10_000.0),
        note: format!(
            "{jobs} jobs, claims of {BATCH}, completed one by one over {COMPLETERS} connections, {}; baseline {}",
            spread(&rates),
            spread(&bare_rates)
        ),
    }])
}

/// Seconds from the first submit to the last answer to a `complete`. Submitter and worker share one thread.
fn run_all(address: SocketAddr, jobs: usize) -> Outcome<f64> {
    let submit = post(address, "/api/v1/jobs/batch", "", &json!({"jobs": vec![json!({"task": TASK}); BATCH]}).to_string());
    let claim = post(address, "/api/v1/claims", "", &json!({"tasks": [TASK], "worker": "w", "max": BATCH, "wait": 1}).to_string());
    let mut crowd = Crowd::open(address, FIRST_COMPLETER + COMPLETERS)?;
    let mut idle: Vec<usize> = (FIRST_COMPLETER..FIRST_COMPLETER + COMPLETERS).collect();
    let mut held: VecDeque<Vec<u8>> = VecDeque::new();
    let (mut submitted, mut claimed, mut completed, mut is_claiming) = (BATCH, 0, 0, true);
    let begun = Instant::now();
    crowd.send(SUBMITTER, &submit)?;
    crowd.send(CLAIMER, &claim)?;
    while completed < jobs {
        let mut may_submit = false;
        crowd.answers(Duration::from_secs(1), |answer| {
            if !(200..300).contains(&answer.status) {
                return Err(format!("answered {}: {}", answer.status, String::from_utf8_lossy(answer.body)).into());
            }
            match answer.line {
                SUBMITTER => may_submit = true,
                CLAIMER => {
                    is_claiming = false;
                    let given: Claimed<'_> = serde_json::from_slice(answer.body)?;
                    claimed += given.jobs.len();
                    held.extend(given.jobs.iter().map(|job| {
                        let lease = format!("tidings-lease: {}\r\n", job.lease.token);
                        post(address, &format!("/api/v1/jobs/{}/complete", job.id), &lease, "{}")
                    }));
                }
                completer => {
                    completed += 1;
                    idle.push(completer);
                }
            }
            Ok(())
        })?;
        if may_submit && submitted < jobs {
            submitted += BATCH;
            crowd.send(SUBMITTER, &submit)?;
        }
        if !is_claiming && claimed < jobs && held.len() <= ENOUGH {
            is_claiming = true;
            crowd.send(CLAIMER, &claim)?;
        }
        while !idle.is_empty()
            && let Some(next) = held.pop_front()
            && let Some(line) = idle.pop()
        {
            crowd.send(line, &next)?;
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{completed} of {jobs} jobs ended within {PATIENCE:?}").into());
        }
    }
    Ok(begun.elapsed().as_secs_f64())
}
