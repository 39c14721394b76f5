//! Task status updates of the older contract: from a publish on the Redis channel to each of a hundred WebSockets, beside a plain broadcaster that
//! subscribes to the same Redis and writes what it hears to as many sockets, and keeps nothing.
//!
//! A sample begins before the publish and ends when a client has read the frame, so Redis, the commit and its sync are in it: from the commit it is
//! shorter. Alone: the next is published when all have the last. Under load: at a fixed pace, whether or not anybody keeps up.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use engine::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::bare_writer::BareWriter;
use crate::outcome::{Goal, Outcome, Row, median, ms, quantile, spread};
use crate::plan::{PATIENCE, Plan};
use crate::redis_server::RedisServer;
use crate::server::{Doors, SOCKETS_OF_CALLER, Server};
use crate::watchers::{Socket, Watchers, upgrade};

const WATCHERS: usize = 100;
const CHANNEL: &str = "task_status_update";
const BARE_CHANNEL: &str = "bare_task_status_update";
/// Tasks that a measurement moves, one after another.
const TASKS: usize = 500;
/// Publishes a second under load.
const PACE: u64 = 400;

/// What one side did in each round, in milliseconds: means and 99th percentiles of the round.
#[derive(Default)]
struct Side {
    mean: Vec<f64>,
    last_p99: Vec<f64>,
    load_mean: Vec<f64>,
    load_last_p99: Vec<f64>,
}

/// Publishes, and knows when.
struct Publisher {
    connection: redis::Connection,
    channel: &'static str,
    published: Vec<Instant>,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let room = plan.room("broadcast")?;
    let redis = RedisServer::start(&room)?;
    let source = format!("[sources.task_status]\nredis = {:?}\nowner = \"ann\"\n", redis.address);
    let server = Server::start_with(&room, Doors::ByToken, &source)?;
    let mut publisher = Publisher::start(&redis, CHANNEL)?;
    let (mut watchers, _) = Watchers::gather(WATCHERS, |number| open(&server, number))?;
    publisher.until_heard(&mut watchers)?;
    let mut bare = BareWriter::start()?;
    let (mut held, _) = bare.hold(WATCHERS)?;
    bare.order(&format!("relay {BARE_CHANNEL} {}", redis.address))?;
    let mut bare_publisher = Publisher::start(&redis, BARE_CHANNEL)?;
    bare_publisher.until_heard(&mut held)?;
    let (mut ours, mut plain) = (Side::default(), Side::default());
    for _ in 0..plan.rounds {
        publisher.round(plan, &mut watchers, &mut ours)?;
        bare_publisher.round(plan, &mut held, &mut plain)?;
    }
    let row = |name: &str, ours: &[f64], plain: &[f64], goal, note: &str| Row {
        name: format!("broadcast, {name}"),
        unit: "ms",
        ours: median(ours),
        baseline: median(plain),
        goal,
        note: format!("{note}; {}, plain {}", spread(ours), spread(plain)),
    };
    let alone = format!("{WATCHERS} sockets, {} publishes a round, one at a time", plan.broadcasts);
    let load = format!("{WATCHERS} sockets, {PACE} publishes a second");
    Ok(vec![
        row("publish to a client, mean", &ours.mean, &plain.mean, Goal::AtMost(10.0), &alone),
        row("publish to the last, p99", &ours.last_p99, &plain.last_p99, Goal::AtMost(50.0), &alone),
        row("under load, mean", &ours.load_mean, &plain.load_mean, Goal::AtMost(10.0), &load),
        row("under load, to the last, p99", &ours.load_last_p99, &plain.load_last_p99, Goal::AtMost(50.0), &load),
    ])
}

/// A client of the older contract, once it was greeted.
fn open(server: &Server, number: usize) -> Outcome<(Socket, ())> {
    let token = server.token(number / SOCKETS_OF_CALLER).unwrap_or_default();
    let mut socket = upgrade(server.address, &format!("/ws?token={token}"))?;
    let mut is_greeted = false;
    while !is_greeted {
        socket.wait(|text| is_greeted |= text.starts_with(b"{\"type\":\"ack\""))?;
    }
    Ok((socket, ()))
}

impl Publisher {
    fn start(redis: &RedisServer, channel: &'static str) -> Outcome<Publisher> {
        Ok(Publisher { connection: redis.connect()?, channel, published: Vec::new() })
    }

    /// Publishes the next change and answers its number.
    fn publish(&mut self) -> Outcome<usize> {
        let number = self.published.len();
        let status = if (number / TASKS).is_multiple_of(2) { "running" } else { "completed" };
        let update = json!({
            "task_id": number % TASKS, "status": status, "updated_at": wire::time::show(SystemClock.now()),
            "output": format!("n={number};"), "error": null, "assignee": "agent-7", "project_id": 456,
        });
        self.published.push(Instant::now());
        let _: i64 = redis::cmd("PUBLISH").arg(self.channel).arg(update.to_string()).query(&mut self.connection)?;
        Ok(number)
    }

    /// Publishes until all clients have heard one: whoever subscribes does so in its own time.
    fn until_heard(&mut self, watchers: &mut Watchers) -> Outcome<()> {
        let begun = Instant::now();
        let mut seen = Arrivals::of(watchers.count());
        while begun.elapsed() < PATIENCE {
            let number = self.publish()?;
            let waited = Instant::now();
            while waited.elapsed() < Duration::from_millis(200) && !seen.all_have(number) {
                watchers.read(Duration::from_millis(20), |watcher, text| seen.take(watcher, text))?;
            }
            if seen.all_have(number) {
                return Ok(());
            }
        }
        Err(format!("not all clients were told within {PATIENCE:?}").into())
    }

    fn round(&mut self, plan: &Plan, watchers: &mut Watchers, side: &mut Side) -> Outcome<()> {
        let alone = self.alone(plan.broadcasts, watchers)?;
        side.mean.push(alone.mean);
        side.last_p99.push(alone.last_p99);
        let load = self.under_load(plan.span, watchers)?;
        side.load_mean.push(load.mean);
        side.load_last_p99.push(load.last_p99);
        Ok(())
    }

    fn alone(&mut self, publishes: usize, watchers: &mut Watchers) -> Outcome<Delays> {
        let mut seen = Arrivals::of(watchers.count());
        let first = self.published.len();
        for _ in 0..publishes {
            let number = self.publish()?;
            seen.until(watchers, number..number + 1)?;
        }
        Ok(seen.delays(&self.published, first))
    }

    fn under_load(&mut self, span: Duration, watchers: &mut Watchers) -> Outcome<Delays> {
        let mut seen = Arrivals::of(watchers.count());
        let first = self.published.len();
        let begun = Instant::now();
        let count = span.as_millis() as u64 * PACE / 1_000;
        for number in 0..count {
            let due = begun + Duration::from_micros(1_000_000 * number / PACE);
            while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                watchers.read(left, |watcher, text| seen.take(watcher, text))?;
            }
            self.publish()?;
        }
        seen.until(watchers, first..first + count as usize)?;
        Ok(seen.delays(&self.published, first))
    }
}

struct Delays {
    mean: f64,
    last_p99: f64,
}

/// When each client had read each change.
struct Arrivals {
    watchers: usize,
    by_number: HashMap<usize, HashMap<usize, Instant>>,
}

impl Arrivals {
    fn of(watchers: usize) -> Arrivals {
        Arrivals { watchers, by_number: HashMap::new() }
    }

    fn take(&mut self, watcher: usize, text: &[u8]) {
        if let Some(number) = number_of(text) {
            self.by_number.entry(number).or_default().entry(watcher).or_insert_with(Instant::now);
        }
    }

    fn all_have(&self, number: usize) -> bool {
        self.by_number.get(&number).is_some_and(|seen| seen.len() == self.watchers)
    }

    /// Reads until all have these.
    fn until(&mut self, watchers: &mut Watchers, numbers: std::ops::Range<usize>) -> Outcome<()> {
        let begun = Instant::now();
        for number in numbers {
            while !self.all_have(number) {
                watchers.read(Duration::from_millis(100), |watcher, text| self.take(watcher, text))?;
                if begun.elapsed() > PATIENCE {
                    let have = self.by_number.get(&number).map_or(0, HashMap::len);
                    return Err(format!("{have} of {} clients were told of a change within {PATIENCE:?}", self.watchers).into());
                }
            }
        }
        Ok(())
    }

    fn delays(&self, published: &[Instant], first: usize) -> Delays {
        let (mut all, mut last) = (Vec::new(), Vec::new());
        for (number, seen) in self.by_number.iter().filter(|(number, _)| **number >= first) {
            let Some(at) = published.get(*number) else { continue };
            let delays = seen.values().map(|seen| ms(seen.saturating_duration_since(*at)));
            all.extend(delays.clone());
            last.extend(delays.reduce(f64::max));
        }
        Delays { mean: all.iter().sum::<f64>() / all.len().max(1) as f64, last_p99: quantile(&last, 0.99) }
    }
}

/// The number in the output of a frame.
fn number_of(text: &[u8]) -> Option<usize> {
    let at = text.windows(4).position(|four| four.starts_with(b"\"n="))? + 3;
    let end = at + text[at..].iter().position(|byte| *byte == b';')?;
    std::str::from_utf8(&text[at..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_tells_which_change_it_is() {
        let frame =
            |output: &str| format!("{{\"type\":\"task_status_update\",\"payload\":{{\"taskId\":\"7\",\"output\":{output}}}}}");
        for (output, number) in [("\"n=0;\"", Some(0)), ("\"n=1234;\"", Some(1_234)), ("null", None), ("\"text\"", None)] {
            assert_eq!(number_of(frame(output).as_bytes()), number, "{output}");
        }
    }
}
