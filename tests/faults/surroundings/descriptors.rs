//! Too few file descriptors: what runs goes on, who is connected is served, who comes waits, and the log says why.

use std::net::TcpStream;

use serde_json::json;

use super::{beat, claimed, logged, running, tracked, word};
use crate::harness::http::Http;
use crate::harness::server::{Around, Server};
use crate::harness::{eventually, watch};

const CONFIG: &str = r#"
[limits]
concurrency = 4

[tasks.sleep]
command = ["sleep", "600"]
env = ["PATH"]

[tasks.quick]
command = ["true"]
env = ["PATH"]

[tasks.render]
mode = "worker"
"#;

/// Processor time of a process so far, in clock ticks.
fn ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields: Vec<&str> = stat.rsplit_once(") ").expect("a name").1.split(' ').collect();
    fields[11].parse::<u64>().expect("user time") + fields[12].parse::<u64>().expect("system time")
}

fn descriptors(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_flood_of_sockets_leaves_room_for_jobs_and_for_those_who_are_connected() {
    let mut server = Server::prepare(CONFIG, &[]);
    let through = ["sh", "-c", "ulimit -n 96; exec \"$0\" \"$@\""].map(str::to_owned).to_vec();
    server.set_around(Around { through, ..Around::default() });
    server.start_again().await;
    let (id, mut watchers) = running(&server, "sleep").await;
    let (reporter, worker) = (tracked(&server, 60_000).await, claimed(&server, "render").await);

    let address = server.url().replacen("http://", "", 1);
    let flood: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(&address).expect("the backlog takes it")).collect();
    logged(&server, "file descriptors").await;
    let full = descriptors(server.pid());
    assert!(full < 96, "some are left for children and the store: {full}");

    // The connections that were open are served, and children can be started.
    let before = ticks(server.pid());
    let http = &server.http;
    for _ in 0..5 {
        let quick = word(&http.submit(json!({"task": "quick"})).await["id"]);
        http.until_status(&quick, "completed").await;
    }
    assert_eq!((beat(&server, &reporter).await, beat(&server, &worker).await), (200, 200));
    assert_eq!(http.job(&id).await["status"], "running");
    // Nobody is let in meanwhile, and waiting for room costs next to nothing.
    let stranger = Http::new(server.url());
    let waiting = tokio::spawn(async move { stranger.get("/readyz").await });
    let began = tokio::time::Instant::now();
    eventually("two seconds to pass", async || (began.elapsed().as_secs() >= 2).then_some(())).await;
    let used = ticks(server.pid()) - before;
    assert!(used < 150, "{used} ticks in two seconds and five jobs: it spins");
    assert!(!waiting.is_finished());

    drop(flood);
    assert_eq!(waiting.await.expect("no panic").expect("an answer").status, 200, "who waited is let in");
    logged(&server, "new connections are accepted again").await;
    eventually("the sockets to be given back", async || (descriptors(server.pid()) < full - 10).then_some(())).await;
    http.verb(&id, "kill").await.expect(202);
    watch::until_all(&mut watchers, "the end", watch::Seen::has_ended).await;
    let complaints = server.log().lines().filter(|line| line.contains("file descriptors")).count();
    assert!(complaints <= 10, "said {complaints} times");
}
