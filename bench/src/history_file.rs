//! A data folder with very many ended jobs, as a server that has run for months leaves it: rows of jobs that really ran here, copied with
//! other ids, times, sessions and subjects, in the order of their ids, into the same tables and indexes. The copies are older than the log
//! is kept, so that only the newest jobs have events.
//!
//! A large one stays in a folder for the next run: its name tells the number of jobs and what the tables look like.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::access::Principal;
use domain::request::Ask;
use engine::Conditions;
use engine::clock::{Clock, SystemClock};
use futures::future::try_join_all;
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use wire::body::{Claim, ReportComplete, ReportFail, Submit};
use wire::record::{JobError, Subject};

use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::stage::{Stage, TASK, caller, make_tables, noop};

/// Jobs that really ran; every one of them stands for `jobs / SEEDS` of the file.
pub const SEEDS: u64 = 2_000;
pub const OWNERS: u64 = 200;
pub const SESSIONS: u64 = 5_000;
pub const SUBJECTS: u64 = 5_000;
pub const TAGS: u64 = 100;
/// Jobs that have not ended.
pub const ACTIVE: u64 = 1_000;
/// Jobs of one submit and of one claim.
const BATCH: usize = 100;
/// Fewer are made anew each time.
const KEPT_FROM: u64 = 500_000;
/// What a job takes on the disk, with its index entries, and somewhat more.
const BYTES_A_JOB: u64 = 1_500;
/// The copies ended between so long ago and the beginning of what the log keeps.
const DAYS: i64 = 90;
const DAY_MS: i64 = 24 * 3_600_000;
/// Raised when the same tables are filled otherwise.
const LAYOUT: u32 = 2;
/// Copies of all seeds in one transaction.
const COPIES_AT_ONCE: u64 = 50;

pub struct HistoryFile {
    pub folder: PathBuf,
    pub ended: u64,
    /// Jobs made a second; `None` when it was kept from an earlier run.
    pub rate: Option<f64>,
}

/// Finds it or makes it.
pub async fn ready(plan: &Plan) -> Outcome<HistoryFile> {
    let seeds = plan.room("history-seeds")?;
    make_seeds(&seeds).await?;
    // At least so many that each session and subject has jobs.
    let copies = (plan.ended_jobs / SEEDS).saturating_sub(1).max(SESSIONS.max(SUBJECTS).div_ceil(SEEDS));
    let ended = (copies + 1) * SEEDS;
    let name = format!("history-{ended}-{}", layout(&seeds)?);
    let kept = plan.kept().filter(|_| ended >= KEPT_FROM);
    let folder = kept.map_or_else(|| plan.room("history"), |kept| Ok(kept.join(name)))?;
    let done = folder.join("done");
    if done.exists() {
        return Ok(HistoryFile { folder, ended, rate: None });
    }
    if let Some(kept) = kept {
        forget_others(kept)?;
        std::fs::create_dir_all(&folder)?;
    }
    let disk = rustix::fs::statvfs(&folder)?;
    let (free, wanted) = (disk.f_bavail * disk.f_frsize, ended * BYTES_A_JOB);
    if free < wanted {
        let gb = |bytes: u64| bytes as f64 / 1e9;
        return Err(format!(
            "{ended} ended jobs need up to {:.1} GB of disk, {:.1} GB are free: take fewer with --jobs or another disk with --folder",
            gb(wanted),
            gb(free)
        )
        .into());
    }
    make_tables(&folder).await?;
    let begun = Instant::now();
    copy_seeds(&folder, &seeds, copies)?;
    let rate = ended as f64 / begun.elapsed().as_secs_f64();
    let stage = Stage::open(&folder)?;
    for number in 0..ACTIVE / BATCH as u64 {
        let owner = owner(number);
        stage.engine.submit(&caller(&owner), &vec![noop(); BATCH], &Conditions::default()).await?;
    }
    stage.close().await;
    File::create(done)?.sync_all()?;
    Ok(HistoryFile { folder, ended, rate: Some(rate) })
}

pub fn owner(number: u64) -> String {
    format!("owner-{}", number % OWNERS)
}

pub fn tag(number: u64) -> String {
    format!("tag-{}", number % TAGS)
}

/// A word for what the tables look like and how they are filled.
fn layout(folder: &Path) -> Outcome<String> {
    let conn = Connection::open(folder.join("tidings.db"))?;
    let mut hash = Sha256::new().chain_update(LAYOUT.to_be_bytes());
    let mut statement = conn.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        hash.update(row.get_ref(0)?.as_str()?);
    }
    Ok(hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

/// Removes kept files of other sizes and tables, and those that were not finished.
fn forget_others(kept: &Path) -> Outcome<()> {
    std::fs::create_dir_all(kept)?;
    for entry in std::fs::read_dir(kept)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("history-") {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Jobs of many owners that end as jobs do: of ten of an owner, eight complete, one fails, one is aborted.
async fn make_seeds(folder: &Path) -> Outcome<()> {
    let stage = Stage::open(folder)?;
    let engine = &stage.engine;
    let service = Principal { is_service: true, is_tenant_wide: true, ..caller("service") };
    let body = |number: u64| Submit {
        owner: Some(owner(number)),
        session: Some(format!("session-{number}")),
        subject: Some(Subject { kind: "order".into(), id: format!("{number}").into() }),
        tags: vec![tag(number)],
        title: Some(format!("Report {number} of the year")),
        ..noop()
    };
    let (mut aborted, mut failed) = (Vec::new(), Vec::new());
    for from in (0..SEEDS).step_by(BATCH) {
        let bodies: Vec<Submit> = (from..from + BATCH as u64).map(body).collect();
        let made = engine.submit(&service, &bodies, &Conditions::default()).await?;
        for (number, made) in (from..).zip(made) {
            match number / OWNERS % 10 {
                8 => failed.push(made.job.id),
                9 => aborted.push(made.job.id),
                _ => {}
            }
        }
    }
    let conditions = Conditions::default();
    try_join_all(aborted.iter().map(|id| engine.ask(&service, *id, Ask::Abort, &conditions))).await?;
    let claim =
        Claim { tasks: vec![TASK.to_owned()], worker: "worker-1".into(), max: Some(BATCH as u32), wait: Some(0), lease_ms: None };
    let error = JobError { kind: "bench".into(), message: "failed as jobs do".into() };
    let failure = ReportFail { error, retry: false, interrupted: false, progress: None };
    let success = ReportComplete::default();
    loop {
        let claimed = engine.claim(&service, &claim).await?;
        if claimed.is_empty() {
            break;
        }
        let ends = claimed.iter().map(|one| async {
            match failed.contains(&one.job.id) {
                true => engine.report_fail(&service, one.job.id, &one.lease.token, &failure).await,
                false => engine.report_complete(&service, one.job.id, &one.lease.token, &success).await,
            }
        });
        try_join_all(ends).await?;
    }
    stage.close().await;
    Ok(())
}

/// Fills the tables of `folder`: the copies from the oldest on, then the seeds themselves, so that every row comes after those before it,
/// as it does when jobs are submitted.
fn copy_seeds(folder: &Path, seeds: &Path, copies: u64) -> Outcome<()> {
    let file = folder.join("tidings.db");
    let conn = Connection::open(&file)?;
    // What is cut off here is thrown away: there is nothing to keep until it is done. The store turns its journal on again.
    conn.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -524288; PRAGMA temp_store = MEMORY;",
    )?;
    let seeds = seeds.join("tidings.db");
    conn.execute("ATTACH ?1 AS seeds", [seeds.to_str().ok_or("a path is not text")?])?;
    conn.execute_batch(
        "CREATE TEMP TABLE seed AS SELECT row_number() OVER (ORDER BY id) - 1 AS i, hex(substr(id, 7)) AS tail, * FROM seeds.job;
         CREATE TEMP TABLE seed_tag AS SELECT i, tail, job_tag.* FROM seeds.job_tag CROSS JOIN seed ON seed.id = job_tag.job;
         CREATE TEMP TABLE seed_attempt AS
             SELECT i, tail, created_at, attempt.* FROM seeds.attempt CROSS JOIN seed ON seed.id = attempt.job;",
    )?;
    let all = format!("({SEEDS} * ?1 + i)");
    let made_at = format!("(?2 + CAST({all} * ?3 AS INTEGER))");
    let id = format!("unhex(printf('%012x', {made_at}) || tail)");
    let later = |column: &str| format!("{made_at} + {column} - created_at");
    let job = copying(&conn, "job", "seed", |column| match column {
        "id" => id.clone(),
        "created_at" | "queued_at" | "ended_at" => later(column),
        "session" => format!("'session-' || ({all} % {SESSIONS})"),
        "subject_id" => format!("'' || ({all} % {SUBJECTS})"),
        other => other.to_owned(),
    })?;
    let tag = copying(&conn, "job_tag", "seed_tag", |column| if column == "job" { id.clone() } else { column.to_owned() })?;
    let attempt = copying(&conn, "attempt", "seed_attempt", |column| match column {
        "job" => id.clone(),
        "started_at" | "ended_at" => later(column),
        other => other.to_owned(),
    })?;
    let newest = SystemClock.now().0 - domain::limits::EVENTS_KEPT_MS as i64 - DAY_MS;
    let (oldest, step) = (newest - DAYS * DAY_MS, (DAYS * DAY_MS) as f64 / (copies * SEEDS).max(1) as f64);
    for from in (0..copies).step_by(COPIES_AT_ONCE as usize) {
        conn.execute_batch("BEGIN")?;
        for copy in from..(from + COPIES_AT_ONCE).min(copies) {
            for sql in [&job, &tag, &attempt] {
                conn.prepare_cached(sql)?.execute((copy as i64, oldest, step))?;
            }
        }
        conn.execute_batch("COMMIT")?;
    }
    conn.execute_batch("BEGIN")?;
    for table in ["job", "job_tag", "attempt", "payload", "event"] {
        conn.execute(&format!("INSERT INTO main.{table} SELECT * FROM seeds.{table}"), [])?;
    }
    conn.execute(
        "INSERT INTO main.counter SELECT tenant, owner, task, status, n * ?1 FROM seeds.counter WHERE n > 0",
        [copies as i64 + 1],
    )?;
    conn.execute_batch("COMMIT")?;
    drop(conn);
    Ok(File::options().write(true).open(&file)?.sync_all()?)
}

/// The statement that copies all rows of `from` into a table, each column as `value` says.
fn copying(conn: &Connection, table: &str, from: &str, value: impl Fn(&str) -> String) -> Outcome<String> {
    let statement = conn.prepare(&format!("SELECT * FROM main.{table}"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let values: Vec<String> = columns.iter().map(|column| value(column)).collect();
    Ok(format!("INSERT INTO main.{table} ({}) SELECT {} FROM temp.{from} ORDER BY i", columns.join(", "), values.join(", ")))
}
