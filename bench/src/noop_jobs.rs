//! No-op jobs from submit to end in process, each transition durable, by workers that claim in batches; beside one transaction and one
//! sync a transition.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use domain::access::Principal;
use engine::{Conditions, Engine};
use futures::future::try_join_all;
use wire::body::{Claim, ReportComplete};

use crate::bare_rows::{BareRows, Template};
use crate::outcome::{Goal, Outcome, Row, median, spread};
use crate::plan::{PATIENCE, Plan};
use crate::stage::{Stage, TASK, caller, make_tables, noop, runtime};

/// Jobs of one submit and of one claim.
const BATCH: usize = 100;
const SUBMITTERS: usize = 4;
const WORKERS: usize = 4;

/// Jobs that ended, and when the last did: other workers may wait for more a moment longer.
#[derive(Default)]
struct Ended {
    jobs: AtomicUsize,
    last: OnceLock<Instant>,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let (mut rates, mut bare_rates) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        // Fresh stores each time, as the goal says.
        let (ours, bare) = (plan.room(&format!("noop-jobs-{round}"))?, plan.room(&format!("noop-jobs-bare-{round}"))?);
        let seconds = runtime()?.block_on(async {
            make_tables(&bare).await?;
            let stage = Stage::open(&ours)?;
            let seconds = run_all(&stage, plan.noop_jobs).await;
            stage.close().await;
            seconds
        })?;
        let template = Template::read(&ours, plan.noop_jobs)?;
        let (ended, took) = BareRows::open(&bare)?.run_each(&template, plan.span)?;
        rates.push(plan.noop_jobs as f64 / seconds);
        bare_rates.push(ended as f64 / took.as_secs_f64());
        std::fs::remove_dir_all(ours)?;
        std::fs::remove_dir_all(bare)?;
    }
    Ok(vec![Row {
        name: "noop_jobs".into(),
        unit: "jobs/s",
        ours: median(&rates),
        baseline: median(&bare_rates),
        goal: Goal::AtLeast(20_000.0),
        note: format!(
            "{} jobs, batches of {BATCH}, {}; baseline: a transaction a transition, one by one, {}",
            plan.noop_jobs,
            spread(&rates),
            spread(&bare_rates)
        ),
    }])
}

async fn run_all(stage: &Stage, jobs: usize) -> Outcome<f64> {
    let begun = Instant::now();
    let ended = Arc::new(Ended::default());
    let mut tasks = Vec::new();
    for number in 0..SUBMITTERS {
        let engine = stage.engine.clone();
        let share = jobs / SUBMITTERS + usize::from(number < jobs % SUBMITTERS);
        tasks.push(tokio::spawn(async move {
            let caller = caller(&format!("caller-{number}"));
            let mut left = share;
            while left > 0 {
                let bodies = vec![noop(); left.min(BATCH)];
                engine.submit(&caller, &bodies, &Conditions::default()).await?;
                left -= bodies.len();
            }
            Ok::<(), engine::Error>(())
        }));
    }
    for number in 0..WORKERS {
        tasks.push(tokio::spawn(work(stage.engine.clone(), number, ended.clone(), jobs)));
    }
    for task in tasks {
        tokio::time::timeout(PATIENCE, task).await???;
    }
    let last = ended.last.get().ok_or("not all jobs ended")?;
    Ok((*last - begun).as_secs_f64())
}

async fn work(engine: Arc<Engine>, number: usize, ended: Arc<Ended>, jobs: usize) -> Result<(), engine::Error> {
    let worker = Principal { is_tenant_wide: true, ..caller(&format!("worker-{number}")) };
    let claim = Claim {
        tasks: vec![TASK.to_owned()],
        worker: format!("worker-{number}"),
        max: Some(BATCH as u32),
        wait: Some(1),
        lease_ms: None,
    };
    let nothing = ReportComplete::default();
    while ended.jobs.load(Ordering::Relaxed) < jobs {
        let claimed = engine.claim(&worker, &claim).await?;
        try_join_all(claimed.iter().map(|one| engine.report_complete(&worker, one.job.id, &one.lease.token, &nothing))).await?;
        if ended.jobs.fetch_add(claimed.len(), Ordering::Relaxed) + claimed.len() >= jobs {
            ended.last.get_or_init(Instant::now);
        }
    }
    Ok(())
}
