//! The history of one job and its attempts: what the tables find without an index over the log.

use domain::limits::{self, EVENTS_KEPT_MS};
use domain::policy::Mode;
use domain::request::{Ask, Asked, NewJob, Report};
use domain::{Job, JobId, Request};

use super::rig::{Rig, leases, text};

/// Brings a job this many revisions further by changing its tags, with other jobs' events among them.
pub async fn change_often(rig: &Rig, job: &Job, times: u64) {
    let first = rig.job(job.id).await.rev + 1;
    for number in first..first + times {
        let tags = Some(vec![text(if number % 2 == 0 { "even" } else { "odd" })]);
        let patch = domain::request::Patch { tags, ..Default::default() };
        let request = Request::Patch { tenant: text("t"), id: job.id, patch, asked: rig.asked() };
        rig.store.commit(request).await.expect("the patch is accepted");
        if number % 7 == 0 {
            rig.submit(rig.new_job("ben", "other")).await;
        }
    }
}

/// Revisions of a page of a job's history.
pub async fn revs(rig: &Rig, id: JobId, after: u64, limit: usize) -> Vec<u64> {
    let events = rig.store.history(id, after, limit).await.expect("the store reads");
    assert!(events.iter().all(|event| event.job == id));
    assert!(events.is_sorted_by_key(|event| event.place));
    events.iter().map(|event| event.rev).collect()
}

pub async fn pages_of_a_long_history_join(rig: &Rig) {
    let job = rig.submit(rig.new_job("ann", "a")).await;
    change_often(rig, &job, 299).await;
    assert_eq!(revs(rig, job.id, 0, 1_000).await, (1..=300).collect::<Vec<_>>());
    for limit in [1, 7, 63, 64, 65, 128, 300] {
        let mut found = Vec::new();
        loop {
            let page = revs(rig, job.id, found.last().copied().unwrap_or(0), limit).await;
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit);
            found.extend(page);
        }
        assert_eq!(found, (1..=300).collect::<Vec<_>>(), "pages of {limit}");
    }
    assert_eq!(revs(rig, job.id, 299, usize::MAX).await, [300]);
    assert!(revs(rig, job.id, u64::MAX, 9).await.is_empty());
    assert!(revs(rig, job.id, 0, 0).await.is_empty());
}

/// The floor of the log cuts a history where it stands; what is left is still found from its beginning.
pub async fn a_swept_history_begins_at_the_floor(rig: &Rig) {
    for kept in [1, 30, 90, 200] {
        let job = rig.submit(rig.new_job("ann", "a")).await;
        change_often(rig, &job, 99 + kept % 7).await;
        let old = rig.job(job.id).await.rev;
        rig.clock.advance_ms(EVENTS_KEPT_MS as i64 + 1);
        change_often(rig, &job, kept).await;
        rig.store.sweep(rig.now()).await.expect("it is swept");
        let left: Vec<u64> = (old + 1..=old + kept).collect();
        assert_eq!(revs(rig, job.id, 0, 1_000).await, left, "{kept} are kept");
        for limit in [9, 70, 130] {
            assert_eq!(revs(rig, job.id, 0, limit).await, left[..left.len().min(limit)]);
        }
        assert_eq!(revs(rig, job.id, old + kept / 2, 1_000).await, left[(kept / 2) as usize..]);
    }
}

pub async fn a_history_goes_on_after_all_of_it_was_swept(rig: &Rig) {
    let job = rig.submit(rig.new_job("ann", "a")).await;
    rig.clock.advance_ms(EVENTS_KEPT_MS as i64 + 1);
    rig.store.sweep(rig.now()).await.expect("it is swept");
    assert!(revs(rig, job.id, 0, 9).await.is_empty());
    change_often(rig, &job, 2).await;
    assert_eq!(revs(rig, job.id, 0, 9).await, [2, 3]);
}

pub async fn a_deleted_job_has_no_history(rig: &Rig) {
    let (job, other) = (rig.submit(rig.new_job("ann", "a")).await, rig.submit(rig.new_job("ann", "a")).await);
    change_often(rig, &job, 70).await;
    rig.ask(job.id, Ask::Abort).await.expect("it is aborted");
    let end = rig.job(job.id).await.rev;
    assert_eq!(revs(rig, job.id, end - 1, 9).await, [end]);
    rig.store.commit(Request::Delete { tenant: text("t"), id: job.id, asked: Asked::default() }).await.expect("it is deleted");
    assert!(revs(rig, job.id, 0, 9).await.is_empty());
    assert_eq!(revs(rig, other.id, 0, 9).await, [1]);
    let log = super::checks::log_is_whole(&*rig.store).await;
    assert_eq!(log.iter().filter(|event| event.job == job.id).count() as u64, end + 1, "the log keeps its events");
}

/// An attempt is told from its claim on, and again when a late word opens it once more.
pub async fn tells_an_attempt_before_and_after_its_end(rig: &Rig) {
    let job = rig.running(1).await;
    let newest = async || rig.store.attempts(job.id).await.expect("the store reads").pop().expect("an attempt");
    let open = newest().await;
    assert_eq!((open.number, &*open.holder, open.started_at), (1, "holder", job.started_at.expect("it started")));
    assert_eq!((open.ended_at, open.outcome.clone(), open.error.clone()), (None, None, None));
    rig.clock.advance_ms(31_000);
    rig.store
        .commit(Request::Clock { id: job.id, judge_leases: true, listening: Default::default() })
        .await
        .expect("the clock is heard");
    let lost = newest().await;
    assert_eq!((lost.ended_at, lost.outcome.as_deref()), (Some(rig.now()), Some("lost")));
    rig.report(job.id, 1, Report::Heartbeat { extend_ms: None }).await.expect("the late word is heard");
    assert_eq!(newest().await, open);
    rig.report(job.id, 1, Report::Complete { result: None }).await.expect("it completes");
    let ended = rig.store.attempts(job.id).await.expect("the store reads");
    assert_eq!((ended.len(), ended[0].outcome.as_deref()), (1, Some("completed")));
}

/// More than any store keeps of jobs in memory is changed by one decision.
pub async fn many_histories_go_on_after_one_decision(rig: &Rig) {
    const JOBS: u128 = 10_000;
    let mut jobs = Vec::new();
    for number in 0..JOBS {
        jobs.push(NewJob { mode: Mode::Tracked, lease: leases([number]).pop(), ..rig.new_job("ann", "a") });
        if jobs.len() == limits::BATCH_JOBS {
            rig.submit_all(std::mem::take(&mut jobs)).await.expect("the submit is accepted");
        }
    }
    let events = rig.store.events(0, usize::MAX).await.expect("the store reads");
    rig.clock.jump_ms(3_600_000);
    rig.store.commit(Request::SaveProgress { entries: Vec::new() }).await.expect("nothing is saved");
    for job in events.iter().map(|event| event.job).step_by(97) {
        assert_eq!(revs(rig, job, 0, 10).await, [1, 2]);
        rig.ask(job, Ask::Pause).await.expect("it is asked to pause");
        assert_eq!(revs(rig, job, 0, 10).await, [1, 2, 3]);
    }
}
