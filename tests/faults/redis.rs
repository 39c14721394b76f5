//! A Redis that is not there, dies, stands still or is slow to come back, and a server that dies between its commit and its word on the channel.

use std::collections::BTreeMap;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::dialects::redis_channel::{completed, config, job_called, on_the_channel, said, source, until_called, until_source};
use crate::harness::eventually;
use crate::harness::redis::{Redis, Subscriber};
use crate::harness::server::Server;

/// Tasks and statuses of the next messages, until one completes the last of these.
async fn told(channel: &mut Subscriber, last: &str) -> Vec<(String, String)> {
    let seen = channel.until(|message| message["task_id"] == last && message["status"] == "completed").await;
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    seen.iter().map(|message| (word(&message["task_id"]), word(&message["status"]))).collect()
}

/// Makes and completes jobs of these names, and answers what is to be told of them.
async fn work(server: &Server, names: &[&str]) -> Vec<(String, String)> {
    let mut expected = Vec::new();
    for name in names {
        completed(&server.http, json!({"externalId": name}), json!(null)).await;
        expected.extend(["running", "completed"].map(|status| ((*name).to_owned(), status.to_owned())));
    }
    expected
}

fn count(log: &str, words: &str) -> usize {
    log.lines().filter(|line| line.contains(words)).count()
}

const AWAY: &str = "Redis is away";
const CONNECTED: &str = "the channel is heard and published to";

#[tokio::test]
async fn a_redis_that_comes_later_is_told_what_went_by() {
    let mut redis = Redis::prepare(None);
    let server = on_the_channel(&redis, "").await;
    let away = until_source(&server.http, "the first try", |source| source["problem"].is_string()).await;
    assert_eq!(away["connected"], false, "{away:#}");
    let expected = work(&server, &["a", "b", "c"]).await;
    redis.start_shut().await;
    let mut channel = redis.subscribe().await;
    until_source(&server.http, "a try at the door", |source| source["problem"].to_string().contains("NOAUTH")).await;
    redis.let_in().await;
    assert_eq!(told(&mut channel, "c").await, expected);
    redis.until_heard_by(2).await;
    redis.publisher().await.publish(said("x", "completed", 1)).await;
    until_called(&server.http, "x", "completed").await;
    let log = server.log();
    assert_eq!((count(&log, AWAY), count(&log, CONNECTED)), (1, 1), "said once each: {log}");
}

#[tokio::test]
async fn what_is_committed_while_redis_is_dead_is_told_in_order_when_it_is_back() {
    let mut redis = Redis::start().await;
    let server = on_the_channel(&redis, "").await;
    redis.until_heard_by(1).await;
    for round in 0..3 {
        redis.kill();
        let names = ["a", "b", "c", "d"].map(|name| format!("{name}{round}"));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let expected = work(&server, &names).await;
        until_source(&server.http, "the loss to be noticed", |source| source["connected"] == false).await;
        redis.start_shut().await;
        let mut channel = redis.subscribe().await;
        redis.let_in().await;
        let told = told(&mut channel, names[3]).await;
        // What was on its way when Redis died may be told again; it is in order all the same.
        assert!(told.ends_with(&expected), "{told:#?}\nand not\n{expected:#?}");
        redis.until_heard_by(2).await;
        redis.publisher().await.publish(said(format!("x{round}"), "running", 1)).await;
        until_called(&server.http, &format!("x{round}"), "running").await;
    }
    let log = server.log();
    assert_eq!((count(&log, AWAY), count(&log, CONNECTED)), (3, 4), "said once each: {log}");
}

#[tokio::test]
async fn a_server_that_is_killed_before_it_told_tells_after_its_restart() {
    let mut redis = Redis::start().await;
    let mut server = on_the_channel(&redis, "").await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    let before = work(&server, &["before"]).await;
    assert_eq!(told(&mut channel, "before").await, before);
    // It cannot tell of these: Redis stands still. Then it is killed.
    redis.signal(Signal::STOP);
    let expected = work(&server, &["a", "b"]).await;
    server.kill();
    redis.kill();
    redis.start_shut().await;
    let mut channel = redis.subscribe().await;
    redis.let_in().await;
    server.start_again().await;
    let told = told(&mut channel, "b").await;
    assert!(told.ends_with(&expected), "{told:#?}\nand not\n{expected:#?}");
    // The same once more, but ended in order: nothing is told twice, and the last words are out before the end.
    let expected = work(&server, &["c"]).await;
    assert!(server.stop().success());
    assert_eq!(self::told(&mut channel, "c").await, expected);
    server.start_again().await;
    let expected = work(&server, &["d"]).await;
    assert_eq!(self::told(&mut channel, "d").await, expected, "it goes on where it stopped");
}

#[tokio::test]
async fn a_redis_that_stands_still_is_noticed() {
    let redis = Redis::start().await;
    let mut server = on_the_channel(&redis, "").await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    redis.signal(Signal::STOP);
    let away = until_source(&server.http, "the silence to be noticed", |source| source["connected"] == false).await;
    assert!(away["problem"].as_str().is_some_and(|problem| problem.contains("did not answer within")), "{away:#}");
    let expected = work(&server, &["a"]).await;
    redis.signal(Signal::CONT);
    assert_eq!(told(&mut channel, "a").await, expected);
    until_source(&server.http, "the connection", |source| source["connected"] == true).await;

    // Nor does it keep a server from ending; what could not be told is told later.
    redis.signal(Signal::STOP);
    let expected = work(&server, &["b"]).await;
    let began = std::time::Instant::now();
    assert!(server.stop().success());
    assert!(began.elapsed().as_secs() < 15, "it ended within {:?}", began.elapsed());
    redis.signal(Signal::CONT);
    server.start_again().await;
    let told = told(&mut channel, "b").await;
    assert!(told.ends_with(&expected), "{told:#?}\nand not\n{expected:#?}");
}

#[tokio::test]
async fn a_burst_leaves_every_task_at_its_last_word() {
    const TASKS: usize = 1_000;
    const WORDS: [&str; 5] = ["pending", "running", "running", "disabled", "completed"];
    let redis = Redis::start().await;
    let server = on_the_channel(&redis, "").await;
    redis.until_heard_by(1).await;
    let mut app = redis.publisher().await;
    let word = |task: usize, number: usize| {
        let mut message = said(format!("t{task}"), WORDS[number], number as u32);
        message["output"] = json!(format!("{number} of {task}"));
        message.to_string()
    };
    let words: Vec<String> = (0..WORDS.len())
        .flat_map(|number| (0..TASKS).map(move |task| (task, number)))
        .map(|(task, number)| word(task, number))
        .collect();
    let began = std::time::Instant::now();
    for part in words.chunks(500) {
        app.publish_all(part).await;
    }
    let all = words.len();
    let source = until_source(&server.http, "all to be taken", |source| source["taken"] == all).await;
    let took = began.elapsed();
    println!("{all} messages were taken within {took:?}: {:.0} a second", all as f64 / took.as_secs_f64());
    assert_eq!((&source["refused"], &source["dropped"], &source["passedOver"]), (&json!(0), &json!(0), &json!(0)), "{source:#}");
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = server.http.get(&format!("/api/v1/jobs?limit=200{cursor}")).await.expect("an answer").expect(200);
        for job in page["jobs"].as_array().expect("jobs") {
            found.insert(job["externalId"].to_string(), (job["status"].clone(), job["settlement"].clone(), job["attempt"].clone()));
        }
        match page["cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found.len(), TASKS);
    assert!(found.values().all(|job| *job == (json!("completed"), json!(1), json!(1))), "{found:#?}");
    for task in [0, TASKS / 2, TASKS - 1] {
        assert_eq!(job_called(&server.http, &format!("t{task}")).await["result"], format!("4 of {task}"));
    }
}

/// Answers when the server judges leases, and with them silence: half a minute after its start, once one of its own has run out.
async fn until_silence_is_judged(server: &Server) {
    let job = server.http.submit(json!({"task": "report", "mode": "tracked", "leaseMs": 1_000})).await;
    server.http.until_status(job["id"].as_str().expect("an id"), "lost").await;
}

#[tokio::test]
async fn silence_does_not_count_while_redis_is_away() {
    let mut redis = Redis::start().await;
    let server = Server::start(&config(&redis, "stale_after = \"2s\"\nlost_after = \"5s\"\n")).await;
    redis.until_heard_by(1).await;
    redis.publisher().await.publish(said("x", "running", 1)).await;
    let heard = until_called(&server.http, "x", "running").await;
    redis.kill();
    until_source(&server.http, "the loss to be noticed", |source| source["connected"] == false).await;
    for _ in 0..2 {
        until_silence_is_judged(&server).await;
        let job = job_called(&server.http, "x").await;
        assert_eq!((&job["status"], &job["reason"], &job["rev"]), (&json!("running"), &json!(null), &heard["rev"]), "{job:#}");
    }
    redis.start_shut().await;
    let mut channel = redis.subscribe().await;
    redis.let_in().await;
    let stale =
        eventually("it to be stale", async || Some(job_called(&server.http, "x").await).filter(|job| job["reason"] == "stale"))
            .await;
    assert_eq!(stale["status"], "running", "{stale:#}");
    let lost = until_called(&server.http, "x", "lost").await;
    assert_eq!((&lost["reason"], &lost["error"]["kind"]), (&json!("source_silent"), &json!("source_silent")), "{lost:#}");
    // A late word brings it back; and what was only presumed was never told as the work's own word.
    redis.publisher().await.publish(said("x", "completed", 2)).await;
    let back = until_called(&server.http, "x", "completed").await;
    assert_eq!(back["settlement"], 1, "{back:#}");
    let expected = work(&server, &["last"]).await;
    let told = told(&mut channel, "last").await;
    let of_x: Vec<&(String, String)> = told.iter().filter(|(task, _)| task == "x").collect();
    assert_eq!(of_x, [&("x".to_owned(), "completed".to_owned())], "{told:#?}");
    assert!(told.ends_with(&expected), "{told:#?}");
    assert_eq!(source(&server.http).await["connected"], true);
}
