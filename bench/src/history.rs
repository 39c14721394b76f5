//! First pages of lists, each by one indexed filter, and the stats, over very many ended jobs, beside a plain statement on the same index.
//! Also the pages that look at many rows and find none, and those of a file that is not in memory.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use domain::Status;
use domain::job::Subject;
use domain::query::JobQuery;
use domain::topic::{View, Visibility};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::history_file::{ACTIVE, HistoryFile, OWNERS, SESSIONS, SUBJECTS, owner, ready, tag};
use crate::outcome::{Goal, Outcome, Row, median, ms, quantile, spread};
use crate::plan::Plan;
use crate::stage::{Stage, TASK, runtime};

const PAGE: usize = 50;
/// Most that a page or the stats may take, in milliseconds.
const GOAL_MS: f64 = 20.0;

/// One kind of first page.
struct Filter {
    name: &'static str,
    goal: Goal,
    /// The page with this number; each asks for another owner, session and so on.
    query: fn(u64) -> JobQuery,
    /// The plain statement: what it asks for in the index, and with which values.
    bare: (&'static str, fn(u64) -> Vec<Value>),
    /// Jobs that a page must have.
    least: usize,
    what: &'static str,
}

const FILTERS: &[Filter] = &[
    Filter {
        name: "history, first page",
        goal: Goal::AtMost(GOAL_MS),
        query: |number| JobQuery { owner: Some(owner(number).into()), ..all() },
        bare: (BY_OWNER, |number| vec![Value::Text(owner(number))]),
        least: PAGE,
        what: "of an owner",
    },
    Filter {
        name: "history, page of a task",
        goal: Goal::AtMost(GOAL_MS),
        query: |_| JobQuery { task: Some(TASK.into()), ..all() },
        bare: ("job WHERE tenant = 'default' AND task = ?1 AND ended = 1 ORDER BY id", |_| vec![Value::Text(TASK.into())]),
        least: PAGE,
        what: "all jobs are of this task",
    },
    Filter {
        name: "history, page of a session",
        goal: Goal::AtMost(GOAL_MS),
        query: |number| JobQuery { session: Some(session(number).into()), ..all() },
        bare: ("job WHERE tenant = 'default' AND session = ?1 AND ended = 1 ORDER BY id", |number| {
            vec![Value::Text(session(number))]
        }),
        least: 1,
        what: "",
    },
    Filter {
        name: "history, page of a subject",
        goal: Goal::AtMost(GOAL_MS),
        query: |number| JobQuery { subject: Some(Subject { kind: "order".into(), id: subject(number).into() }), ..all() },
        bare: ("job WHERE tenant = 'default' AND subject_type = 'order' AND subject_id = ?1 AND ended = 1 ORDER BY id", |number| {
            vec![Value::Text(subject(number))]
        }),
        least: 1,
        what: "",
    },
    Filter {
        name: "history, page of a tag",
        goal: Goal::AtMost(GOAL_MS),
        query: |number| JobQuery { tag: Some(tag(number).into()), ..all() },
        bare: (
            "job_tag CROSS JOIN job ON job.id = job_tag.job WHERE job_tag.tenant = 'default' AND job_tag.tag = ?1 AND job_tag.ended = 1 \
             ORDER BY job_tag.job",
            |number| vec![Value::Text(tag(number))],
        ),
        least: PAGE,
        what: "",
    },
    Filter {
        name: "history, page of an active status",
        goal: Goal::AtMost(GOAL_MS),
        query: |_| JobQuery { status: vec![Status::Pending], ..all() },
        bare: ("job WHERE tenant = 'default' AND status = 'pending' AND ended = 0 ORDER BY id", |_| Vec::new()),
        least: PAGE,
        what: "pending",
    },
    Filter {
        name: "history, page of an ended status",
        goal: Goal::AtMost(GOAL_MS),
        query: |_| JobQuery { status: vec![Status::Failed], ..all() },
        bare: ("job WHERE tenant = 'default' AND ended = 1 AND status = 'failed' ORDER BY id", |_| Vec::new()),
        least: PAGE,
        what: "failed, one in ten; read along the index of all ended jobs",
    },
    Filter {
        name: "history, status that no job has",
        goal: Goal::Unset,
        query: |number| JobQuery { owner: Some(owner(number).into()), status: vec![Status::Lost], ..all() },
        bare: (BY_OWNER, |number| vec![Value::Text(owner(number))]),
        least: 0,
        what: "of an owner: the most rows that a page looks at, none fits; baseline: the bare page",
    },
    Filter {
        name: "history, text that no job has",
        goal: Goal::Unset,
        query: |number| JobQuery { owner: Some(owner(number).into()), text: Some("nowhere".into()), ..all() },
        bare: (BY_OWNER, |number| vec![Value::Text(owner(number))]),
        least: 0,
        what: "of an owner: as before, each job read whole",
    },
];

const BY_OWNER: &str = "job WHERE tenant = 'default' AND owner = ?1 AND ended = 1 ORDER BY id";

/// A whole tenant's page.
fn all() -> JobQuery {
    JobQuery::all(whole_tenant(), PAGE)
}

fn whole_tenant() -> View {
    View { tenant: "default".into(), visibility: Visibility::Tenant }
}

/// A step that has no factor in common with what is stepped through, so that pages lie apart.
const STEP: u64 = 7_919;

fn session(number: u64) -> String {
    format!("session-{}", number * STEP % SESSIONS)
}

fn subject(number: u64) -> String {
    format!("{}", number * STEP % SUBJECTS)
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let runtime = runtime()?;
    let file = runtime.block_on(ready(plan))?;
    let database = file.folder.join("tidings.db");
    let mut rows = Vec::new();
    let stage = runtime.block_on(async { Stage::open(&file.folder) })?;
    let conn = Connection::open(&database)?;
    for filter in FILTERS {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        let (mut p50, mut found) = (Vec::new(), 0);
        // Those that find nothing look at very many rows.
        let count = if filter.least == 0 { plan.list_pages.div_ceil(4) } else { plan.list_pages };
        // The first is not counted: it opens connections and prepares statements.
        for round in 0..=plan.rounds {
            let (samples, jobs) = runtime.block_on(pages(&stage, filter, count))?;
            let by_hand = bare_pages(&conn, filter, count)?;
            if round > 0 {
                ours.push(quantile(&samples, 0.99));
                bare.push(quantile(&by_hand, 0.99));
                p50.push(median(&samples));
                found = jobs;
            }
        }
        let size = std::fs::metadata(&database)?.len() as f64 / 1e9;
        let note = match rows.is_empty() {
            true => format!("{}, {}", about(&file, size), filter.what),
            false => filter.what.to_owned(),
        };
        let lead = if note.is_empty() { note } else { format!("{note}; ") };
        rows.push(Row {
            name: filter.name.into(),
            unit: "ms p99",
            ours: median(&ours),
            baseline: median(&bare),
            goal: filter.goal,
            note: format!("{lead}{found} jobs a page, p50 {:.2} ms, p99 {}", median(&p50), spread(&ours)),
        });
    }
    rows.push(stats(plan, &file, &runtime, &stage, &rows[0])?);
    runtime.block_on(stage.close());
    drop(conn);
    rows.push(cold(&file, &database, &runtime, &rows[0])?);
    Ok(rows)
}

fn about(file: &HistoryFile, size: f64) -> String {
    let how = file.rate.map_or_else(|| "kept from an earlier run".to_owned(), |rate| format!("made at {rate:.0}/s"));
    format!("{} ended jobs of {OWNERS} owners, {size:.1} GB, {how}", file.ended)
}

/// Milliseconds of each page, and jobs on the last of them.
async fn pages(stage: &Stage, filter: &Filter, count: usize) -> Outcome<(Vec<f64>, usize)> {
    let (mut samples, mut jobs) = (Vec::with_capacity(count), 0);
    for number in 0..count as u64 {
        let query = (filter.query)(number);
        let begun = Instant::now();
        let page = stage.store.list(query).await?;
        samples.push(ms(begun.elapsed()));
        jobs = page.jobs.len();
        if jobs < filter.least.min(PAGE) || (filter.least == 0 && jobs > 0) {
            return Err(format!("{}: a page has {jobs} jobs", filter.name).into());
        }
    }
    Ok((samples, jobs))
}

/// Milliseconds of each page of ended jobs by a plain statement on the index that is meant for it.
fn bare_pages(conn: &Connection, filter: &Filter, count: usize) -> Outcome<Vec<f64>> {
    let (from, params) = filter.bare;
    let sql = format!("SELECT job.id, job.status, job.body FROM {from} DESC LIMIT {PAGE}");
    let mut samples = Vec::with_capacity(count);
    for number in 0..count as u64 {
        let begun = Instant::now();
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(params(number)))?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            bytes += row.get_ref(2)?.as_bytes().map_or(0, <[u8]>::len);
        }
        std::hint::black_box(bytes);
        samples.push(ms(begun.elapsed()));
    }
    Ok(samples)
}

fn stats(plan: &Plan, file: &HistoryFile, runtime: &tokio::runtime::Runtime, stage: &Stage, first: &Row) -> Outcome<Row> {
    let mut samples = Vec::new();
    for _ in 0..plan.rounds * plan.list_pages {
        let begun = Instant::now();
        let counts = runtime.block_on(stage.store.counts(&whole_tenant()))?;
        samples.push(ms(begun.elapsed()));
        if counts.total() != file.ended + ACTIVE || counts.active() != ACTIVE {
            return Err(format!("the stats count {} jobs of {}", counts.total(), file.ended + ACTIVE).into());
        }
    }
    Ok(Row {
        name: "history, stats".into(),
        unit: "ms p99",
        ours: quantile(&samples, 0.99),
        baseline: first.baseline,
        goal: Goal::AtMost(GOAL_MS),
        note: format!("p50 {:.4} ms; baseline: the bare page of an owner", median(&samples)),
    })
}

/// The first page of each owner while nothing of the file is in memory: neither in ours nor in the system's.
fn cold(file: &HistoryFile, database: &Path, runtime: &tokio::runtime::Runtime, warm: &Row) -> Outcome<Row> {
    let pages = File::open(database)?;
    pages.sync_all()?;
    rustix::fs::fadvise(&pages, 0, None, rustix::fs::Advice::DontNeed)?;
    let stage = runtime.block_on(async { Stage::open(&file.folder) })?;
    let (samples, _) = runtime.block_on(self::pages(&stage, &FILTERS[0], OWNERS as usize))?;
    runtime.block_on(stage.close());
    Ok(Row {
        name: "history, first page from the disk".into(),
        unit: "ms p99",
        ours: quantile(&samples, 0.99),
        baseline: warm.ours,
        goal: Goal::Unset,
        note: format!(
            "first page of each owner after the system forgot the file, p50 {:.2} ms; baseline: the same from memory",
            median(&samples)
        ),
    })
}
