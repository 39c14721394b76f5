//! What a case works with: a store, its clock, what reached the bus, and short ways to ask.

use std::sync::{Arc, Mutex, PoisonError};

use domain::job::{Job, JobError, LeaseProof};
use domain::policy::Mode;
use domain::request::{Ask, Asked, ClaimJobs, IdempotencyKey, LeaseGrant, NewJob, Report, TaskSlots};
use domain::topic::{View, Visibility};
use domain::{Answer, JobId, Json, Refusal, Request, Text, Timestamp};
use engine::clock::{Clock, ManualClock};
use engine::port::{Bus, CommitError, Published, Received, SharedStore};
use tokio::sync::mpsc;
use wire::LoggedEvent;

/// Remembers every event in the order of its publishing.
#[derive(Default)]
pub struct RecordingBus(Mutex<Vec<LoggedEvent>>);

impl RecordingBus {
    pub fn events(&self) -> Vec<LoggedEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Bus for RecordingBus {
    fn publish(&self, published: Published) {
        if let Published::Events(events) = published {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(events.iter().cloned());
        }
    }

    /// Nobody listens live to a record: the queue ends at once.
    fn subscribe(&self) -> mpsc::Receiver<Received> {
        mpsc::channel(1).1
    }
}

pub struct Rig {
    pub store: SharedStore,
    pub clock: Arc<ManualClock>,
    pub bus: Arc<RecordingBus>,
    /// Held for as long as the store is used, such as its folder.
    pub keep: Box<dyn std::any::Any + Send + Sync>,
}

/// Where the clocks of rigs begin.
pub const START: Timestamp = Timestamp(1_780_000_000_000);

pub fn text(text: &str) -> Text {
    text.into()
}

pub fn proof(number: u128) -> LeaseProof {
    LeaseProof(number)
}

/// Everybody's jobs of tenant `t`.
pub fn all() -> View {
    View { tenant: text("t"), visibility: Visibility::Tenant }
}

pub fn of_owner(owner: &str) -> View {
    View { tenant: text("t"), visibility: Visibility::Owner(text(owner)) }
}

/// Places for tasks, by name.
pub fn places(slots: &[(&str, u32)]) -> Vec<TaskSlots> {
    slots.iter().map(|(task, limit)| TaskSlots { task: text(task), limit: *limit }).collect()
}

pub fn error(kind: &str) -> JobError {
    JobError { kind: text(kind), message: text("it did not work") }
}

pub fn leases(numbers: impl IntoIterator<Item = u128>) -> Vec<LeaseGrant> {
    let grant = |number| LeaseGrant { proof: proof(number), holder: text("holder"), length_ms: 30_000 };
    numbers.into_iter().map(grant).collect()
}

impl Rig {
    pub fn asked(&self) -> Asked {
        Asked { by: Some(text("someone")), ..Asked::default() }
    }

    pub fn keyed(&self, scope: &str, fingerprint: u8) -> Asked {
        Asked { key: Some(IdempotencyKey { scope: text(scope), fingerprint: [fingerprint; 32] }), ..self.asked() }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A job of tenant `t` for `worker` mode, a millisecond after the last.
    pub fn new_job(&self, owner: &str, task: &str) -> NewJob {
        self.clock.advance_ms(1);
        let id = engine::random::job_id(self.now());
        let plain = NewJob::plain(id, text("t"), text(owner), text(task), Mode::Worker);
        NewJob { input: Some(Json::from_valid("{\"a\":1}")), ..plain }
    }

    pub async fn submit_all(&self, jobs: Vec<NewJob>) -> Result<Vec<Arc<Job>>, CommitError> {
        match self.store.commit(Request::Submit { jobs, slots: Vec::new(), total: 100, asked: self.asked() }).await? {
            Answer::Made(jobs) => Ok(jobs),
            other => panic!("a submit was answered {other:?}"),
        }
    }

    pub async fn submit(&self, job: NewJob) -> Arc<Job> {
        self.submit_all(vec![job]).await.expect("the submit is accepted").remove(0)
    }

    /// Claims for worker mode.
    pub async fn claim(&self, slots: &[(&str, u32)], numbers: impl IntoIterator<Item = u128>) -> Vec<Arc<Job>> {
        self.claim_mode(Mode::Worker, slots, 1_000, numbers).await
    }

    pub async fn claim_mode(
        &self,
        mode: Mode,
        slots: &[(&str, u32)],
        total: u32,
        numbers: impl IntoIterator<Item = u128>,
    ) -> Vec<Arc<Job>> {
        let request = Request::Claim(ClaimJobs { mode, tenant: None, slots: places(slots), total, leases: leases(numbers) });
        match self.store.commit(request).await {
            Ok(Answer::Claimed(jobs)) => jobs,
            other => panic!("a claim was answered {other:?}"),
        }
    }

    /// A job that runs under lease `number`.
    pub async fn running(&self, number: u128) -> Arc<Job> {
        let task = format!("alone-{number}");
        self.submit(self.new_job("ann", &task)).await;
        self.claim(&[(&task, 1)], [number]).await.remove(0)
    }

    pub async fn report(&self, id: JobId, number: u128, report: Report) -> Result<Answer, CommitError> {
        let request = Request::Report { id, proof: proof(number), report, asked: self.asked() };
        self.store.commit(request).await
    }

    pub async fn ask(&self, id: JobId, what: Ask) -> Result<Answer, CommitError> {
        self.store.commit(Request::Ask { tenant: text("t"), id, what, asked: self.asked() }).await
    }

    pub async fn job(&self, id: JobId) -> Job {
        self.store.job(id).await.expect("the store reads").expect("the job exists")
    }
}

/// The refusal of an answer that must be one.
pub fn refusal(answer: Result<Answer, CommitError>) -> Refusal {
    match answer {
        Err(CommitError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
