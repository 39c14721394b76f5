//! A clock that jumps by an hour, and a laptop that sleeps. Lengths of time hold: leases, time limits, back-offs, graces. Moments that
//! somebody named follow the clock: due times, the end of a token.

use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

use super::{Surroundings, beat, claimed, logged, running, start, tracked, word};
use crate::harness::eventually;
use crate::harness::server::{Server, lives, processes_of};
use crate::harness::watch::{self, Watcher};

const CONFIG: &str = r#"
[tasks.limited]
command = ["sleep", "600"]
env = ["PATH"]
time_limit = "30m"

[tasks.flaky]
command = ["false"]
env = ["PATH"]
retry = { attempts = 5, base = "20m", max = "40m" }

[tasks.render]
mode = "worker"
start_within = "30m"
abort_grace = "20m"
concurrency = 2

[tasks.later]
mode = "worker"
"#;

const HOUR: i64 = 3_600;

/// All that time is kept for.
struct Kept {
    child: String,
    pids: Vec<i32>,
    watchers: Vec<Watcher>,
    reporter: (String, String),
    worker: (String, String),
    aborted: (String, String),
    retrying: Value,
    scheduled: Value,
    waiting: String,
}

/// RFC 3339, as the API tells it, in milliseconds since 1970; days from the civil date as Howard Hinnant's `days_from_civil`.
fn ms(moment: &Value) -> i64 {
    let text = moment.as_str().unwrap_or_else(|| panic!("a moment: {moment}"));
    let number = |from: usize, to: usize| text[from..to].parse::<i64>().expect("digits");
    let (month, day) = (number(5, 7), number(8, 10));
    let year = number(0, 4) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let of_era = year.rem_euclid(400);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let fraction = text.get(20..23).filter(|_| text.as_bytes().get(19) == Some(&b'.')).map_or(0, |_| number(20, 23));
    ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60_000 + number(17, 19) * 1_000 + fraction
}

async fn everything(server: &Server) -> Kept {
    let http = &server.http;
    let (child, watchers) = running(server, "limited").await;
    let pids = processes_of(&child);
    let worker = claimed(server, "render").await;
    let aborted = claimed(server, "render").await;
    http.verb(&aborted.0, "abort").await.expect(202);
    let flaky = word(&http.submit(json!({"task": "flaky"})).await["id"]);
    let retrying = http.until_status(&flaky, "retrying").await;
    let in_half_an_hour = ms(&retrying["updatedAt"]) + 30 * 60_000;
    let run_at = json!(moment(in_half_an_hour));
    let scheduled = http.submit(json!({"task": "later", "runAt": run_at})).await;
    assert_eq!(scheduled["status"], "scheduled");
    let waiting = word(&http.submit(json!({"task": "render"})).await["id"]);
    Kept { child, pids, watchers, reporter: tracked(server, 30_000).await, worker, aborted, retrying, scheduled, waiting }
}

/// The inverse of [`ms`], to the second.
fn moment(ms: i64) -> String {
    let seconds = ms.div_euclid(1_000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// No length of time was cut or stretched by a jump of `by` seconds.
async fn nothing_was_harmed(server: &Server, kept: &mut Kept, by: i64) {
    let http = &server.http;
    logged(server, "the clock jumped").await;
    let due = async || {
        let job = http.job(&word(&kept.retrying["id"])).await;
        (job["rev"] != kept.retrying["rev"]).then_some(job)
    };
    let moved = eventually("the back-off to follow the clock", due).await;
    let expected = ms(&kept.retrying["dueAt"]) + by * 1_000;
    assert_eq!(moved["status"], "retrying", "{moved:#}");
    assert!((ms(&moved["dueAt"]) - expected).abs() < 5_000, "its wait is as long as before: {moved:#}");
    for holder in [&kept.reporter, &kept.worker, &kept.aborted] {
        assert_eq!(beat(server, holder).await, 200, "no lease was lost");
        assert_eq!(http.job(&holder.0).await["status"], "running");
    }
    let stopping = http.job(&kept.aborted.0).await;
    assert_eq!(stopping["wish"]["kind"], "abort", "its grace is not over: {stopping:#}");
    assert_eq!(http.job(&kept.waiting).await["status"], "pending", "its deadline to start has not passed");
    let child = http.job(&kept.child).await;
    assert_eq!((&child["status"], &child["wish"]), (&json!("running"), &Value::Null), "no time limit passed: {child:#}");
    assert!(kept.pids.iter().all(|pid| lives(*pid)), "no child was killed");
    let scheduled = http.job(&word(&kept.scheduled["id"])).await;
    match by > 0 {
        true => drop(http.until_status(&word(&kept.scheduled["id"]), "pending").await),
        false => assert_eq!((&scheduled["status"], &scheduled["dueAt"]), (&json!("scheduled"), &kept.scheduled["dueAt"])),
    }
    // Those who watch were not cut off, and hear of what comes.
    http.verb(&kept.child, "kill").await.expect(202);
    watch::until_all(&mut kept.watchers, "the end", watch::Seen::has_ended).await;
    let ended = http.job(&kept.child).await;
    assert_eq!(ended["status"], "aborted");
    assert!(ms(&ended["endedAt"]) >= ms(&ended["startedAt"]), "no job ends before it starts: {ended:#}");
    let attempts = http.get(&format!("/api/v1/jobs/{}/attempts", kept.child)).await.expect("an answer").expect(200);
    let attempt = &attempts["attempts"][0];
    assert!(ms(&attempt["endedAt"]) >= ms(&attempt["startedAt"]), "{attempts:#}");
}

async fn jumps(by: i64) -> (Server, Surroundings) {
    let (server, surroundings) = start(CONFIG).await;
    let mut kept = everything(&server).await;
    surroundings.set_clock(by);
    nothing_was_harmed(&server, &mut kept, by).await;
    (server, surroundings)
}

#[tokio::test]
async fn an_hour_ahead_cuts_no_time_short() {
    jumps(HOUR).await;
}

#[tokio::test]
async fn an_hour_back_stretches_no_time() {
    let (server, _surroundings) = jumps(-HOUR).await;
    // A reporter that dies now is found as soon as ever: see below. What is new takes its time from the new clock.
    let (id, _) = tracked(&server, 30_000).await;
    assert!(server.http.job(&id).await["createdAt"].is_string());
}

#[tokio::test]
async fn a_reporter_that_is_dead_when_the_clock_goes_back_is_found_all_the_same() {
    let (server, surroundings) = start(CONFIG).await;
    let (id, _) = tracked(&server, 1_000).await;
    // Leases are judged from 30 s after a start or a jump on.
    surroundings.set_clock(-HOUR);
    logged(&server, "the clock jumped").await;
    let lost = server.http.until_status(&id, "lost").await;
    assert_eq!(lost["reason"], "reporter_gone");
}

fn signal_all(pids: &[i32], signal: Signal) {
    for pid in pids {
        rustix::process::kill_process(Pid::from_raw(*pid).expect("a pid"), signal).expect("it can be signalled");
    }
}

/// Stops the server with its children for `asleep`, while the clock goes ahead by `ahead` seconds.
async fn sleep_of(server: &Server, pids: &[i32], asleep: Duration, wake: impl FnOnce()) {
    server.signal(Signal::STOP);
    signal_all(pids, Signal::STOP);
    let began = tokio::time::Instant::now();
    eventually("the sleep to be over", async || (began.elapsed() >= asleep).then_some(())).await;
    wake();
    signal_all(pids, Signal::CONT);
    server.signal(Signal::CONT);
}

#[tokio::test]
async fn a_laptop_that_slept_an_hour_goes_on_where_it_was() {
    let (server, surroundings) = start(CONFIG).await;
    let mut kept = everything(&server).await;
    sleep_of(&server, &kept.pids, Duration::from_millis(500), || surroundings.set_clock(HOUR)).await;
    nothing_was_harmed(&server, &mut kept, HOUR).await;
}

#[tokio::test]
async fn a_server_that_was_stopped_for_longer_than_a_lease_judges_none_at_once() {
    let (server, _surroundings) = start(CONFIG).await;
    // Past the time after the start in which no lease is judged.
    let early = tracked(&server, 1_000).await;
    server.http.until_status(&early.0, "lost").await;
    let held = tracked(&server, 5_000).await;
    sleep_of(&server, &[], Duration::from_millis(7_000), || {}).await;
    logged(&server, "stood still").await;
    assert_eq!(server.http.job(&held.0).await["status"], "running", "its reporter had no chance to be heard");
    assert_eq!(beat(&server, &held).await, 200);
    server.http.report(&held.0, &held.1, "complete", json!({"result": 1})).await.expect(200);
    assert_eq!(server.http.job(&held.0).await["rev"], 2, "it was never told as lost");
}

const SECRET: &str = "a secret for tests, which is at least 32 bytes long";

#[tokio::test]
async fn a_token_follows_the_clock_and_is_good_again_when_the_clock_is() {
    let (mut server, surroundings) = super::prepare("[access]\njwt = { algorithm = \"HS256\", secret_file = \"secret\" }\n");
    std::fs::write(server.folder().join("secret"), SECRET).expect("the secret");
    server.launch();
    let open = server.http.clone();
    eventually("the server to answer", async || open.get("/healthz").await.ok().filter(|answer| answer.status == 200)).await;
    let at = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let token = |minutes: u64| {
        let claims = json!({"sub": "ann", "scope": "jobs:read jobs:submit", "iat": at, "exp": at + minutes * 60});
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
    };
    let (short, long) = (open.with_token(&token(30)), open.with_token(&token(120)));
    let me = async |http: &crate::harness::http::Http| http.get("/api/v1/me").await.expect("an answer");
    for ahead in [0, HOUR, 0, -HOUR, 0] {
        surroundings.set_clock(ahead);
        assert_eq!(me(&long).await.status, 200, "{ahead} s ahead");
        let answer = me(&short).await;
        match ahead > 0 {
            true => assert_eq!((answer.status, &answer.body["code"]), (401, &json!("token_expired")), "{:#}", answer.body),
            false => assert_eq!(answer.status, 200, "{ahead} s ahead: {:#}", answer.body),
        }
    }
}
