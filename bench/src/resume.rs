//! Watchers that come back: the server is killed while jobs change, started again, and all watchers resume by position. Nothing may be
//! lost or doubled. Beside it, the same watchers joining afresh.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http_line::HttpLine;
use crate::outcome::{Goal, Outcome, Row, ms};
use crate::plan::{PATIENCE, Plan};
use crate::server::{Doors, SOCKETS_OF_CALLER, Server, TASK};
use crate::watchers::{Wanted, Watchers, is_update};

/// Between two submits, so that the submitter stays below the limit on requests.
const PACE: Duration = Duration::from_millis(6);

/// What one watcher has seen: revisions of jobs, and where it is.
#[derive(Default, Clone)]
struct Seen {
    events: HashSet<(String, u64)>,
    doubled: usize,
    position: String,
}

impl Seen {
    fn take(&mut self, text: &[u8]) -> Outcome<()> {
        if !is_update(text) {
            return Ok(());
        }
        let frame: Value = serde_json::from_slice(text)?;
        let id = frame["job"]["id"].as_str().unwrap_or_default().to_owned();
        if !self.events.insert((id, frame["job"]["rev"].as_u64().unwrap_or_default())) {
            self.doubled += 1;
        }
        self.position = frame["position"].as_str().unwrap_or_default().to_owned();
        Ok(())
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
    let mut seen: Vec<Seen> = joined.iter().map(|how| Seen { position: how.position.clone(), ..Seen::default() }).collect();
    let accepted = Accepted::default();
    let submitter = submit_all(&server, accepted.clone(), plan.resume_jobs);

    // Killed in the middle of it: half of the jobs are accepted, some watchers have read less than others.
    let middle = plan.resume_jobs / 2;
    let deadline = Instant::now() + PATIENCE;
    while number_of(&accepted)? < middle && Instant::now() < deadline {
        collect(&mut watchers, &mut seen, Duration::from_millis(10))?;
    }
    server.kill()?;
    watchers.hang_up();
    let restarted = server.start_again()?;
    let before = server.metric(&["snapshot_quer"]);
    let begun = Instant::now();
    let (mut watchers, joined) =
        Watchers::join(server.address, count, |number| wanted(number, Some(seen[number].position.clone())))?;
    let resumed = begun.elapsed();
    let queries = server.metric(&["snapshot_quer"]).zip(before).map(|(after, before)| after - before);
    let from_log = server.metric(&["log_resumes"]);
    let mut resets = 0;
    for (seen, how) in seen.iter_mut().zip(&joined) {
        resets += usize::from(!how.is_resumed);
        how.before.iter().try_for_each(|text| seen.take(text))?;
    }
    submitter.join().map_err(|_| "the submitter panicked")?;
    let accepted = accepted.lock().map_err(|_| "the submitter panicked")?.clone();
    let deadline = Instant::now() + PATIENCE;
    while missing(&seen, &accepted) > 0 && Instant::now() < deadline {
        collect(&mut watchers, &mut seen, Duration::from_millis(20))?;
    }
    let lost = missing(&seen, &accepted);
    let doubled: usize = seen.iter().map(|seen| seen.doubled).sum();
    let shown = |metric: Option<f64>| metric.map_or_else(|| "unknown".to_owned(), |number| format!("{number:.0}"));
    let (queries, from_log) = (shown(queries), shown(from_log));
    let what =
        format!("{count} watchers, {} jobs, {resets} resets, {from_log} read the log, {queries} snapshot queries", accepted.len());
    Ok(vec![
        Row {
            name: "resume, lost or doubled".into(),
            unit: "events",
            ours: (lost + doubled + resets) as f64,
            baseline: 0.0,
            goal: Goal::AtMost(0.0),
            note: what,
        },
        Row {
            name: "resume, until all are live".into(),
            unit: "ms",
            ours: ms(resumed),
            baseline: ms(fresh),
            goal: Goal::Unset,
            note: format!("listening again after {:.0} ms; baseline: joining afresh", ms(restarted)),
        },
    ])
}

fn number_of(accepted: &Accepted) -> Outcome<usize> {
    Ok(accepted.lock().map_err(|_| "the submitter panicked")?.len())
}

/// Reads what is there.
fn collect(watchers: &mut Watchers, seen: &mut [Seen], wait: Duration) -> Outcome<()> {
    let mut unreadable = None;
    watchers.read(wait, |number, text| {
        if let Some(Err(error)) = seen.get_mut(number).map(|seen| seen.take(text)) {
            unreadable = Some(error);
        }
    })?;
    unreadable.map_or(Ok(()), Err)
}

/// Accepted jobs that watchers have not been told of, over all watchers.
fn missing(seen: &[Seen], accepted: &[String]) -> usize {
    seen.iter().map(|seen| accepted.iter().filter(|id| !seen.events.contains(&((*id).clone(), 1))).count()).sum()
}

/// Submits one job after another until so many were accepted, whether the server is there or not.
fn submit_all(server: &Server, accepted: Accepted, jobs: usize) -> std::thread::JoinHandle<()> {
    let (address, token) = (server.address, server.token(1_000_000));
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
