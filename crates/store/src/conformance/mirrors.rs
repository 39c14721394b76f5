//! Mirrored jobs: one for each name, moved by what their source says.

use std::sync::Arc;

use domain::job::{Job, Mirror, Silence};
use domain::policy::Mode;
use domain::request::{About, Expects, Listening, NewJob, Word};
use domain::{Answer, EventKind, Json, Refusal, Request, Status, Text};
use engine::port::CommitError;

use super::checks;
use super::rig::{Rig, all, text};

const SILENCE: Silence = Silence { stale_after_ms: 60_000, lost_after_ms: 300_000 };

fn named(rig: &Rig, source: &str, external_id: &str) -> About {
    let first = Box::new(NewJob { mode: Mode::Mirrored, ..rig.new_job("ann", "import") });
    About::Named { source: text(source), external_id: text(external_id), silence: Some(SILENCE), first, expects: Expects::Anything }
}

async fn hear(rig: &Rig, about: About, word: Word) -> Result<Arc<Job>, CommitError> {
    match rig.store.commit(Request::Observe { about, word, asked: rig.asked() }).await? {
        Answer::Changed(job) | Answer::Unchanged(job) => Ok(job),
        other => panic!("a word was answered {other:?}"),
    }
}

fn says(status: Status) -> Word {
    Word { status: Some(status), ..Word::default() }
}

pub async fn are_one_for_each_name(rig: &Rig) {
    let first = hear(rig, named(rig, "here", "1"), says(Status::Running)).await.unwrap();
    let again = hear(rig, named(rig, "here", "1"), says(Status::Completed)).await.unwrap();
    assert_eq!((again.id, again.status), (first.id, Status::Completed));
    let others = [named(rig, "here", "2"), named(rig, "there", "1")];
    for about in others {
        assert_ne!(hear(rig, about, says(Status::Pending)).await.unwrap().id, first.id);
    }
    let mut foreign = named(rig, "here", "1");
    if let About::Named { first, .. } = &mut foreign {
        first.tenant = text("other");
    }
    assert_ne!(hear(rig, foreign, says(Status::Pending)).await.unwrap().id, first.id);
    let mut new = named(rig, "here", "1");
    if let About::Named { expects, .. } = &mut new {
        *expects = Expects::New;
    }
    let taken = hear(rig, new, says(Status::Pending)).await;
    assert!(matches!(taken, Err(CommitError::Refused(Refusal::Invalid { field: "externalId", .. }))), "{taken:?}");
    let mut unheard_of = named(rig, "here", "3");
    if let About::Named { expects, .. } = &mut unheard_of {
        *expects = Expects::Known;
    }
    let unknown = hear(rig, unheard_of, says(Status::Aborted)).await;
    assert!(matches!(unknown, Err(CommitError::Refused(Refusal::NotFound))), "{unknown:?}");
    // Once it is gone its name is free.
    rig.store.commit(Request::Delete { tenant: text("t"), id: first.id, asked: rig.asked() }).await.unwrap();
    assert_ne!(hear(rig, named(rig, "here", "1"), says(Status::Pending)).await.unwrap().id, first.id);
    checks::counters_add_up(&*rig.store, "t").await;
    checks::log_is_whole(&*rig.store).await;
}

/// Whether its id or its external id names it, and whether or not there was a mirrored job of that name before.
pub async fn are_not_made_of_what_runs_here(rig: &Rig) {
    let mirrored = hear(rig, named(rig, "here", "1"), says(Status::Completed)).await.unwrap();
    let own = rig.submit(NewJob { external_id: Some(text("1")), ..rig.new_job("ann", "import") }).await;
    let heard = hear(rig, named(rig, "here", "1"), says(Status::Running)).await.unwrap();
    assert_eq!(heard.id, mirrored.id, "a name goes on as it began");
    hear(rig, named(rig, "here", "1"), says(Status::Completed)).await.unwrap();
    rig.store.commit(Request::Delete { tenant: text("t"), id: mirrored.id, asked: rig.asked() }).await.unwrap();
    for name in ["1", &own.id.to_string()] {
        let told = hear(rig, named(rig, "here", name), says(Status::Running)).await;
        assert!(matches!(told, Err(CommitError::Refused(Refusal::RunHere { rev: 1 }))), "{name}: {told:?}");
    }
    let mut foreign = named(rig, "here", "1");
    if let About::Named { first, .. } = &mut foreign {
        first.tenant = text("other");
    }
    assert_ne!(hear(rig, foreign, says(Status::Pending)).await.unwrap().id, own.id, "in another tenant nobody has that name");
    assert_eq!(rig.job(own.id).await, *own);
    checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn walk_through_what_was_skipped(rig: &Rig) {
    let word = Word {
        output: Some(Json::from_valid("\"done\"")),
        labels: vec![(text("assignee"), text("ann"))],
        ..says(Status::Completed)
    };
    let job = hear(rig, named(rig, "here", "1"), word).await.unwrap();
    let history = rig.store.history(job.id, 0, 9).await.unwrap();
    let kinds: Vec<EventKind> = history.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Submitted, EventKind::Claimed, EventKind::Settled]);
    assert!(history.iter().all(|event| event.keys.tags == [text("assignee:ann")]), "each event has its tags");
    assert_eq!(rig.store.payloads(job.id).await.unwrap().result, Some(Json::from_valid("\"done\"")));
    let attempts = rig.store.attempts(job.id).await.unwrap();
    assert_eq!(
        (attempts.len(), attempts[0].holder.clone(), attempts[0].outcome.clone()),
        (1, text("here"), Some(text("completed")))
    );
    let relabelled = Word { labels: vec![(text("assignee"), text("ben"))], ..Word::default() };
    hear(rig, named(rig, "here", "1"), relabelled).await.unwrap();
    let event = rig.store.history(job.id, 3, 9).await.unwrap().remove(0);
    assert_eq!(
        (event.kind, event.removed_tags, event.keys.tags),
        (EventKind::Changed, vec![text("assignee:ann")], vec![text("assignee:ben")])
    );
    // The next run begins without what the last one brought.
    hear(rig, named(rig, "here", "1"), says(Status::Running)).await.unwrap();
    assert_eq!(rig.store.payloads(job.id).await.unwrap().result, Some(Json::from_valid("null")));
    checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn keep_every_field(rig: &Rig) {
    let at_us = rig.now().0 * 1_000 - 7;
    let made = hear(rig, named(rig, "here", "1"), Word { at_us: Some(at_us), ..says(Status::Running) }).await.unwrap();
    let mirror = Mirror { source: text("here"), word_us: at_us, heard_at: rig.now(), is_stale: false, silence: Some(SILENCE) };
    assert_eq!(
        (made.mirror.as_deref().cloned(), made.external_id.clone(), made.mode),
        (Some(mirror), Some(text("1")), Mode::Mirrored)
    );
    assert_eq!(rig.job(made.id).await, *made);
    let open = rig.store.attempts(made.id).await.unwrap();
    assert_eq!((open.len(), open[0].ended_at), (1, None));
    // A newer word that says nothing new is heard, and is no event.
    rig.clock.advance_ms(10);
    hear(rig, named(rig, "here", "1"), Word { at_us: Some(at_us + 1), ..says(Status::Running) }).await.unwrap();
    let heard = rig.job(made.id).await;
    let mirror = heard.mirror.unwrap();
    assert_eq!((heard.rev, mirror.word_us, mirror.heard_at), (made.rev, at_us + 1, rig.now()));
}

pub async fn take_no_place(rig: &Rig) {
    hear(rig, named(rig, "here", "1"), says(Status::Running)).await.unwrap();
    let job = rig.submit(rig.new_job("ann", "import")).await;
    let claimed = rig.claim(&[("import", 1)], [1]).await;
    assert_eq!(claimed.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
    hear(rig, named(rig, "here", "2"), says(Status::Pending)).await.unwrap();
    assert!(rig.claim(&[("import", 9)], [2]).await.is_empty(), "what runs elsewhere is given to nobody");
}

pub async fn grow_stale_and_lost(rig: &Rig) {
    let job = hear(rig, named(rig, "here", "1"), says(Status::Running)).await.unwrap();
    let listening: Listening = Arc::new([(text("here"), rig.now())].into());
    let look = |listening: &Listening| Request::Clock { id: job.id, judge_leases: true, listening: listening.clone() };
    rig.clock.advance_ms(60_000);
    assert_eq!(rig.store.due(rig.now(), 9).await.unwrap().jobs, [job.id]);
    rig.store.commit(look(&listening)).await.unwrap();
    let stale = rig.job(job.id).await;
    assert_eq!((stale.status, stale.reason), (Status::Running, Some(text("stale"))));
    assert!(rig.store.due(rig.now(), 9).await.unwrap().jobs.is_empty());
    rig.clock.advance_ms(240_000);
    rig.store.commit(look(&Listening::default())).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Running, "while nobody listens there is no silence");
    rig.clock.advance_ms(300_000);
    rig.store.commit(look(&listening)).await.unwrap();
    let lost = rig.job(job.id).await;
    assert_eq!((lost.status, lost.reason, lost.settlement), (Status::Lost, Some(text("source_silent")), 1));
    let back = hear(rig, named(rig, "here", "1"), says(Status::Completed)).await.unwrap();
    assert_eq!((back.status, back.settlement), (Status::Completed, 1));
    assert_eq!(rig.store.counts(&all()).await.unwrap().total(), 1);
}

/// Words for one new name, all at once: one job, each word heard.
pub async fn race_for_a_name(rig: &Rig) {
    let at_us = rig.now().0 * 1_000;
    let words = (0..40).map(|n| {
        let status = if n == 39 { Status::Completed } else { Status::Running };
        let labels: Vec<(Text, Text)> = vec![(text("n"), text(&n.to_string()))];
        hear(rig, named(rig, "here", "1"), Word { at_us: Some(at_us + n), labels, ..says(status) })
    });
    let heard = futures::future::join_all(words).await;
    let ids: std::collections::BTreeSet<_> = heard.iter().map(|job| job.as_ref().unwrap().id).collect();
    assert_eq!(ids.len(), 1);
    let job = rig.job(*ids.first().unwrap()).await;
    assert_eq!((job.status, job.tags[0].clone()), (Status::Completed, text("n:39")));
    checks::log_is_whole(&*rig.store).await;
}
