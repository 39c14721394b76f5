//! One topic, many WebSockets: events sent one at a time, and events that wait in numbers, beside a bare loop that writes the same bytes
//! to as many sockets of the same reader.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bare_writer::BareWriter;
use crate::http_line::HttpLine;
use crate::outcome::{Goal, Outcome, Row, median, ms, spread};
use crate::plan::Plan;
use crate::process_cost::cpu;
use crate::server::{Doors, QUIET_TASK, SOCKETS_OF_CALLER, Server, TASK};
use crate::watchers::{Wanted, Watchers, is_update};

/// Submits that are timed while nobody watches.
const QUIET_SUBMITS: usize = 40;
/// Callers that submit, so that none meets the limit on requests.
const SUBMITTERS: usize = 8;
/// Their numbers lie beyond those of the watchers' callers.
const FIRST_SUBMITTER: usize = 9_000;
/// What the best peer delivers when many updates wait.
const BEST_PEER: f64 = 2_650_000.0;

/// What one side did in each round: medians of the round.
#[derive(Default)]
struct Side {
    /// Deliveries a second, of each event sent alone.
    single: Vec<f64>,
    /// From the event to the last watcher, in milliseconds.
    to_last: Vec<f64>,
    /// CPU of a delivery, in microseconds.
    cpu_us: Vec<f64>,
    /// Updates a second while many wait.
    many: Vec<f64>,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let server = Server::start(&plan.room("fanout")?, Doors::ByToken)?;
    let mut submitter = Submitter::start(&server)?;
    let quiet: Vec<f64> = (0..QUIET_SUBMITS).map(|_| submitter.timed(QUIET_TASK)).collect::<Outcome<_>>()?;
    let wanted =
        |number: usize| Wanted { token: server.token(number / SOCKETS_OF_CALLER), topic: json!({"task": TASK}), after: None };
    let (watchers, _) = Watchers::join(server.address, plan.fanout_watchers, wanted)?;
    let mut watched = Watched { server: &server, submitter, watchers, quiet: median(&quiet) };
    let sample = watched.sample()?;
    let mut bare = BareWriter::start()?;
    let (mut held, _) = bare.hold(plan.fanout_watchers)?;
    bare.order(&format!("frame {sample}"))?;
    bare.done()?;
    let (mut ours, mut loops) = (Side::default(), Side::default());
    for _ in 0..plan.rounds {
        watched.round(plan, &mut ours)?;
        bare_round(plan, &mut bare, &mut held, &mut loops)?;
    }
    let watchers = plan.fanout_watchers;
    let what = format!("{watchers} watchers, frames of {} bytes", sample.len());
    let row = |name: &str, unit, (ours, bare): (&[f64], &[f64]), goal, what: String| {
        let (lay, bare_lay) = (spread(ours), spread(bare));
        let note = format!("{what}; {lay}, bare {bare_lay}");
        Row { name: name.into(), unit, ours: median(ours), baseline: median(bare), goal, note }
    };
    let waiting = plan.fanout_burst_events;
    Ok(vec![
        row("fanout, one update a write", "/s", (&ours.single, &loops.single), Goal::RatioAtLeast(0.8), what.clone()),
        row(
            "fanout, CPU of a delivery",
            "µs",
            (&ours.cpu_us, &loops.cpu_us),
            Goal::RatioAtMost(1.3),
            "submit and commit included".into(),
        ),
        row("fanout, commit to last watcher", "ms", (&ours.to_last, &loops.to_last), Goal::RatioAtMost(1.5), what.clone()),
        row(
            "fanout, many waiting",
            "/s",
            (&ours.many, &loops.many),
            Goal::AtLeast(BEST_PEER),
            format!("{waiting} events at once, {what}"),
        ),
    ])
}

/// The server with its watchers.
struct Watched<'a> {
    server: &'a Server,
    submitter: Submitter,
    watchers: Watchers,
    /// Milliseconds of a submit while nobody watches.
    quiet: f64,
}

impl Watched<'_> {
    /// The frame of a job, once all have read it.
    fn sample(&mut self) -> Outcome<String> {
        let (mut sample, mut seen) = (String::new(), 0);
        self.submitter.send(TASK, 1)?;
        while seen < self.watchers.count() {
            self.watchers.read(Duration::from_secs(10), |_, text| {
                if is_update(text) {
                    seen += 1;
                    sample = String::from_utf8_lossy(text).into_owned();
                }
            })?;
        }
        self.submitter.answered()?;
        Ok(sample)
    }

    fn round(&mut self, plan: &Plan, side: &mut Side) -> Outcome<()> {
        let count = self.watchers.count() as u64;
        let (mut single, mut to_last, mut many) = (Vec::new(), Vec::new(), Vec::new());
        let before = cpu(self.server.pid())?;
        for _ in 0..plan.fanout_events {
            self.submitter.send(TASK, 1)?;
            let read = self.watchers.updates(count)?;
            let sent = self.submitter.answered()?.sent;
            single.push(read.rate(count));
            // The commit itself takes as long as it does while nobody watches; its answer competes with the deliveries and tells nothing.
            to_last.push(ms(read.last - sent) - self.quiet);
        }
        let spent = cpu(self.server.pid())?.saturating_sub(before);
        for _ in 0..plan.fanout_bursts {
            let updates = count * plan.fanout_burst_events as u64;
            self.submitter.send(TASK, plan.fanout_burst_events)?;
            many.push(self.watchers.updates(updates)?.rate(updates));
            self.submitter.answered()?;
        }
        side.take(&single, &to_last, &many, spent.as_secs_f64() * 1e6 / (count as f64 * plan.fanout_events as f64));
        Ok(())
    }
}

impl Side {
    fn take(&mut self, single: &[f64], to_last: &[f64], many: &[f64], cpu_us: f64) {
        self.single.push(median(single));
        self.to_last.push(median(to_last));
        self.many.push(median(many));
        self.cpu_us.push(cpu_us);
    }
}

fn bare_round(plan: &Plan, bare: &mut BareWriter, held: &mut Watchers, side: &mut Side) -> Outcome<()> {
    let count = held.count() as u64;
    let (mut single, mut to_last, mut many) = (Vec::new(), Vec::new(), Vec::new());
    let before = cpu(bare.pid())?;
    for _ in 0..plan.fanout_events {
        let sent = Instant::now();
        bare.order("sweep")?;
        let read = held.updates(count)?;
        bare.done()?;
        single.push(read.rate(count));
        to_last.push(ms(read.last - sent));
    }
    let spent = cpu(bare.pid())?.saturating_sub(before);
    for _ in 0..plan.fanout_bursts {
        let updates = count * plan.fanout_burst_events as u64;
        bare.order(&format!("burst {}", plan.fanout_burst_events))?;
        many.push(held.updates(updates)?.rate(updates));
        bare.done()?;
    }
    side.take(&single, &to_last, &many, spent.as_secs_f64() * 1e6 / (count as f64 * plan.fanout_events as f64));
    Ok(())
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
        let mut lines = (0..SUBMITTERS).map(|number| server.line(FIRST_SUBMITTER + number)).collect::<Outcome<Vec<HttpLine>>>()?;
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
