//! Lists and snapshots: the most selective filter picks the index, the rest is looked at row by row, up to a bound.

use domain::job::Job;
use domain::query::JobQuery;
use domain::topic::{Topic, View, Visibility};
use domain::{JobId, Status, limits};
use engine::port::{Page, Snapshot};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::read;
use super::row::{self, JOB_COLUMNS, RowError, STATUS_COLUMN};
use crate::filter;

/// One way into the jobs: rows of an index in which active and ended jobs lie apart, each sorted by id.
struct Source {
    /// From `FROM` to the last condition but those on what keeps them apart and the id.
    from: String,
    params: Vec<Value>,
    /// The name of the id in this source.
    id: &'static str,
    apart: Apart,
}

/// What keeps active and ended jobs apart in an index.
enum Apart {
    /// A column of this name.
    Ended(&'static str),
    /// The status, each of these sorted for itself: they are merged as they are read.
    Status(Vec<Status>),
}

impl Source {
    /// The statement for at most `rows` rows, newest first. Its last parameter is the id that all lie below. `None`: it holds no such jobs.
    fn sql(&self, is_end: bool, rows: usize) -> Option<String> {
        let Source { from, params, id, apart } = self;
        let (columns, before) = (job_columns(), params.len() + 1);
        match apart {
            Apart::Ended(ended) => Some(format!(
                "SELECT {columns} {from} AND {ended} = {} AND {id} < ?{before} ORDER BY {id} DESC LIMIT {rows}",
                i32::from(is_end)
            )),
            Apart::Status(statuses) => {
                let of_kind = statuses.iter().filter(|status| status.is_end() == is_end);
                let arms =
                    of_kind.map(|status| format!("SELECT {columns} {from} AND job.status = '{status}' AND {id} < ?{before}"));
                let arms: Vec<String> = arms.collect();
                (!arms.is_empty()).then(|| format!("{} ORDER BY 1 DESC LIMIT {rows}", arms.join(" UNION ALL ")))
            }
        }
    }
}

/// What a scan of one source found.
struct Scanned {
    jobs: Vec<Job>,
    /// Where it stopped although rows may be left; all at or above were seen.
    horizon: Option<JobId>,
}

/// A page. In each index at most `scan_rows` rows are looked at; a page that met that bound says where to go on.
pub(super) fn list(conn: &Connection, query: &JobQuery, scan_rows: usize) -> Result<Page, RowError> {
    let (place, _) = read::head(conn)?;
    let mut jobs = Vec::new();
    let mut horizon = None;
    for source in sources(query) {
        for is_end in [false, true] {
            let may_match = query.status.is_empty() || query.status.iter().any(|status| status.is_end() == is_end);
            if may_match {
                let scanned = scan(conn, &source, is_end, query, Bounds { wanted: query.limit.saturating_add(1), scan_rows })?;
                jobs.extend(scanned.jobs);
                horizon = horizon.max(scanned.horizon);
            }
        }
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
    jobs.dedup_by_key(|job| job.id);
    if let Some(horizon) = horizon {
        jobs.retain(|job| job.id >= horizon);
    }
    let mut next = horizon;
    if jobs.len() > query.limit {
        jobs.truncate(query.limit);
        next = jobs.last().map(|job| job.id);
    }
    Ok(Page { jobs, next, place })
}

pub(super) fn snapshot(conn: &Connection, view: &View, topic: &Topic, scan_rows: usize) -> Result<Snapshot, RowError> {
    let (place, _) = read::head(conn)?;
    let mut snapshot = Snapshot { jobs: Vec::new(), place, truncated: false };
    if let Topic::Job(id) = topic {
        snapshot.jobs.extend(read::job(conn, *id)?.filter(|job| view.sees(job)));
        return Ok(snapshot);
    }
    let Some(query) = filter::of_topic(view, topic) else { return Ok(snapshot) };
    for (is_end, limit) in [(false, limits::SNAPSHOT_ACTIVE), (true, limits::SNAPSHOT_ENDED)] {
        let mut jobs = Vec::new();
        for source in sources(&query) {
            let scanned = scan(conn, &source, is_end, &query, Bounds { wanted: limit + 1, scan_rows })?;
            snapshot.truncated |= scanned.horizon.is_some();
            jobs.extend(scanned.jobs);
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
        snapshot.truncated |= jobs.len() > limit;
        jobs.truncate(limit);
        snapshot.jobs.append(&mut jobs);
    }
    Ok(snapshot)
}

/// Where a scan stops: jobs found, rows looked at.
struct Bounds {
    wanted: usize,
    scan_rows: usize,
}

fn scan(conn: &Connection, source: &Source, is_end: bool, query: &JobQuery, bounds: Bounds) -> Result<Scanned, RowError> {
    let mut found = Scanned { jobs: Vec::new(), horizon: None };
    let Some(sql) = source.sql(is_end, bounds.scan_rows + 1) else { return Ok(found) };
    // No id is as long as 17 bytes of 255, so that this lies above all of them.
    let before = query.before.map_or_else(|| vec![255; 17], |before| before.to_bytes().to_vec());
    let params = source.params.iter().cloned().chain([Value::Blob(before)]);
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(params))?;
    let mut last = None;
    let mut seen = 0;
    while let Some(row) = rows.next()? {
        if seen == bounds.scan_rows || found.jobs.len() == bounds.wanted {
            found.horizon = last;
            break;
        }
        seen += 1;
        last = Some(row::id(row, 0)?);
        if !query.status.is_empty() {
            let word = row.get_ref(STATUS_COLUMN)?;
            if !query.status.iter().any(|status| word.as_bytes().is_ok_and(|word| word == status.as_str().as_bytes())) {
                continue;
            }
        }
        let job = row::read_job(row)?;
        if filter::passes(query, &job) {
            found.jobs.push(job);
        }
    }
    Ok(found)
}

fn job_columns() -> String {
    format!("job.{}", JOB_COLUMNS.replace(", ", ", job."))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The narrowest way to the jobs of a query; several when one index does not hold them all.
fn sources(query: &JobQuery) -> Vec<Source> {
    let by = |index: &str, condition: &str, params: Vec<Value>| {
        let from = format!("FROM job INDEXED BY {index} WHERE {condition}");
        Source { from, params, id: "job.id", apart: Apart::Ended("job.ended") }
    };
    let by_status = |tenant: Value, mut statuses: Vec<Status>| {
        statuses.sort();
        statuses.dedup();
        let from = "FROM job INDEXED BY job_by_status WHERE job.tenant = ?1".into();
        vec![Source { from, params: vec![tenant], id: "job.id", apart: Apart::Status(statuses) }]
    };
    let tenant = text(&query.view.tenant);
    let own = match &query.view.visibility {
        Visibility::Owner(own) => Some(own),
        Visibility::Tenant => None,
    };
    let owner = query.owner.as_ref().or(own);
    if let (Some(own), Some(owner)) = (own, &query.owner)
        && own != owner
    {
        return Vec::new();
    }
    if let Some(external) = &query.external_id {
        return vec![by("job_by_external", "tenant = ? AND external_id = ?", vec![tenant, text(external)])];
    }
    if let Some(root) = query.root {
        let id = Value::Blob(root.to_bytes().to_vec());
        let itself = Source {
            from: "FROM job WHERE id = ?".into(),
            params: vec![id.clone()],
            id: "job.id",
            apart: Apart::Ended("job.ended"),
        };
        return vec![itself, by("job_by_root", "root = ?", vec![id])];
    }
    if let Some(batch) = &query.batch {
        return vec![by("job_by_batch", "tenant = ? AND batch = ?", vec![tenant, text(batch)])];
    }
    if let Some(subject) = &query.subject {
        let params = vec![tenant, text(&subject.kind), text(&subject.id)];
        return vec![by("job_by_subject", "tenant = ? AND subject_type = ? AND subject_id = ?", params)];
    }
    if let Some(session) = &query.session {
        return vec![by("job_by_session", "tenant = ? AND session = ?", vec![tenant, text(session)])];
    }
    if let Some(tag) = &query.tag {
        let from = "FROM job_tag CROSS JOIN job ON job.id = job_tag.job WHERE job_tag.tenant = ? AND job_tag.tag = ?".into();
        return vec![Source { from, params: vec![tenant, text(tag)], id: "job_tag.job", apart: Apart::Ended("job_tag.ended") }];
    }
    if let Some(owner) = owner {
        return vec![by("job_by_owner", "tenant = ? AND owner = ?", vec![tenant, text(owner)])];
    }
    if !query.status.is_empty() && query.status.iter().all(|status| status.is_active()) {
        return by_status(tenant, query.status.clone());
    }
    if let Some(task) = &query.task {
        return vec![by("job_by_task", "tenant = ? AND task = ?", vec![tenant, text(task)])];
    }
    by_status(tenant, if query.status.is_empty() { Status::ALL.to_vec() } else { query.status.clone() })
}
