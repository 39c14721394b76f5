//! What is counted as jobs move: jobs by status, and places taken. Kept in memory by every store, changed once per commit.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use domain::policy::Mode;
use domain::query::Counts;
use domain::topic::{View, Visibility};
use domain::{Job, JobId, Status, Text};

/// A map by job. Ids are made by the server and random in most of their bits, so that little has to be done to spread them.
pub(crate) type ById<V> = HashMap<JobId, V, BuildHasherDefault<IdHasher>>;

#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u128(u128::from(*byte));
        }
    }

    fn write_u128(&mut self, id: u128) {
        let folded = (id >> 64) as u64 ^ id as u64;
        self.0 = (self.0.rotate_left(5) ^ folded).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The finest thing that is counted; everything wider is a sum.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Leaf {
    pub(crate) tenant: Text,
    pub(crate) owner: Text,
    pub(crate) task: Text,
}

impl Leaf {
    fn of(job: &Job) -> Leaf {
        Leaf { tenant: job.tenant.clone(), owner: job.owner.clone(), task: job.task.clone() }
    }

    fn is_of(&self, job: &Job) -> bool {
        self.owner == job.owner && self.task == job.task && self.tenant == job.tenant
    }
}

/// Counts of all jobs, by what a view may ask.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    tenants: HashMap<Text, OfTenant>,
}

#[derive(Debug, Default)]
struct OfTenant {
    sums: Sums,
    owners: HashMap<Text, Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    all: Counts,
    tasks: BTreeMap<Text, Counts>,
}

impl Sums {
    fn add(&mut self, task: &Text, status: Status, by: i64) {
        self.all.add(status, by);
        match self.tasks.get_mut(task) {
            Some(counts) => counts.add(status, by),
            None => self.tasks.entry(task.clone()).or_default().add(status, by),
        }
    }
}

impl Counters {
    pub(crate) fn add(&mut self, leaf: &Leaf, status: Status, by: i64) {
        let tenant = self.tenants.entry(leaf.tenant.clone()).or_default();
        tenant.sums.add(&leaf.task, status, by);
        tenant.owners.entry(leaf.owner.clone()).or_default().add(&leaf.task, status, by);
    }

    fn sums(&self, view: &View) -> Option<&Sums> {
        let tenant = self.tenants.get(&view.tenant)?;
        match &view.visibility {
            Visibility::Tenant => Some(&tenant.sums),
            Visibility::Owner(owner) => tenant.owners.get(owner),
        }
    }

    pub(crate) fn counts(&self, view: &View) -> Counts {
        self.sums(view).map_or_else(Counts::default, |sums| sums.all)
    }

    pub(crate) fn by_task(&self, view: &View) -> BTreeMap<Text, Counts> {
        let Some(sums) = self.sums(view) else { return BTreeMap::new() };
        sums.tasks.iter().filter(|(_, counts)| counts.total() > 0).map(|(task, counts)| (task.clone(), *counts)).collect()
    }

    fn waiting_of(&self, tenant: &Text, owner: &Text) -> u64 {
        let sums = self.tenants.get(tenant).and_then(|tenant| tenant.owners.get(owner));
        sums.map_or(0, |sums| Status::ALL.iter().filter(|status| status.is_before_start()).map(|status| sums.all.of(*status)).sum())
    }
}

/// Places taken, by task; in total only by jobs that the server runs itself.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    by_task: HashMap<Text, i64>,
    process_total: i64,
}

impl Slots {
    fn add(&mut self, task: &Text, mode: Mode, by: i64) {
        *self.by_task.entry(task.clone()).or_default() += by;
        if mode == Mode::Process {
            self.process_total += by;
        }
    }

    pub(crate) fn take(&mut self, job: &Job) {
        if job.takes_slot() {
            self.add(&job.task, job.mode, 1);
        }
    }
}

/// What of a job is counted: taken before it changes.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) status: Status,
    takes_slot: bool,
    pub(crate) tags: Arc<[Text]>,
    /// Number of its newest attempt.
    pub(crate) attempt: u32,
}

impl Mark {
    pub(crate) fn of(job: &Job) -> Mark {
        Mark { status: job.status, takes_slot: job.takes_slot(), tags: job.tags.clone(), attempt: job.attempt }
    }
}

/// What one group of requests changes, until it is committed or forgotten.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    counts: Vec<(Leaf, [i64; Status::ALL.len()])>,
    /// Where a leaf stands in `counts`.
    places: HashMap<Leaf, usize>,
    /// Where the leaf of the last change stands: the next is often the same.
    latest: usize,
    waiting: HashMap<(Text, Text), i64>,
    slots: Slots,
}

impl Changes {
    /// A job that was as `before` (`None`: did not exist) is now as `job` is, or gone.
    pub(crate) fn record(&mut self, before: Option<&Mark>, job: &Job, is_gone: bool) {
        let old = before.map(|mark| mark.status);
        let new = (!is_gone).then_some(job.status);
        if old != new {
            let counts = self.counts_of(job);
            let mut waiting = 0;
            if let Some(old) = old {
                counts[old as usize] -= 1;
                waiting -= i64::from(old.is_before_start());
            }
            if let Some(new) = new {
                counts[new as usize] += 1;
                waiting += i64::from(new.is_before_start());
            }
            if waiting != 0 {
                *self.waiting.entry((job.tenant.clone(), job.owner.clone())).or_default() += waiting;
            }
        }
        let taken = i64::from(!is_gone && job.takes_slot()) - i64::from(before.is_some_and(|mark| mark.takes_slot));
        if taken != 0 {
            self.slots.add(&job.task, job.mode, taken);
        }
    }

    fn counts_of(&mut self, job: &Job) -> &mut [i64; Status::ALL.len()] {
        if !self.counts.get(self.latest).is_some_and(|(leaf, _)| leaf.is_of(job)) {
            let next = self.counts.len();
            self.latest = *self.places.entry(Leaf::of(job)).or_insert(next);
            if self.latest == next {
                self.counts.push((Leaf::of(job), [0; Status::ALL.len()]));
            }
        }
        &mut self.counts[self.latest].1
    }

    /// Every count that differs, and by how much.
    pub(crate) fn differences(&self) -> impl Iterator<Item = (&Leaf, Status, i64)> {
        self.counts.iter().flat_map(|(leaf, counts)| {
            Status::ALL.iter().map(move |status| (leaf, *status, counts[*status as usize])).filter(|(_, _, by)| *by != 0)
        })
    }

    pub(crate) fn apply(&self, counters: &mut Counters, slots: &mut Slots) {
        for (leaf, status, by) in self.differences() {
            counters.add(leaf, status, by);
        }
        for (task, by) in &self.slots.by_task {
            *slots.by_task.entry(task.clone()).or_default() += by;
        }
        slots.process_total += self.slots.process_total;
    }
}

/// The books as the next request of a group sees them.
pub(crate) struct Seen<'a> {
    pub(crate) counters: &'a Counters,
    pub(crate) slots: &'a Slots,
    pub(crate) changes: &'a Changes,
}

impl Seen<'_> {
    /// Jobs of an owner that wait to start.
    pub(crate) fn waiting_of(&self, tenant: &Text, owner: &Text) -> u64 {
        let more = match self.changes.waiting.is_empty() {
            true => 0,
            false => self.changes.waiting.get(&(tenant.clone(), owner.clone())).copied().unwrap_or(0),
        };
        self.counters.waiting_of(tenant, owner).saturating_add_signed(more)
    }

    pub(crate) fn running_of(&self, task: &Text) -> u32 {
        let of = |slots: &Slots| slots.by_task.get(task).copied().unwrap_or(0);
        u32::try_from(of(self.slots) + of(&self.changes.slots)).unwrap_or(0)
    }

    pub(crate) fn running_total(&self) -> u32 {
        u32::try_from(self.slots.process_total + self.changes.slots.process_total).unwrap_or(0)
    }
}
