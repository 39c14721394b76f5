//! What the writer does after faults that no test can bring about from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::Request;
use domain::request::Asked;

use super::*;
use crate::conformance::rig::{START, all};
use crate::conformance::{RecordingBus, Rig};
use crate::sqlite::SqliteOptions;
use crate::sqlite::open::{Prepared, prepare};
use crate::{MemoryStore, books};

fn submit(rig: &Rig) -> Request {
    Request::Submit { jobs: vec![rig.new_job("ann", "a")], slots: Vec::new(), total: 9, asked: Asked::default() }
}

/// A writer without its thread, and a rig of another store that makes requests for it.
fn prepared(folder: &std::path::Path, options: SqliteOptions) -> (Prepared, Rig) {
    let (clock, bus) = (engine::clock::ManualClock::at(START), Arc::new(RecordingBus::default()));
    let prepared = prepare(folder, clock.clone(), bus.clone(), options).expect("the folder opens");
    let store = MemoryStore::new(clock.clone(), Arc::new(RecordingBus::default()));
    (prepared, Rig { store, clock, bus, keep: Box::new(()) })
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_and_told_before_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let (prepared, rig) = prepared(folder.path(), SqliteOptions::default());
    let mut writer = Writer::new(&prepared.conn, prepared.desk).expect("the statements are good");
    writer.attempt(&[&submit(&rig)]).expect("the first is written");
    writer.transact(&[&submit(&rig)], true, START).expect("the second is written");
    writer.after_failure(&Failure::Unknown("the answer was lost".into()));
    assert_eq!((writer.desk.shared.head().place, rig.bus.events().len()), (1, 1));
    writer.attempt(&[&submit(&rig)]).expect("the third is written");
    assert_eq!(rig.bus.events().iter().map(|event| event.place).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(writer.desk.shared.head().place, 3);
    assert_eq!(writer.desk.shared.counters().counts(&all()).total(), 3);
    let (counters, _): (books::Counters, _) = read::books(writer.conn).expect("the books are read");
    assert_eq!(counters.counts(&all()), writer.desk.shared.counters().counts(&all()));
}

#[test]
fn a_failed_sync_ends_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let ends = Arc::new(AtomicU32::new(0));
    let counted = ends.clone();
    let on_sync_failure: SyncFailure = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let (prepared, _rig) = prepared(folder.path(), SqliteOptions { on_sync_failure, ..SqliteOptions::default() });
    let mut writer = Writer::new(&prepared.conn, prepared.desk).expect("the statements are good");
    writer.after_failure(&Failure::Sync("the disk is gone".into()));
    assert_eq!(ends.load(Ordering::SeqCst), 1);
    assert!(matches!(told(Failure::Sync("the disk is gone".into())), CommitError::OutcomeUnknown(_)));
}

#[test]
fn a_group_that_is_rolled_back_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let (prepared, rig) = prepared(folder.path(), SqliteOptions::default());
    let mut writer = Writer::new(&prepared.conn, prepared.desk).expect("the statements are good");
    let first = submit(&rig);
    writer.attempt(&[&first]).expect("the first is written");
    assert!(matches!(writer.attempt(&[&submit(&rig), &first, &submit(&rig)]), Err(Failure::Constraint { is_taken: true, .. })));
    assert_eq!((writer.desk.shared.head().place, rig.bus.events().len()), (1, 1));
    assert_eq!(writer.desk.shared.counters().counts(&all()).total(), 1);
    let (place, floor) = read::head(writer.conn).expect("the head is read");
    assert_eq!((place, floor), (1, 0));
}
