//! The store in memory: the same decisions, books and filters, everything under one lock. For tests and simulation.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::decide::{KeptAnswer, Loaded};
use domain::job::{Attempt, Job};
use domain::policy::Mode;
use domain::query::{Counts, JobQuery};
use domain::request::NewJob;
use domain::topic::View;
use domain::{Answer, Decision, JobId, Request, Status, Text, Timestamp, Topic, limits};
use engine::clock::{Reading, SharedClock};
use engine::port::{Bus, CommitError, Due, Head, Identity, Page, Published, ReadError, Snapshot, Store};
use wire::LoggedEvent;
use wire::convert::Payloads;

use crate::books::{Changes, Counters, Mark, Seen, Slots};
use crate::filter;
use crate::load::{self, Rows};

pub struct MemoryStore {
    identity: Identity,
    clock: SharedClock,
    bus: Arc<dyn Bus>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    is_closed: bool,
    floor: u64,
    /// As far as the clock had jumped when the rows were last carried over to it, in milliseconds.
    jumped_ms: i64,
    /// Places `floor + 1` and up.
    events: Vec<LoggedEvent>,
    rows: Tables,
    counters: Counters,
    slots: Slots,
}

#[derive(Default)]
struct Tables {
    jobs: BTreeMap<JobId, Arc<Job>>,
    payloads: HashMap<JobId, Payloads>,
    attempts: HashMap<JobId, BTreeMap<u32, Attempt>>,
    answers: HashMap<Text, (KeptAnswer, Timestamp)>,
}

impl Tables {
    /// The field of a job to be made that names one which exists.
    fn taken(&self, jobs: &[NewJob]) -> Option<&'static str> {
        jobs.iter().any(|new| self.jobs.contains_key(&new.id)).then_some("id")
    }
}

impl Rows for Tables {
    type Error = std::convert::Infallible;

    fn job(&mut self, id: JobId) -> Result<Option<Arc<Job>>, Self::Error> {
        Ok(self.jobs.get(&id).cloned())
    }

    fn mirrored(&mut self, tenant: &Text, source: &Text, external_id: &Text) -> Result<Option<Arc<Job>>, Self::Error> {
        let is_meant = |job: &&Arc<Job>| {
            job.tenant == *tenant
                && job.external_id.as_ref() == Some(external_id)
                && job.mirror.as_ref().is_some_and(|mirror| mirror.source == *source)
        };
        Ok(self.jobs.values().find(is_meant).cloned())
    }

    fn own_called(&mut self, tenant: &Text, external_id: &Text) -> Result<Option<Arc<Job>>, Self::Error> {
        let is_called = |job: &&Arc<Job>| job.tenant == *tenant && job.external_id.as_ref() == Some(external_id);
        Ok(self.jobs.values().filter(is_called).find(|job| job.mode != Mode::Mirrored).cloned())
    }

    fn candidates(&mut self, mode: Mode, tenant: Option<&Text>, task: &Text, limit: usize) -> Result<Vec<Arc<Job>>, Self::Error> {
        let is_meant = |job: &Job| tenant.is_none_or(|tenant| job.tenant == *tenant);
        let is_wanted = |job: &&Arc<Job>| job.status == Status::Pending && job.mode == mode && job.task == *task && is_meant(job);
        let mut found: Vec<Arc<Job>> = self.jobs.values().filter(is_wanted).cloned().collect();
        found.sort_by_key(|job| load::claim_order(job));
        found.truncate(limit);
        Ok(found)
    }

    fn kept(&mut self, scope: &str, now: Timestamp) -> Result<Option<KeptAnswer>, Self::Error> {
        let is_fresh = |at: &Timestamp| now.since_ms(*at) < limits::IDEMPOTENCY_MS;
        Ok(self.answers.get(scope).filter(|(_, at)| is_fresh(at)).map(|(kept, _)| kept.clone()))
    }
}

impl MemoryStore {
    pub fn new(clock: SharedClock, bus: Arc<dyn Bus>) -> Arc<MemoryStore> {
        let identity = Identity {
            epoch: engine::random::word(10).into(),
            host: engine::random::word(16).into(),
            secret: engine::random::bytes(),
        };
        let kept = Kept { jumped_ms: clock.read().jumped_ms, ..Kept::default() };
        Arc::new(MemoryStore { identity, clock, bus, kept: Mutex::new(kept) })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, Kept>, ReadError> {
        let kept = self.kept();
        if kept.is_closed { Err(ReadError::Closed) } else { Ok(kept) }
    }
}

impl Kept {
    fn head(&self) -> Head {
        Head { place: self.floor + self.events.len() as u64, floor: self.floor }
    }

    /// After a jump of the clock, before anything is decided by the new time.
    fn follow_jump(&mut self, Reading { now, jumped_ms }: Reading) -> Vec<LoggedEvent> {
        let by_ms = jumped_ms.saturating_sub(std::mem::replace(&mut self.jumped_ms, jumped_ms));
        if by_ms == 0 {
            return Vec::new();
        }
        let waits = self.rows.jobs.values().filter(|job| job.wake_at().is_some());
        let jobs: Vec<Job> = waits.map(|job| (**job).clone()).collect();
        let marks = jobs.iter().map(|job| (job.id, Mark::of(job))).collect();
        self.write(&domain::decide::follow_jump(jobs, by_ms, now), &marks)
    }

    fn write(&mut self, decision: &Decision, marks: &load::Marks) -> Vec<LoggedEvent> {
        let mut changes = Changes::default();
        for write in &decision.writes {
            changes.record(marks.get(&write.job.id), &write.job, false);
            let payloads = self.rows.payloads.entry(write.job.id).or_default();
            let put = |kept: &mut Option<_>, new: &Option<_>| {
                if new.is_some() {
                    kept.clone_from(new);
                }
            };
            put(&mut payloads.input, &write.input);
            put(&mut payloads.result, &write.result);
            put(&mut payloads.answer, &write.answer);
            self.rows.jobs.insert(write.job.id, write.job.clone());
        }
        for attempt in &decision.attempts {
            self.rows.attempts.entry(attempt.job).or_default().insert(attempt.number, attempt.clone());
        }
        let first = self.head().place + 1;
        let logged: Vec<LoggedEvent> =
            (first..).zip(&decision.events).map(|(place, event)| LoggedEvent::new(place, event)).collect();
        self.events.extend(logged.iter().cloned());
        for id in &decision.deleted {
            if let Some(job) = self.rows.jobs.remove(id) {
                changes.record(marks.get(id), &job, true);
            }
            self.rows.payloads.remove(id);
            self.rows.attempts.remove(id);
        }
        changes.apply(&mut self.counters, &mut self.slots);
        logged
    }

    fn newest_first(&self, query: &JobQuery) -> impl Iterator<Item = &Arc<Job>> {
        let jobs = self.rows.jobs.values().rev();
        jobs.filter(move |job| query.before.is_none_or(|before| job.id < before) && filter::passes(query, job))
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn head(&self) -> Head {
        self.kept().head()
    }

    async fn commit(&self, request: Request) -> Result<Answer, CommitError> {
        let mut kept = self.kept();
        let kept = &mut *kept;
        if kept.is_closed {
            return Err(CommitError::Closed);
        }
        let reading = self.clock.read();
        let now = reading.now;
        let carried = kept.follow_jump(reading);
        if !carried.is_empty() {
            self.bus.publish(Published::Events(carried.into()));
        }
        let changes = Changes::default();
        let seen = Seen { counters: &kept.counters, slots: &kept.slots, changes: &changes };
        let loaded: Loaded = match load::load(&request, &mut kept.rows, &seen, now) {
            Ok(loaded) => loaded,
            Err(never) => match never {},
        };
        let marks = load::marks(&loaded);
        let decision = domain::decide(loaded, &request, now).map_err(CommitError::Refused)?;
        if let (Request::Submit { jobs, .. }, Answer::Made(_)) = (&request, &decision.answer)
            && let Some(field) = kept.rows.taken(jobs)
        {
            return Err(CommitError::Refused(domain::Refusal::Invalid { field, problem: "exists already".into() }));
        }
        let logged = kept.write(&decision, &marks);
        if let (Some(key), false) = (request.key(), matches!(decision.answer, Answer::Replayed(_))) {
            let answer = KeptAnswer { fingerprint: key.fingerprint, jobs: load::kept_jobs(&decision) };
            kept.rows.answers.insert(key.scope.clone(), (answer, now));
        }
        if !logged.is_empty() {
            self.bus.publish(Published::Events(logged.into()));
        }
        Ok(decision.answer)
    }

    async fn events(&self, after: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        let kept = self.open()?;
        let skip = usize::try_from(after.saturating_sub(kept.floor)).unwrap_or(usize::MAX);
        Ok(kept.events.iter().skip(skip).take(limit).cloned().collect())
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>, ReadError> {
        Ok(self.open()?.rows.jobs.get(&id).map(|job| (**job).clone()))
    }

    async fn jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, ReadError> {
        let kept = self.open()?;
        Ok(ids.iter().filter_map(|id| kept.rows.jobs.get(id)).map(|job| (**job).clone()).collect())
    }

    async fn payloads(&self, id: JobId) -> Result<Payloads, ReadError> {
        Ok(self.open()?.rows.payloads.get(&id).cloned().unwrap_or_default())
    }

    async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, ReadError> {
        let kept = self.open()?;
        Ok(kept.rows.attempts.get(&id).map(|attempts| attempts.values().cloned().collect()).unwrap_or_default())
    }

    async fn history(&self, id: JobId, after_rev: u64, limit: usize) -> Result<Vec<LoggedEvent>, ReadError> {
        let kept = self.open()?;
        if !kept.rows.jobs.contains_key(&id) {
            return Ok(Vec::new());
        }
        Ok(kept.events.iter().filter(|event| event.job == id && event.rev > after_rev).take(limit).cloned().collect())
    }

    async fn list(&self, query: JobQuery) -> Result<Page, ReadError> {
        let kept = self.open()?;
        let mut found: Vec<Job> =
            kept.newest_first(&query).take(query.limit.saturating_add(1)).map(|job| (**job).clone()).collect();
        let has_more = found.len() > query.limit;
        found.truncate(query.limit);
        let next = if has_more { found.last().map(|job| job.id) } else { None };
        Ok(Page { jobs: found, next, place: kept.head().place })
    }

    async fn snapshot(&self, view: &View, topic: &Topic) -> Result<Snapshot, ReadError> {
        let kept = self.open()?;
        let mut snapshot = Snapshot { jobs: Vec::new(), place: kept.head().place, truncated: false };
        let Some(query) = filter::of_topic(view, topic) else { return Ok(snapshot) };
        for (is_end, limit) in [(false, limits::SNAPSHOT_ACTIVE), (true, limits::SNAPSHOT_ENDED)] {
            let of_kind = kept.newest_first(&query).filter(|job| job.status.is_end() == is_end && topic.matches(job));
            let mut jobs: Vec<Job> = of_kind.take(limit + 1).map(|job| (**job).clone()).collect();
            snapshot.truncated |= jobs.len() > limit;
            jobs.truncate(limit);
            snapshot.jobs.append(&mut jobs);
        }
        Ok(snapshot)
    }

    async fn counts(&self, view: &View) -> Result<Counts, ReadError> {
        Ok(self.open()?.counters.counts(view))
    }

    async fn counts_by_task(&self, view: &View) -> Result<BTreeMap<Text, Counts>, ReadError> {
        Ok(self.open()?.counters.by_task(view))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Due, ReadError> {
        let kept = self.open()?;
        let mut waking: Vec<(Timestamp, JobId)> =
            kept.rows.jobs.values().filter_map(|job| job.wake_at().map(|at| (at, job.id))).collect();
        waking.sort();
        let taken = waking.iter().take(limit).take_while(|(at, _)| *at <= now).count();
        Ok(Due { jobs: waking[..taken].iter().map(|(_, id)| *id).collect(), next: waking.get(taken).map(|(at, _)| *at) })
    }

    async fn open_attempts(&self) -> Result<Vec<Job>, ReadError> {
        let kept = self.open()?;
        Ok(kept.rows.jobs.values().filter(|job| job.is_attempt_open()).map(|job| (**job).clone()).collect())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, CommitError> {
        let mut kept = self.kept();
        if kept.is_closed {
            return Err(CommitError::Closed);
        }
        let before = kept.rows.answers.len();
        kept.rows.answers.retain(|_, (_, at)| now.since_ms(*at) < limits::IDEMPOTENCY_MS);
        let answers = before - kept.rows.answers.len();
        let old = kept.events.iter().take_while(|event| now.since_ms(event.at) > limits::EVENTS_KEPT_MS).count();
        kept.events.drain(..old);
        kept.floor += old as u64;
        Ok((answers + old) as u64)
    }

    async fn close(&self) {
        self.kept().is_closed = true;
    }
}
