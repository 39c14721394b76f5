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
    // That a job is lost because the channel is silent is this server's guess. The channel is not told it as if it were the work's own word.
    if is_mirrored && event.by.is_none() {
        return None;
    }
    // The summary may leave some out.
    summary.tags.clone_from(&event.keys.tags);
    let now = now.get(&event.job);
    if let Some(now) = now.filter(|now| now.job.rev == event.rev)
        && let Some(mirror) = &now.job.mirror
        && mirror.word_us > now.job.updated_at.0.saturating_mul(1_000)
    {
        // The source's clock is ahead of ours. By our time this word would be older than one that is known, and would not count elsewhere.
        summary.updated_at = with_microseconds(mirror.word_us);
    }
    let result = now.and_then(|now| now.payloads.result.as_ref()).and_then(|result| wire::record::raw(result.as_str()));
    Some(channel::write(&FoundJob { summary, input: None, result }, own))
}

/// RFC 3339 with microseconds.
fn with_microseconds(us: i64) -> String {
    let ms = wire::time::show(domain::Timestamp(us.div_euclid(1_000)));
    format!("{}{:03}Z", ms.trim_end_matches('Z'), us.rem_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
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
    fn times_of_a_source_keep_their_microseconds() {
        assert_eq!(with_microseconds(1_500_250), "1970-01-01T00:00:01.500250Z");
        assert_eq!(with_microseconds(-1), "1969-12-31T23:59:59.999999Z");
    }
}
