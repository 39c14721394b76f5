//! A disk that is full while others publish: what came in waits, and is put down when there is room again.

use rustix::io::Errno;
use serde_json::json;

use super::{logged, start};
use crate::dialects::redis_channel::{completed, config, said, until_called, until_source};
use crate::harness::eventually;
use crate::harness::http::Http;
use crate::harness::redis::Redis;

/// A count of messages, as `/metrics` has it.
async fn counted(http: &Http, what: &str) -> u64 {
    let metrics = http.get("/metrics").await.expect("an answer").expect(200);
    let name = format!("tidings_source_{what}_total{{source=\"task_status\"}} ");
    let line = metrics.as_str().and_then(|text| text.lines().find_map(|line| line.strip_prefix(&name)));
    line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{name} in {metrics}"))
}

#[tokio::test]
async fn what_is_published_while_the_disk_is_full_is_put_down_afterwards() {
    const WORDS: [&str; 4] = ["running", "disabled", "running", "completed"];
    let redis = Redis::start().await;
    let (server, surroundings) = start(&config(&redis, "")).await;
    let mut channel = redis.subscribe().await;
    redis.until_heard_by(2).await;
    let mut app = redis.publisher().await;
    app.publish(said("before", "running", 1)).await;
    until_called(&server.http, "before", "running").await;

    surroundings.refuse_writes(Some(Errno::NOSPC));
    for (number, word) in WORDS.into_iter().enumerate() {
        for task in 0..50 {
            app.publish(said(format!("t{task}"), word, number as u32)).await;
        }
    }
    app.publish(said("before", "completed", 2)).await;
    let all = 50 * WORDS.len() as u64 + 2;
    // The server is not ready now, and its readiness says nothing else.
    eventually("all to come in", async || (counted(&server.http, "received").await == all).then_some(())).await;
    logged(&server, "make room").await;
    assert_eq!((counted(&server.http, "taken").await, counted(&server.http, "refused").await), (1, 0));

    surroundings.refuse_writes(None);
    eventually("the server to be ready", async || server.http.get("/readyz").await.ok().filter(|ready| ready.status == 200)).await;
    let source = until_source(&server.http, "all to be put down", |source| source["taken"] == all).await;
    assert_eq!((&source["refused"], &source["dropped"]), (&json!(0), &json!(0)), "{source:#}");
    for task in ["before".to_owned(), "t0".to_owned(), "t49".to_owned()] {
        let job = until_called(&server.http, &task, "completed").await;
        assert_eq!((&job["attempt"], &job["settlement"]), (&json!(1), &json!(1)), "{job:#}");
    }
    completed(&server.http, json!({"externalId": "after"}), json!(null)).await;
    channel.until(|message| message["task_id"] == "after" && message["status"] == "completed").await;
}
