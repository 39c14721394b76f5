//! Giving jobs out.

use std::collections::HashSet;

use domain::policy::Mode;
use domain::request::{ClaimJobs, NewJob, Report};
use domain::{Answer, Request, Status};

use super::rig::{Rig, leases, places};

pub async fn gives_by_priority_then_first_in_first_out(rig: &Rig) {
    let mut made = Vec::new();
    for (task, priority) in [("a", 0), ("b", 5), ("a", 5), ("b", 0), ("a", -3), ("b", 5)] {
        made.push(rig.submit(NewJob { priority, ..rig.new_job("ann", task) }).await.id);
    }
    let order = |jobs: Vec<std::sync::Arc<domain::Job>>| jobs.iter().map(|job| job.id).collect::<Vec<_>>();
    let some = rig.claim(&[("a", 9), ("b", 9)], 1..=3).await;
    assert!(some.iter().all(|job| job.status == Status::Running && job.attempt == 1));
    assert_eq!(order(some), [made[1], made[2], made[5]]);
    assert_eq!(order(rig.claim(&[("a", 9)], 4..=9).await), [made[0], made[4]]);
    assert_eq!(order(rig.claim(&[("a", 9), ("b", 9)], 10..=19).await), [made[3]]);
    assert!(rig.claim(&[("a", 9), ("b", 9)], 20..=29).await.is_empty());
}

pub async fn keeps_the_places_of_a_task_and_of_all(rig: &Rig) {
    for task in ["a", "a", "a", "b", "b", "b"] {
        rig.submit(NewJob { mode: Mode::Process, ..rig.new_job("ann", task) }).await;
    }
    assert!(rig.claim(&[("a", 9)], 1..=9).await.is_empty(), "jobs of another mode are not given out");
    let first = rig.claim_mode(Mode::Process, &[("a", 2), ("b", 9)], 4, 1..=9).await;
    assert_eq!(first.iter().filter(|job| &*job.task == "a").count(), 2);
    assert_eq!(first.len(), 4);
    assert!(rig.claim_mode(Mode::Process, &[("a", 9), ("b", 9)], 4, 11..=19).await.is_empty());
    let done = first.iter().find(|job| &*job.task == "a").unwrap();
    let lease = done.lease.as_ref().unwrap().proof.0;
    rig.report(done.id, lease, Report::Complete { result: None }).await.unwrap();
    assert_eq!(rig.claim_mode(Mode::Process, &[("a", 2), ("b", 2)], 4, 21..=29).await.len(), 1);
    super::checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn gives_a_tenant_only_its_own(rig: &Rig) {
    for (tenant, priority) in [("other", 9), ("t", 0), ("other", 5)] {
        rig.submit(NewJob { tenant: tenant.into(), priority, ..rig.new_job("ann", "a") }).await;
    }
    let slots = places(&[("a", 9)]);
    let mine = ClaimJobs { mode: Mode::Worker, tenant: Some("t".into()), slots, total: 9, leases: leases(1..=9) };
    let Ok(Answer::Claimed(jobs)) = rig.store.commit(Request::Claim(mine)).await else { panic!("a claim") };
    assert_eq!(jobs.iter().map(|job| &*job.tenant).collect::<Vec<_>>(), ["t"]);
    assert_eq!(rig.claim(&[("a", 9)], 11..=19).await.len(), 2, "without a tenant, anybody's");
}

pub async fn gives_each_job_once(rig: &Rig) {
    let jobs = (0..60).map(|_| rig.new_job("ann", "a")).collect();
    rig.submit_all(jobs).await.unwrap();
    let claims = (0..12u128).map(|n| rig.claim(&[("a", 50)], n * 10 + 1..=n * 10 + 8));
    let claimed: Vec<_> = futures::future::join_all(claims).await.into_iter().flatten().map(|job| job.id).collect();
    assert_eq!(claimed.len(), 50);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 50);
}

pub async fn counts_what_an_earlier_request_took(rig: &Rig) {
    rig.submit(NewJob { mode: Mode::Process, ..rig.new_job("ann", "a") }).await;
    rig.claim_mode(Mode::Process, &[("a", 1)], 5, [1]).await;
    let jobs = vec![NewJob { mode: Mode::Process, ..rig.new_job("ann", "a") }];
    let submit = Request::Submit { jobs, slots: places(&[("a", 1)]), total: 5, asked: rig.asked() };
    let Ok(Answer::Made(made)) = rig.store.commit(submit).await else { panic!("not made") };
    assert_eq!(made[0].reason.as_deref(), Some("task_limit"));
    let jobs = vec![NewJob { mode: Mode::Process, ..rig.new_job("ann", "b") }];
    let submit = Request::Submit { jobs, slots: places(&[("b", 1)]), total: 1, asked: rig.asked() };
    let Ok(Answer::Made(made)) = rig.store.commit(submit).await else { panic!("not made") };
    assert_eq!(made[0].reason.as_deref(), Some("total_limit"));
}
