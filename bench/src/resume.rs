//! Watchers that come back: the server is killed while jobs change, started again, and all watchers resume by position. Nothing may be
//! lost or doubled. Then all resume once more while the server lives, and at last all join afresh after another start. Beside it, one query
//! a watcher, and joining afresh on an idle server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use crate::http_line::HttpLine;
use crate::outcome::{Goal, Outcome, Row, ms};
use crate::plan::{PATIENCE, Plan};
use crate::server::{Doors, SOCKETS_OF_CALLER, Server, TASK};
use crate::watchers::{Joined, Wanted, Watchers, is_update};

/// Between two submits, so that the submitter stays below the limit on requests.
const PACE: Duration = Duration::from_millis(6);
/// The submitter's number lies beyond those of the watchers' callers.
const SUBMITTER: usize = 9_000;

/// What of an update is looked at.
#[derive(Deserialize)]
struct Update<'a> {
    position: &'a str,
    #[serde(borrow)]
    job: Told<'a>,
}

#[derive(Deserialize)]
struct Told<'a> {
    id: &'a str,
    rev: u64,
}

/// What all watchers have seen.
#[derive(Default)]
struct Audience {
    /// A number for each revision of each job.
    numbers: HashMap<(String, u64), usize>,
    watchers: Vec<Seen>,
    /// Revisions that a watcher was told of again.
    doubled: usize,
}

/// What one watcher has seen.
#[derive(Default)]
struct Seen {
    /// By the number of the revision.
    told: Vec<bool>,
    position: String,
}

impl Audience {
    fn take(&mut self, watcher: usize, text: &[u8]) -> Outcome<()> {
        if !is_update(text) {
            return Ok(());
        }
        let update: Update<'_> = serde_json::from_slice(text)?;
        let next = self.numbers.len();
        let number = *self.numbers.entry((update.job.id.to_owned(), update.job.rev)).or_insert(next);
        let seen = self.watchers.get_mut(watcher).ok_or("there is no such watcher")?;
        if seen.told.len() <= number {
            seen.told.resize(number + 1, false);
        }
        self.doubled += usize::from(std::mem::replace(&mut seen.told[number], true));
        seen.position.clear();
        seen.position.push_str(update.position);
        Ok(())
    }

    fn take_joined(&mut self, joined: &[Joined]) -> Outcome<()> {
        for (watcher, how) in joined.iter().enumerate() {
            how.before.iter().try_for_each(|text| self.take(watcher, text))?;
        }
        Ok(())
    }

    /// Reads what is there.
    fn collect(&mut self, watchers: &mut Watchers, wait: Duration) -> Outcome<()> {
        let mut unreadable = None;
        watchers.read(wait, |number, text| {
            if let Err(error) = self.take(number, text) {
                unreadable = Some(error);
            }
        })?;
        unreadable.map_or(Ok(()), Err)
    }

    /// Accepted jobs that watchers have not been told of, over all watchers.
    fn missing(&self, accepted: &[String]) -> usize {
        let of = |id: &String| match self.numbers.get(&(id.clone(), 1)) {
            Some(number) => self.watchers.iter().filter(|seen| !seen.told.get(*number).copied().unwrap_or(false)).count(),
            None => self.watchers.len(),
        };
        accepted.iter().map(of).sum()
    }

    /// Reads until nothing is missing, as long as it may take.
    fn complete(&mut self, watchers: &mut Watchers, accepted: &[String]) -> Outcome<usize> {
        let deadline = Instant::now() + PATIENCE;
        while self.missing(accepted) > 0 && Instant::now() < deadline {
            let next = Instant::now() + Duration::from_millis(100);
            while Instant::now() < next {
                self.collect(watchers, Duration::from_millis(20))?;
            }
        }
        Ok(self.missing(accepted))
    }
}

/// Jobs whose submit was answered.
type Accepted = Arc<Mutex<Vec<String>>>;

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let mut server = Server::start(&plan.room("resume")?, Doors::ByToken)?;
    let count = plan.resume_watchers;
    let topic = json!({"task": TASK});
    let tokens: Vec<Option<String>> = (0..=count / SOCKETS_OF_CALLER).map(|caller| server.token(caller)).collect();
    let wanted = |number: usize, after: Option<String>| Wanted {
        token: tokens[number / SOCKETS_OF_CALLER].clone(),
        topic: topic.clone(),
        after,
    };
    let begun = Instant::now();
    let (mut watchers, joined) = Watchers::join(server.address, count, |number| wanted(number, None))?;
    let fresh = begun.elapsed();
    let begin_at = |how: &Joined| Seen { position: how.position.clone(), ..Seen::default() };
    let mut audience = Audience { watchers: joined.iter().map(begin_at).collect(), ..Audience::default() };
    let accepted = Accepted::default();
    let submitter = submit_all(&server, accepted.clone(), plan.resume_jobs);

    // Killed in the middle of it: half of the jobs are accepted, some watchers have read less than others.
    let middle = plan.resume_jobs / 2;
    let deadline = Instant::now() + PATIENCE;
    while number_of(&accepted)? < middle && Instant::now() < deadline {
        audience.collect(&mut watchers, Duration::from_millis(10))?;
    }
    server.kill()?;
    watchers.hang_up();
    let restarted = server.start_again()?;
    let begun = Instant::now();
    let (mut watchers, joined) =
        Watchers::join(server.address, count, |number| wanted(number, Some(audience.watchers[number].position.clone())))?;
    let resumed = begun.elapsed();
    let after_kill = Queries::of(&server)?;
    let mut resets = joined.iter().filter(|how| !how.is_resumed).count();
    audience.take_joined(&joined)?;
    submitter.join().map_err(|_| "the submitter panicked")?;
    let accepted = accepted.lock().map_err(|_| "the submitter panicked")?.clone();
    let mut lost = audience.complete(&mut watchers, &accepted)?;

    // Once more, while the server lives: its memory still holds what they ask for.
    let before = Queries::of(&server)?;
    watchers.hang_up();
    let (mut watchers, joined) =
        Watchers::join(server.address, count, |number| wanted(number, Some(audience.watchers[number].position.clone())))?;
    let from_ring = Queries::of(&server)?.since(&before);
    resets += joined.iter().filter(|how| !how.is_resumed).count();
    audience.take_joined(&joined)?;
    audience.collect(&mut watchers, Duration::from_millis(100))?;
    lost += audience.missing(&accepted);
    watchers.hang_up();

    // And all of them afresh after a start, as pages that were closed meanwhile.
    server.stop()?;
    server.start_again()?;
    let (watchers, _) = Watchers::join(server.address, count, |number| wanted(number, None))?;
    let afresh = Queries::of(&server)?;
    watchers.hang_up();

    let row = |name: &str, unit, ours: f64, baseline: f64, goal, note: String| Row {
        name: name.into(),
        unit,
        ours,
        baseline,
        goal,
        note,
    };
    let (watching, doubled) = (count as f64, audience.doubled);
    let Queries { snapshots, log, .. } = after_kill;
    Ok(vec![
        row(
            "resume, lost or doubled",
            "events",
            (lost + doubled + resets) as f64,
            0.0,
            Goal::AtMost(0.0),
            format!(
                "{count} watchers, {} jobs, killed in the middle: {lost} lost, {doubled} doubled, {resets} resets",
                accepted.len()
            ),
        ),
        row(
            "resume, snapshots after a kill",
            "queries",
            snapshots,
            watching,
            Goal::AtMost(1.0),
            format!("one topic; {log:.0} watchers were brought on from the log; baseline: a query a watcher"),
        ),
        row(
            "resume, queries where memory serves",
            "queries",
            from_ring.snapshots + from_ring.log,
            watching,
            Goal::AtMost(0.0),
            format!("{:.0} watchers were brought on from memory alone; baseline: a query a watcher", from_ring.ring),
        ),
        row(
            "resume, snapshots of all joining afresh",
            "queries",
            afresh.snapshots,
            watching,
            Goal::AtMost(1.0),
            "one topic, right after a start; baseline: a query a watcher".into(),
        ),
        row(
            "resume, until all are live",
            "ms",
            ms(resumed),
            ms(fresh),
            Goal::Unset,
            format!("listening again after {:.0} ms, submits go on; baseline: joining afresh, no submits", ms(restarted)),
        ),
    ])
}

/// What resumes and snapshots cost the store since the start of the server, as its metrics tell.
struct Queries {
    snapshots: f64,
    log: f64,
    /// Resumes that cost no query.
    ring: f64,
}

impl Queries {
    fn of(server: &Server) -> Outcome<Queries> {
        let metric = |name: &str| server.metric(&[name]).ok_or_else(|| format!("the server has no metric {name}"));
        Ok(Queries {
            snapshots: metric("tidings_live_snapshot_queries_total")?,
            log: metric("tidings_live_log_resumes_total")?,
            ring: metric("tidings_live_ring_resumes_total")?,
        })
    }

    fn since(self, before: &Queries) -> Queries {
        Queries { snapshots: self.snapshots - before.snapshots, log: self.log - before.log, ring: self.ring - before.ring }
    }
}

fn number_of(accepted: &Accepted) -> Outcome<usize> {
    Ok(accepted.lock().map_err(|_| "the submitter panicked")?.len())
}

/// Submits one job after another until so many were accepted, whether the server is there or not.
fn submit_all(server: &Server, accepted: Accepted, jobs: usize) -> std::thread::JoinHandle<()> {
    let (address, token) = (server.address, server.token(SUBMITTER));
    std::thread::spawn(move || {
        let begun = Instant::now();
        let mut line: Option<HttpLine> = None;
        let mut made = 0;
        while made < jobs && begun.elapsed() < PATIENCE {
            std::thread::sleep(PACE);
            if line.is_none() {
                line = HttpLine::open(address, token.clone()).ok();
            }
            let Some(open) = &mut line else { continue };
            match open.post("/api/v1/jobs", &json!({"task": TASK})) {
                Ok(job) => {
                    made += 1;
                    if let (Some(id), Ok(mut all)) = (job["id"].as_str(), accepted.lock()) {
                        all.push(id.to_owned());
                    }
                }
                Err(_) => line = None,
            }
        }
    })
}
