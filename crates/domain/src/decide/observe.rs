//! Mirrored jobs: what their source says of them, and what its silence means.
//!
//! The source's word counts, in the order of the source's own time. An older word, and the same one again, change nothing: so a word of ours that
//! comes back to us ends there. Of two words of the very same time the one that is further on counts, in whatever order they come. What a source
//! skips is walked through, one event for each step, in one commit.

use super::draft::Draft;
use super::{Answer, Decision, Loaded, submit};
use crate::event::EventKind;
use crate::job::{Job, JobError, Mirror, Waiting};
use crate::policy::Mode;
use crate::request::{About, Asked, Expects, Listening, Word};
use crate::status::{Cause, observed_way};
use crate::{Json, Refusal, Status, Text, Timestamp, limits};

pub(super) fn observe(loaded: Loaded, about: &About, word: &Word, asked: &Asked, now: Timestamp) -> Result<Decision, Refusal> {
    if word.status == Some(Status::Lost) {
        let problem = "cannot be told to be lost: that is presumed when its source is silent".to_owned();
        return Err(Refusal::Invalid { field: "status", problem });
    }
    let taken = |by: &str| Refusal::Invalid { field: "externalId", problem: format!("names {by} already") };
    let (mut draft, is_first) = match (&loaded.job, about) {
        (Some(_), About::Named { expects: Expects::New, .. }) => return Err(taken("another job of this source")),
        (Some(job), _) if job.mirror.is_none() => return Err(Refusal::RunHere { rev: job.rev }),
        (None, About::Named { expects: Expects::Known, .. }) => return Err(Refusal::NotFound),
        (None, About::Named { expects, .. }) => match loaded.runs_here {
            Some(_) if *expects == Expects::New => return Err(taken("a job that runs here")),
            Some(rev) => return Err(Refusal::RunHere { rev }),
            None => (first(&loaded, about, word, asked, now)?, true),
        },
        _ => (super::open(loaded, asked, now)?, false),
    };
    if let (About::Named { silence, .. }, Some(mirror)) = (about, &mut draft.job.mirror) {
        mirror.silence = *silence;
    }
    let from = draft.job.status;
    let way = observed_way(from, word.status.unwrap_or(from));
    let Some(heard) = hear(&mut draft.job, word, way.len(), now) else { return Ok(draft.finish(Answer::Unchanged)) };
    draft.touch();
    draft.moment = heard.moment;
    draft.result = word.output.clone();
    let is_reopened = from.is_end() && from != Status::Lost && !way.is_empty();
    if is_reopened {
        // What the run before brought is not what this one brings.
        draft.result.get_or_insert_with(|| Json::from_valid("null"));
    }
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
    let is_news = is_first || is_described || heard.was_stale || draft.result.is_some() || !way.is_empty();
    if let (false, true, Some(mirror)) = (is_news, heard.is_by_our_time, &mut draft.job.mirror) {
        // Nobody else is told of it: it must not make a word old here that is new elsewhere.
        mirror.word_us = heard.before_us;
    }
    Ok(draft.finish(if is_news { Answer::Changed } else { Answer::Unchanged }))
}

/// The job that is heard of for the first time, as its first event shows it.
fn first(loaded: &Loaded, about: &About, word: &Word, asked: &Asked, now: Timestamp) -> Result<Draft, Refusal> {
    let About::Named { source, external_id, silence, first, .. } = about else { return Err(Refusal::NotFound) };
    let owner = (first.tenant.clone(), first.owner.clone());
    // What is under way elsewhere, or over, waits for nothing here.
    let waits = word.status.is_none_or(Status::is_before_start);
    if waits && loaded.pending_of_owner.get(&owner).is_some_and(|waiting| *waiting >= limits::PENDING_PER_OWNER) {
        return Err(Refusal::TooManyPending { owner: owner.1, limit: limits::PENDING_PER_OWNER });
    }
    let mut job = submit::first_row(first, first.id, None, now);
    job.mode = Mode::Mirrored;
    job.external_id = Some(external_id.clone());
    let mirror = Mirror { source: source.clone(), word_us: i64::MIN, heard_at: now, is_stale: false, silence: *silence };
    job.mirror = Some(Box::new(mirror));
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
    /// Whether it came without a time of its own, or with one that is not believed.
    is_by_our_time: bool,
    /// The time of the word before it.
    before_us: i64,
}

/// Takes the time of a word, if it is a newer one. `steps`: how many statuses it brings.
fn hear(job: &mut Job, word: &Word, steps: usize, now: Timestamp) -> Option<Heard> {
    let status = job.status;
    let mirror = job.mirror.as_mut()?;
    let in_us = |at: Timestamp| at.0.saturating_mul(1_000);
    let latest = now.plus_ms(limits::SOURCE_AHEAD_MS);
    // A time that nobody could have told yet is from before our own clock was put back: it counts no more.
    let is_possible = mirror.word_us <= in_us(latest.plus_ms(limits::SOURCE_AHEAD_MS));
    let known = if is_possible { mirror.word_us } else { i64::MIN };
    let said_us = word.at_us.filter(|at| *at <= in_us(latest));
    let at = match said_us {
        Some(at) => at,
        // What leaves the status as it is comes right after what was said last: the source's next word must not be older, whatever its clock.
        None if steps == 0 && known > i64::MIN => known.saturating_add(1),
        // Each step is told to others under a time of its own, and the last of them under this one.
        None => in_us(now).max(known.saturating_add(1)).saturating_add(steps.saturating_sub(1) as i64),
    };
    let is_further = word.status.is_some_and(|said| stage(said) > stage(status));
    if at < known || (at == known && !is_further) {
        return None;
    }
    let before_us = std::mem::replace(&mut mirror.word_us, at);
    // What is said beside the status is no sign that the work goes on.
    let is_sign_of_life = word.status.is_some();
    let was_stale = is_sign_of_life && mirror.is_stale;
    if is_sign_of_life {
        mirror.heard_at = now;
        mirror.is_stale = false;
    }
    if was_stale {
        job.reason = None;
    }
    let moment = now.min(Timestamp(at.div_euclid(1_000)));
    Some(Heard { moment, was_stale, is_by_our_time: said_us.is_none(), before_us })
}

/// How far on a status is, to tell which of two words of the same time counts: a clock may be coarse. That a job is lost nobody said of it.
const fn stage(status: Status) -> u8 {
    match status {
        Status::Scheduled => 0,
        Status::Pending => 1,
        Status::Running | Status::Lost => 2,
        Status::Paused | Status::Waiting | Status::Retrying => 3,
        Status::Completed | Status::Failed | Status::Aborted | Status::TimedOut => 4,
    }
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
    let heard_since = listening.get(&mirror.source).copied().unwrap_or(now).min(now);
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
