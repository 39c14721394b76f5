//! Durable submits into the engine by many callers at once, beside one transaction and one sync a submit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use engine::Conditions;

use crate::bare_rows::{BareRows, Template};
use crate::outcome::{Goal, Outcome, Row, ms};
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
    let run = async {
        let stage = Stage::open(&ours)?;
        let ran = submit_for(&stage, plan.span).await;
        stage.close().await;
        ran
    };
    let (ran, sync) = sync_cost::around(plan.root(), || runtime.block_on(run))?;
    let template = Template::read(&ours, 50_000)?;
    let (made, took) = BareRows::open(&bare)?.submit_each(&template, plan.span)?;
    let rate = ran.submits as f64 / ran.seconds;
    let group = ran.submits as f64 / ran.groups.max(1) as f64;
    let group_cpu = ran.writer_cpu.as_secs_f64() / ran.groups.max(1) as f64;
    // What the writer could do if it never waited for anything but its own CPU and the disk.
    let allowed = group / (sync.as_secs_f64() + group_cpu);
    let note =
        format!("{CALLERS} callers, a sync {:.2} ms, {group:.0} submits a group, {:.2} ms CPU a group", ms(sync), group_cpu * 1e3);
    Ok(vec![
        Row {
            name: "submits".into(),
            unit: "/s",
            ours: rate,
            baseline: made as f64 / took.as_secs_f64(),
            goal: Goal::RatioAtLeast(4.0),
            note: note.clone(),
        },
        Row {
            name: "submits, of what groups allow".into(),
            unit: "/s",
            ours: rate,
            baseline: allowed,
            goal: Goal::RatioAtLeast(0.6),
            note: "baseline: group size over (sync + CPU of a group)".into(),
        },
    ])
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
