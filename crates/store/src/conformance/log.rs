//! The log, and what goes with it.

use domain::request::{Ask, NewJob, Patch, Report};
use domain::{Answer, Refusal, Request, Status, Topic};
use engine::port::CommitError;

use super::checks;
use super::rig::{Rig, all, text};
use domain::limits::EVENTS_KEPT_MS;

pub async fn has_no_holes_and_the_bus_the_same_order(rig: &Rig) {
    let submits = (0..40).map(|_| rig.submit(rig.new_job("ann", "a")));
    futures::future::join_all(submits).await;
    rig.claim(&[("a", 30)], 1..=30).await;
    let log = checks::log_is_whole(&*rig.store).await;
    assert_eq!(log.len(), 70);
    let heard = rig.bus.events();
    assert_eq!(heard.iter().map(|event| event.place).collect::<Vec<_>>(), (1..=70).collect::<Vec<_>>());
    for (heard, logged) in heard.iter().zip(&log) {
        assert_eq!((&heard.summary, &heard.keys, heard.by.clone()), (&logged.summary, &logged.keys, logged.by.clone()));
        assert_eq!((heard.kind, heard.from, heard.status, heard.at), (logged.kind, logged.from, logged.status, logged.at));
    }
    let some = rig.store.events(65, 3).await.unwrap();
    assert_eq!(some.iter().map(|event| event.place).collect::<Vec<_>>(), [66, 67, 68]);
}

pub async fn tells_of_removed_tags(rig: &Rig) {
    let job = rig.submit(NewJob { tags: vec![text("b"), text("a")], ..rig.new_job("ann", "a") }).await;
    let patch = Patch { tags: Some(vec![text("a"), text("c")]), ..Patch::default() };
    rig.store.commit(Request::Patch { tenant: text("t"), id: job.id, patch, asked: rig.asked() }).await.unwrap();
    let event = rig.store.events(1, 9).await.unwrap().remove(0);
    assert_eq!((event.removed_tags.clone(), event.keys.tags.clone()), (vec![text("b")], vec![text("a"), text("c")]));
    assert!(event.left(&Topic::Tag(text("b"))) && !event.left(&Topic::Tag(text("a"))));
}

pub async fn history_goes_by_revision(rig: &Rig) {
    let job = rig.running(1).await;
    rig.running(2).await;
    rig.report(job.id, 1, Report::Complete { result: None }).await.unwrap();
    let revs = async |after, limit| {
        let events = rig.store.history(job.id, after, limit).await.unwrap();
        events.iter().map(|event| (event.rev, event.status)).collect::<Vec<_>>()
    };
    let whole = [(1, Status::Pending), (2, Status::Running), (3, Status::Completed)];
    assert_eq!(revs(0, 9).await, whole);
    assert_eq!(revs(1, 1).await, whole[1..2]);
    assert!(revs(3, 9).await.is_empty());
}

/// While others write, the jobs of a snapshot and its place belong together.
pub async fn snapshot_fits_its_place(rig: &Rig) {
    let write = async {
        for round in 0..30u128 {
            let job = rig.submit(rig.new_job("ann", "a")).await;
            rig.claim(&[("a", 99)], [round + 1]).await;
            if round % 2 == 0 {
                rig.report(job.id, round + 1, Report::Complete { result: None }).await.unwrap();
            }
        }
    };
    let read = async {
        let mut snapshots = Vec::new();
        while snapshots.len() < 25 {
            snapshots.push(rig.store.snapshot(&all(), &Topic::Tenant).await.unwrap());
            tokio::task::yield_now().await;
        }
        snapshots
    };
    let ((), snapshots) = tokio::join!(write, read);
    let log = checks::log_is_whole(&*rig.store).await;
    for snapshot in snapshots {
        let mut revs = std::collections::HashMap::new();
        for event in log.iter().take_while(|event| event.place <= snapshot.place) {
            revs.insert(event.job, event.rev);
        }
        assert_eq!(snapshot.jobs.len(), revs.len());
        for job in snapshot.jobs {
            assert_eq!(revs.get(&job.id), Some(&job.rev), "at place {}", snapshot.place);
        }
    }
}

pub async fn is_swept_and_does_not_go_back(rig: &Rig) {
    for _ in 0..5 {
        rig.submit(rig.new_job("ann", "a")).await;
    }
    rig.clock.advance_ms(EVENTS_KEPT_MS as i64);
    let late = rig.submit(rig.new_job("ann", "a")).await;
    rig.clock.advance_ms(10);
    assert_eq!(rig.store.sweep(rig.now()).await.unwrap(), 5);
    assert_eq!((rig.store.head().floor, rig.store.head().place), (5, 6));
    assert_eq!(rig.store.events(5, 9).await.unwrap()[0].job, late.id);
    rig.clock.advance_ms(EVENTS_KEPT_MS as i64 + 1);
    rig.store.sweep(rig.now()).await.unwrap();
    assert_eq!((rig.store.head().floor, rig.store.head().place), (6, 6));
    rig.submit(rig.new_job("ann", "a")).await;
    assert_eq!(rig.store.head().place, 7);
    assert_eq!(rig.store.snapshot(&all(), &Topic::Tenant).await.unwrap().place, 7);
    checks::log_is_whole(&*rig.store).await;
}

pub async fn many_commits_with_refusals_among_them(rig: &Rig) {
    let job = rig.submit(rig.new_job("ann", "a")).await;
    let commits = (0..300u32).map(|n| {
        let request = match n % 3 {
            0 => Request::Submit { jobs: vec![rig.new_job("ben", "b")], slots: Vec::new(), total: 9, asked: rig.asked() },
            1 => Request::Ask { tenant: text("t"), id: domain::JobId(n.into()), what: Ask::Abort, asked: rig.asked() },
            _ => Request::Ask {
                tenant: text("t"),
                id: job.id,
                what: if n % 2 == 0 { Ask::Pause } else { Ask::Resume },
                asked: rig.asked(),
            },
        };
        rig.store.commit(request)
    });
    let answers = futures::future::join_all(commits).await;
    for (n, answer) in answers.into_iter().enumerate() {
        match n % 3 {
            0 => assert!(matches!(answer, Ok(Answer::Made(_))), "{answer:?}"),
            1 => assert!(matches!(answer, Err(CommitError::Refused(Refusal::NotFound))), "{answer:?}"),
            _ => assert!(matches!(answer, Ok(_) | Err(CommitError::Refused(Refusal::WrongStatus { .. }))), "{answer:?}"),
        }
    }
    checks::log_is_whole(&*rig.store).await;
    checks::counters_add_up(&*rig.store, "t").await;
}

pub async fn refuses_after_close(rig: &Rig) {
    rig.submit(rig.new_job("ann", "a")).await;
    rig.store.close().await;
    assert!(matches!(rig.submit_all(vec![rig.new_job("ann", "a")]).await, Err(CommitError::Closed)));
    assert!(rig.store.job(domain::JobId(7)).await.is_err());
    rig.store.close().await;
}
