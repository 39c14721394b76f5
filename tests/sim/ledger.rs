//! What a run knows of the log and the rows, kept beside the store and held against it at each commit: the rules of the states, of
//! revisions, leases, places and ends, told a second time and in other words than the domain tells them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use domain::event::EventKind;
use domain::job::LeaseProof;
use domain::policy::Mode;
use domain::request::{ClaimJobs, Reads};
use domain::status::TABLE;
use domain::{Answer, Job, JobId, Request, Status, Text, Timestamp};
use engine::port::CommitError;
use wire::LoggedEvent;

use super::diary::Diary;

/// One commit as the store carried it out.
pub struct Commit<'a> {
    pub request: &'a Request,
    pub answer: &'a Result<Answer, CommitError>,
    pub now: Timestamp,
    /// Whether the clock jumped since the last one.
    pub has_jumped: bool,
}

pub struct Ledger {
    diary: Diary,
    /// Rows as of the last commit.
    pub rows: BTreeMap<JobId, Job>,
    /// The whole log, whatever the store has forgotten.
    pub log: Vec<LoggedEvent>,
    /// Who a job belongs to, also after it is gone: tenant and owner, by the shown id.
    pub belongs: HashMap<String, (Text, Text)>,
    /// Jobs by the title that their submit gave them, copies of others aside.
    pub made: BTreeMap<Text, Vec<JobId>>,
    revisions: HashMap<JobId, (u64, Option<Status>)>,
    settled: HashSet<(JobId, u32)>,
    /// The lease that was given last for each job.
    leases: HashMap<JobId, LeaseProof>,
    /// The latest time that any commit saw: the clock may go back.
    latest: Timestamp,
}

impl Ledger {
    pub fn new(diary: Diary) -> Ledger {
        Ledger {
            diary,
            rows: BTreeMap::new(),
            log: Vec::new(),
            belongs: HashMap::new(),
            made: BTreeMap::new(),
            revisions: HashMap::new(),
            settled: HashSet::new(),
            leases: HashMap::new(),
            latest: Timestamp(0),
        }
    }

    pub fn was_made(&self, id: JobId) -> bool {
        self.revisions.contains_key(&id)
    }

    pub fn is_newest_lease(&self, id: JobId, proof: LeaseProof) -> bool {
        self.leases.get(&id) == Some(&proof)
    }

    /// The jobs that a commit can have changed.
    pub fn touched(request: &Request, answer: &Result<Answer, CommitError>, events: &[LoggedEvent]) -> BTreeSet<JobId> {
        let mut ids: BTreeSet<JobId> = events.iter().map(|event| event.job).collect();
        ids.extend(request.job_ids());
        if let Reads::Job(_, id) = request.reads() {
            ids.insert(id);
        }
        if let Ok(Answer::Made(jobs) | Answer::Claimed(jobs)) = answer {
            ids.extend(jobs.iter().map(|job| job.id));
        }
        ids
    }

    pub fn committed(&mut self, commit: &Commit<'_>, events: Vec<LoggedEvent>, after: BTreeMap<JobId, Option<Job>>) {
        let Commit { request, answer, now, has_jumped } = commit;
        self.latest = self.latest.max(*now);
        if let Ok(Answer::Claimed(jobs)) = answer {
            self.claimed(request, jobs, &after);
        }
        for event in &events {
            self.event(request, event, &after);
        }
        for (id, row) in after {
            let before = self.rows.remove(&id);
            let of_job: Vec<&LoggedEvent> = events.iter().filter(|event| event.job == id).collect();
            self.row(request, &of_job, before.as_ref(), row.as_ref());
            if let (Some(after), Some(last), false) = (&row, of_job.last(), has_jumped) {
                let is_same = (last.rev, last.status, &*last.summary)
                    == (after.rev, after.status, wire::convert::summary_json(after).as_bytes());
                self.diary.require(is_same, "the last event shows the row as it is written", || self.diary.name(id));
            }
            if let (Some(before), Some(after), false) = (&before, &row, has_jumped) {
                self.is_heard(request, before, after);
            }
            if let Some(row) = row {
                self.rows.insert(id, row);
            }
        }
        if answer.is_err() && !has_jumped {
            self.diary.require(events.is_empty(), "a refusal writes nothing", || format!("{} events", events.len()));
        }
        self.log.extend(events);
    }

    fn event(&mut self, request: &Request, event: &LoggedEvent, after: &BTreeMap<JobId, Option<Job>>) {
        let diary = self.diary.clone();
        let name = diary.name(event.job);
        let newest = self.log.len() as u64;
        diary.require(event.place > newest, "the log has no holes and no doubles", || format!("{} after {newest}", event.place));
        let (rev, status) = self.revisions.get(&event.job).copied().unwrap_or((0, None));
        diary.note(format!(
            "    {name} {} {} -> {} rev {}",
            event.kind,
            status.map_or("-", Status::as_str),
            event.status,
            event.rev
        ));
        diary.require(event.rev == rev + 1, "rev grows by exactly one with each event", || {
            format!("{name} from {rev} to {}", event.rev)
        });
        diary.require(event.from == status, "an event begins where the last one ended", || {
            format!("{name} {:?} after {status:?}", event.from)
        });
        let is_move = event.from != Some(event.status);
        let is_line = TABLE.iter().any(|line| line.from == event.from && line.to == event.status);
        diary.require(!is_move || is_line, "every change of status is a line of the table", || {
            format!("{name} {:?} -> {}", event.from, event.status)
        });
        let was_end = status.is_some_and(Status::is_end);
        let by_door = match event.kind {
            EventKind::Reopened => matches!(request, Request::Ask { .. }),
            EventKind::Corrected => status == Some(Status::Lost) && matches!(request, Request::Report { .. }),
            _ => !is_move,
        };
        diary.require(!was_end || by_door, "an end is left only by retry or by a late word", || {
            format!("{name} {} -> {} by {}", event.from.map_or("-", Status::as_str), event.status, event.kind)
        });
        let row = after.get(&event.job).and_then(Option::as_ref).or_else(|| self.rows.get(&event.job));
        let settlement = row.map_or(0, |row| row.settlement);
        if event.kind == EventKind::Settled {
            let is_first = self.settled.insert((event.job, settlement));
            diary.require(is_first && event.status.is_end(), "each settlement settles once, at an end", || {
                format!("{name} settlement {settlement} {}", event.status)
            });
        } else if is_move && event.status.is_end() {
            let is_known = event.kind == EventKind::Corrected && self.settled.contains(&(event.job, settlement));
            diary.require(is_known, "an end is told as settled, and later words as corrected", || format!("{name} {}", event.kind));
        }
        self.revisions.insert(event.job, (event.rev, Some(event.status)));
        if event.kind == EventKind::Submitted {
            self.belongs.insert(event.job.to_string(), (event.keys.tenant.clone(), event.keys.owner.clone()));
            if let Some(job) = row {
                if let (Some(title), None) = (&job.title, job.rerun_of) {
                    self.made.entry(title.clone()).or_default().push(job.id);
                }
                if let Some(lease) = &job.lease {
                    self.leases.insert(job.id, lease.proof);
                }
            }
        }
    }

    fn row(&mut self, request: &Request, events: &[&LoggedEvent], before: Option<&Job>, after: Option<&Job>) {
        let diary = self.diary.clone();
        let Some(after) = after else {
            if let Some(before) = before {
                let is_told = events.last().is_some_and(|event| event.kind == EventKind::Deleted);
                let is_asked = matches!(request, Request::Delete { .. }) && before.status.is_end();
                diary.require(is_told && is_asked, "only an ended job goes, asked and told", || diary.name(before.id));
            }
            return;
        };
        let name = diary.name(after.id);
        let ticket = after.lease.as_ref().map(|lease| format!("{:032x}", lease.proof.0));
        let newest = self.leases.get(&after.id).map(|proof| format!("{:032x}", proof.0));
        let told_by = after.progress.message.as_deref();
        diary.require(told_by.is_none() || told_by == newest.as_deref(), "progress is of the newest lease", || name.clone());
        diary.require(ticket.is_none() || ticket == newest, "a row's lease is the newest that was given", || name.clone());
        let Some(before) = before else { return };
        if events.is_empty() {
            let shown = |job: &Job| {
                let mut job = job.clone();
                (job.tick, job.progress) = (0, Default::default());
                wire::convert::summary_json(&job)
            };
            diary.require(shown(before) == shown(after), "nothing changes without an event", || {
                format!("{name} {} {}", shown(before), shown(after))
            });
        }
        let grown = |job: &Job| (job.tick, job.attempt, job.settlement, job.wish.number);
        let ((a, b), (c, d)) = {
            let (old, new) = (grown(before), grown(after));
            ((old.0 <= new.0, old.1 <= new.1), (old.2 <= new.2, old.3 <= new.3))
        };
        diary.require(a && b && c && d, "tick, attempt, settlement and wish number never go back", || name.clone());
        let same = |job: &Job| (job.tenant.clone(), job.owner.clone(), job.task.clone(), job.subject.clone(), job.session.clone());
        diary.require(same(before) == same(after), "who a job is for never changes", || name.clone());
        self.stop_stands(before, after, &name);
    }

    /// Who has no right to change a job, or saw another revision, changes nothing.
    fn is_heard(&self, request: &Request, before: &Job, after: &Job) {
        let diary = &self.diary;
        let name = diary.name(after.id);
        if let Some(expected) = request.asked().and_then(|asked| asked.expected_rev) {
            diary.require(expected == before.rev || before == after, "another revision than expected changes nothing", || {
                format!("{name} expected {expected}, was {}", before.rev)
            });
        }
        match request {
            Request::Report { proof, .. } => {
                let is_heard = self.is_newest_lease(after.id, *proof)
                    && (is_open(before) || matches!(before.status, Status::Lost | Status::Retrying | Status::Pending));
                diary.require(is_heard || before == after, "a word under an old lease changes nothing", || {
                    format!("{name} was {}, is {}", before.status, after.status)
                });
            }
            Request::RenewLeases { entries } => {
                let is_held = entries.iter().any(|(id, proof)| *id == after.id && self.is_newest_lease(*id, *proof));
                diary.require((is_held && is_open(before)) || before == after, "only the newest lease is renewed", || name.clone());
            }
            _ => {}
        }
    }

    /// While somebody's abort or kill stands, every end but a reported completion is `aborted`, and nothing is tried again.
    fn stop_stands(&self, before: &Job, after: &Job, name: &str) {
        let is_asked = is_open(before) && before.wish.is_stop() && !before.is_stopped_by_limit();
        let is_right = before.status == after.status || matches!(after.status, Status::Completed | Status::Aborted);
        let is_going_on = after.status == Status::Running;
        self.diary.require(!is_asked || is_right || is_going_on, "a stop that was asked ends as aborted", || {
            format!("{name} {} -> {}", before.status, after.status)
        });
    }

    fn claimed(&mut self, request: &Request, jobs: &[Arc<Job>], after: &BTreeMap<JobId, Option<Job>>) {
        let Request::Claim(asked) = request else { return };
        let diary = self.diary.clone();
        for job in jobs {
            let name = diary.name(job.id);
            let Some(before) = self.rows.get(&job.id) else {
                diary.broke("only what exists is claimed", name);
                continue;
            };
            diary.require(before.status == Status::Pending && before.held.is_none(), "only pending jobs are claimed", || {
                format!("{name} was {}", before.status)
            });
            diary.require(before.due_at.is_none_or(|due| due <= self.latest), "no job starts before it is due", || name.clone());
            let is_meant = asked.tenant.as_ref().is_none_or(|tenant| *tenant == before.tenant)
                && before.mode == asked.mode
                && asked.slots.iter().any(|slots| slots.task == before.task);
            diary.require(is_meant, "a worker is given only what it asked for", || name.clone());
            let passed_over = self.rows.values().find(|other| {
                other.status == Status::Pending
                    && (other.mode, &other.task, &other.tenant) == (before.mode, &before.task, &before.tenant)
                    && other.priority > before.priority
                    && !jobs.iter().any(|job| job.id == other.id)
            });
            diary.require(passed_over.is_none(), "the higher priority starts first", || name.clone());
            if let Some(lease) = &job.lease {
                self.leases.insert(job.id, lease.proof);
            }
        }
        self.places(asked, jobs, after);
    }

    /// A claim fills no task and no server beyond its limit, counting those whose end nobody confirmed.
    fn places(&self, asked: &ClaimJobs, jobs: &[Arc<Job>], after: &BTreeMap<JobId, Option<Job>>) {
        let rows = || {
            let new = after.values().flatten();
            self.rows.values().filter(|job| !after.contains_key(&job.id)).chain(new)
        };
        let takes_place = |job: &&Job| is_open(job) || job.slot_until.is_some();
        for slots in asked.slots.iter().filter(|slots| jobs.iter().any(|job| job.task == slots.task)) {
            let taken = rows().filter(|job| job.task == slots.task).filter(takes_place).count();
            self.diary.require(taken <= slots.limit as usize, "a task runs no more than its limit", || {
                format!("{taken} of {} run, {} may", slots.task, slots.limit)
            });
        }
        let taken = rows().filter(|job| job.mode == Mode::Process).filter(takes_place).count();
        let is_within = asked.mode != Mode::Process || jobs.is_empty() || taken <= asked.total as usize;
        self.diary.require(is_within, "a server runs no more than its total", || format!("{taken} run, {} may", asked.total));
    }
}

/// Whether somebody works on it, or was paused at it.
pub fn is_open(job: &Job) -> bool {
    job.status == Status::Running || (job.status == Status::Paused && job.held.is_none())
}
