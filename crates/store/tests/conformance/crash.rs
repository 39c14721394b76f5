//! A server that is killed in the middle of a storm of writes loses nothing that it acknowledged.
//!
//! The test runs itself again as the server: the child prints the id of each job once its commit is answered, and is killed.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use domain::request::Report;
use domain::{JobId, Status};
use engine::port::Store as _;
use store::conformance::rig::{START, all};
use store::conformance::{Rig, checks};

use crate::in_folder;

/// Names the folder to the child. Absent in the parent.
const FOLDER: &str = "TIDINGS_CRASH_TEST_FOLDER";

/// The child: writes until it is killed. Does nothing when run as a test of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storm_of_the_child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (store, clock, bus) = in_folder(folder.as_ref(), START);
    let start = store.head().place;
    let rig = Arc::new(Rig { store, clock, bus, keep: Box::new(()) });
    let writers = (0..8u64).map(|writer| {
        let rig = rig.clone();
        tokio::spawn(async move {
            for n in 0u64.. {
                let task = format!("task{writer}");
                let job = rig.submit(rig.new_job("ann", &task)).await;
                println!("made {:032x}", job.id.0);
                let lease = (u128::from(start) << 64) | u128::from(writer << 40 | n);
                for job in rig.claim(&[(&task, 9)], [lease]).await {
                    if rig.report(job.id, lease, Report::Complete { result: None }).await.is_ok() {
                        println!("done {:032x}", job.id.0);
                    }
                }
            }
        })
    });
    futures::future::join_all(writers.collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut made: HashSet<JobId> = HashSet::new();
    let mut done: HashSet<JobId> = HashSet::new();
    for round in 0..4u64 {
        let wanted = 100 + 67 * round as usize;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::storm_of_the_child", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        let mut take = |line: std::io::Result<String>| {
            // The harness may print its own words on the same line; a line cut by the kill is none.
            let line = line.unwrap_or_default();
            for (word, into) in [("made ", &mut made), ("done ", &mut done)] {
                let id = line.split(word).nth(1).filter(|id| id.len() == 32).and_then(|id| u128::from_str_radix(id, 16).ok());
                into.extend(id.map(JobId));
            }
        };
        for line in lines.by_ref() {
            take(line);
            heard += 1;
            if heard >= wanted {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        lines.for_each(&mut take);

        let (store, _, _) = in_folder(folder.path(), START);
        let log = checks::log_is_whole(&*store).await;
        assert!(log.len() >= made.len());
        checks::counters_add_up(&*store, "t").await;
        let jobs = checks::every_job(&*store, &all()).await;
        let found: HashSet<JobId> = jobs.iter().map(|job| job.id).collect();
        assert!(made.len() > 40 * (round as usize + 1) && made.is_subset(&found), "round {round}: an acknowledged job is gone");
        let ended: HashSet<JobId> = jobs.iter().filter(|job| job.status == Status::Completed).map(|job| job.id).collect();
        assert!(!done.is_empty() && done.is_subset(&ended), "round {round}: an acknowledged end is gone");
        store.close().await;
    }
}
