//! From the start of the process to a socket that listens, on a store that was closed cleanly, and the memory of a server without work;
//! beside a process that does nothing but listen.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bare_writer::BareWriter;
use crate::outcome::{Goal, Outcome, Row, median, ms, spread};
use crate::plan::Plan;
use crate::process_cost::resident_bytes;
use crate::server::{Doors, Server, TASK};

/// Jobs in the store.
const JOBS: usize = 1_000;
/// How long the server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_millis(1_200);

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let mut server = Server::start(&plan.room("startup")?, Doors::Open)?;
    let body = json!({"jobs": vec![json!({"task": TASK}); JOBS]});
    server.line(0)?.post("/api/v1/jobs/batch", &body)?;
    let (mut listening, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..plan.starts {
        server.stop()?;
        listening.push(ms(server.start_again()?));
        std::thread::sleep(SETTLE);
        memory.push(resident_bytes(server.pid())? as f64 / 1e6);
    }
    server.stop()?;
    let (mut bare, mut bare_memory) = (Vec::new(), Vec::new());
    for _ in 0..plan.starts {
        let begun = Instant::now();
        let process = BareWriter::start()?;
        TcpStream::connect(process.address)?;
        bare.push(ms(begun.elapsed()));
        bare_memory.push(resident_bytes(process.pid())? as f64 / 1e6);
    }
    Ok(vec![
        Row {
            name: "startup, until it listens".into(),
            unit: "ms",
            ours: median(&listening),
            baseline: median(&bare),
            goal: Goal::AtMost(50.0),
            note: format!("{JOBS} jobs in the store, {}; baseline: a bare process, {}", spread(&listening), spread(&bare)),
        },
        Row {
            name: "startup, memory when idle".into(),
            unit: "MB",
            ours: median(&memory),
            baseline: median(&bare_memory),
            goal: Goal::AtMost(30.0),
            note: format!("resident, 1.2 s after it is ready, {}", spread(&memory)),
        },
    ])
}
