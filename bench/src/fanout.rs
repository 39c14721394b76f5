//! One topic, many WebSockets: events sent one at a time, and events that wait in numbers, beside a bare loop that writes the same bytes
//! to as many sockets of the same reader.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bare_writer::BareWriter;
use crate::http_line::HttpLine;
use crate::outcome::{Goal, Outcome, Row, median, ms};
use crate::plan::Plan;
use crate::process_cost::cpu;
use crate::server::{Doors, QUIET_TASK, SOCKETS_OF_CALLER, Server, TASK};
use crate::watchers::{Wanted, Watchers, is_update};

/// Submits that are timed while nobody watches.
const QUIET_SUBMITS: usize = 40;
/// Callers that submit, so that none meets the limit on requests.
const SUBMITTERS: usize = 8;
/// The best peer's updates a second over those of a bare loop that writes all that waits at once, of the same hour.
const BEST_PEER_SHARE: f64 = 2_650_000.0 / 6_764_000.0;

/// What one side did.
struct Side {
    /// Deliveries a second, of each event sent alone.
    single: Vec<f64>,
    /// From the event to the last watcher, in milliseconds.
    to_last: Vec<f64>,
    /// CPU of a delivery, in microseconds.
    cpu_us: f64,
    /// Updates a second while many wait.
    many: Vec<f64>,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let (ours, sample) = of_server(plan)?;
    let bare = of_bare_loop(plan, &sample)?;
    let watchers = plan.fanout_watchers;
    let note = format!("{watchers} watchers, frames of {} bytes", sample.len());
    let row = |name: &str, unit, ours, baseline, goal, note: String| Row { name: name.into(), unit, ours, baseline, goal, note };
    Ok(vec![
        row("fanout, one update a write", "/s", median(&ours.single), median(&bare.single), Goal::RatioAtLeast(0.8), note.clone()),
        row("fanout, CPU of a delivery", "us", ours.cpu_us, bare.cpu_us, Goal::RatioAtMost(1.3), "the commits included".into()),
        row("fanout, commit to last watcher", "ms", median(&ours.to_last), median(&bare.to_last), Goal::RatioAtMost(1.5), note),
        row(
            "fanout, many waiting",
            "/s",
            median(&ours.many),
            median(&bare.many),
            Goal::RatioAtLeast((BEST_PEER_SHARE * 100.0).round() / 100.0),
            format!("{} events at once, frames of {} bytes", plan.fanout_burst_events, sample.len()),
        ),
    ])
}

fn of_server(plan: &Plan) -> Outcome<(Side, String)> {
    let server = Server::start(&plan.room("fanout")?, Doors::ByToken)?;
    let mut submitter = Submitter::start(&server)?;
    let quiet: Vec<f64> = (0..QUIET_SUBMITS).map(|_| submitter.timed(QUIET_TASK)).collect::<Outcome<_>>()?;
    let quiet = median(&quiet);
    let wanted =
        |number: usize| Wanted { token: server.token(number / SOCKETS_OF_CALLER), topic: json!({"task": TASK}), after: None };
    let (mut watchers, _) = Watchers::join(server.address, plan.fanout_watchers, wanted)?;
    let count = watchers.count() as u64;
    let mut sample = String::new();
    submitter.send(TASK, 1)?;
    let mut seen = 0;
    while seen < count {
        watchers.read(Duration::from_secs(10), |_, text| {
            if is_update(text) {
                seen += 1;
                sample = String::from_utf8_lossy(text).into_owned();
            }
        })?;
    }
    submitter.answered()?;
    let (mut single, mut to_last) = (Vec::new(), Vec::new());
    let before = cpu(server.pid())?;
    for _ in 0..plan.fanout_rounds {
        submitter.send(TASK, 1)?;
        let spread = watchers.updates(count)?;
        let sent = submitter.answered()?.sent;
        single.push(spread.rate(count));
        // The commit itself takes as long as it does while nobody watches; its answer competes with the deliveries and tells nothing.
        to_last.push(ms(spread.last - sent) - quiet);
    }
    let spent = cpu(server.pid())?.saturating_sub(before);
    let cpu_us = spent.as_secs_f64() * 1e6 / (count as f64 * plan.fanout_rounds as f64);
    let mut many = Vec::new();
    for _ in 0..plan.fanout_bursts {
        let updates = count * plan.fanout_burst_events as u64;
        submitter.send(TASK, plan.fanout_burst_events)?;
        many.push(watchers.updates(updates)?.rate(updates));
        submitter.answered()?;
    }
    Ok((Side { single, to_last, cpu_us, many }, sample))
}

fn of_bare_loop(plan: &Plan, sample: &str) -> Outcome<Side> {
    let mut bare = BareWriter::start()?;
    let (mut watchers, count) = bare.hold(plan.fanout_watchers)?;
    bare.order(&format!("frame {sample}"))?;
    bare.done()?;
    let (mut single, mut to_last) = (Vec::new(), Vec::new());
    let before = cpu(bare.pid())?;
    for _ in 0..plan.fanout_rounds {
        let sent = Instant::now();
        bare.order("sweep")?;
        let spread = watchers.updates(count)?;
        bare.done()?;
        single.push(spread.rate(count));
        to_last.push(ms(spread.last - sent));
    }
    let spent = cpu(bare.pid())?.saturating_sub(before);
    let cpu_us = spent.as_secs_f64() * 1e6 / (count as f64 * plan.fanout_rounds as f64);
    let mut many = Vec::new();
    for _ in 0..plan.fanout_bursts {
        let updates = count * plan.fanout_burst_events as u64;
        bare.order(&format!("burst {}", plan.fanout_burst_events))?;
        many.push(watchers.updates(updates)?.rate(updates));
        bare.done()?;
    }
    Ok(Side { single, to_last, cpu_us, many })
}

/// A thread that submits when it is told, so that the watchers are read while it waits for the answer.
struct Submitter {
    orders: SyncSender<(&'static str, usize)>,
    answers: Receiver<Outcome<Sent>>,
}

struct Sent {
    sent: Instant,
    answered: Instant,
}

impl Submitter {
    fn start(server: &Server) -> Outcome<Submitter> {
        // Callers beyond those of the watchers.
        let mut lines = (0..SUBMITTERS).map(|number| server.line(1_000_000 + number)).collect::<Outcome<Vec<HttpLine>>>()?;
        let (orders, ordered) = sync_channel::<(&'static str, usize)>(1);
        let (answer, answers) = sync_channel(1);
        std::thread::spawn(move || {
            for (number, (task, jobs)) in ordered.iter().enumerate() {
                let line = &mut lines[number % SUBMITTERS];
                let sent = Instant::now();
                let done = submit(line, task, jobs).map(|_| Sent { sent, answered: Instant::now() });
                if answer.send(done).is_err() {
                    return;
                }
            }
        });
        Ok(Submitter { orders, answers })
    }

    fn send(&mut self, task: &'static str, jobs: usize) -> Outcome<()> {
        Ok(self.orders.send((task, jobs))?)
    }

    fn answered(&mut self) -> Outcome<Sent> {
        self.answers.recv()?
    }

    /// Milliseconds from a submit to its answer.
    fn timed(&mut self, task: &'static str) -> Outcome<f64> {
        self.send(task, 1)?;
        let done = self.answered()?;
        Ok(ms(done.answered - done.sent))
    }
}

/// Submits jobs of a task: one alone, or several in one batch.
fn submit(line: &mut HttpLine, task: &str, jobs: usize) -> Outcome<Value> {
    let job = json!({"task": task});
    match jobs {
        1 => line.post("/api/v1/jobs", &job),
        _ => line.post("/api/v1/jobs/batch", &json!({"jobs": vec![job; jobs]})),
    }
}
