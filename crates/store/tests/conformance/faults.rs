//! What goes wrong with a folder or a disk, and what is said and done then.

use std::sync::Arc;

use domain::request::NewJob;
use domain::{Request, Status};
use engine::clock::ManualClock;
use engine::port::{CommitError, Output as _, Store as _};
use store::conformance::rig::{START, all, text};
use store::conformance::{RecordingBus, Rig, checks, counts};
use store::{OpenError, SqliteOptions, SqliteOutput, SqliteStore};

use crate::{in_folder, sqlite_rig};

fn open(folder: &std::path::Path) -> Result<Arc<SqliteStore>, OpenError> {
    SqliteStore::open(folder, ManualClock::at(START), Arc::new(RecordingBus::default()), SqliteOptions::default())
}

fn refused(folder: &std::path::Path) -> OpenError {
    match open(folder) {
        Err(error) => error,
        Ok(_) => panic!("{} opened", folder.display()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, bus) = in_folder(folder.path(), START);
    let rig = Rig { store: store.clone(), clock: clock.clone(), bus, keep: Box::new(()) };
    counts::random_steps(&rig, 11, 300).await;
    let jobs = checks::every_job(&*store, &all()).await;
    let log = checks::log_is_whole(&*store).await;
    let (head, identity) = (store.head(), store.identity());
    let running = jobs.iter().filter(|job| job.takes_slot() && &*job.task == "a").count() as u32;
    store.close().await;
    assert!(!folder.path().join("tidings.db-wal").exists(), "closed cleanly");
    drop((rig, store));

    let (store, clock, bus) = in_folder(folder.path(), engine::clock::Clock::now(&*clock));
    assert_eq!((store.head(), store.identity().epoch, store.identity().secret), (head, identity.epoch, identity.secret));
    let again = checks::every_job(&*store, &all()).await;
    assert_eq!(again, jobs);
    assert_eq!(checks::log_is_whole(&*store).await.len(), log.len());
    checks::counters_add_up(&*store, "t").await;
    let rig = Rig { store: store.clone(), clock, bus, keep: Box::new(()) };
    let new = rig.submit(NewJob { priority: 100, ..rig.new_job("ann", "a") }).await;
    assert!(rig.claim(&[("a", running)], [1]).await.is_empty(), "places taken before the restart are still taken");
    assert_eq!(rig.claim(&[("a", running + 1)], [1]).await[0].id, new.id);
    counts::random_steps(&rig, 12, 100).await;
    checks::counters_add_up(&*store, "t").await;
    checks::log_is_whole(&*store).await;
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _, _) = in_folder(folder.path(), START);
    let said = refused(folder.path()).to_string();
    assert!(said.contains(&folder.path().display().to_string()), "{said}");
    assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
    store.close().await;
    drop(store);
    open(folder.path()).expect("free again");
}

#[tokio::test]
async fn a_database_of_a_newer_server_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().close().await;
    let conn = rusqlite::Connection::open(folder.path().join("tidings.db")).unwrap();
    conn.execute("INSERT INTO migration (version, name, checksum, at) VALUES (99, 'later', '', 0)", []).unwrap();
    assert!(matches!(refused(folder.path()), OpenError::Newer { found: 99, .. }));
    conn.execute("DELETE FROM migration WHERE version = 99", []).unwrap();
    conn.execute("UPDATE migration SET checksum = 'other'", []).unwrap();
    assert!(matches!(refused(folder.path()), OpenError::Unfit { .. }));
}

#[tokio::test]
async fn what_is_no_folder_or_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "text").unwrap();
    assert!(matches!(refused(&file), OpenError::Folder { .. }));
    assert!(matches!(refused(&file.join("below")), OpenError::Folder { .. }));
    std::fs::write(folder.path().join("tidings.db"), "this is a text that is long enough to be none. ".repeat(400)).unwrap();
    let said = refused(folder.path());
    assert!(matches!(said, OpenError::NotADatabase { .. }), "{said}");
    let readonly = std::path::Path::new("/proc/tidings");
    assert!(matches!(refused(readonly), OpenError::Folder { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_the_store_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (store, clock, bus) = in_folder(folder.path(), START);
    let rig = Rig { store: store.clone(), clock, bus, keep: Box::new(()) };
    let mut accepted = vec![rig.submit(rig.new_job("ann", "a")).await.id];
    store.bound_pages(Some(60)).await.unwrap();
    let mut failures = 0;
    while failures < 5 {
        let jobs = (0..8).map(|_| rig.new_job("ann", "a")).collect();
        match rig.submit_all(jobs).await {
            Ok(jobs) => accepted.extend(jobs.iter().map(|job| job.id)),
            Err(CommitError::DiskFull(_)) => failures += 1,
            Err(other) => panic!("{other:?}"),
        }
        assert!(accepted.len() < 10_000, "the bound is never met");
    }
    assert_eq!(rig.store.counts(&all()).await.unwrap().of(Status::Pending), accepted.len() as u64);
    store.bound_pages(None).await.unwrap();
    accepted.extend(rig.submit_all((0..50).map(|_| rig.new_job("ben", "b")).collect()).await.unwrap().iter().map(|job| job.id));
    accepted.sort();
    accepted.reverse();
    let found: Vec<_> = checks::every_job(&*store, &all()).await.iter().map(|job| job.id).collect();
    assert_eq!(found, accepted);
    checks::counters_add_up(&*store, "t").await;
    checks::log_is_whole(&*store).await;
    assert_eq!(rig.bus.events().len(), accepted.len());
}

#[tokio::test]
async fn a_status_that_is_none_is_refused_by_the_tables() {
    let rig = sqlite_rig();
    let job = rig.submit(rig.new_job("ann", "a")).await;
    let folder = rig.keep.downcast_ref::<tempfile::TempDir>().unwrap();
    let conn = rusqlite::Connection::open(folder.path().join("tidings.db")).unwrap();
    for change in ["status = 'done'", "ended = 1", "ended_at = 5", "status = 'completed'"] {
        let sql = format!("UPDATE job SET {change} WHERE id = ?1");
        assert!(conn.execute(&sql, [job.id.to_bytes()]).is_err(), "{change}");
    }
}

#[tokio::test]
async fn a_dropped_caller_harms_nobody() {
    let rig = sqlite_rig();
    for _ in 0..20 {
        let submit = Request::Submit { jobs: vec![rig.new_job("ann", "a")], slots: Vec::new(), total: 9, asked: rig.asked() };
        let commit = rig.store.commit(submit);
        tokio::select! { biased; _ = commit => {}, () = std::future::ready(()) => {} }
    }
    rig.submit(rig.new_job("ben", "a")).await;
    checks::log_is_whole(&*rig.store).await;
    checks::counters_add_up(&*rig.store, "t").await;
}

#[tokio::test]
async fn output_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let output = SqliteOutput::open(folder.path()).unwrap();
    output.append(domain::JobId(1), 1, vec![(text("stdout"), START, "kept".into())]).await.unwrap();
    output.close().await;
    assert!(output.append(domain::JobId(1), 1, Vec::new()).await.is_err());
    let output = SqliteOutput::open(folder.path()).unwrap();
    assert_eq!(&output.read(domain::JobId(1), 1, 0, 9).await.unwrap().pieces[0].bytes[..], b"kept");
    assert_eq!(output.append(domain::JobId(1), 1, vec![(text("stdout"), START, "more".into())]).await.unwrap(), 8);
}
