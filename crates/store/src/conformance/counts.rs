//! Counters, after anything at all was asked.

use std::sync::Arc;

use domain::job::Job;
use domain::policy::{Mode, Policy, Retry};
use domain::request::{Ask, NewJob, Patch, Report};
use domain::{JobId, Json, Request, Status};

use super::checks;
use super::rig::{Rig, all, error, of_owner, text};

/// A small generator whose seed is told when a case fails.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

pub async fn add_up_after_random_steps(rig: &Rig) {
    for seed in [1, 2, 3] {
        random_steps(rig, seed, 250).await;
        checks::counters_add_up(&*rig.store, "t").await;
        let log = checks::log_is_whole(&*rig.store).await;
        let heard = rig.bus.events();
        assert_eq!(heard.len(), log.len(), "seed {seed}: the bus was told all of the log");
        assert!(heard.iter().zip(&log).all(|(heard, logged)| (heard.place, &heard.summary) == (logged.place, &logged.summary)));
    }
}

/// Asks anything at all of a few jobs. Refusals are expected; another failure is not.
pub async fn random_steps(rig: &Rig, seed: u64, steps: u32) {
    let mut dice = Dice(seed);
    let mut ids: Vec<JobId> = Vec::new();
    let mut lease = u128::from(seed) << 64;
    for step in 0..steps {
        rig.clock.advance_ms(dice.below(3_000) as i64);
        let done = match dice.below(12) {
            0..=2 => {
                let jobs: Vec<NewJob> = (0..=dice.below(3)).map(|_| random_job(rig, &mut dice)).collect();
                ids.extend(jobs.iter().map(|job| job.id));
                rig.submit_all(jobs).await.map(|_| ())
            }
            3 | 4 => {
                lease += 10;
                rig.claim(&[("a", 3), ("b", 2)], lease..lease + 3).await;
                Ok(())
            }
            _ if ids.is_empty() => Ok(()),
            choice => {
                let id = *dice.pick(&ids);
                match rig.store.job(id).await.unwrap() {
                    Some(job) => random_request(rig, &mut dice, &job, choice).await,
                    None => Ok(()),
                }
            }
        };
        if let Err(problem) = done {
            assert!(matches!(problem, engine::port::CommitError::Refused(_)), "seed {seed}, step {step}: {problem}");
        }
    }
}

fn random_job(rig: &Rig, dice: &mut Dice) -> NewJob {
    let retry = Retry { attempts: 1 + dice.below(3) as u32, base_ms: 1_000, max_ms: 5_000, on_timeout: dice.below(2) == 0 };
    let policy = Policy {
        retry,
        time_limit_ms: (dice.below(4) == 0).then_some(10_000),
        start_within_ms: (dice.below(4) == 0).then_some(20_000),
        ..Policy::default()
    };
    let due = rig.now().plus_ms(dice.below(9_000));
    NewJob {
        policy: Arc::new(policy),
        mode: if dice.below(5) == 0 { Mode::Process } else { Mode::Worker },
        run_at: (dice.below(4) == 0).then_some(due),
        cannot_start: (dice.below(9) == 0).then(|| error("no_program")),
        tags: (0..dice.below(3)).map(|n| text(&format!("tag-{n}"))).collect(),
        priority: dice.below(3) as i16,
        ..rig.new_job(["ann", "ben", "cat"][dice.below(3) as usize], ["a", "b"][dice.below(2) as usize])
    }
}

async fn random_request(rig: &Rig, dice: &mut Dice, job: &Job, choice: u64) -> Result<(), engine::port::CommitError> {
    let (tenant, id, asked) = (text("t"), job.id, rig.asked());
    let request = match choice {
        5 | 6 => {
            let what = *dice.pick(Ask::ALL);
            Request::Ask { tenant, id, what, asked }
        }
        7 => Request::Clock { id, judge_leases: dice.below(2) == 0, listening: Default::default() },
        8 => {
            let tags = Some((0..dice.below(4)).map(|n| text(&format!("tag-{}", n * 2))).collect());
            Request::Patch { tenant, id, patch: Patch { tags, priority: Some(dice.below(5) as i16), ..Patch::default() }, asked }
        }
        9 if job.status == Status::Waiting => Request::Answer { tenant, id, value: Json::from_valid("1"), asked },
        9 => Request::Delete { tenant, id, asked },
        _ => {
            let Some(lease) = &job.lease else { return Ok(()) };
            let report = match dice.below(7) {
                0 => Report::Heartbeat { extend_ms: None },
                1 => Report::Acknowledge { wish: job.wish.number },
                2 | 3 => Report::Complete { result: Some(Json::from_valid("{}")) },
                4 => Report::Fail { error: error("boom"), again: true, interrupted: dice.below(2) == 0 },
                5 => Report::Stopped { error: None },
                _ => Report::Wait { on: text("input"), until: Some(rig.now().plus_ms(2_000)) },
            };
            Request::Report { id, proof: lease.proof, report, asked }
        }
    };
    rig.store.commit(request).await.map(|_| ())
}

pub async fn see_only_what_the_view_sees(rig: &Rig) {
    for (tenant, owner, task) in [("t", "ann", "a"), ("t", "ann", "b"), ("t", "ben", "a"), ("other", "ann", "a")] {
        rig.submit(NewJob { tenant: text(tenant), ..rig.new_job(owner, task) }).await;
    }
    assert_eq!(rig.store.counts(&all()).await.unwrap().of(Status::Pending), 3);
    assert_eq!(rig.store.counts(&of_owner("ann")).await.unwrap().total(), 2);
    assert_eq!(rig.store.counts(&of_owner("nobody")).await.unwrap().total(), 0);
    let by_task = rig.store.counts_by_task(&of_owner("ann")).await.unwrap();
    assert_eq!(by_task.keys().map(|task| &**task).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(rig.store.counts_by_task(&all()).await.unwrap()["a"].total(), 2);
}
