//! Progress that was accepted and is not in the log: the newest of each open attempt, in memory.
//!
//! A report is checked against the lease here, without the store. The newest value wins; it is shown at most every [`SHOW_MS`] and
//! written at most every [`SAVE_MS`] and with the job's next transition. Entries come from the store at the first word of a holder and are
//! kept current by the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::job::{Job, LeaseProof, Progress, Ticked};
use domain::request::SavedProgress;
use domain::{JobId, Status};
use tokio::time::Instant;
use wire::LoggedEvent;
use wire::log::Keys;
use wire::record::Wish;

use crate::port::Notice;

/// Shortest time between two shown values of one job.
pub const SHOW_MS: u64 = 100;
/// Shortest time between two written values of one job.
pub const SAVE_MS: u64 = 1_000;

/// What is known of one open attempt.
#[derive(Debug, Clone)]
struct Entry {
    keys: Arc<Keys>,
    proof: LeaseProof,
    attempt: u32,
    rev: u64,
    status: Status,
    wish: Wish,
    lease_ms: u64,
    renewed: Instant,
    ticked: Ticked,
    shown: Option<Instant>,
    is_shown: bool,
    is_saved: bool,
    was_heard: bool,
}

/// What a holder is told.
#[derive(Debug, Clone)]
pub struct Heard {
    pub status: Status,
    pub rev: u64,
    pub wish: Wish,
    pub lease_ms: u64,
}

/// What to do about a report of progress.
#[derive(Debug)]
pub enum Verdict {
    Accepted(Heard),
    /// The book does not know the job; load it, [`Book::learn`] it, and ask again.
    Unknown,
    /// The book knows the job under another lease.
    Stale,
}

#[derive(Default)]
pub struct Book {
    entries: Mutex<HashMap<JobId, Entry>>,
}

/// What is due to be shown, written and renewed.
#[derive(Default)]
pub struct Flush {
    pub notices: Vec<Notice>,
    pub saves: Vec<SavedProgress>,
    pub renewals: Vec<(JobId, LeaseProof)>,
}

impl Book {
    fn entries(&self) -> MutexGuard<'_, HashMap<JobId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job's row as the truth, if its attempt is open and the book knows nothing newer.
    pub fn learn(&self, job: &Job) {
        let Some(lease) = job.lease.as_ref().filter(|_| job.is_attempt_open()) else { return };
        let mut entries = self.entries();
        let known = entries.get(&job.id).filter(|entry| entry.proof == lease.proof);
        if known.is_some_and(|entry| entry.rev >= job.rev) {
            return;
        }
        let unsaved = known.filter(|entry| entry.ticked.tick > job.tick).map(|entry| entry.ticked.clone());
        let is_newest = unsaved.is_none();
        let entry = Entry {
            keys: Arc::new(Keys::of(job)),
            proof: lease.proof,
            attempt: job.attempt,
            rev: job.rev,
            status: job.status,
            wish: wire::convert::wish_out(job),
            lease_ms: lease.length_ms,
            renewed: Instant::now(),
            ticked: unsaved.unwrap_or_else(|| Ticked { tick: job.tick, progress: job.progress.clone() }),
            shown: None,
            is_shown: is_newest,
            is_saved: is_newest,
            was_heard: false,
        };
        entries.insert(job.id, entry);
    }

    /// Takes progress under a lease.
    pub fn accept(&self, id: JobId, proof: LeaseProof, progress: Progress) -> Verdict {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(&id) else { return Verdict::Unknown };
        if entry.proof != proof {
            return Verdict::Stale;
        }
        entry.was_heard = true;
        if progress != Progress::default() {
            entry.ticked.progress = entry.ticked.progress.updated_by(progress);
            entry.ticked.tick += 1;
            entry.is_shown = false;
            entry.is_saved = false;
        }
        let wish = entry.wish.clone();
        Verdict::Accepted(Heard { status: entry.status, rev: entry.rev, wish, lease_ms: entry.lease_ms })
    }

    /// The newest progress of a job that is not in its row yet.
    pub fn unsaved(&self, id: JobId) -> Option<Ticked> {
        self.entries().get(&id).filter(|entry| !entry.is_saved).map(|entry| entry.ticked.clone())
    }

    /// The newest progress of an open attempt, with the revision it is valid on.
    pub fn latest(&self, id: JobId) -> Option<(u64, Ticked)> {
        self.entries().get(&id).map(|entry| (entry.rev, entry.ticked.clone()))
    }

    /// Follows the log: revision, status and wish of known jobs; forgets those whose attempt is over.
    pub fn follow(&self, events: &[LoggedEvent]) {
        let mut entries = self.entries();
        for event in events {
            let Some(entry) = entries.get_mut(&event.job) else { continue };
            if event.rev <= entry.rev {
                continue;
            }
            if !matches!(event.status, Status::Running | Status::Paused) || event.kind == domain::EventKind::Claimed {
                entries.remove(&event.job);
                continue;
            }
            let shown = shown_by(event);
            entry.rev = event.rev;
            entry.status = event.status;
            if *entry.keys != event.keys {
                entry.keys = Arc::new(event.keys.clone());
            }
            entry.show_again(shown.progress.tick);
            entry.wish = standing_wish(shown.wish, &entry.wish);
        }
    }

    /// Takes what a commit of this node made of a known job, before the log brings it back: who asks something of a job and is answered must
    /// not be overtaken by the next report's answer.
    pub fn refresh(&self, job: &Job) {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(&job.id).filter(|entry| entry.rev < job.rev) else { return };
        if !job.is_attempt_open() || job.attempt != entry.attempt {
            entries.remove(&job.id);
            return;
        }
        entry.rev = job.rev;
        entry.status = job.status;
        if *entry.keys.tags != *job.tags {
            entry.keys = Arc::new(Keys::of(job));
        }
        entry.show_again(job.tick);
        entry.wish = wire::convert::wish_out(job);
    }

    /// Collects what is due by now. What is to be written stays due until [`Book::saved`] and [`Book::renewed`] are told: a transition
    /// that comes meanwhile must carry the newest progress.
    pub fn flush(&self, with_saves: bool) -> Flush {
        let now = Instant::now();
        let mut flush = Flush::default();
        for (id, entry) in self.entries().iter_mut() {
            let may_show = entry.shown.is_none_or(|shown| now - shown >= Duration::from_millis(SHOW_MS));
            if !entry.is_shown && may_show {
                entry.is_shown = true;
                entry.shown = Some(now);
                flush.notices.push(notice(*id, entry));
            }
            if !with_saves {
                continue;
            }
            if !entry.is_saved {
                flush.saves.push(SavedProgress { id: *id, attempt: entry.attempt, ticked: entry.ticked.clone() });
            }
            if entry.was_heard && now - entry.renewed >= Duration::from_millis(entry.lease_ms / 4) {
                flush.renewals.push((*id, entry.proof));
            }
        }
        flush
    }

    /// Marks progress as written, where it still is the newest.
    pub fn saved(&self, saves: &[SavedProgress]) {
        let mut entries = self.entries();
        for save in saves {
            if let Some(entry) = entries.get_mut(&save.id)
                && (entry.attempt, entry.ticked.tick) == (save.attempt, save.ticked.tick)
            {
                entry.is_saved = true;
            }
        }
    }

    /// Marks leases as renewed just now.
    pub fn renewed(&self, renewals: &[(JobId, LeaseProof)]) {
        let mut entries = self.entries();
        for (id, proof) in renewals {
            if let Some(entry) = entries.get_mut(id)
                && entry.proof == *proof
            {
                entry.was_heard = false;
                entry.renewed = Instant::now();
            }
        }
    }
}

impl Entry {
    /// A new revision was committed with the progress of this tick: a newer one, shown on the former revision or not yet, must be shown on
    /// this one, or whoever watches holds the older until the next.
    fn show_again(&mut self, told_tick: u64) {
        if self.ticked.tick > told_tick {
            self.is_shown = false;
        }
    }
}

fn notice(job: JobId, entry: &Entry) -> Notice {
    Notice::Progress {
        job,
        keys: entry.keys.clone(),
        rev: entry.rev,
        tick: entry.ticked.tick,
        progress: entry.ticked.progress.clone(),
    }
}

/// What an event's summary tells of a wish and of progress.
#[derive(Default, serde::Deserialize)]
struct Shown {
    #[serde(default)]
    wish: Option<Wish>,
    #[serde(default)]
    progress: wire::record::Progress,
}

fn shown_by(event: &LoggedEvent) -> Shown {
    serde_json::from_slice(&event.summary).unwrap_or_default()
}

/// The wish after an event; its number stays when nothing stands any more.
fn standing_wish(told: Option<Wish>, before: &Wish) -> Wish {
    told.unwrap_or_else(|| Wish { kind: "none".into(), ..before.clone() })
}
