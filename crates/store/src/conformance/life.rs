//! What becomes of a job: reports, verbs, time, removal.

use std::sync::Arc;

use domain::job::{Progress, Ticked};
use domain::policy::{Mode, Policy, Retry};
use domain::request::{Ask, Asked, NewJob, Report, SavedProgress};
use domain::{Answer, Json, Refusal, Request, Status};

use super::rig::{Rig, error, proof, refusal, text};

pub async fn completes_with_a_result(rig: &Rig) {
    let job = rig.running(1).await;
    let result = Some(Json::from_valid("[1,2]"));
    let answer = rig.report(job.id, 1, Report::Complete { result: result.clone() }).await.unwrap();
    let job = rig.job(job.id).await;
    assert_eq!(**answer.job().unwrap(), job);
    assert_eq!((job.status, job.rev, job.settled), (Status::Completed, 3, true));
    let payloads = rig.store.payloads(job.id).await.unwrap();
    assert_eq!(payloads.result, result);
    assert!(payloads.input.is_some(), "the input stays");
    let attempts = rig.store.attempts(job.id).await.unwrap();
    assert_eq!((attempts.len(), attempts[0].outcome.as_deref()), (1, Some("completed")));
    assert!(attempts[0].ended_at.is_some());
}

pub async fn refuses_a_stale_lease(rig: &Rig) {
    let job = rig.running(1).await;
    let answer = rig.report(job.id, 2, Report::Complete { result: None }).await;
    assert_eq!(refusal(answer), Refusal::StaleLease);
    assert_eq!(rig.job(job.id).await, *job);
}

pub async fn refuses_another_revision(rig: &Rig) {
    let job = rig.submit(rig.new_job("ann", "a")).await;
    let asked = Asked { expected_rev: Some(9), ..rig.asked() };
    let ask = Request::Ask { tenant: text("t"), id: job.id, what: Ask::Abort, asked };
    assert_eq!(refusal(rig.store.commit(ask).await), Refusal::RevisionChanged { rev: 1 });
}

pub async fn goes_through_pause_and_wait(rig: &Rig) {
    let job = rig.running(1).await;
    let Ok(Answer::Wished(wished)) = rig.ask(job.id, Ask::Pause).await else { panic!("not wished") };
    rig.report(job.id, 1, Report::Acknowledge { wish: wished.wish.number }).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Paused);
    let Ok(Answer::Wished(wished)) = rig.ask(job.id, Ask::Resume).await else { panic!("not wished") };
    rig.report(job.id, 1, Report::Acknowledge { wish: wished.wish.number }).await.unwrap();
    rig.report(job.id, 1, Report::Wait { on: text("input"), until: None }).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Waiting);
    let value = Json::from_valid("true");
    let answer = Request::Answer { tenant: text("t"), id: job.id, value: value.clone(), asked: rig.asked() };
    rig.store.commit(answer).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Pending);
    assert_eq!(rig.store.payloads(job.id).await.unwrap().answer, Some(value));
    super::checks::log_is_whole(&*rig.store).await;
    super::checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn retries_and_keeps_attempts(rig: &Rig) {
    let retry = Retry { attempts: 2, base_ms: 1_000, max_ms: 9_000, on_timeout: false };
    let policy = Arc::new(Policy { retry, ..Policy::default() });
    let job = rig.submit(NewJob { policy, ..rig.new_job("ann", "a") }).await;
    rig.claim(&[("a", 1)], [1]).await;
    rig.report(job.id, 1, Report::Fail { error: error("boom"), again: true, interrupted: false }).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Retrying);
    rig.clock.advance_ms(2_000);
    rig.store.commit(Request::Clock { id: job.id, judge_leases: true, listening: Default::default() }).await.unwrap();
    assert_eq!(rig.claim(&[("a", 1)], [2]).await.len(), 1);
    rig.report(job.id, 2, Report::Fail { error: error("boom"), again: true, interrupted: false }).await.unwrap();
    let job = rig.job(job.id).await;
    assert_eq!((job.status, job.error), (Status::Failed, Some(error("boom"))));
    let attempts = rig.store.attempts(job.id).await.unwrap();
    assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(attempts[1].error, Some(error("boom")));
    assert_eq!(rig.ask(job.id, Ask::Retry).await.unwrap().job().unwrap().status, Status::Pending);
    super::checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn saves_progress_without_an_event(rig: &Rig) {
    let job = rig.running(1).await;
    let head = rig.store.head();
    let progress = Progress { percentage: Some(12.5), message: Some(text("on it")), failed: Some(1), ..Progress::default() };
    let ticked = Ticked { tick: job.tick + 4, progress: progress.clone() };
    let entries = vec![SavedProgress { id: job.id, attempt: job.attempt, ticked }];
    rig.store.commit(Request::SaveProgress { entries }).await.unwrap();
    let saved = rig.job(job.id).await;
    assert_eq!((saved.progress, saved.tick, saved.rev), (progress, job.tick + 4, job.rev));
    assert_eq!(rig.store.head(), head);
}

pub async fn renews_leases_without_an_event(rig: &Rig) {
    let (job, other) = (rig.running(1).await, rig.running(2).await);
    let head = rig.store.head();
    rig.clock.advance_ms(5_000);
    let entries = vec![(job.id, proof(1)), (other.id, proof(9)), (domain::JobId(7), proof(1))];
    let answer = rig.store.commit(Request::RenewLeases { entries }).await;
    assert!(matches!(&answer, Ok(Answer::Renewed { stale }) if *stale == [other.id, domain::JobId(7)]), "{answer:?}");
    assert_eq!(rig.job(job.id).await.lease.unwrap().expires_at, rig.now().plus_ms(30_000));
    assert_eq!(rig.store.head(), head);
}

/// A heartbeat that is usually nothing to be kept brings a lost job back, which is.
pub async fn hears_a_late_word(rig: &Rig) {
    let job = rig.running(1).await;
    rig.clock.advance_ms(31_000);
    rig.store.commit(Request::Clock { id: job.id, judge_leases: true, listening: Default::default() }).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Lost);
    rig.report(job.id, 1, Report::Heartbeat { extend_ms: None }).await.unwrap();
    assert_eq!(rig.job(job.id).await.status, Status::Running);
    let log = super::checks::log_is_whole(&*rig.store).await;
    assert_eq!(log.last().unwrap().kind, domain::EventKind::Corrected);
    super::checks::counters_add_up(&*rig.store, "t").await;
    rig.report(job.id, 1, Report::Complete { result: None }).await.unwrap();
    assert_eq!(rig.store.attempts(job.id).await.unwrap().len(), 1);
}

/// An hour ahead and an hour back: what was left of a lease, a running time, a wait and a time to start is left of it, once, whatever is
/// written next; a moment that somebody named stays.
pub async fn keeps_lengths_over_a_jump(rig: &Rig) {
    const HOUR: i64 = 3_600_000;
    let retry = Retry { attempts: 3, base_ms: 600_000, max_ms: 900_000, on_timeout: false };
    let policy = Arc::new(Policy { retry, start_within_ms: Some(600_000), ..Policy::default() });
    let running = rig.running(1).await;
    let flaky = rig.submit(NewJob { policy: policy.clone(), ..rig.new_job("ann", "flaky") }).await;
    rig.claim(&[("flaky", 1)], [2]).await;
    rig.report(flaky.id, 2, Report::Fail { error: error("boom"), again: true, interrupted: false }).await.unwrap();
    let pending = rig.submit(NewJob { policy, ..rig.new_job("ann", "b") }).await;
    let named = Some(rig.now().plus_ms(7_200_000));
    let scheduled = rig.submit(NewJob { run_at: named, ..rig.new_job("ann", "c") }).await;
    let before = [rig.job(running.id).await, rig.job(flaky.id).await, rig.job(pending.id).await];
    let nothing = || Request::SaveProgress { entries: Vec::new() };
    let mut by = 0;
    for jump in [HOUR, -HOUR, -HOUR] {
        by += jump;
        rig.clock.jump_ms(jump);
        rig.store.commit(nothing()).await.unwrap();
        rig.store.commit(nothing()).await.unwrap();
        let moved = |at: Option<domain::Timestamp>| at.map(|at| domain::Timestamp(at.0 + by));
        let now = [rig.job(running.id).await, rig.job(flaky.id).await, rig.job(pending.id).await];
        for (was, is) in before.iter().zip(&now) {
            let expires = |job: &domain::Job| job.lease.as_ref().map(|lease| lease.expires_at).filter(|_| job.is_attempt_open());
            assert_eq!((expires(is), is.running_since), (moved(expires(was)), moved(was.running_since)));
            assert_eq!(is.start_by, moved(was.start_by));
            assert_eq!((is.status, is.started_at, is.created_at), (was.status, was.started_at, was.created_at));
        }
        assert_eq!(now[1].due_at, moved(before[1].due_at), "a wait goes on");
        assert!(now[1].rev > before[1].rev, "and who watches is told when it ends now");
        assert_eq!(rig.job(scheduled.id).await.due_at, named);
    }
    // What comes first after a jump is decided by the new time, and not moved a second time.
    rig.clock.jump_ms(-HOUR);
    rig.store.commit(Request::RenewLeases { entries: vec![(running.id, proof(1))] }).await.unwrap();
    assert_eq!(rig.job(running.id).await.lease.unwrap().expires_at, rig.now().plus_ms(30_000));
    rig.report(running.id, 1, Report::Complete { result: None }).await.unwrap();
    let ended = rig.job(running.id).await;
    assert_eq!(ended.ended_at, ended.started_at, "nothing ends before it starts");
    super::checks::log_is_whole(&*rig.store).await;
    super::checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn deletes_an_ended_job(rig: &Rig) {
    let job = rig.submit(NewJob { tags: vec![text("x")], ..rig.new_job("ann", "a") }).await;
    let delete = || Request::Delete { tenant: text("t"), id: job.id, asked: rig.asked() };
    assert!(matches!(refusal(rig.store.commit(delete()).await), Refusal::WrongStatus { .. }));
    rig.ask(job.id, Ask::Abort).await.unwrap();
    assert!(matches!(rig.store.commit(delete()).await, Ok(Answer::Deleted)));
    assert_eq!(refusal(rig.store.commit(delete()).await), Refusal::NotFound);
    assert!(rig.store.job(job.id).await.unwrap().is_none());
    assert!(rig.store.payloads(job.id).await.unwrap().input.is_none());
    assert!(super::checks::every_job(&*rig.store, &super::rig::all()).await.is_empty());
    let last = super::checks::log_is_whole(&*rig.store).await.pop().unwrap();
    assert_eq!(last.kind, domain::EventKind::Deleted);
    super::checks::counters_add_up(&*rig.store, "t").await;
    assert_eq!(rig.store.counts(&super::rig::all()).await.unwrap().total(), 0);
}

pub async fn gives_no_job_to_another_tenant(rig: &Rig) {
    let job = rig.submit(rig.new_job("ann", "a")).await;
    let ask = Request::Ask { tenant: text("other"), id: job.id, what: Ask::Abort, asked: rig.asked() };
    assert_eq!(refusal(rig.store.commit(ask).await), Refusal::NotFound);
}

pub async fn shows_open_attempts(rig: &Rig) {
    let tracked = rig.running(1).await;
    let job = rig.submit(NewJob { mode: Mode::Process, ..rig.new_job("ann", "a") }).await;
    let held = rig.submit(NewJob { mode: Mode::Process, ..rig.new_job("ann", "a") }).await;
    rig.ask(held.id, Ask::Pause).await.unwrap();
    let open = rig.store.open_attempts().await.unwrap();
    assert_eq!(open.iter().map(|job| job.id).collect::<Vec<_>>(), [tracked.id], "a job held before its start has no attempt");
    rig.claim_mode(Mode::Process, &[("a", 9)], 9, [5]).await;
    let open = rig.store.open_attempts().await.unwrap();
    assert_eq!(open.iter().map(|job| job.id).collect::<Vec<_>>(), [tracked.id, job.id]);
    assert_eq!(open[1].lease.as_ref().unwrap().proof, proof(5));
}

pub async fn tells_what_is_due(rig: &Rig) {
    let start = rig.now();
    let mut made = Vec::new();
    for after in [5_000, 1_000, 3_000, 9_000] {
        let run_at = Some(start.plus_ms(after));
        made.push(rig.submit(NewJob { run_at, ..rig.new_job("ann", "a") }).await.id);
    }
    let nothing = rig.store.due(start, 10).await.unwrap();
    assert!(nothing.jobs.is_empty());
    assert_eq!(nothing.next, Some(start.plus_ms(1_000)));
    let due = rig.store.due(start.plus_ms(5_000), 10).await.unwrap();
    assert_eq!((due.jobs, due.next), (vec![made[1], made[2], made[0]], Some(start.plus_ms(9_000))));
    let two = rig.store.due(start.plus_ms(5_000), 2).await.unwrap();
    assert_eq!((two.jobs, two.next), (vec![made[1], made[2]], Some(start.plus_ms(5_000))));
    rig.clock.advance_ms(20_000);
    for id in made {
        rig.store.commit(Request::Clock { id, judge_leases: true, listening: Default::default() }).await.unwrap();
    }
    let none = rig.store.due(rig.now(), 10).await.unwrap();
    assert_eq!((none.jobs.len(), none.next), (0, None));
}
