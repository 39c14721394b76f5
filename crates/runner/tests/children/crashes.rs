//! Somebody is killed without a warning: the server, a shim, both.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use runner::census::{Census, Left, Record, Trace};
use runner::outcome::Outcome;
use runner::tree::{self, Signal};
use runner::{Channel, ChildSaid, Exit};

use crate::stage::{Stage, eventually, launch, program};

/// A server of this stage's home in a process of its own, with a child that has made its daemon. Gives the pids of child
/// and daemon.
async fn serve(stage: &Stage) -> (std::process::Child, i32, i32) {
    let file = stage.folder.path().join("daemon.pid");
    let mut server = Command::new(&stage.home.shim)
        .arg("serve")
        .arg(stage.folder.path())
        .args(["python3", &program("daemon.py"), "stay"])
        .arg(&file)
        .env("PROBE_HOST", &stage.home.host)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    eventually("the daemon lives", || file.exists()).await;
    let daemon = std::fs::read_to_string(&file).unwrap();
    (server, line.trim().parse().unwrap(), daemon.trim().parse().unwrap())
}

#[tokio::test]
async fn nothing_survives_a_killed_server() {
    let stage = Stage::new();
    let (mut server, child, daemon) = serve(&stage).await;
    assert_eq!(stage.living().len(), 2);
    server.kill().unwrap();
    server.wait().unwrap();
    eventually("everything is gone", || stage.living().is_empty()).await;
    eventually("the daemon is", || tree::process(daemon).is_none_or(|now| now.is_dead())).await;
    // The next server finds the record and nothing else.
    let census = Census::new(&stage.home.children_folder, &stage.home.host);
    let shim = census.records()[0].shim;
    eventually("the shim is gone", || tree::process(shim.pid).is_none_or(|now| now.start_time != shim.start_time)).await;
    let swept = tokio::task::spawn_blocking(move || census.sweep()).await.unwrap();
    assert_eq!(swept.iter().map(|swept| swept.left).collect::<Vec<_>>(), [Left::Nothing]);
    assert_eq!((swept[0].record.job.as_str(), swept[0].record.attempt), ("probe-job", 1));
    assert_eq!(swept[0].record.child.map(|trace| trace.pid), Some(child));
    assert_eq!(std::fs::read_dir(&stage.home.children_folder).unwrap().count(), 0);
}

#[tokio::test]
async fn a_killed_server_and_a_killed_shim_leave_work_for_the_census() {
    let stage = Stage::new();
    let (mut server, child, daemon) = serve(&stage).await;
    assert_eq!(stage.living().len(), 2);
    let census = Census::new(&stage.home.children_folder, &stage.home.host);
    let record = census.records().remove(0);
    // The server must not live to see its shim die.
    rustix::process::kill_process(rustix::process::Pid::from_raw(server.id() as i32).unwrap(), Signal::STOP).unwrap();
    assert!(tree::process(record.shim.pid).unwrap().signal(Signal::KILL));
    server.kill().unwrap();
    server.wait().unwrap();
    eventually("the kernel ended the child", || tree::process(child).is_none_or(|now| now.is_dead())).await;
    assert_eq!(stage.living().iter().map(|process| process.pid).collect::<Vec<_>>(), [daemon], "it lives on");
    let swept = tokio::task::spawn_blocking(move || census.sweep()).await.unwrap();
    assert_eq!(swept[0].left, Left::Killed(1));
    assert_eq!(stage.living(), []);
}

#[tokio::test]
async fn a_killed_shim_is_swept_before_gone_is_said() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["python3", &program("daemon.py"), "stay"]));
    let child = play.spawned().await;
    let daemon: i32 = play.first_line().await.parse().unwrap();
    let shim = tree::process(tree::process(child).unwrap().parent).unwrap();
    assert!(shim.signal(Signal::KILL));
    let said = play.next().await;
    assert!(
        matches!(&said, ChildSaid::Exited { exit: Exit::Unseen, outcome: Outcome::Failed { reason: "shim_lost", .. }, .. }),
        "{said:?}"
    );
    assert_eq!(play.next().await, ChildSaid::Gone);
    assert!(tree::process(daemon).is_none_or(|now| now.is_dead()));
    stage.nothing_left();
}

#[tokio::test]
async fn the_census_touches_nobody_else() {
    let stage = Stage::new();
    let mut stranger =
        Command::new("sleep").arg("600").env("TIDINGS_HOST", "another-data-folder").env("TIDINGS_JOB", "job-1").spawn().unwrap();
    let pid = stranger.id() as i32;
    let trace = |start_time| Trace { pid, start_time };
    let start_time = tree::process(pid).unwrap().start_time;
    let census = Census::new(&stage.home.children_folder, &stage.home.host);
    let record = |job: &str, boot_id: String, shim, child| Record { job: job.into(), attempt: 1, boot_id, shim, child };
    // The pid was recycled, or the machine restarted.
    census.record(&record("job-1", tree::boot_id(), trace(start_time - 1), Some(trace(start_time + 1)))).unwrap();
    census.record(&record("job-2", "another-boot".into(), trace(start_time), Some(trace(start_time)))).unwrap();
    std::fs::write(stage.home.children_folder.join("job-3.json"), "{").unwrap();
    let swept = tokio::task::spawn_blocking(move || census.sweep()).await.unwrap();
    assert_eq!(swept.iter().map(|swept| swept.left).collect::<Vec<_>>(), [Left::Nothing, Left::Nothing]);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    assert_eq!(std::fs::read_dir(&stage.home.children_folder).unwrap().count(), 0);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
