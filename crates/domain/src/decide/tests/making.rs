//! Requests for many jobs: submits, claims, repeated requests, progress.

use super::world::{World, by_ann, id_of};
use crate::decide::{Answer, KeptAnswer, decide};
use crate::job::{Progress, Ticked};
use crate::request::{Asked, ClaimJobs, IdempotencyKey, SavedProgress};
use crate::{Refusal, Request, Status, limits};

fn submit(world: &mut World, jobs: &[&str]) -> Request {
    let jobs = jobs.iter().enumerate().map(|(at, words)| {
        let mut new = world.new_job(words);
        new.id = id_of(world.rows.len() + at);
        new
    });
    Request::Submit { jobs: jobs.collect(), slots: Vec::new(), total: 10, asked: by_ann() }
}

/// The numbers of the jobs that a claim of up to `most` jobs gives out.
fn claimed(world: &mut World, most: usize, total: u32) -> Vec<u128> {
    let leases = (0..most).map(|_| world.grant()).collect();
    let request =
        Request::Claim(ClaimJobs { mode: crate::policy::Mode::Worker, tenant: None, slots: world.slots(), total, leases });
    let decision = world.would(&request).expect("claimed");
    let Answer::Claimed(jobs) = &decision.answer else { panic!("{:?}", decision.answer) };
    jobs.iter().map(|job| job.id.0).collect()
}

#[test]
fn a_batch_is_made_whole_or_not_at_all() {
    let mut world = World::new();
    let request = submit(&mut world, &["worker", "worker parent=7", "worker"]);
    assert_eq!(world.would(&request).unwrap_err(), Refusal::NoParent { parent: id_of(7) });
    let request = submit(&mut world, &["worker", "worker later", "worker cannot-start"]);
    let told = world.commit(&request).expect("made");
    assert_eq!(told.kinds.len(), 4);
    assert_eq!(world.rows.len(), 3);
}

#[test]
fn a_child_takes_the_root_of_its_parent() {
    let mut world = World::with("worker");
    world.submit("worker parent=0");
    world.submit("worker parent=1");
    assert_eq!((world.job(2).parent, world.job(2).root), (Some(id_of(1)), id_of(0)));
}

#[test]
fn a_parent_of_another_tenant_is_none() {
    let mut world = World::with("worker");
    let Request::Submit { mut jobs, slots, total, asked } = submit(&mut world, &["worker parent=0"]) else { panic!() };
    jobs[0].tenant = "other".into();
    let refused = world.would(&Request::Submit { jobs, slots, total, asked }).unwrap_err();
    assert_eq!(refused.code(), "no_parent");
}

#[test]
fn an_owner_with_too_many_waiting_is_refused() {
    let mut world = World::new();
    let request = submit(&mut world, &["worker", "worker"]);
    let mut loaded = world.load(&request);
    loaded.pending_of_owner.insert(("acme".into(), "ann".into()), limits::PENDING_PER_OWNER - 2);
    assert!(decide(loaded.clone(), &request, world.now).is_ok());
    loaded.pending_of_owner.insert(("acme".into(), "ann".into()), limits::PENDING_PER_OWNER - 1);
    assert_eq!(decide(loaded, &request, world.now).unwrap_err().code(), "too_many_pending");
}

#[test]
fn a_full_task_is_why_a_job_waits() {
    for (words, places, reason) in [("process", 1, "task_limit"), ("process", 2, "queued"), ("worker", 1, "queued")] {
        let mut world = World::with("process");
        world.step("claim").expect("claimed");
        world.places = places;
        world.submit(words);
        assert_eq!(world.job(1).reason.as_deref(), Some(reason), "{words}, {places} places");
    }
}

#[test]
fn a_repeated_request_is_answered_as_before_and_has_no_effect() {
    let mut world = World::new();
    let key = IdempotencyKey { scope: "acme/ann/jobs/k".into(), fingerprint: [1; 32] };
    let Request::Submit { jobs, slots, total, .. } = submit(&mut world, &["worker"]) else { panic!() };
    let request = Request::Submit { jobs, slots, total, asked: Asked { key: Some(key), ..by_ann() } };
    let mut loaded = world.load(&request);
    loaded.kept = Some(KeptAnswer { fingerprint: [1; 32], jobs: vec![id_of(4)] });
    let decision = decide(loaded.clone(), &request, world.now).expect("replayed");
    assert!(matches!(&decision.answer, Answer::Replayed(jobs) if *jobs == [id_of(4)]));
    assert!(decision.writes.is_empty() && !decision.is_durable());
    loaded.kept = Some(KeptAnswer { fingerprint: [2; 32], jobs: vec![id_of(4)] });
    assert_eq!(decide(loaded, &request, world.now).unwrap_err(), Refusal::KeyReused);
}

#[test]
fn claims_go_by_priority_then_first_in_first_out() {
    let mut world = World::new();
    for words in ["worker", "worker priority=5", "worker", "worker priority=5", "process priority=9", "worker later"] {
        world.submit(words);
        world.now = world.now.plus_ms(1);
    }
    assert_eq!(claimed(&mut world, 9, 10), [1, 3, 0, 2]);
    assert_eq!(claimed(&mut world, 3, 10), [1, 3, 0]);
    world.step("priority=7").expect("patched");
    assert_eq!(claimed(&mut world, 1, 10), [0]);
}

#[test]
fn a_claim_keeps_to_the_places_of_the_task_and_of_all() {
    let mut world = World::new();
    for _ in 0..4 {
        world.submit("worker");
    }
    assert_eq!(claimed(&mut world, 4, 2), [0, 1]);
    world.places = 3;
    assert_eq!(claimed(&mut world, 4, 10), [0, 1, 2]);
    world.step("claim").expect("claimed");
    assert_eq!(claimed(&mut world, 4, 10), [1, 2]);
    world.places = 0;
    assert!(claimed(&mut world, 4, 10).is_empty());
}

#[test]
fn a_claim_starts_the_progress_anew_under_a_higher_tick() {
    let mut world = World::with("worker attempts=2");
    for step in ["claim", "progress=3", "fail", "+1100", "claim"] {
        world.step(step).expect(step);
    }
    assert_eq!(world.job(0).progress, Progress::default());
    assert_eq!(world.job(0).tick, 3);
}

#[test]
fn only_newer_progress_of_the_current_attempt_is_saved() {
    let mut world = World::with("worker");
    world.step("claim").expect("claimed");
    for (attempt, tick, is_saved) in [(1, 5, true), (1, 5, false), (1, 4, false), (0, 9, false), (2, 9, false), (1, 6, true)] {
        let ticked = Ticked { tick, progress: Progress::default() };
        let request = Request::SaveProgress { entries: vec![SavedProgress { id: id_of(0), attempt, ticked }] };
        let decision = world.would(&request).expect("saved");
        assert_eq!(!decision.writes.is_empty(), is_saved, "attempt {attempt}, tick {tick}");
        assert!(!decision.is_durable());
        world.commit(&request).expect("saved");
    }
}

#[test]
fn progress_that_was_not_yet_written_is_written_with_the_next_transition() {
    let mut world = World::with("worker");
    world.step("claim").expect("claimed");
    let mut request = world.request(0, "complete");
    let Request::Report { asked, .. } = &mut request else { panic!() };
    asked.ticked = Some(Ticked { tick: 40, progress: Progress { skipped: Some(2), ..Progress::default() } });
    world.commit(&request).expect("completed");
    let job = world.job(0);
    assert_eq!((job.status, job.tick, job.reason.as_deref()), (Status::Completed, 40, Some("partial")));
}
