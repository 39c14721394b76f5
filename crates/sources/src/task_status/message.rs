//! Which events are worth a message of the channel, and the message of one. Pure.

use std::collections::HashMap;

use dialects::dialect::FoundJob;
use dialects::dialect::task_status::channel;
use domain::event::EventKind;
use domain::job::Job;
use domain::policy::Mode;
use domain::{JobId, Status, Text};
use wire::LoggedEvent;
use wire::convert::Payloads;
use wire::record::JobSummary;

use super::NAME;

/// What a job holds as of now, beside what the log keeps of it.
pub(super) struct Now {
    pub job: Job,
    pub payloads: Payloads,
}

/// Whether an event changes what the channel tells of a job, and the channel does not know it already.
pub(super) fn is_worth_one(event: &LoggedEvent) -> bool {
    let is_heard = event.by.as_deref().and_then(|by| by.strip_prefix("source:")).is_some_and(|source| source == NAME);
    if is_heard {
        return false;
    }
    match event.kind {
        EventKind::Deleted => false,
        EventKind::Submitted | EventKind::Corrected => true,
        // Somebody changed what is told beside the status. What the clock changes is not told.
        EventKind::Changed if event.from == Some(event.status) => event.by.is_some(),
        _ => event.from != Some(event.status),
    }
}

/// Whether the channel tells an output of this job.
pub(super) fn has_output(job: &Job) -> bool {
    job.mode == Mode::Mirrored || job.status == Status::Completed
}

/// The message of an event; `None` when it is not to be told after all.
pub(super) fn of(event: &LoggedEvent, now: &HashMap<JobId, Now>, own: &Text) -> Option<String> {
    let mut summary: JobSummary = serde_json::from_slice(&event.summary).ok()?;
    let is_mirrored = &*summary.mode == Mode::Mirrored.as_str();
    // That a job is lost because the channel is silent is this server's guess. The channel is not told it as if it were the work's own word, nor
    // with what somebody says of the job besides.
    if is_mirrored && (event.by.is_none() || event.status == Status::Lost) {
        return None;
    }
    // The summary may leave some out.
    summary.tags.clone_from(&event.keys.tags);
    let now = now.get(&event.job);
    summary.updated_at = with_microseconds(time_us(event, now.map(|now| &now.job)));
    let result = now.and_then(|now| now.payloads.result.as_ref()).and_then(|result| wire::record::raw(result.as_str()));
    Some(channel::write(&FoundJob { summary, input: None, result }, own))
}

/// The time under which an event is told, in microseconds. `job`: as it is now, if it is still there.
fn time_us(event: &LoggedEvent, job: Option<&Job>) -> i64 {
    let happened_us = event.at.0.saturating_mul(1_000);
    match job.and_then(|job| Some((job.rev, job.mirror.as_ref()?.word_us))) {
        // What happens to a job within one millisecond is told under times that grow: who listens takes an equal time for the same word.
        None => happened_us.saturating_add((event.rev % 1_000) as i64),
        // By its source's times, which may be ahead of ours or behind: so that all who mirror it agree on which word is the newest.
        Some((rev, word_us)) if rev == event.rev => word_us,
        // More was heard of it since, and must stay the newer word.
        Some((_, word_us)) => happened_us.min(word_us.saturating_sub(1)),
    }
}

/// RFC 3339 with microseconds.
pub(super) fn with_microseconds(us: i64) -> String {
    let ms = wire::time::show(domain::Timestamp(us.div_euclid(1_000)));
    format!("{}{:03}Z", ms.trim_end_matches('Z'), us.rem_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use domain::decide::Loaded;
    use domain::request::{About, Asked, Expects, NewJob, Word};
    use domain::{Request, Timestamp};
    use wire::log::Keys;

    use super::*;

    fn event(kind: EventKind, from: Option<Status>, status: Status, by: Option<&str>) -> LoggedEvent {
        let keys = Keys {
            tenant: "default".into(),
            owner: "ann".into(),
            task: "task".into(),
            session: None,
            subject: None,
            batch: None,
            root: JobId(1),
            tags: Vec::new(),
        };
        LoggedEvent {
            place: 1,
            kind,
            at: Timestamp(0),
            by: by.map(Text::from),
            job: JobId(1),
            rev: 1,
            from,
            status,
            keys,
            removed_tags: Vec::new(),
            summary: Default::default(),
        }
    }

    #[test]
    fn what_is_told() {
        use EventKind as K;
        use Status::*;
        let heard = Some("source:task_status");
        for (kind, from, status, by, is_told) in [
            (K::Submitted, None, Pending, Some("ann"), true),
            (K::Submitted, None, Running, heard, false),
            (K::Claimed, Some(Pending), Running, Some("server-1"), true),
            (K::Claimed, Some(Pending), Running, heard, false),
            (K::Settled, Some(Running), Completed, Some("server-1"), true),
            (K::Settled, Some(Running), Lost, None, true),
            (K::Settled, Some(Running), Failed, Some("source:other"), true),
            (K::Corrected, Some(Lost), Completed, Some("app"), true),
            (K::Corrected, Some(Completed), Completed, Some("app"), true),
            (K::Retrying, Some(Running), Retrying, None, true),
            (K::Due, Some(Retrying), Pending, None, true),
            (K::Wished, Some(Running), Running, Some("ann"), false),
            (K::Changed, Some(Running), Running, Some("ann"), true),
            (K::Changed, Some(Running), Running, None, false),
            (K::Changed, Some(Running), Running, heard, false),
            (K::Deleted, Some(Completed), Completed, Some("ann"), false),
        ] {
            assert_eq!(is_worth_one(&event(kind, from, status, by)), is_told, "{kind} {from:?} {status} {by:?}");
        }
    }

    #[test]
    fn what_is_told_of_a_job_has_times_that_grow() {
        let mut event = event(EventKind::Claimed, Some(Status::Pending), Status::Running, Some("server-1"));
        let at_rev = |event: &mut LoggedEvent, rev| {
            event.rev = rev;
            time_us(event, None)
        };
        assert_eq!((at_rev(&mut event, 2), at_rev(&mut event, 3), at_rev(&mut event, 1_002)), (2, 3, 2));
        event.at = Timestamp(i64::MAX);
        assert!(time_us(&event, None) > 0);
    }

    fn mirrored() -> Job {
        let first = NewJob::plain(JobId(1), "default".into(), "ann".into(), "task".into(), Mode::Mirrored);
        let about = About::Named {
            source: NAME.into(),
            external_id: "7".into(),
            silence: None,
            first: Box::new(first),
            expects: Expects::New,
        };
        let heard = Request::Observe { about, word: Word::default(), asked: Asked::default() };
        let decision = domain::decide(Loaded::default(), &heard, Timestamp(0)).expect("it is heard");
        Job::clone(decision.answer.job().expect("a job"))
    }

    #[test]
    fn what_is_told_of_work_elsewhere_is_never_newer_than_what_was_heard_of_it() {
        let about = |rev, word_us| {
            let mut job = mirrored();
            job.rev = rev;
            job.mirror.as_mut().expect("a mirrored job").word_us = word_us;
            let mut event = event(EventKind::Changed, Some(Status::Running), Status::Running, Some("ann"));
            (event.rev, event.at) = (7, Timestamp(1_000));
            time_us(&event, Some(&job))
        };
        assert_eq!(about(7, 5), 5, "a description, of a source whose clock is behind");
        assert_eq!(about(7, 9_000_001), 9_000_001, "whose clock is ahead");
        assert_eq!(about(8, 5), 4, "something was heard since");
        assert_eq!(about(8, 9_000_001), 1_000_000);
    }

    #[test]
    fn times_of_a_source_keep_their_microseconds() {
        assert_eq!(with_microseconds(1_500_250), "1970-01-01T00:00:01.500250Z");
        assert_eq!(with_microseconds(-1), "1969-12-31T23:59:59.999999Z");
    }
}
