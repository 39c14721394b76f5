//! The server, the shim or both are killed at each step of a child's life, on each channel. Nothing is left running, no two programs
//! of a job are ever alive at the same time, and the job comes to a truthful end or is run again.
//!
//! The proof of the second is the child's own: `step_worker.py` holds a lock that its daemon shares, and a second attempt that cannot
//! take it writes `overlaps`.

use std::path::PathBuf;

use rustix::process::{Pid, Signal};
use serde_json::json;

use crate::harness::eventually;
use crate::harness::files;
use crate::harness::server::{Around, Server, lives, processes_of};
use crate::harness::watch::{self, Watcher};

const CONFIG: &str = r#"
[tasks.plain]
command = ["python3", "{worker}", "plain"]
pause = "freeze"
{common}

[tasks.lines]
command = ["python3", "{worker}", "lines"]
channel = "lines"
pause = "cooperative"
{common}

[tasks.frozen-lines]
command = ["python3", "{worker}", "lines"]
channel = "lines"
pause = "freeze"
{common}

[tasks.node-ipc]
command = ["python3", "{worker}", "node-ipc"]
channel = "node-ipc"
pause = "cooperative"
{common}
"#;

const COMMON: &str = r#"abort_grace = "60s"
exit_grace = "60s"
retry = { attempts = 3, base = "10ms" }
env = ["PATH"]"#;

const TASKS: [&str; 4] = ["plain", "lines", "frozen-lines", "node-ipc"];
/// Tasks whose child reports its end before it exits.
const WITH_CHANNEL: [&str; 3] = ["lines", "frozen-lines", "node-ipc"];

async fn server() -> Server {
    let worker = files::root().join("tests/faults/step_worker.py").display().to_string();
    Server::start(&CONFIG.replace("{worker}", &worker).replace("{common}", COMMON)).await
}

/// A job of the test, with what is known of it from outside.
struct Life {
    task: &'static str,
    id: String,
    /// Where its child writes, and looks for what it is told.
    folder: PathBuf,
    watcher: Watcher,
}

impl Life {
    /// Submitted and watched; it waits to be run.
    async fn waiting(server: &Server, task: &'static str) -> Life {
        let job = server.http.submit(json!({"task": task, "runAt": "2999-01-01T00:00:00Z"})).await;
        let id = job["id"].as_str().expect("an id").to_owned();
        let mut watcher = watch::socket(&server.http, json!({"job": id}), None);
        watcher.until("the watcher to be live", |seen| !seen.position.is_empty()).await;
        Life { task, folder: server.folder().join(&id), id, watcher }
    }

    /// Its program runs; it has not said a word.
    async fn up(server: &Server, task: &'static str) -> Life {
        let life = Life::waiting(server, task).await;
        server.http.verb(&life.id, "run-now").await.expect(200);
        life.wrote("up").await;
        life
    }

    /// Its first words are in its output.
    async fn spoken(server: &Server, task: &'static str) -> Life {
        let life = Life::up(server, task).await;
        life.tell("speak");
        eventually("the first words", async || server.http.output(&life.id).await.contains("first words").then_some(())).await;
        life
    }

    fn tell(&self, what: &str) {
        std::fs::write(self.folder.join(what), "").expect("the child can be told");
    }

    /// Lines of one of the child's files.
    fn lines(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn wrote(&self, file: &str) {
        eventually(&format!("the child of {} to write {file}", self.task), async || (!self.lines(file).is_empty()).then_some(()))
            .await;
    }

    fn daemons(&self) -> Vec<i32> {
        self.lines("daemons").iter().filter_map(|line| line.parse().ok()).collect()
    }

    /// The shim of a child that is up: its daemon fell to it.
    fn shim(&self) -> i32 {
        let daemon = self.daemons()[0];
        let stat = std::fs::read_to_string(format!("/proc/{daemon}/stat")).expect("the daemon lives");
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok()).expect("a parent")
    }

    /// Nothing of it lives, its daemon and its shim included.
    async fn is_gone(&self, shim: Option<i32>) {
        eventually(&format!("nothing to be left of {}", self.task), async || {
            let daemons = self.daemons();
            let left = daemons.iter().chain(shim.as_ref()).any(|pid| lives(*pid));
            (processes_of(&self.id).is_empty() && !left).then_some(())
        })
        .await;
    }

    /// Goes on watching from where the connection that died was.
    async fn watch_on(self, server: &Server) -> Life {
        let seen = self.watcher.disconnect().await;
        Life { watcher: watch::socket(&server.http, json!({"job": self.id}), Some(seen)), ..self }
    }

    /// How it must have come out in the end.
    async fn came_out(mut self, server: &Server, expected: &Expected) {
        let (http, task) = (&server.http, self.task);
        let job = http.until_status(&self.id, expected.status).await;
        assert_eq!(job["attempt"], expected.attempt, "{task}: {job:#}");
        self.is_gone(None).await;
        assert_eq!(self.lines("overlaps"), [""; 0], "{task}: two programs ran at the same time");
        if let Some(ran) = expected.ran {
            assert_eq!(self.lines("up"), ran, "{task}: attempts that ran");
        }
        let mut ran = self.lines("up");
        ran.dedup();
        assert_eq!(ran, self.lines("up"), "{task}: an attempt ran twice");
        let events = http.get(&format!("/api/v1/jobs/{}/events", self.id)).await.expect("an answer").expect(200);
        let events = events["events"].as_array().cloned().unwrap_or_default();
        let ends = events.iter().filter(|event| event["kind"] == "settled").count();
        assert_eq!(ends, 1, "{task}: one end: {events:#?}");
        assert_eq!(events.len() as u64, job["rev"].as_u64().unwrap_or_default(), "{task}: each revision is in the log");
        if expected.spoke {
            let output = http.get(&format!("/api/v1/jobs/{}/output?attempt=1", self.id)).await.expect("an answer").expect(200);
            assert!(output.to_string().contains("first words"), "{task}: what the first attempt wrote: {output:#}");
        }
        // The watcher holds each revision once: it fails by itself at a hole or a repetition.
        let seen = self.watcher.until("the end", |seen| seen.has_ended()).await;
        assert_eq!(seen.revs.last().copied(), job["rev"].as_u64(), "{task}");
        assert_eq!(seen.kinds.iter().filter(|kind| *kind == "settled").count(), 1, "{task}: {seen:?}");
    }
}

struct Expected {
    status: &'static str,
    attempt: u32,
    /// Attempts whose program came up, in order. None: it depends on the moment.
    ran: Option<&'static [&'static str]>,
    /// Whether the first attempt had written its words.
    spoke: bool,
}

const WENT_THROUGH: Expected = Expected { status: "completed", attempt: 2, ran: Some(&["1", "2"]), spoke: true };

fn signal(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("a process id");
    rustix::process::kill_process(pid, signal).expect("it can be signalled");
}

/// Stops a process, and waits until none of its threads runs any more.
async fn hold(pid: i32) {
    signal(pid, Signal::STOP);
    eventually("every thread to be stopped", async || {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
        let is_stopped = |stat: String| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'));
        let mut stats = threads.flatten().filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
        stats.all(is_stopped).then_some(())
    })
    .await;
}

/// Kills the server and waits, without one, until nothing of the jobs is left; then starts the next.
async fn kill_and_start(server: &mut Server, lives: Vec<Life>) -> Vec<Life> {
    let shims: Vec<i32> = lives.iter().map(Life::shim).collect();
    server.kill();
    for (life, shim) in lives.iter().zip(shims) {
        life.is_gone(Some(shim)).await;
    }
    server.start_again().await;
    on(server, lives).await
}

async fn on(server: &Server, lives: Vec<Life>) -> Vec<Life> {
    let mut all = Vec::new();
    for life in lives {
        all.push(life.watch_on(server).await);
    }
    all
}

async fn came_out(server: &Server, lives: Vec<Life>, expected: &Expected) {
    for life in lives {
        life.came_out(server, expected).await;
    }
}

async fn all_spoken(server: &Server, tasks: &[&'static str]) -> Vec<Life> {
    futures::future::join_all(tasks.iter().map(|task| Life::spoken(server, task))).await
}

#[tokio::test]
async fn a_server_that_dies_while_it_starts_a_child() {
    let mut server = server().await;
    for point in ["before_shim", "before_program", "program_ordered", "program_unrecorded"] {
        for task in ["plain", "lines", "node-ipc"] {
            let life = Life::waiting(&server, task).await;
            server.kill();
            server.set_around(Around { env: vec![("TIDINGS_KILL_AT".into(), point.into())], ..Around::default() });
            server.start_again().await;
            let life = life.watch_on(&server).await;
            // It may die before it answers.
            let path = format!("/api/v1/jobs/{}/run-now", life.id);
            let _ = server.http.send(reqwest::Method::POST, &path, &[], Some(&json!({}))).await;
            eventually(&format!("the server to die at {point}"), async || (!lives(server.pid())).then_some(())).await;
            let ended = server.ended();
            assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(9), "{point}: it ended by its own hand");
            server.set_around(Around::default());
            server.start_again().await;
            let life = life.watch_on(&server).await;
            let never_ran = matches!(point, "before_shim" | "before_program");
            let ran: Option<&[&str]> = never_ran.then_some(&["2"]);
            life.came_out(&server, &Expected { ran, spoke: false, ..WENT_THROUGH }).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_dies_before_the_first_word() {
    let mut server = server().await;
    let lives = futures::future::join_all(TASKS.iter().map(|task| Life::up(&server, task))).await;
    let lives = kill_and_start(&mut server, lives).await;
    came_out(&server, lives, &Expected { spoke: false, ..WENT_THROUGH }).await;
}

#[tokio::test]
async fn a_server_that_dies_while_a_child_runs() {
    let mut server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    let lives = kill_and_start(&mut server, lives).await;
    came_out(&server, lives, &WENT_THROUGH).await;
}

async fn pause(server: &Server, lives: &[Life]) {
    for life in lives {
        server.http.verb(&life.id, "pause").await.expect(202);
        server.http.until_status(&life.id, "paused").await;
    }
}

/// A job that somebody had paused is held, whoever died, until somebody lets it go on.
async fn held_and_resumed(server: &Server, lives: &[Life]) {
    for life in lives {
        let held = eventually(&format!("{} to be held", life.task), async || {
            let job = server.http.job(&life.id).await;
            (job["reason"] == "before_start").then_some(job)
        })
        .await;
        assert_eq!(held["status"], "paused", "{}: {held:#}", life.task);
        assert_eq!(life.lines("up"), ["1"], "{}: it does not go on by itself", life.task);
        server.http.verb(&life.id, "resume").await.expect(200);
    }
}

#[tokio::test]
async fn a_server_that_dies_while_a_child_is_paused() {
    let mut server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    pause(&server, &lives).await;
    let lives = kill_and_start(&mut server, lives).await;
    held_and_resumed(&server, &lives).await;
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_server_that_dies_while_a_child_ignores_an_abort() {
    let mut server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    for life in &lives {
        server.http.verb(&life.id, "abort").await.expect(202);
        life.wrote("terminated").await;
    }
    let lives = kill_and_start(&mut server, lives).await;
    came_out(&server, lives, &Expected { status: "aborted", attempt: 1, ran: Some(&["1"]), spoke: true }).await;
}

#[tokio::test]
async fn a_server_that_dies_between_a_result_and_its_commit() {
    let mut server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    // It cannot read any more; what its children say stays in their channels.
    hold(server.pid()).await;
    for life in &lives {
        life.tell("finish");
        life.wrote("reported").await;
    }
    let lives = kill_and_start(&mut server, lives).await;
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_server_that_dies_after_a_result_while_the_child_lives_on() {
    let mut server = server().await;
    let lives = all_spoken(&server, &WITH_CHANNEL).await;
    for life in &lives {
        life.tell("finish");
        let job = server.http.until_status(&life.id, "completed").await;
        assert_eq!(job["result"], 1);
        assert!(!processes_of(&life.id).is_empty(), "it takes its time");
    }
    let lives = kill_and_start(&mut server, lives).await;
    came_out(&server, lives, &Expected { status: "completed", attempt: 1, ran: Some(&["1"]), spoke: true }).await;
}

#[tokio::test]
async fn the_next_attempt_waits_for_a_child_that_has_failed_and_lives_on() {
    let server = server().await;
    let lives = all_spoken(&server, &WITH_CHANNEL).await;
    for life in &lives {
        life.tell("fail");
        eventually("the second attempt to be claimed", async || {
            let job = server.http.job(&life.id).await;
            (job["attempt"] == 2).then_some(())
        })
        .await;
        assert_eq!((life.lines("reported"), life.lines("up")), (vec!["1".to_owned()], vec!["1".to_owned()]));
        assert!(!processes_of(&life.id).is_empty(), "the first takes its time");
    }
    for life in &lives {
        life.tell("leave");
    }
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_server_that_dies_while_an_attempt_waits_for_its_predecessor() {
    let mut server = server().await;
    let lives = all_spoken(&server, &WITH_CHANNEL).await;
    for life in &lives {
        life.tell("fail");
        eventually("the second attempt to be claimed", async || (server.http.job(&life.id).await["attempt"] == 2).then_some(()))
            .await;
    }
    let lives = kill_and_start(&mut server, lives).await;
    came_out(&server, lives, &Expected { attempt: 3, ran: Some(&["1", "3"]), ..WENT_THROUGH }).await;
}

#[tokio::test]
async fn a_shim_that_dies_while_its_child_runs() {
    let server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    for life in &lives {
        signal(life.shim(), Signal::KILL);
    }
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_shim_that_dies_while_its_child_is_paused() {
    let server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    pause(&server, &lives).await;
    for life in &lives {
        signal(life.shim(), Signal::KILL);
    }
    held_and_resumed(&server, &lives).await;
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_shim_that_dies_while_its_child_ignores_an_abort() {
    let server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    for life in &lives {
        server.http.verb(&life.id, "abort").await.expect(202);
        life.wrote("terminated").await;
        signal(life.shim(), Signal::KILL);
    }
    came_out(&server, lives, &Expected { status: "aborted", attempt: 1, ran: Some(&["1"]), spoke: true }).await;
}

/// Neither lives to see the other die: both are stopped before both are killed. The daemons are left, and only the next server can
/// find them.
async fn kill_with_shims(server: &mut Server, lives: Vec<Life>) -> Vec<Life> {
    let shims: Vec<i32> = lives.iter().map(Life::shim).collect();
    hold(server.pid()).await;
    for shim in &shims {
        hold(*shim).await;
    }
    shims.iter().for_each(|shim| signal(*shim, Signal::KILL));
    server.kill();
    for life in &lives {
        assert!(life.daemons().iter().all(|pid| self::lives(*pid)), "{}: its daemon is nobody's now", life.task);
    }
    server.start_again().await;
    on(server, lives).await
}

#[tokio::test]
async fn a_server_and_its_shims_that_die_together() {
    let mut server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    let lives = kill_with_shims(&mut server, lives).await;
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_server_and_its_shims_that_die_together_while_children_are_paused() {
    let mut server = server().await;
    let lives = all_spoken(&server, &TASKS).await;
    pause(&server, &lives).await;
    let lives = kill_with_shims(&mut server, lives).await;
    held_and_resumed(&server, &lives).await;
    came_out(&server, lives, &WENT_THROUGH).await;
}

#[tokio::test]
async fn a_server_and_its_shims_that_die_together_while_a_child_that_reported_lives_on() {
    let mut server = server().await;
    let lives = all_spoken(&server, &WITH_CHANNEL).await;
    for life in &lives {
        life.tell("finish");
        server.http.until_status(&life.id, "completed").await;
    }
    let lives = kill_with_shims(&mut server, lives).await;
    came_out(&server, lives, &Expected { status: "completed", attempt: 1, ran: Some(&["1"]), spoke: true }).await;
}
