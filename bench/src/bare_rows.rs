//! The baseline of everything durable: the same rows in the same tables, written by plain statements, one transaction and one sync a
//! transition, one after another.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::outcome::Outcome;

/// Rows of one job as the store left them.
struct JobRows {
    job: Vec<Value>,
    /// By revision.
    events: Vec<Vec<Value>>,
    attempt: Option<Vec<Value>>,
}

/// Rows read from the database of a store.
pub struct Template {
    job_columns: Vec<String>,
    jobs: Vec<JobRows>,
}

impl Template {
    /// Reads up to `limit` jobs with what belongs to them.
    pub fn read(folder: &Path, limit: usize) -> Outcome<Template> {
        Template::read_after(folder, None, limit)
    }

    /// The same of jobs that are younger than the one with this id.
    pub fn read_after(folder: &Path, id: Option<&Value>, limit: usize) -> Outcome<Template> {
        let conn = Connection::open(folder.join("tidings.db"))?;
        let after = id.cloned().unwrap_or(Value::Blob(Vec::new()));
        let mut statement = conn.prepare("SELECT * FROM job WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let job_columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let width = job_columns.len();
        let last_event_column = position(&job_columns, "last_event")?;
        let rows: Vec<Vec<Value>> =
            statement.query_map((after, limit as i64), |row| values(row, width))?.collect::<Result<_, _>>()?;
        let mut jobs = Vec::with_capacity(rows.len());
        for job in rows {
            let id = job.first().cloned().unwrap_or(Value::Null);
            let last_event = job.get(last_event_column).cloned().unwrap_or(Value::Null);
            let events = chain(&conn, last_event)?;
            let mut attempt = conn.prepare_cached("SELECT * FROM attempt WHERE job = ?1")?;
            let width = attempt.column_count();
            let attempt = attempt.query_map([&id], |row| values(row, width))?.next().transpose()?;
            jobs.push(JobRows { job, events, attempt });
        }
        Ok(Template { job_columns, jobs })
    }

    /// The id of the youngest.
    pub fn last(&self) -> Option<Value> {
        self.jobs.last().and_then(|rows| rows.job.first()).cloned()
    }

    fn column(&self, name: &str) -> Outcome<usize> {
        position(&self.job_columns, name)
    }
}

fn position(columns: &[String], name: &str) -> Outcome<usize> {
    columns.iter().position(|column| column == name).ok_or_else(|| format!("no column {name}").into())
}

/// The events of a job by revision; `last_event` is the place of its newest.
fn chain(conn: &Connection, last_event: Value) -> Outcome<Vec<Vec<Value>>> {
    let mut statement = conn.prepare_cached("SELECT * FROM event WHERE place = ?1")?;
    let width = statement.column_count();
    let mut place = last_event;
    let mut events: Vec<Vec<Value>> = Vec::new();
    while let Some(event) = statement.query_map([&place], |row| values(row, width))?.next().transpose()? {
        place = event.last().cloned().unwrap_or(Value::Null);
        events.insert(0, event);
    }
    Ok(events)
}

fn values(row: &rusqlite::Row<'_>, width: usize) -> rusqlite::Result<Vec<Value>> {
    (0..width).map(|column| row.get(column)).collect()
}

/// A database with the same tables, written to by hand.
pub struct BareRows {
    conn: Connection,
    place: i64,
}

impl BareRows {
    /// `folder`: where a store made its tables and was closed.
    pub fn open(folder: &Path) -> Outcome<BareRows> {
        let conn = Connection::open(folder.join("tidings.db"))?;
        conn.set_prepared_statement_cache_capacity(64);
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;")?;
        Ok(BareRows { conn, place: 0 })
    }

    /// Jobs that were made, and the time it took; ends after `span` or with the rows.
    pub fn submit_each(&mut self, template: &Template, span: Duration) -> Outcome<(usize, Duration)> {
        let begun = Instant::now();
        let mut made = 0;
        while begun.elapsed() < span
            && let Some(rows) = template.jobs.get(made)
        {
            self.submit(template, rows)?;
            made += 1;
        }
        Ok((made, begun.elapsed()))
    }

    /// Jobs that were made, claimed and completed, three transactions each.
    pub fn run_each(&mut self, template: &Template, span: Duration) -> Outcome<(usize, Duration)> {
        let begun = Instant::now();
        let mut ended = 0;
        while begun.elapsed() < span
            && let Some(rows) = template.jobs.get(ended)
        {
            self.submit(template, rows)?;
            self.step(template, rows, 1, ("pending", "running"))?;
            self.step(template, rows, 2, ("running", "completed"))?;
            ended += 1;
        }
        Ok((ended, begun.elapsed()))
    }

    fn submit(&mut self, template: &Template, rows: &JobRows) -> Outcome<()> {
        let mut job = rows.job.clone();
        job[template.column("status")?] = Value::Text("pending".into());
        job[template.column("ended")?] = Value::Integer(0);
        job[template.column("ended_at")?] = Value::Null;
        self.begin()?;
        self.insert("INSERT", "job", &job)?;
        self.event(rows, 0)?;
        self.count("pending", 1)?;
        self.commit()
    }

    /// One transition of a job that exists; `event` is its place among the job's events.
    fn step(&mut self, template: &Template, rows: &JobRows, event: usize, (from, to): (&str, &str)) -> Outcome<()> {
        let is_end = to == "completed";
        let value = |name: &str| -> Outcome<Value> { Ok(rows.job[template.column(name)?].clone()) };
        let mut changed = vec![value("id")?, Value::Text(to.into()), value("priority")?, value("queued_at")?, value("wake_at")?];
        changed.extend([if is_end { value("ended_at")? } else { Value::Null }, value("metadata")?, value("body")?]);
        let ended = if is_end { ", ended = 1" } else { "" };
        let sql = format!(
            "UPDATE job SET status = ?2, priority = ?3, queued_at = ?4, wake_at = ?5, ended_at = ?6, metadata = ?7, body = ?8{ended} \
             WHERE id = ?1"
        );
        self.begin()?;
        self.conn.prepare_cached(&sql)?.execute(params_from_iter(&changed))?;
        self.event(rows, event)?;
        if let Some(attempt) = &rows.attempt {
            self.insert("INSERT OR REPLACE", "attempt", attempt)?;
        }
        self.count(from, -1)?;
        self.count(to, 1)?;
        self.commit()
    }

    fn begin(&self) -> Outcome<()> {
        Ok(self.conn.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&self) -> Outcome<()> {
        Ok(self.conn.execute_batch("COMMIT")?)
    }

    fn event(&mut self, rows: &JobRows, number: usize) -> Outcome<()> {
        let mut event = rows.events.get(number).ok_or("the job has fewer events")?.clone();
        self.place += 1;
        event[0] = Value::Integer(self.place);
        self.insert("INSERT", "event", &event)
    }

    fn insert(&self, verb: &str, table: &str, values: &[Value]) -> Outcome<()> {
        let marks = vec!["?"; values.len()].join(", ");
        self.conn.prepare_cached(&format!("{verb} INTO {table} VALUES ({marks})"))?.execute(params_from_iter(values))?;
        Ok(())
    }

    fn count(&self, status: &str, by: i64) -> Outcome<()> {
        let sql = match by {
            ..0 => "UPDATE counter SET n = n + ?2 WHERE tenant = 'default' AND owner = 'bare' AND task = 'noop' AND status = ?1",
            _ => {
                "INSERT INTO counter (tenant, owner, task, status, n) VALUES ('default', 'bare', 'noop', ?1, ?2) \
                 ON CONFLICT DO UPDATE SET n = n + ?2"
            }
        };
        self.conn.prepare_cached(sql)?.execute((status, by))?;
        Ok(())
    }
}
