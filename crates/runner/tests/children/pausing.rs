//! Freezing and thawing any program, as the kernel shows it.

use runner::outcome::Outcome;
use runner::{Channel, ChildSaid, OrderRefused, PauseKind, tree};

use crate::stage::{Stage, eventually, launch, program};

fn state(pid: i32) -> char {
    tree::process(pid).map_or('-', |process| process.state)
}

#[tokio::test]
async fn a_program_is_frozen_and_thawed() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", "while :; do sleep 0.01; done"]));
    let pid = play.spawned().await;
    for wish in [1, 3] {
        play.handle.pause(wish).unwrap();
        assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(wish) });
        // `D`: the shell waits in the kernel for a stopped child that it made by vfork.
        assert!(matches!(state(pid), 'T' | 'D'));
        let frozen = |process: &tree::Process| process.is_stopped() || process.state == 'D';
        assert!(stage.living().iter().all(frozen), "{:?}", stage.living());
        play.handle.resume(wish + 1).unwrap();
        assert_eq!(play.next().await, ChildSaid::Resumed);
        eventually("it runs again", || matches!(state(pid), 'S' | 'R')).await;
    }
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    stage.nothing_left();
}

#[tokio::test]
async fn a_frozen_child_can_act_on_its_abort() {
    let stage = Stage::new();
    let script = "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", script]));
    play.spawned().await;
    assert_eq!(play.first_line().await, "ready");
    play.handle.pause(1).unwrap();
    assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(1) });
    play.handle.abort(2).unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    assert!(String::from_utf8(play.all_output().await.0).unwrap().contains("cleaned"));
    stage.nothing_left();
}

#[tokio::test]
async fn a_daemon_in_its_own_session_is_frozen_and_killed_too() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["python3", &program("daemon.py"), "stay"]));
    let pid = play.spawned().await;
    let daemon: i32 = play.first_line().await.parse().unwrap();
    play.handle.pause(1).unwrap();
    assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(1) });
    assert_eq!((state(pid), state(daemon)), ('T', 'T'));
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    assert_eq!(state(daemon), '-');
    stage.nothing_left();
}

#[tokio::test]
async fn a_process_whose_first_thread_ended_is_frozen_and_killed_too() {
    let stage = Stage::new();
    let program = "import ctypes, threading, time
def tick():
    while True:
        print('tick', flush=True)
        time.sleep(0.01)
threading.Thread(target=tick).start()
ctypes.CDLL(None).pthread_exit(None)";
    let mut play = stage.play(launch(Channel::Plain, ["python3", "-c", program]));
    let pid = play.spawned().await;
    eventually("the first thread ended", || state(pid) == 'Z').await;
    play.handle.pause(1).unwrap();
    assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(1) });
    let stopped = |thread: &std::path::Path| {
        let stat = std::fs::read_to_string(thread.join("stat")).unwrap();
        stat.contains(") T ") || stat.contains(") Z ")
    };
    let threads: Vec<_> = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten().collect();
    assert_eq!(threads.len(), 2);
    assert!(threads.iter().all(|thread| stopped(&thread.path())));
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    stage.nothing_left();
}

#[tokio::test]
async fn pausing_is_refused_where_it_cannot_be() {
    let stage = Stage::new();
    for pause in [PauseKind::None, PauseKind::Cooperative] {
        let mut launch = launch(Channel::Plain, ["true"]);
        launch.pause = pause;
        let mut play = stage.play(launch);
        assert_eq!(play.handle.pause(1), Err(OrderRefused::CannotPause));
        play.rest().await;
    }
}
