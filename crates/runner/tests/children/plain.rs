//! Programs that know nothing of us: start, input, output, exit.

use runner::outcome::Outcome;
use runner::{Channel, ChildSaid, Exit, ProgressFrom, Stream};

use crate::stage::{Stage, launch};

#[tokio::test]
async fn a_program_that_cannot_start_says_why() {
    let stage = Stage::new();
    let file = stage.folder.path().join("not-executable");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    let file = file.display().to_string();
    let mut nowhere = launch(Channel::Plain, ["true"]);
    nowhere.cwd = Some("/no/such/folder".into());
    for (launch, expected) in [
        (launch(Channel::Plain, ["no-such-program-anywhere"]), "program_not_found"),
        (launch(Channel::Plain, ["/no/such/program"]), "program_not_found"),
        (launch(Channel::Plain, [&file]), "permission_denied"),
        (nowhere, "cwd_missing"),
        (launch(Channel::Plain, []), "spawn_failed"),
    ] {
        let mut play = stage.play(launch);
        match play.next().await {
            ChildSaid::SpawnFailed { reason, message } => {
                assert_eq!(reason, expected, "{message}");
                assert!(!message.is_empty());
            }
            other => panic!("{expected}: {other:?}"),
        }
        assert_eq!(play.rest().await, []);
        stage.nothing_left();
    }
}

#[tokio::test]
async fn a_missing_shim_or_a_bad_name_is_told_on_the_stream() {
    let mut stage = Stage::new();
    let mut named = launch(Channel::Plain, ["true"]);
    named.job = "../escape".into();
    assert!(matches!(stage.play(named).next().await, ChildSaid::SpawnFailed { .. }));
    stage.home.shim = "/no/such/shim".into();
    let mut play = stage.play(launch(Channel::Plain, ["true"]));
    assert!(matches!(play.next().await, ChildSaid::SpawnFailed { .. }));
    assert_eq!(play.next().await, ChildSaid::Gone);
}

#[tokio::test]
async fn input_comes_by_stdin_and_by_a_private_file() {
    let stage = Stage::new();
    let script = r#"cat; echo; cat "$TIDINGS_INPUT_FILE"; echo; stat -c %a "$TIDINGS_INPUT_FILE""#;
    let mut launch = launch(Channel::Plain, ["sh", "-c", script]);
    launch.input_json = Some(r#"{"month":"May"}"#.into());
    let mut play = stage.play(launch);
    let (output, dropped) = play.all_output().await;
    assert_eq!(String::from_utf8(output).unwrap(), "{\"month\":\"May\"}\n{\"month\":\"May\"}\n600\n");
    assert_eq!(dropped, 0);
    assert_eq!(play.outcome().await, Outcome::Completed { result: None });
    stage.nothing_left();
}

#[tokio::test]
async fn the_environment_is_exactly_what_the_launch_lists() {
    let stage = Stage::new();
    let mut launch = launch(Channel::Plain, ["/usr/bin/env"]);
    launch.env = vec![("A".into(), "1".into()), ("TIDINGS_JOB".into(), "forged".into())];
    let mut play = stage.play(launch);
    let output = String::from_utf8(play.all_output().await.0).unwrap();
    let mut names: Vec<_> = output.lines().map(|line| line.split_once('=').unwrap()).collect();
    names.sort_unstable();
    names.retain(|(name, _)| *name != "TIDINGS_INPUT_FILE");
    let host = stage.home.host.as_str();
    let expected =
        [("A", "1"), ("TIDINGS_ATTEMPT", "2"), ("TIDINGS_HOST", host), ("TIDINGS_JOB", "job-1"), ("TIDINGS_TASK", "report")];
    assert_eq!(names, expected);
    play.outcome().await;
}

#[tokio::test]
async fn no_descriptor_is_handed_on_by_accident() {
    let stage = Stage::new();
    let open = std::fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).unwrap();
    for (channel, expected) in [(Channel::Plain, "0\n1\n2\n"), (Channel::Lines, "0\n1\n2\n3\n")] {
        let mut play = stage.play(launch(channel, ["sh", "-c", "ls /proc/$$/fd; :"]));
        let (output, _) = play.all_output().await;
        assert_eq!(String::from_utf8(output).unwrap(), expected);
        play.rest().await;
    }
}

#[tokio::test]
async fn a_chatty_child_is_drained() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", "head -c 10000000 /dev/zero; echo end >&2"]));
    let (output, dropped) = play.all_output().await;
    assert_eq!((output.len(), dropped), (10_000_004, 0));
    assert_eq!(play.outcome().await, Outcome::Completed { result: None });
}

#[tokio::test]
async fn a_caller_that_does_not_read_output_never_holds_the_child_up() {
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", "head -c 10000000 /dev/zero"]));
    assert_eq!(play.outcome().await, Outcome::Completed { result: None });
    let (output, dropped) = play.all_output().await;
    assert!(dropped > 0, "the buffer is bounded");
    assert!(output.len() as u64 + dropped <= 10_000_000);
}

#[tokio::test]
async fn percentages_are_read_from_both_streams() {
    let stage = Stage::new();
    let script = r"printf '\r 12%%'; sleep 0.2; printf '\r 99.5 %%' >&2; sleep 600";
    let mut launch = launch(Channel::Plain, ["sh", "-c", script]);
    launch.progress = ProgressFrom::Percent;
    let mut play = stage.play(launch);
    let at = |percent: f64| move |said: &ChildSaid| matches!(said, ChildSaid::Progress(p) if p.percentage == Some(percent));
    play.until(at(99.5)).await;
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
    let chunk = play.output.recv().await.unwrap();
    assert_eq!((chunk.stream, &chunk.bytes[..]), (Stream::Stdout, &b"\r 12%"[..]));
}

#[tokio::test]
async fn exits_are_told_in_numbers_and_words() {
    let stage = Stage::new();
    for (script, exit, words) in
        [("exit 3", Exit::Code(3), "exited with code 3"), ("kill -SEGV $$", Exit::Signal(11), "ended by SIGSEGV (11)")]
    {
        let mut play = stage.play(launch(Channel::Plain, ["sh", "-c", script]));
        let said = play.until(|said| matches!(said, ChildSaid::Exited { .. })).await;
        let ChildSaid::Exited { exit: seen, in_words, outcome } = said else { unreachable!() };
        assert_eq!((seen, in_words.as_str()), (exit, words));
        assert!(matches!(outcome, Outcome::Failed { message, .. } if message == words));
        assert_eq!(play.next().await, ChildSaid::Gone);
    }
}

#[tokio::test]
async fn signals_from_a_terminal_do_not_reach_the_tree() {
    use runner::tree::{Signal, process};
    use rustix::process::{Pid, getpgid, getsid};
    let stage = Stage::new();
    let mut play = stage.play(launch(Channel::Plain, ["sleep", "600"]));
    let child = play.spawned().await;
    let shim = process(process(child).unwrap().parent).unwrap();
    let [child, shim_pid] = [child, shim.pid].map(|pid| Pid::from_raw(pid).unwrap());
    assert_eq!(getsid(Some(shim_pid)).unwrap(), shim_pid);
    assert_eq!(getpgid(Some(child)).unwrap(), child);
    // Nor does a service manager that signals everybody end the shim before the server had its say.
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        assert!(shim.signal(signal));
    }
    play.handle.pause(1).unwrap();
    assert_eq!(play.next().await, ChildSaid::Paused { wish: Some(1) });
    play.handle.kill().unwrap();
    assert_eq!(play.outcome().await, Outcome::Aborted);
}
