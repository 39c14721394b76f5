//! Mirrored jobs: what their source says of them, and what its silence means.
//!
//! The source's word counts, in the order of the source's own time. An older word, and the same one again, change nothing: so a word of ours that
//! comes back to us ends there. What a source skips is walked through, one event for each step, in one commit.

use super::draft::Draft;
use super::{Answer, Decision, Loaded, submit};
use crate::event::EventKind;
use crate::job::{Job, JobError, Mirror, Waiting};
use crate::policy::Mode;
use crate::request::{About, Asked, Listening, Word};
use crate::status::{Cause, observed_way};
use crate::{Refusal, Status, Text, Timestamp, limits};

pub(super) fn observe(loaded: Loaded, about: &About, word: &Word, asked: &Asked, now: Timestamp) -> Result<Decision, Refusal> {
    if word.status == Some(Status::Lost) {
        let problem = "cannot be told to be lost: that is presumed when its source is silent".to_owned();
        return Err(Refusal::Invalid { field: "status", problem });
    }
    let (mut draft, is_first) = match (&loaded.job, about) {
        (Some(_), About::Named { is_new: true, .. }) => {
            return Err(Refusal::Invalid { field: "externalId", problem: "names another job of this source already".to_owned() });
        }
        (Some(job), _) if job.mirror.is_none() => return Err(Refusal::RunHere { rev: job.rev }),
        (None, About::Named { .. }) => (first(&loaded, about, word, asked, now)?, true),
        _ => (super::open(loaded, asked, now)?, false),
    };
    if let (About::Named { silence, .. }, Some(mirror)) = (about, &mut draft.job.mirror) {
        mirror.silence = *silence;
    }
    let Some(heard) = hear(&mut draft.job, word, now) else { return Ok(draft.finish(Answer::Unchanged)) };
    draft.touch();
    draft.moment = heard.moment;
    draft.result = word.output.clone();
    let from = draft.job.status;
    let way = observed_way(from, word.status.unwrap_or(from));
    if from.is_end() && !way.is_empty() {
        draft.job.error = None;
    }
    let is_described = !is_first && describe(&mut draft, word);
    for to in &way {
        step(&mut draft, *to)?;
    }
    if way.is_empty() && (is_described || heard.was_stale || (draft.result.is_some() && !is_first)) {
        draft.emit(EventKind::Changed, Some(from));
    }
    match is_first || is_described || heard.was_stale || draft.result.is_some() || !way.is_empty() {
        true => Ok(draft.finish(Answer::Changed)),
        false => Ok(draft.finish(Answer::Unchanged)),
    }
}

/// The job that is heard of for the first time, as its first event shows it.
fn first(loaded: &Loaded, about: &About, word: &Word, asked: &Asked, now: Timestamp) -> Result<Draft, Refusal> {
    let About::Named { source, external_id, silence, first, .. } = about else { return Err(Refusal::NotFound) };
    let owner = (first.tenant.clone(), first.owner.clone());
    if loaded.pending_of_owner.get(&owner).is_some_and(|waiting| *waiting >= limits::PENDING_PER_OWNER) {
        return Err(Refusal::TooManyPending { owner: owner.1, limit: limits::PENDING_PER_OWNER });
    }
    let mut job = submit::first_row(first, first.id, None, now);
    job.mode = Mode::Mirrored;
    job.external_id = Some(external_id.clone());
    job.mirror = Some(Mirror { source: source.clone(), word_us: i64::MIN, heard_at: now, is_stale: false, silence: *silence });
    if word.status == Some(Status::Scheduled) {
        job.status = Status::Scheduled;
    }
    describe_row(&mut job, word);
    let mut draft = Draft::create(job, now, asked.by.clone());
    draft.input = first.input.clone();
    Ok(draft)
}

struct Heard {
    /// When it happened, as far as that can be: not later than now.
    moment: Timestamp,
    was_stale: bool,
}

/// Takes the time of a word, if it is a newer one.
fn hear(job: &mut Job, word: &Word, now: Timestamp) -> Option<Heard> {
    let is_active = job.status.is_active();
    let mirror = job.mirror.as_mut()?;
    let known = mirror.word_us;
    let now_us = now.0.saturating_mul(1_000);
    let latest = now.plus_ms(limits::SOURCE_AHEAD_MS).0.saturating_mul(1_000);
    let at = match word.at_us {
        None => now_us.max(known.saturating_add(1)),
        Some(at) if at > latest => latest.max(known.saturating_add(1)),
        Some(at) => at,
    };
    // A source whose clock is coarse may end a job at the very time at which it began; its end must not be missed.
    let is_end_of_it = is_active && word.status.is_some_and(Status::is_end);
    if at < known || (at == known && !is_end_of_it) {
        return None;
    }
    mirror.word_us = at;
    mirror.heard_at = now;
    let was_stale = std::mem::replace(&mut mirror.is_stale, false);
    if was_stale {
        job.reason = None;
    }
    Some(Heard { moment: now.min(Timestamp(at.div_euclid(1_000))), was_stale })
}

/// Puts what is said beside the status; whether anything is new.
fn describe(draft: &mut Draft, word: &Word) -> bool {
    let before = (draft.job.title.clone(), draft.job.metadata.clone(), draft.job.tags.clone(), draft.job.error.clone());
    describe_row(&mut draft.job, word);
    let job = &draft.job;
    draft.removed_tags = before.2.iter().filter(|tag| !job.tags.contains(tag)).cloned().collect();
    before != (job.title.clone(), job.metadata.clone(), job.tags.clone(), job.error.clone())
}

fn describe_row(job: &mut Job, word: &Word) {
    if let Some(title) = &word.title {
        job.title = Some(title.clone()).filter(|title| !title.is_empty());
    }
    if let Some(metadata) = &word.metadata {
        job.metadata = Some(metadata.clone());
    }
    if let Some(message) = &word.error {
        let error = || JobError { kind: "error".into(), message: message.clone() };
        job.error = (!message.is_empty()).then(error);
    }
    let mut tags = job.tags.to_vec();
    for (name, value) in &word.labels {
        tags.retain(|tag| tag.strip_prefix(&**name).is_none_or(|rest| !rest.starts_with(':')));
        if !value.is_empty() {
            tags.push(Text::from(format!("{name}:{value}")));
        }
    }
    if !word.labels.is_empty() {
        tags.sort();
        tags.dedup();
        job.tags = tags.into();
    }
}

/// One step of the way.
fn step(draft: &mut Draft, to: Status) -> Result<(), Refusal> {
    let from = draft.job.status;
    let cause = Cause::Observed;
    if to.is_end() {
        let error = draft.job.error.clone().filter(|_| to != Status::Completed);
        let reason = error.as_ref().map(|error| error.kind.clone());
        return draft.settle(to, cause, reason.as_deref(), error);
    }
    let kind = match (from, to) {
        (Status::Lost, _) => EventKind::Corrected,
        (from, _) if from.is_end() => EventKind::Reopened,
        (Status::Paused, Status::Running) => EventKind::Resumed,
        (_, Status::Running) => EventKind::Claimed,
        (_, Status::Paused) => EventKind::Paused,
        (_, Status::Waiting) => EventKind::Waiting,
        (_, Status::Retrying) => EventKind::Retrying,
        (Status::Scheduled | Status::Retrying, Status::Pending) => EventKind::Due,
        _ => EventKind::Changed,
    };
    match kind {
        EventKind::Reopened => {
            draft.job.settlement += 1;
            draft.job.settled = false;
            draft.job.tries = 0;
            draft.job.ended_at = None;
        }
        EventKind::Claimed => {
            draft.job.attempt += 1;
            draft.job.tries += 1;
            draft.job.started_at = Some(draft.moment);
            draft.job.ran_ms = 0;
        }
        // That it was lost was presumed, and is taken back.
        EventKind::Corrected => draft.job.ended_at = None,
        _ => {}
    }
    let reason = (to == Status::Retrying).then_some("observed");
    draft.go(to, cause, kind, reason)?;
    if to == Status::Waiting {
        draft.job.waiting = Some(Waiting { on: "source".into(), until: None });
    }
    if matches!(kind, EventKind::Claimed | EventKind::Corrected) {
        draft.open_attempt();
    }
    Ok(())
}

/// What the silence of its source means. While nobody listens to the source there is none.
pub(super) fn silence(mut draft: Draft, is_judged: bool, listening: &Listening) -> Decision {
    let now = draft.now;
    let is_over = |job: &Job| job.silence_ends_at().is_some_and(|at| at <= now);
    if !is_judged || !is_over(&draft.job) {
        return draft.finish(Answer::Unchanged);
    }
    let Some(mirror) = draft.job.mirror.as_mut() else { return draft.finish(Answer::Unchanged) };
    let heard_since = listening.get(&mirror.source).copied().unwrap_or(now);
    if heard_since > mirror.heard_at {
        mirror.heard_at = heard_since;
        draft.touch();
    }
    if !is_over(&draft.job) {
        return draft.finish(Answer::Unchanged);
    }
    match grow_silent(&mut draft) {
        Ok(()) => draft.finish(Answer::Changed),
        Err(_) => draft.finish(Answer::Unchanged),
    }
}

fn grow_silent(draft: &mut Draft) -> Result<(), Refusal> {
    let Some(mirror) = draft.job.mirror.as_mut() else { return Ok(()) };
    let is_lost = std::mem::replace(&mut mirror.is_stale, true);
    if !is_lost {
        draft.job.reason = Some("stale".into());
        draft.emit(EventKind::Changed, Some(Status::Running));
        return Ok(());
    }
    mirror.is_stale = false;
    let silent_ms = mirror.silence.map_or(0, |silence| silence.lost_after_ms);
    let message = format!("its source said nothing for {}; how the work went is not known", crate::time::in_words(silent_ms));
    let error = JobError { kind: "source_silent".into(), message: message.into() };
    draft.settle(Status::Lost, Cause::LeaseExpired, Some("source_silent"), Some(error))
}
