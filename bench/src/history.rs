//! The first page of a list by one indexed filter, and the stats, over many ended jobs, beside a plain statement on the same index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::job::JobError;
use domain::policy::{Mode, Policy};
use domain::query::JobQuery;
use domain::request::{Asked, NewJob};
use domain::topic::{View, Visibility};
use domain::{Request, Text};
use engine::clock::{Clock, SystemClock};
use futures::future::try_join_all;
use rusqlite::Connection;

use crate::bare_rows::page_of_owner;
use crate::outcome::{Goal, Outcome, Row, median, ms, quantile};
use crate::plan::Plan;
use crate::stage::{Stage, TASK, runtime};

/// Jobs of one commit request.
const BATCH: u64 = 1_000;
/// Requests that wait at the same time, so that loading is not the disk's latency.
const AT_ONCE: u64 = 4;
const OWNERS: u64 = 200;
const PAGE: usize = 50;
/// Longest time that is spent on making history.
const LOADING: Duration = Duration::from_secs(3_600);

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let folder = plan.room("history")?;
    let (pages, stats, loaded, seconds) = runtime()?.block_on(async {
        let stage = Stage::open(&folder)?;
        let begun = Instant::now();
        let loaded = load(&stage, plan.ended_jobs).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let pages = list_pages(&stage, plan.list_pages).await?;
        let stats = read_stats(&stage, plan.list_pages, loaded).await?;
        stage.close().await;
        Outcome::Ok((pages, stats, loaded, seconds))
    })?;
    let conn = Connection::open(folder.join("tidings.db"))?;
    let mut bare = Vec::with_capacity(plan.list_pages);
    for number in 0..plan.list_pages {
        let begun = Instant::now();
        page_of_owner(&conn, &owner(number as u64), PAGE)?;
        bare.push(ms(begun.elapsed()));
    }
    let row = |name: &str, samples: &[f64], note: String| Row {
        name: name.into(),
        unit: "ms p99",
        ours: quantile(samples, 0.99),
        baseline: quantile(&bare, 0.99),
        goal: Goal::AtMost(20.0),
        note,
    };
    let rate = loaded as f64 / seconds;
    Ok(vec![
        row(
            "history, first page",
            &pages,
            format!("{loaded} ended jobs (made at {rate:.0}/s), {PAGE} a page, p50 {:.2} ms", median(&pages)),
        ),
        row("history, stats", &stats, format!("p50 {:.4} ms; baseline: the bare page", median(&stats))),
    ])
}

fn owner(number: u64) -> String {
    format!("owner-{}", number % OWNERS)
}

/// Makes jobs that end at once, through the store's one way in.
async fn load(stage: &Stage, jobs: u64) -> Outcome<u64> {
    let begun = Instant::now();
    let owners: Vec<Text> = (0..OWNERS).map(|number| owner(number).into()).collect();
    let policy = Arc::new(Policy::default());
    let error = JobError { kind: "bench".into(), message: "made as history".into() };
    let mut made = 0;
    while made < jobs && begun.elapsed() < LOADING {
        let batches = (0..AT_ONCE).filter(|batch| made + batch * BATCH < jobs).map(|batch| {
            let from = made + batch * BATCH;
            let jobs = (from..(from + BATCH).min(jobs)).map(|number| {
                let owner = owners[(number % OWNERS) as usize].clone();
                ended_job(owner, policy.clone(), error.clone())
            });
            let request = Request::Submit { jobs: jobs.collect(), slots: Vec::new(), total: 0, asked: Asked::default() };
            stage.store.commit(request)
        });
        try_join_all(batches).await?;
        made = (made + AT_ONCE * BATCH).min(jobs);
    }
    Ok(made)
}

fn ended_job(owner: Text, policy: Arc<Policy>, error: JobError) -> NewJob {
    NewJob {
        id: engine::random::job_id(SystemClock.now()),
        tenant: "default".into(),
        owner,
        task: TASK.into(),
        mode: Mode::Worker,
        policy,
        subject: None,
        session: None,
        parent: None,
        batch: None,
        external_id: None,
        rerun_of: None,
        title: None,
        link: None,
        tags: Vec::new(),
        metadata: None,
        priority: 0,
        input: None,
        run_at: None,
        cannot_start: Some(error),
        wait_reason: None,
        lease: None,
    }
}

fn whole_tenant() -> View {
    View { tenant: "default".into(), visibility: Visibility::Tenant }
}

async fn list_pages(stage: &Stage, count: usize) -> Outcome<Vec<f64>> {
    let mut samples = Vec::with_capacity(count);
    for number in 0..count {
        let query = JobQuery { owner: Some(owner(number as u64).into()), ..JobQuery::all(whole_tenant(), PAGE) };
        let begun = Instant::now();
        let page = stage.store.list(query).await?;
        samples.push(ms(begun.elapsed()));
        if page.jobs.is_empty() {
            return Err("a page is empty".into());
        }
    }
    Ok(samples)
}

async fn read_stats(stage: &Stage, count: usize, jobs: u64) -> Outcome<Vec<f64>> {
    let mut samples = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        let counts = stage.store.counts(&whole_tenant()).await?;
        samples.push(ms(begun.elapsed()));
        if counts.total() != jobs {
            return Err(format!("the stats count {} jobs of {jobs}", counts.total()).into());
        }
    }
    Ok(samples)
}
