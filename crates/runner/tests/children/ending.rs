//! Bringing children to their end: the ladder, leftovers, trees that grow, memory.

use std::time::{Duration, Instant};

use runner::outcome::Outcome;
use runner::{Channel, ChildSaid, Exit};

use crate::stage::{Stage, eventually, launch, program};

#[tokio::test]
async fn a_child_deaf_to_sigterm_is_killed_after_its_grace() {
    let stage = Stage::new();
    let script = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", script]));
    assert_eq!(play.first_line().await, "ready");
    let asked = Instant::now();
    play.handle.abort(1).unwrap();
    let said = play.until(|said| matches!(said, ChildSaid::Exited { .. })).await;
    assert!(matches!(said, ChildSaid::Exited { exit: Exit::Signal(9), outcome: Outcome::Aborted, .. }), "{said:?}");
    assert!(asked.elapsed() >= Duration::from_millis(300), "SIGTERM comes first: {:?}", asked.elapsed());
    assert_eq!(play.next().await, ChildSaid::Gone);
    stage.nothing_left();
}

#[tokio::test]
async fn a_time_limit_ends_a_child() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["sleep", "600"]));
    play.spawned().await;
    play.handle.end_for_limit().unwrap();
    assert_eq!(play.outcome().await, Outcome::TimedOut);
    stage.nothing_left();
}

#[tokio::test]
async fn what_a_child_leaves_running_ends_with_it() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["python3", &program("daemon.py"), "leave"]));
    let daemon: i32 = play.first_line().await.parse().unwrap();
    let said = play.until(|said| matches!(said, ChildSaid::Exited { .. })).await;
    assert!(matches!(said, ChildSaid::Exited { outcome: Outcome::Completed { .. }, .. }));
    assert_eq!(play.next().await, ChildSaid::Gone);
    assert!(runner::tree::process(daemon).is_none());
    stage.nothing_left();
}

#[tokio::test]
async fn a_tree_that_keeps_growing_is_killed_whole() {
    let stage = Stage::new();
    // Each of a few loops keeps starting processes that outlive it.
    let script = "grow() { while :; do (trap '' TERM HUP; sleep 600) & sleep 0.01; done; }; grow & grow & grow & wait";
    let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", script]));
    play.spawned().await;
    eventually("it grew", || stage.living().len() > 60).await;
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    stage.nothing_left();
}

#[tokio::test]
async fn programs_that_are_never_where_they_were_seen_are_frozen_and_killed() {
    let stage = Stage::new();
    // Each of three forks and exits without a pause; the main process only waits.
    let program = "import os, time
for _ in range(3):
    if os.fork() == 0:
        while True:
            if os.fork():
                os._exit(0)
time.sleep(600)";
    let mut play = stage.play(launch(Channel::Plain, ["python3", "-c", program]));
    let pid = play.spawned().await;
    let shim = runner::tree::process(pid).unwrap().parent;
    let orphan = |process: &runner::tree::Process| process.parent == shim && process.pid != pid;
    eventually("they hop", || runner::tree::descendants(shim).iter().any(orphan)).await;
    play.handle.pause(1).unwrap();
    assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(1) });
    let frozen = runner::tree::descendants(shim);
    assert!(frozen.len() >= 4, "{frozen:?}");
    assert!(frozen.iter().all(|process| process.is_stopped()), "{frozen:?}");
    play.handle.resume(2).unwrap();
    assert_eq!(play.next().await, ChildSaid::Resumed);
    let pids = || runner::tree::descendants(shim).iter().map(|process| process.pid).collect::<Vec<_>>();
    let before = pids();
    eventually("they hop again", || pids().iter().filter(|pid| !before.contains(pid)).count() >= 3).await;
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    stage.nothing_left();
}

#[tokio::test]
async fn a_caller_that_does_not_listen_still_rules() {
    let stage = Stage::new();
    let program = r#"
import os
while True:
    os.write(3, b'{"type":"log","text":"more"}\n' * 100)"#;
    let mut play = stage.play(launch(Channel::Lines, ["python3", "-c", program]));
    let child = play.spawned().await;
    // The child is held up once all buffers are full.
    eventually("the child waits", || {
        let wrote = || {
            let io = std::fs::read_to_string(format!("/proc/{child}/io")).unwrap_or_default();
            io.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse::<u64>().ok()).unwrap_or(0)
        };
        let before = wrote();
        before > 100_000
            && (0..50).all(|_| {
                crate::stage::breathe();
                wrote() == before
            })
    })
    .await;
    play.handle.kill().unwrap();
    eventually("it is gone", || stage.living().is_empty()).await;
    let rest = play.rest().await;
    assert!(matches!(rest.last(), Some(ChildSaid::Exited { outcome: Outcome::Aborted, .. })));
    assert!(rest.len() < 100_000, "what waits is bounded: {}", rest.len());
}

#[tokio::test]
async fn dropping_handle_and_stream_kills_the_child() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["sleep", "600"]));
    play.spawned().await;
    drop(play);
    eventually("it is gone", || stage.living().is_empty()).await;
    eventually("it is forgotten", || std::fs::read_dir(&stage.home.children_folder).is_ok_and(|folder| folder.count() == 0)).await;
}

#[tokio::test]
async fn a_child_over_its_memory_limit_is_killed() {
    let stage = Stage::new();
    let mut launch = launch(Channel::Plain, ["python3", &program("hoard.py"), "alone"]);
    launch.memory_bytes = Some(80_000_000);
    let mut play = stage.play(launch);
    let said = play.until(|said| matches!(said, ChildSaid::OutOfMemory { .. })).await;
    assert!(matches!(said, ChildSaid::OutOfMemory { bytes } if bytes > 80_000_000), "{said:?}");
    let outcome = play.outcome().await;
    assert!(matches!(outcome, Outcome::Failed { reason: "out_of_memory", .. }), "{outcome:?}");
    stage.nothing_left();
}

#[tokio::test]
async fn memory_that_forked_processes_share_counts_once() {
    let stage = Stage::new();
    let mut launch = launch(Channel::Plain, ["python3", &program("hoard.py"), "shared"]);
    launch.memory_bytes = Some(150_000_000);
    let mut play = stage.play(launch);
    assert_eq!(play.outcome().await, Outcome::Completed { result: None });
}
