//! Every implementation passes the suites of its port; what only SQLite can suffer is in [`faults`] and [`crash`].

#[path = "conformance/crash.rs"]
mod crash;
#[path = "conformance/faults.rs"]
mod faults;
#[path = "conformance/migration.rs"]
mod migration;

use std::path::Path;
use std::sync::Arc;

use domain::Timestamp;
use engine::clock::ManualClock;
use store::conformance::output::Made;
use store::conformance::rig::START;
use store::conformance::{RecordingBus, Rig};
use store::{MemoryOutput, MemoryStore, SqliteOptions, SqliteOutput, SqliteStore};

fn in_folder(folder: &Path, now: Timestamp) -> (Arc<SqliteStore>, Arc<ManualClock>, Arc<RecordingBus>) {
    let (clock, bus) = (ManualClock::at(now), Arc::new(RecordingBus::default()));
    let store = SqliteStore::open(folder, clock.clone(), bus.clone(), SqliteOptions::default()).expect("the folder opens");
    (store, clock, bus)
}

fn sqlite_rig() -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, clock, bus) = in_folder(folder.path(), START);
    Rig { store, clock, bus, keep: Box::new(folder) }
}

/// Looks at three rows a scan.
fn short_scan_rig() -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, bus) = (ManualClock::at(START), Arc::new(RecordingBus::default()));
    let options = SqliteOptions { scan_rows: 3, ..SqliteOptions::default() };
    let store = SqliteStore::open(folder.path(), clock.clone(), bus.clone(), options).expect("the folder opens");
    Rig { store, clock, bus, keep: Box::new(folder) }
}

fn memory_rig() -> Rig {
    let (clock, bus) = (ManualClock::at(START), Arc::new(RecordingBus::default()));
    Rig { store: MemoryStore::new(clock.clone(), bus.clone()), clock, bus, keep: Box::new(()) }
}

mod sqlite {
    store::store_cases!(crate::sqlite_rig());
}

/// Pages that meet the bound of a scan go on without doubles or holes.
mod short_scans {
    store::store_cases! {
        @each crate::short_scan_rig();
        lists::page_without_doubles_or_holes, lists::filter_by_everything, lists::search_text, lists::go_by_status, lists::follow_tags,
        counts::add_up_after_random_steps,
    }
}

mod memory {
    store::store_cases!(crate::memory_rig());
}

mod sqlite_output {
    store::output_cases!({
        let folder = tempfile::tempdir().expect("a folder");
        crate::Made { output: crate::SqliteOutput::open(folder.path()).expect("it opens"), keep: Box::new(folder) }
    });
}

mod memory_output {
    store::output_cases!(crate::Made { output: crate::MemoryOutput::new(), keep: Box::new(()) });
}
