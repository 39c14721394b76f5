//! Durable submits into the engine by many callers at once, beside one transaction and one sync a submit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use engine::Conditions;

use crate::bare_rows::{BareRows, Template};
use crate::outcome::{Goal, Outcome, Row, median, ms, spread};
use crate::plan::Plan;
use crate::process_cost::cpu_of_thread;
use crate::stage::{Stage, caller, make_tables, noop, runtime};
use crate::sync_cost;

const CALLERS: usize = 64;
/// Name of the store's writing thread.
const WRITER: &str = "store-writer";

/// What the engine did.
struct Ran {
    submits: u64,
    seconds: f64,
    groups: u64,
    writer_cpu: Duration,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let (ours, bare) = (plan.room("submits")?, plan.room("submits-bare")?);
    let runtime = runtime()?;
    runtime.block_on(make_tables(&bare))?;
    let stage = runtime.block_on(async { Stage::open(&ours) })?;
    let mut by_hand = BareRows::open(&bare)?;
    let mut found = Found::default();
    let mut seen = None;
    for _ in 0..plan.rounds {
        let (ran, sync) = sync_cost::around(plan.root(), || runtime.block_on(submit_for(&stage, plan.span)))?;
        let template = Template::read_after(&ours, seen.as_ref(), 100_000)?;
        let (made, took) = by_hand.submit_each(&template, plan.span)?;
        seen = template.last().or(seen);
        let groups = ran.groups.max(1) as f64;
        let (rate, group, group_cpu) =
            (ran.submits as f64 / ran.seconds, ran.submits as f64 / groups, ran.writer_cpu.as_secs_f64() / groups);
        found.rate.push(rate);
        found.bare.push(made as f64 / took.as_secs_f64());
        // What the writer could do if it never waited for anything but its own CPU and the disk.
        let allowed = group / (sync.as_secs_f64() + group_cpu);
        found.allowed.push(allowed);
        found.share.push(rate / allowed);
        found.sync_ms.push(ms(sync));
        found.group.push(group);
        found.group_cpu_ms.push(group_cpu * 1e3);
    }
    runtime.block_on(stage.close());
    let note = format!(
        "{CALLERS} callers, {}; a sync {:.2} ms, {:.0} submits a group, {:.2} ms CPU a group",
        spread(&found.rate),
        median(&found.sync_ms),
        median(&found.group),
        median(&found.group_cpu_ms)
    );
    Ok(vec![
        Row {
            name: "submits".into(),
            unit: "/s",
            ours: median(&found.rate),
            baseline: median(&found.bare),
            goal: Goal::RatioAtLeast(4.0),
            note: format!("{note}; baseline {}", spread(&found.bare)),
        },
        Row {
            name: "submits, of what groups allow".into(),
            unit: "/s",
            ours: median(&found.rate),
            baseline: median(&found.allowed),
            goal: Goal::RatioAtLeast(0.6),
            note: format!("baseline: group size over (sync + CPU of a group); ratio {}", spread(&found.share)),
        },
    ])
}

/// A figure of each round.
#[derive(Default)]
struct Found {
    rate: Vec<f64>,
    bare: Vec<f64>,
    allowed: Vec<f64>,
    /// Of what groups allow.
    share: Vec<f64>,
    sync_ms: Vec<f64>,
    group: Vec<f64>,
    group_cpu_ms: Vec<f64>,
}

async fn submit_for(stage: &Stage, span: Duration) -> Outcome<Ran> {
    let made = Arc::new(AtomicU64::new(0));
    let (groups_before, _) = stage.groups.seen();
    let cpu_before = cpu_of_thread(WRITER)?;
    let begun = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let (engine, made) = (stage.engine.clone(), made.clone());
            tokio::spawn(async move {
                let (caller, body) = (caller(&format!("caller-{number}")), [noop()]);
                while begun.elapsed() < span {
                    engine.submit(&caller, &body, &Conditions::default()).await?;
                    made.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), engine::Error>(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (groups, _) = stage.groups.seen();
    let writer_cpu = cpu_of_thread(WRITER)?.saturating_sub(cpu_before);
    Ok(Ran { submits: made.load(Ordering::Relaxed), seconds, groups: groups - groups_before, writer_cpu })
}
