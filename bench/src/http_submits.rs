//! Durable submits over HTTP, one job a request, over connections that are kept open; beside a server of the same library that answers the
//! same bytes and stores nothing, asked by the same client.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bare_answers::BareAnswers;
use crate::http_crowd::{Crowd, post};
use crate::outcome::{Goal, Outcome, Row, median, ms, spread};
use crate::plan::{PATIENCE, Plan};
use crate::process_cost::cpu;
use crate::server::{Doors, Server, TASK};
use crate::sync_cost;

/// Connections, each with one submit under way.
const LINES: usize = 64;
const PATH: &str = "/api/v1/jobs";

/// What one round did.
struct Ran {
    /// Answers a second.
    rate: f64,
    answers: u64,
    /// The last answer.
    status: u16,
    head: Vec<u8>,
    body: Vec<u8>,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let (mut ours, mut bare, mut syncs, mut cpu_us) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let folder = plan.room(&format!("http-submits-{round}"))?;
        let (ran, sync) = sync_cost::around(plan.root(), || {
            let mut server = Server::start(&folder, Doors::Open)?;
            // What a first request pays for is paid before.
            ask_for(server.address, plan.span / 10)?;
            let before = cpu(server.pid())?;
            let ran = ask_for(server.address, plan.span)?;
            let spent = cpu(server.pid())?.saturating_sub(before);
            cpu_us.push(spent.as_secs_f64() * 1e6 / ran.answers as f64);
            server.stop()?;
            Ok(ran)
        })?;
        let answering = BareAnswers::like(ran.status, &ran.head, &ran.body)?;
        ask_for(answering.address, plan.span / 10)?;
        bare.push(ask_for(answering.address, plan.span)?.rate);
        ours.push(ran.rate);
        syncs.push(ms(sync));
        std::fs::remove_dir_all(folder)?;
    }
    Ok(vec![Row {
        name: "http_submits".into(),
        unit: "/s",
        ours: median(&ours),
        baseline: median(&bare),
        goal: Goal::AtLeast(20_000.0),
        note: format!(
            "{LINES} connections, {}; {:.0} µs CPU of the server a submit; the goal is for a sync of 0.1 ms, here it takes {:.2} ms; \
             baseline: a server that answers the same and stores nothing, {}",
            spread(&ours),
            median(&cpu_us),
            median(&syncs),
            spread(&bare)
        ),
    }])
}

/// Asks on every line, again as soon as it is answered, for `span`; then waits for the last answers.
fn ask_for(address: SocketAddr, span: Duration) -> Outcome<Ran> {
    let request = post(address, PATH, "", &json!({"task": TASK}).to_string());
    let mut crowd = Crowd::open(address, LINES)?;
    let begun = Instant::now();
    for line in 0..LINES {
        crowd.send(line, &request)?;
    }
    let mut ran = Ran { rate: 0.0, answers: 0, status: 0, head: Vec::new(), body: Vec::new() };
    let (mut waiting, mut free) = (LINES, Vec::with_capacity(LINES));
    while waiting > 0 {
        crowd.answers(Duration::from_secs(1), |answer| {
            if answer.status != 201 {
                return Err(format!("a submit was answered {}: {}", answer.status, String::from_utf8_lossy(answer.body)).into());
            }
            if ran.status == 0 {
                (ran.status, ran.head, ran.body) = (answer.status, answer.head.to_vec(), answer.body.to_vec());
            }
            free.push(answer.line);
            Ok(())
        })?;
        ran.answers += free.len() as u64;
        waiting -= free.len();
        if begun.elapsed() > span + PATIENCE {
            return Err(format!("{waiting} submits were not answered").into());
        }
        for line in free.drain(..) {
            if begun.elapsed() < span {
                crowd.send(line, &request)?;
                waiting += 1;
            }
        }
    }
    ran.rate = ran.answers as f64 / begun.elapsed().as_secs_f64();
    Ok(ran)
}
