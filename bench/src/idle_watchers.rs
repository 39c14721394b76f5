//! What a watcher costs the server while nothing happens: resident memory, beside a process that only holds as many sockets, and CPU for
//! heartbeats, beside the server without watchers.

use std::time::Duration;

use serde_json::json;

use crate::bare_writer::BareWriter;
use crate::outcome::{Goal, Outcome, Row};
use crate::plan::Plan;
use crate::process_cost::{cpu, resident_bytes};
use crate::server::{Doors, SOCKETS_OF_CALLER, Server, TASK};
use crate::watchers::{Wanted, Watchers};

/// How long the server is left alone after the watchers have joined.
const SETTLE: Duration = Duration::from_millis(500);

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let server = Server::start(&plan.room("idle-watchers")?, Doors::ByToken)?;
    let watchers = plan.idle_watchers as f64;
    let wanted =
        |number: usize| Wanted { token: server.token(number / SOCKETS_OF_CALLER), topic: json!({"task": TASK}), after: None };
    // One watcher first: what the first of all costs is not what one more costs.
    let (first, _) = Watchers::join(server.address, 1, wanted)?;
    std::thread::sleep(SETTLE);
    let (memory_before, cpu_before) = (resident_bytes(server.pid())?, cpu(server.pid())?);
    std::thread::sleep(plan.idle_span);
    let alone = cpu(server.pid())?.saturating_sub(cpu_before);
    let (mut all, _) = Watchers::join(server.address, plan.idle_watchers, |number| wanted(number + SOCKETS_OF_CALLER))?;
    all.settle(SETTLE)?;
    let memory = resident_bytes(server.pid())?.saturating_sub(memory_before);
    let cpu_before = cpu(server.pid())?;
    all.settle(plan.idle_span)?;
    let watched = cpu(server.pid())?.saturating_sub(cpu_before).saturating_sub(alone);
    drop((first, all));
    let mut bare = BareWriter::start()?;
    let bare_before = resident_bytes(bare.pid())?;
    let (held, _) = bare.hold(plan.idle_watchers)?;
    let bare_memory = resident_bytes(bare.pid())?.saturating_sub(bare_before);
    drop(held);
    let seconds = plan.idle_span.as_secs_f64();
    Ok(vec![
        Row {
            name: "idle_watchers, memory".into(),
            unit: "KB",
            ours: memory as f64 / 1_000.0 / watchers,
            baseline: bare_memory as f64 / 1_000.0 / watchers,
            goal: Goal::AtMost(5.0),
            note: format!("{watchers} watchers; baseline: a bare process with as many sockets"),
        },
        Row {
            name: "idle_watchers, CPU a second".into(),
            unit: "µs",
            ours: watched.as_secs_f64() * 1e6 / watchers / seconds,
            baseline: alone.as_secs_f64() * 1e6 / watchers / seconds,
            goal: Goal::AtMost(2.0),
            note: format!("over {seconds} s, heartbeats included; baseline: the server without them"),
        },
    ])
}
