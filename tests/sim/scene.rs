//! What the people of a run know and share: the jobs they heard of, the keys they used, the leases they were given. Survives restarts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::access::Principal;
use domain::job::LeaseProof;
use domain::{Job, JobId, Refusal};
use engine::{Engine, Error};
use wire::body::Submit;

use super::clock::JumpingClock;
use super::diary::Diary;
use super::dice::Dice;
use super::faults::Disk;

/// A submit that somebody may send again.
#[derive(Clone)]
pub struct Sent {
    pub who: Principal,
    pub key: String,
    pub bodies: Vec<Submit>,
}

/// A lease as its holder knows it.
#[derive(Clone)]
pub struct Held {
    pub job: JobId,
    /// The token; for a child of the server itself only the proof.
    pub token: Option<String>,
    pub proof: LeaseProof,
    pub who: Principal,
    /// The newest wish that its holder was told: kind and number.
    pub wish: (String, u64),
    /// Whether the holder does as it is asked.
    pub obeys: bool,
    pub reports: u64,
    /// Whether its holder takes it for over. It may still speak, late.
    pub is_over: bool,
}

pub struct Scene {
    pub diary: Diary,
    pub disk: Arc<Disk>,
    pub clock: Arc<JumpingClock>,
    pub dice: Dice,
    jobs: Mutex<Vec<JobId>>,
    sent: Mutex<Vec<Sent>>,
    leases: Mutex<Vec<Held>>,
    /// The token of each tracked job, which must stay the same.
    tracked: Mutex<HashMap<JobId, String>>,
    titles: Mutex<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scene {
    pub fn new(diary: Diary, disk: Arc<Disk>, clock: Arc<JumpingClock>, dice: Dice) -> Arc<Scene> {
        let (jobs, sent, leases) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Scene { diary, disk, clock, dice, jobs, sent, leases, tracked: Mutex::default(), titles: Mutex::default() })
    }

    pub fn is_calm(&self) -> bool {
        self.disk.weather.is_calm.load(std::sync::atomic::Ordering::Relaxed)
    }

    pub fn jobs(&self) -> MutexGuard<'_, Vec<JobId>> {
        lock(&self.jobs)
    }

    pub fn sent(&self) -> MutexGuard<'_, Vec<Sent>> {
        lock(&self.sent)
    }

    pub fn leases(&self) -> MutexGuard<'_, Vec<Held>> {
        lock(&self.leases)
    }

    pub fn a_job(&self) -> Option<JobId> {
        let jobs = self.jobs();
        (!jobs.is_empty()).then(|| {
            // The newer, the likelier: old jobs have mostly ended.
            let back = self.dice.below(jobs.len() as u64).min(self.dice.below(jobs.len() as u64));
            jobs[jobs.len() - 1 - back as usize]
        })
    }

    pub fn title(&self) -> String {
        let mut titles = lock(&self.titles);
        *titles += 1;
        format!("T{titles}")
    }

    pub fn learn(&self, id: JobId) {
        let mut jobs = self.jobs();
        if !jobs.contains(&id) {
            jobs.push(id);
        }
    }

    /// Takes a lease that was given, unless it is known.
    pub fn hold(&self, job: &Job, token: Option<String>, who: &Principal) {
        let Some(proof) = token.as_deref().map(engine::random::lease_proof).or(job.lease.as_ref().map(|lease| lease.proof)) else {
            return;
        };
        if let (Some(token), domain::policy::Mode::Tracked) = (&token, job.mode) {
            let first = lock(&self.tracked).entry(job.id).or_insert_with(|| token.clone()).clone();
            self.diary.require(first == *token, "a repeated submit answers the same lease", || self.diary.name(job.id));
        }
        let mut leases = self.leases();
        if !leases.iter().any(|held| held.proof == proof) {
            let obeys = self.dice.chance(700);
            let wish = ("none".to_owned(), 0);
            leases.push(Held { job: job.id, token, proof, who: who.clone(), wish, obeys, reports: 0, is_over: false });
        }
    }

    /// Holds an answer about a job against what the asker may see.
    pub fn may_see(&self, who: &Principal, id: JobId) -> bool {
        let ledger = self.disk.ledger();
        let Some((tenant, owner)) = ledger.belongs.get(&id.to_string()) else { return false };
        let view = who.view();
        view.tenant == *tenant && view.visibility.sees_owner(owner)
    }
}

/// An answer in a word.
pub fn outcome<T>(answer: &Result<T, Error>) -> String {
    match answer {
        Ok(_) => "ok".into(),
        Err(Error::Refused(refusal)) => refusal.code().into(),
        Err(Error::OutcomeUnknown(_)) => "outcome_unknown".into(),
        Err(Error::DiskFull(_)) => "unavailable".into(),
        Err(Error::ReadFailed(_)) => "read_failed".into(),
        Err(error) => error.to_string(),
    }
}

/// Whether an error is one that a stranger to the job gets, or that has nothing to do with it.
pub fn tells_nothing<T>(answer: &Result<T, Error>) -> bool {
    match answer {
        Ok(_) => false,
        Err(Error::Refused(refusal)) => *refusal == Refusal::NotFound,
        Err(_) => true,
    }
}

/// What an operation is done with.
pub type Server = Arc<Engine>;
