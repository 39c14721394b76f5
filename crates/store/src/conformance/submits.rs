//! Making jobs.

use std::sync::Arc;

use domain::job::Subject;
use domain::policy::{Mode, Pause, Policy, Rescue, Retry};
use domain::request::NewJob;
use domain::{Answer, Json, Refusal, Request, Status, limits};
use engine::port::CommitError;

use super::rig::{Rig, refusal, text};

pub async fn makes_jobs_that_can_be_read(rig: &Rig) {
    let made = rig.submit(rig.new_job("ann", "render")).await;
    assert_eq!(rig.job(made.id).await, *made);
    assert_eq!((made.rev, made.status), (1, Status::Pending));
    let payloads = rig.store.payloads(made.id).await.unwrap();
    assert_eq!(payloads.input, Some(Json::from_valid("{\"a\":1}")));
    assert!(payloads.result.is_none() && payloads.answer.is_none());
    let other = rig.submit(rig.new_job("ben", "render")).await;
    let ids: Vec<_> = rig.store.jobs(&[other.id, domain::JobId(7), made.id]).await.unwrap().iter().map(|job| job.id).collect();
    assert_eq!(ids, [other.id, made.id]);
    assert!(rig.store.job(domain::JobId(7)).await.unwrap().is_none());
    assert_eq!(rig.store.head().place, 2);
}

pub async fn makes_all_of_a_batch_or_none(rig: &Rig) {
    let mut jobs: Vec<NewJob> = (0..20).map(|_| rig.new_job("ann", "render")).collect();
    jobs[13].parent = Some(domain::JobId(7));
    let refused = rig.submit_all(jobs.clone()).await;
    assert!(matches!(refused, Err(CommitError::Refused(Refusal::NoParent { .. }))), "{refused:?}");
    assert_eq!(rig.store.head().place, 0);
    jobs[13].parent = None;
    let made = rig.submit_all(jobs.clone()).await.unwrap();
    assert_eq!(made.iter().map(|job| job.id).collect::<Vec<_>>(), jobs.iter().map(|job| job.id).collect::<Vec<_>>());
    assert_eq!(rig.store.head().place, 20);
    super::checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn refuses_an_id_that_is_taken(rig: &Rig) {
    let job = rig.new_job("ann", "render");
    let made = rig.submit(job.clone()).await;
    let (again, other) = tokio::join!(rig.submit_all(vec![job]), rig.submit_all(vec![rig.new_job("ben", "render")]));
    assert!(matches!(again, Err(CommitError::Refused(Refusal::Invalid { field: "id", .. }))), "{again:?}");
    other.unwrap();
    assert_eq!(rig.job(made.id).await, *made);
    super::checks::counters_add_up(&*rig.store, "t").await;
    assert_eq!(super::checks::log_is_whole(&*rig.store).await.len(), 2);
}

pub async fn names_the_root_of_a_chain(rig: &Rig) {
    let first = rig.submit(rig.new_job("ann", "render")).await;
    let second = rig.submit(NewJob { parent: Some(first.id), ..rig.new_job("ann", "render") }).await;
    let third = rig.submit(NewJob { parent: Some(second.id), ..rig.new_job("ann", "render") }).await;
    assert_eq!((first.root, second.root, third.root), (first.id, first.id, first.id));
    let stranger = NewJob { parent: Some(first.id), tenant: text("other"), ..rig.new_job("ann", "render") };
    assert!(rig.submit_all(vec![stranger]).await.is_err(), "a parent of another tenant is none");
}

pub async fn answers_a_repeated_key(rig: &Rig) {
    let submit = |jobs, asked| Request::Submit { jobs, slots: Vec::new(), total: 9, asked };
    let jobs = vec![rig.new_job("ann", "render"), rig.new_job("ann", "render")];
    let Ok(Answer::Made(made)) = rig.store.commit(submit(jobs, rig.keyed("k", 1))).await else { panic!("not made") };
    let again = rig.store.commit(submit(vec![rig.new_job("ann", "render")], rig.keyed("k", 1))).await;
    match again {
        Ok(Answer::Replayed(ids)) => assert_eq!(ids, made.iter().map(|job| job.id).collect::<Vec<_>>()),
        other => panic!("{other:?}"),
    }
    let other_body = rig.store.commit(submit(vec![rig.new_job("ann", "render")], rig.keyed("k", 2))).await;
    assert_eq!(refusal(other_body), Refusal::KeyReused);
    let missing = NewJob { parent: Some(domain::JobId(7)), ..rig.new_job("ann", "render") };
    refusal(rig.store.commit(submit(vec![missing], rig.keyed("refused", 1))).await);
    let after_refusal = rig.store.commit(submit(vec![rig.new_job("ann", "render")], rig.keyed("refused", 1))).await;
    assert!(matches!(after_refusal, Ok(Answer::Made(_))), "a refusal is not kept: {after_refusal:?}");
    assert_eq!(rig.store.head().place, 3);
}

pub async fn forgets_a_key_after_its_time(rig: &Rig) {
    let submit = |jobs, asked| Request::Submit { jobs, slots: Vec::new(), total: 9, asked };
    rig.store.commit(submit(vec![rig.new_job("ann", "render")], rig.keyed("k", 1))).await.unwrap();
    rig.clock.advance_ms(limits::IDEMPOTENCY_MS as i64 + 1);
    let again = rig.store.commit(submit(vec![rig.new_job("ann", "render")], rig.keyed("k", 2))).await;
    assert!(matches!(again, Ok(Answer::Made(_))), "{again:?}");
    rig.clock.advance_ms(limits::IDEMPOTENCY_MS as i64 + 1);
    assert_eq!(rig.store.sweep(rig.now()).await.unwrap(), 1, "the one kept answer");
}

pub async fn keeps_every_field(rig: &Rig) {
    let first = rig.submit(rig.new_job("ann", "render")).await;
    let job = NewJob {
        mode: Mode::Process,
        policy: Arc::new(Policy {
            pause: Pause::Freeze,
            rescue: Rescue::Lost,
            retry: Retry { attempts: 7, base_ms: 11, max_ms: 13, on_timeout: true },
            time_limit_ms: Some(17),
            abort_grace_ms: 19,
            start_within_ms: Some(23_000),
        }),
        subject: Some(Subject { kind: text("doc"), id: text("42 \"quoted\"") }),
        session: Some(text("s")),
        parent: Some(first.id),
        batch: Some(text("b")),
        external_id: Some(text("x")),
        rerun_of: Some(first.id),
        title: Some(text("Ein Bericht – 報告")),
        link: Some(text("/done")),
        tags: vec![text("two"), text("one"), text("two")],
        metadata: Some(Json::from_valid("{\"exact\":12345678901234567890.125}")),
        priority: -100,
        run_at: Some(rig.now().plus_ms(60_000)),
        ..rig.new_job("ann", "render")
    };
    let made = rig.submit(job).await;
    assert_eq!(made.status, Status::Scheduled);
    assert_eq!(rig.job(made.id).await, *made);
    let event = rig.store.history(made.id, 0, 9).await.unwrap().remove(0);
    assert_eq!(event.keys.subject, made.subject);
    assert_eq!(event.keys.root, first.id);
    assert_eq!(event.keys.tags, made.tags.to_vec());
}
