//! Everything that can be asked of the log, as one closed list. Each names what it reads; see [`Request::reads`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::job::{Job, JobError, LeaseProof, Progress, Silence, Subject, Ticked};
use crate::policy::{Mode, Policy};
use crate::{JobId, Json, Status, Text, Timestamp, named};

/// A job to be made. The caller has checked its rights and the bounds of its texts.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub id: JobId,
    pub tenant: Text,
    pub owner: Text,
    pub task: Text,
    pub mode: Mode,
    pub policy: Arc<Policy>,
    pub subject: Option<Subject>,
    pub session: Option<Text>,
    /// The store answers [`crate::Refusal::NoParent`] when it does not exist.
    pub parent: Option<JobId>,
    pub batch: Option<Text>,
    pub external_id: Option<Text>,
    pub rerun_of: Option<JobId>,
    pub title: Option<Text>,
    pub link: Option<Text>,
    pub tags: Vec<Text>,
    pub metadata: Option<Json>,
    pub priority: i16,
    pub input: Option<Json>,
    /// When it may start; `None` or the past is now.
    pub run_at: Option<Timestamp>,
    /// Why it cannot start, if that is known already: the job is made and fails at once.
    pub cannot_start: Option<JobError>,
    /// Why it will wait although it is due, if that is known (`no_worker`).
    pub wait_reason: Option<Text>,
    /// For a tracked job: the lease of its reporter.
    pub lease: Option<LeaseGrant>,
}

impl NewJob {
    /// A job of which nothing more is said: no input, no description, due now, on the usual terms.
    pub fn plain(id: JobId, tenant: Text, owner: Text, task: Text, mode: Mode) -> NewJob {
        NewJob {
            id,
            tenant,
            owner,
            task,
            mode,
            policy: Arc::new(Policy::default()),
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
            cannot_start: None,
            wait_reason: None,
            lease: None,
        }
    }
}

/// A lease to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseGrant {
    pub proof: LeaseProof,
    pub holder: Text,
    pub length_ms: u64,
}

/// How many may run of one task, and in all. Zero means none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSlots {
    pub task: Text,
    pub limit: u32,
}

/// Which jobs are to be given to a holder, and how many.
#[derive(Debug, Clone)]
pub struct ClaimJobs {
    pub mode: Mode,
    /// Only jobs of this tenant; `None` is any, for the children of the server itself.
    pub tenant: Option<Text>,
    /// The tasks, with how many of each may run.
    pub slots: Vec<TaskSlots>,
    /// How many may run in all.
    pub total: u32,
    /// One for each job that may be given at most.
    pub leases: Vec<LeaseGrant>,
}

impl ClaimJobs {
    /// Whether a job is among those meant, its place aside.
    pub fn is_for(&self, job: &Job) -> bool {
        job.status == Status::Pending && job.mode == self.mode && self.tenant.as_ref().is_none_or(|tenant| *tenant == job.tenant)
    }
}

/// An answer that is kept for its key, so that a repeated request has its effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// What the key is good for: tenant, principal, owner, route and key, in one text.
    pub scope: Text,
    /// SHA-256 of the body.
    pub fingerprint: [u8; 32],
}

/// Who asks, and under which conditions.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The subject that asks; `None` for the clock.
    pub by: Option<Text>,
    /// Refuse unless the job has this revision.
    pub expected_rev: Option<u64>,
    pub key: Option<IdempotencyKey>,
    /// Progress that was accepted and not yet written.
    pub ticked: Option<Ticked>,
}

named! {
    /// What a person or an app may ask of a job.
    pub enum Ask {
        Pause = "pause",
        Resume = "resume",
        Abort = "abort",
        Kill = "kill",
        Retry = "retry",
        RunNow = "run-now",
    }
}

/// Progress of one attempt, to be written to its row.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedProgress {
    pub id: JobId,
    pub attempt: u32,
    pub ticked: Ticked,
}

/// A word of whoever holds the lease.
#[derive(Debug, Clone)]
pub enum Report {
    Heartbeat {
        extend_ms: Option<u64>,
    },
    /// What the wish of this number asked has been done.
    Acknowledge {
        wish: u64,
    },
    Complete {
        result: Option<Json>,
    },
    /// The attempt failed. `again` false: no retry, whatever is left. `interrupted`: a deploy ended it, which costs no attempt.
    Fail {
        error: JobError,
        again: bool,
        interrupted: bool,
    },
    /// The work stopped because of the stop wish that stands, and this is confirmed.
    Stopped {
        error: Option<JobError>,
    },
    /// The job waits for something and gives its place back.
    Wait {
        on: Text,
        until: Option<Timestamp>,
    },
}

/// New values; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub title: Option<Option<Text>>,
    pub link: Option<Option<Text>>,
    pub tags: Option<Vec<Text>>,
    pub priority: Option<i16>,
    pub metadata: Option<Option<Json>>,
    /// Only before the start.
    pub run_at: Option<Timestamp>,
}

/// Since when sources are heard, by name.
pub type Listening = Arc<BTreeMap<Text, Timestamp>>;

/// What is said of a mirrored job. What is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Word {
    /// Any but `lost`, which is for us to presume. `None`: as it stands; `pending` when the job is first heard of.
    pub status: Option<Status>,
    /// When it came to be so, by the source's clock, in microseconds since 1970. `None`: now, and after all that was said before; when
    /// that leaves the status as it is, right after what was said last.
    pub at_us: Option<i64>,
    /// Why it failed. Empty: nothing is wrong with it.
    pub error: Option<Text>,
    /// Becomes its result.
    pub output: Option<Json>,
    pub title: Option<Text>,
    pub metadata: Option<Json>,
    /// Tags `name:value`, of which a job has one for each name. An empty value takes it away.
    pub labels: Vec<(Text, Text)>,
}

/// The job that a word is about.
#[derive(Debug, Clone)]
pub enum About {
    /// One that is known.
    Known { tenant: Text, id: JobId },
    /// The one that its source calls so. When there is none yet, `first` is made, unless one is expected.
    Named { source: Text, external_id: Text, silence: Option<Silence>, first: Box<NewJob>, expects: Expects },
}

/// What a name is expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    Anything,
    /// Of no job yet.
    New,
    /// Of a job that is known.
    Known,
}

#[derive(Debug, Clone)]
pub enum Request {
    /// Makes jobs, all or none. `slots` are the limits of their tasks, to say why one waits.
    Submit {
        jobs: Vec<NewJob>,
        slots: Vec<TaskSlots>,
        total: u32,
        asked: Asked,
    },
    /// Gives up to `leases.len()` pending jobs of these tasks to one holder, by priority, then first in, first out.
    Claim(ClaimJobs),
    Ask {
        tenant: Text,
        id: JobId,
        what: Ask,
        asked: Asked,
    },
    Answer {
        tenant: Text,
        id: JobId,
        value: Json,
        asked: Asked,
    },
    /// The lease is the right; the job's tenant does not matter.
    Report {
        id: JobId,
        proof: LeaseProof,
        report: Report,
        asked: Asked,
    },
    /// Writes progress that was accepted in memory. Not an event; older ticks are dropped.
    SaveProgress {
        entries: Vec<SavedProgress>,
    },
    /// Renews leases of one holder in one go. Not an event.
    RenewLeases {
        entries: Vec<(JobId, LeaseProof)>,
    },
    /// A source, or somebody in its place, says how a mirrored job is.
    Observe {
        about: About,
        word: Word,
        asked: Asked,
    },
    /// Carries out whatever is due for this job. `judge_leases` false: no lease is judged yet, and no silence.
    Clock {
        id: JobId,
        judge_leases: bool,
        /// Since when each source is heard without a break. The silence of one that is not among them is not its own.
        listening: Listening,
    },
    /// The holder of this attempt is known to be gone and nothing of it is left running.
    Rescue {
        id: JobId,
        proof: LeaseProof,
        why: Text,
    },
    Patch {
        tenant: Text,
        id: JobId,
        patch: Patch,
        asked: Asked,
    },
    /// Removes an ended job.
    Delete {
        tenant: Text,
        id: JobId,
        asked: Asked,
    },
}

/// What the store loads for a request before it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads<'a> {
    /// One job, of this tenant if given.
    Job(Option<&'a Text>, JobId),
    /// These jobs, where they exist.
    Jobs,
    /// Pending jobs of some tasks with free places, in the order of their claim.
    Candidates,
    /// Pending counts of owners, running counts of tasks, parents.
    Counts,
    /// The job of a tenant with this source and external id; without one, whether a job that runs here goes by that name; and how many of the owner
    /// wait to start.
    Mirrored { tenant: &'a Text, source: &'a Text, external_id: &'a Text, owner: &'a Text },
}

impl Request {
    pub fn reads(&self) -> Reads<'_> {
        match self {
            Request::Submit { .. } => Reads::Counts,
            Request::Claim(_) => Reads::Candidates,
            Request::SaveProgress { .. } | Request::RenewLeases { .. } => Reads::Jobs,
            Request::Ask { tenant, id, .. }
            | Request::Answer { tenant, id, .. }
            | Request::Patch { tenant, id, .. }
            | Request::Delete { tenant, id, .. } => Reads::Job(Some(tenant), *id),
            Request::Observe { about: About::Known { tenant, id }, .. } => Reads::Job(Some(tenant), *id),
            Request::Observe { about: About::Named { source, external_id, first, .. }, .. } => {
                Reads::Mirrored { tenant: &first.tenant, source, external_id, owner: &first.owner }
            }
            Request::Report { id, .. } | Request::Clock { id, .. } | Request::Rescue { id, .. } => Reads::Job(None, *id),
        }
    }

    pub fn asked(&self) -> Option<&Asked> {
        match self {
            Request::Submit { asked, .. }
            | Request::Ask { asked, .. }
            | Request::Answer { asked, .. }
            | Request::Report { asked, .. }
            | Request::Patch { asked, .. }
            | Request::Observe { asked, .. }
            | Request::Delete { asked, .. } => Some(asked),
            _ => None,
        }
    }

    /// The jobs that `Reads::Jobs` stands for.
    pub fn job_ids(&self) -> Vec<JobId> {
        match self {
            Request::SaveProgress { entries } => entries.iter().map(|entry| entry.id).collect(),
            Request::RenewLeases { entries } => entries.iter().map(|(id, _)| *id).collect(),
            _ => Vec::new(),
        }
    }

    /// The idempotency row it reads and, when it succeeds, writes.
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.asked().and_then(|asked| asked.key.as_ref())
    }
}

/// Whether a progress is in order: finite, in range, and not more done than there is.
pub fn check_progress(progress: &Progress) -> Result<(), crate::Refusal> {
    let invalid = |field, problem: &str| Err(crate::Refusal::Invalid { field, problem: problem.to_owned() });
    match progress.percentage {
        Some(p) if !p.is_finite() || !(0.0..=100.0).contains(&p) => invalid("percentage", "must be a number from 0 to 100"),
        _ => Ok(()),
    }
}
