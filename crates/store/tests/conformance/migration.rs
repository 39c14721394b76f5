//! A folder of an older server: its database is brought to the tables of this one with all that is in it.

use std::path::Path;

use domain::Status;
use domain::limits::EVENTS_KEPT_MS;
use domain::request::{NewJob, Report};
use engine::port::Store as _;
use store::conformance::rig::{START, all, text};
use store::conformance::{Rig, checks, counts, history};

use crate::in_folder;

/// Takes a database back to the tables of version 1, with what a server of that time would have left in them.
fn take_back(folder: &Path) {
    let conn = rusqlite::Connection::open(folder.join("tidings.db")).unwrap();
    conn.execute_batch(
        "DROP INDEX job_by_source;
         ALTER TABLE job DROP COLUMN source;
         CREATE UNIQUE INDEX job_mirrored ON job (tenant, task, external_id) WHERE mode = 'mirrored' AND external_id IS NOT NULL;
         DROP INDEX job_by_status;
         DROP INDEX job_by_owner;
         DROP INDEX job_by_task;
         DROP INDEX job_to_claim;
         CREATE INDEX job_by_owner ON job (tenant, owner, ended, id);
         CREATE INDEX job_by_task  ON job (tenant, task, ended, id);
         CREATE INDEX job_to_claim ON job (mode, task, priority DESC, queued_at, id) WHERE status = 'pending';
         CREATE INDEX job_by_tenant ON job (tenant, ended, id);
         CREATE INDEX job_active ON job (tenant, status, id) WHERE ended = 0;
         INSERT INTO attempt (job, number, holder, started_at)
             SELECT id, json_extract(CAST(body AS TEXT), '$.attempt'), json_extract(CAST(body AS TEXT), '$.lease[1]'),
                    json_extract(CAST(body AS TEXT), '$.started')
             FROM job WHERE status = 'running';
         ALTER TABLE job DROP COLUMN last_event;
         ALTER TABLE event DROP COLUMN prev;
         DROP TABLE event_anchor;
         CREATE UNIQUE INDEX event_of_job ON event (job, rev);
         DELETE FROM migration WHERE version > 1;",
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, bus) = in_folder(folder.path(), START);
    let rig = Rig { store: store.clone(), clock: clock.clone(), bus, keep: Box::new(()) };
    let old = rig.submit(rig.new_job("ann", "a")).await;
    history::change_often(&rig, &old, 100).await;
    rig.clock.advance_ms(EVENTS_KEPT_MS as i64 + 1);
    store.sweep(rig.now()).await.unwrap();
    history::change_often(&rig, &old, 100).await;
    let running = rig.running(77).await;
    counts::random_steps(&rig, 5, 200).await;
    let jobs = checks::every_job(&*store, &all()).await;
    let mut before = Vec::new();
    for job in &jobs {
        let attempts = store.attempts(job.id).await.unwrap();
        before.push((job.id, history::revs(&rig, job.id, 0, 1_000).await, attempts));
    }
    store.close().await;
    drop((rig, store));
    take_back(folder.path());

    let (store, clock, bus) = in_folder(folder.path(), engine::clock::Clock::now(&*clock));
    let rig = Rig { store: store.clone(), clock, bus, keep: Box::new(()) };
    assert_eq!(checks::every_job(&*store, &all()).await, jobs);
    for (id, revs, attempts) in before {
        assert_eq!(history::revs(&rig, id, 0, 1_000).await, revs);
        assert_eq!(store.attempts(id).await.unwrap(), attempts);
    }
    assert_eq!(history::revs(&rig, old.id, 150, 10).await, (151..=160).collect::<Vec<_>>());
    assert!(history::revs(&rig, old.id, 0, 10).await[0] > 100, "what was swept stays swept");
    rig.report(running.id, 77, Report::Complete { result: None }).await.unwrap();
    assert_eq!(rig.job(running.id).await.status, Status::Completed);
    assert_eq!(store.attempts(running.id).await.unwrap().len(), 1);
    assert_eq!(history::revs(&rig, running.id, 1, 9).await, [2, 3]);
    history::change_often(&rig, &old, 100).await;
    assert_eq!(history::revs(&rig, old.id, 200, 1_000).await, (201..=301).collect::<Vec<_>>());
    rig.submit(NewJob { tags: vec![text("x")], ..rig.new_job("ann", "a") }).await;
    counts::random_steps(&rig, 6, 100).await;
    checks::log_is_whole(&*store).await;
    checks::counters_add_up(&*store, "t").await;
}

/// The history of a job is the same after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, bus) = in_folder(folder.path(), START);
    let rig = Rig { store: store.clone(), clock: clock.clone(), bus, keep: Box::new(()) };
    let job = rig.submit(rig.new_job("ann", "a")).await;
    let running = rig.running(1).await;
    let attempts = store.attempts(running.id).await.unwrap();
    history::change_often(&rig, &job, 130).await;
    store.close().await;
    drop((rig, store));
    let (store, clock, bus) = in_folder(folder.path(), engine::clock::Clock::now(&*clock));
    let rig = Rig { store: store.clone(), clock, bus, keep: Box::new(()) };
    assert_eq!(store.attempts(running.id).await.unwrap(), attempts);
    history::change_often(&rig, &job, 130).await;
    assert_eq!(history::revs(&rig, job.id, 0, 1_000).await, (1..=261).collect::<Vec<_>>());
    assert_eq!(history::revs(&rig, job.id, 100, 3).await, [101, 102, 103]);
}

/// The counted work for a page of a long history stays that of a short one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anchors_of_a_long_history_are_kept_and_cleaned_away() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, bus) = in_folder(folder.path(), START);
    let rig = Rig { store: store.clone(), clock, bus, keep: Box::new(()) };
    let conn = rusqlite::Connection::open(folder.path().join("tidings.db")).unwrap();
    let anchors = || -> i64 { conn.query_row("SELECT count(*) FROM event_anchor", [], |row| row.get(0)).unwrap() };
    let job = rig.submit(rig.new_job("ann", "a")).await;
    history::change_often(&rig, &job, 199).await;
    assert_eq!(anchors(), 3);
    rig.clock.advance_ms(EVENTS_KEPT_MS as i64 + 1);
    store.sweep(rig.now()).await.unwrap();
    history::change_often(&rig, &job, 64).await;
    assert_eq!(anchors(), 1, "those of swept events are gone");
    rig.ask(job.id, domain::request::Ask::Abort).await.unwrap();
    let delete = domain::Request::Delete { tenant: text("t"), id: job.id, asked: rig.asked() };
    store.commit(delete).await.unwrap();
    assert_eq!(anchors(), 0);
}
