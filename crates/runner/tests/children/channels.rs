//! Programs that talk: `lines` from Python, `node-ipc` from Node, alone and behind a relaying wrapper.

use runner::outcome::Outcome;
use runner::{Channel, ChildSaid, Launch, Level, PauseKind, Progress};

use crate::stage::{Play, Stage, launch, program};

fn python(what: &str) -> Launch {
    let mut launch = launch(Channel::Lines, ["python3", &program("lines.py")]);
    launch.input_json = Some(format!("{{\n\"do\": \"{what}\"}}").into());
    launch.pause = PauseKind::Cooperative;
    launch
}

fn log(level: Level, text: &str) -> ChildSaid {
    ChildSaid::Log { level, text: text.into() }
}

#[tokio::test]
async fn lines_carry_progress_and_a_result() {
    let stage = Stage::new();
    let mut play = stage.play(python("complete"));
    play.spawned().await;
    assert_eq!(play.next().await, log(Level::Warn, "job-1"));
    let progress = Progress {
        percentage: Some(50.0),
        current: Some(1),
        total: Some(2),
        message: Some("half".into()),
        ok: Some(1),
        failed: Some(0),
        skipped: Some(2),
    };
    assert_eq!(play.next().await, ChildSaid::Progress(progress));
    assert_eq!(play.next().await, ChildSaid::Garbage { text: "what is this".into() });
    let result = Some(r#"{"echo": {"do": "complete"}, "attempt": 2}"#.to_owned());
    assert_eq!(play.next().await, ChildSaid::Completed { result: result.clone() });
    // The later word is ignored.
    assert_eq!(play.outcome().await, Outcome::Completed { result });
    stage.nothing_left();
}

#[tokio::test]
async fn a_reported_failure_keeps_its_kind() {
    let stage = Stage::new();
    let outcome = stage.play(python("fail")).outcome().await;
    let expected =
        Outcome::Failed { reason: "reported", message: "no such page".into(), kind: Some("not_found".into()), no_retry: true };
    assert_eq!(outcome, expected);
}

#[tokio::test]
async fn an_exit_without_a_result_is_a_failure() {
    let stage = Stage::new();
    let outcome = stage.play(python("nothing")).outcome().await;
    assert!(matches!(outcome, Outcome::Failed { reason: "no_result", .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_line_that_is_too_long_is_skipped_and_a_large_result_is_not() {
    let stage = Stage::new();
    let mut play = stage.play(python("long line"));
    play.spawned().await;
    assert!(matches!(play.next().await, ChildSaid::Garbage { text } if text.starts_with("line longer than ")));
    let Outcome::Completed { result: Some(result) } = play.outcome().await else { panic!("no result") };
    assert_eq!(result.len(), 1_000_002);
}

#[tokio::test]
async fn a_child_that_hangs_after_its_result_is_ended() {
    let stage = Stage::new();
    let mut play = stage.play(python("hang after complete"));
    play.until(|said| matches!(said, ChildSaid::Completed { .. })).await;
    assert_eq!(play.first_line().await, "closed");
    // It ignores SIGTERM too.
    assert_eq!(play.outcome().await, Outcome::Completed { result: None });
    stage.nothing_left();
}

#[tokio::test]
async fn lines_obey_pause_resume_and_abort() {
    let stage = Stage::new();
    let mut play = stage.play(python("obey"));
    play.until(|said| *said == log(Level::Info, "ready")).await;
    play.handle.pause(3).unwrap();
    assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(3) });
    play.handle.resume(4).unwrap();
    assert_eq!(play.next().await, ChildSaid::Resumed);
    play.handle.abort(5).unwrap();
    assert_eq!(play.next().await, log(Level::Info, "grace 300"));
    assert_eq!(play.next().await, ChildSaid::Aborted);
    assert_eq!(play.outcome().await, Outcome::Aborted);
    stage.nothing_left();
}

fn node(script: &str, steps: u32) -> Launch {
    let mut launch = launch(Channel::NodeIpc, ["node", &program(script)]);
    launch.input_json = Some(format!(r#"{{"steps":{steps}}}"#).into());
    launch.pause = PauseKind::Cooperative;
    launch.abort_grace = std::time::Duration::from_secs(10);
    launch
}

async fn node_starts(play: &mut Play) {
    play.spawned().await;
    let progress = Progress {
        percentage: Some(10.0),
        current: Some(1),
        total: Some(5),
        message: Some("Starting".into()),
        ..Progress::default()
    };
    assert_eq!(play.next().await, ChildSaid::Progress(progress));
    assert_eq!(play.next().await, log(Level::Info, "report for alice"));
}

#[tokio::test]
async fn a_node_worker_runs_unchanged_alone_and_behind_its_wrapper() {
    let stage = Stage::new();
    for script in ["worker.cjs", "wrapper.cjs"] {
        let mut play = stage.play(node(script, 3));
        node_starts(&mut play).await;
        let result = Some(r#"{"id":"job-1","input":{"steps":3}}"#.to_owned());
        play.until(|said| *said == ChildSaid::Completed { result: result.clone() }).await;
        assert_eq!(play.outcome().await, Outcome::Completed { result }, "{script}");
        stage.nothing_left();
    }
}

#[tokio::test]
async fn a_node_worker_obeys_alone_and_behind_its_wrapper() {
    let stage = Stage::new();
    for script in ["worker.cjs", "wrapper.cjs"] {
        let mut play = stage.play(node(script, 1_000_000));
        node_starts(&mut play).await;
        play.handle.pause(7).unwrap();
        assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(7) });
        play.handle.resume(8).unwrap();
        assert_eq!(play.next().await, ChildSaid::Resumed);
        play.handle.abort(9).unwrap();
        play.until(|said| *said == ChildSaid::Aborted).await;
        assert_eq!(play.outcome().await, Outcome::Aborted, "{script}");
        stage.nothing_left();
    }
}

#[tokio::test]
async fn a_node_worker_that_is_only_terminated_reports_its_abort() {
    let stage = Stage::new();
    let mut play = stage.play(node("worker.cjs", 1_000_000));
    node_starts(&mut play).await;
    let pid = stage.living()[0];
    assert!(pid.signal(runner::tree::Signal::TERM));
    play.until(|said| *said == ChildSaid::Aborted).await;
    assert_eq!(play.outcome().await, Outcome::Aborted);
}
