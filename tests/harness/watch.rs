//! Watchers of one job over each live edge, all held to the same rule: `rev` grows by one, and nothing is seen twice.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use super::PATIENCE;
use super::http::Http;

/// What a watcher saw of a job: one line an event, and where it was then.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub revs: Vec<u64>,
    pub statuses: Vec<String>,
    pub kinds: Vec<String>,
    pub position: String,
    pub progress_frames: usize,
    pub last: Value,
}

impl Seen {
    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap_or_default() {
            "snapshot" => frame["jobs"].as_array().into_iter().flatten().for_each(|job| self.job(job, "snapshot")),
            "update" => {
                self.job(&frame["job"], frame["kind"].as_str().unwrap_or_default());
                self.at(frame);
            }
            "live" | "heartbeat" => self.at(frame),
            "progress" => {
                // A client applies it on exactly its revision; one that was not sent yet it must never be given.
                assert!(frame["rev"].as_u64() <= self.revs.last().copied(), "progress of a revision to come: {frame}");
                self.progress_frames += 1;
            }
            _ => {}
        }
    }

    fn at(&mut self, frame: &Value) {
        if let Some(position) = frame["position"].as_str() {
            self.position = position.to_owned();
        }
    }

    fn job(&mut self, job: &Value, kind: &str) {
        let rev = job["rev"].as_u64().unwrap_or_default();
        if let Some(last) = self.revs.last() {
            assert_eq!(rev, last + 1, "revisions {:?} and then {rev}", self.revs);
        }
        self.revs.push(rev);
        self.kinds.push(kind.to_owned());
        self.statuses.push(job["status"].as_str().unwrap_or_default().to_owned());
        self.last = job.clone();
    }

    pub fn has_ended(&self) -> bool {
        let ends = ["completed", "failed", "aborted", "timed_out", "lost"];
        self.statuses.last().is_some_and(|status| ends.contains(&status.as_str()))
    }
}

pub struct Watcher {
    updates: mpsc::UnboundedReceiver<Seen>,
    seen: Seen,
    task: JoinHandle<()>,
    edge: &'static str,
}

impl Watcher {
    /// Waits until what was seen is as wanted.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Seen {
        while !wanted(&self.seen) {
            match tokio::time::timeout(PATIENCE, self.updates.recv()).await {
                Ok(Some(seen)) => self.seen = seen,
                Ok(None) => panic!("{}: the watcher ended before {what}; it saw {:?}", self.edge, self.seen),
                Err(_) => panic!("{}: waited {PATIENCE:?} for {what}; it saw {:?}", self.edge, self.seen),
            }
        }
        self.seen.clone()
    }

    /// What it saw up to the end of the connection.
    pub async fn disconnect(mut self) -> Seen {
        self.task.abort();
        let _ = (&mut self.task).await;
        while let Ok(seen) = self.updates.try_recv() {
            self.seen = seen;
        }
        self.seen
    }
}

/// Watches over a WebSocket; goes on from `from` if that is given.
pub fn socket(http: &Http, topic: Value, from: Option<Seen>) -> Watcher {
    let url = format!("{}/api/v1/live", http.url().replacen("http", "ws", 1));
    watcher("websocket", from, async move |mut seen, tell| {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
        let mut subscribe = json!({"type": "subscribe", "id": 1, "topic": topic});
        if !seen.position.is_empty() {
            subscribe["after"] = json!(seen.position);
        }
        for frame in [json!({"type": "auth"}), subscribe] {
            socket.send(Message::text(frame.to_string())).await.expect("the socket takes it");
        }
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                assert_ne!(frame["type"], "error", "{frame}");
                if frame["type"] == "live" && !seen.position.is_empty() {
                    assert_eq!(frame["resumed"], true, "{frame}");
                }
                seen.take(&frame);
                let _ = tell.send(seen.clone());
            }
        }
    })
}

/// Watches over Server-Sent Events.
pub fn events(http: &Http, topic: Value, from: Option<Seen>) -> Watcher {
    let url = format!("{}/api/v1/live/events", http.url());
    watcher("sse", from, async move |mut seen, tell| {
        let mut request = reqwest::Client::new().get(url).query(&[("topic", topic.to_string())]);
        if !seen.position.is_empty() {
            request = request.header("last-event-id", &seen.position);
        }
        let mut answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
        let mut text = String::new();
        while let Ok(Some(bytes)) = answer.chunk().await {
            text.push_str(&String::from_utf8_lossy(&bytes));
            while let Some(end) = text.find("\n\n") {
                let event: String = text.drain(..end + 2).collect();
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
                if data.is_empty() {
                    continue;
                }
                let frame: Value = serde_json::from_str(&data).expect("JSON");
                assert_ne!(frame["type"], "error", "{frame}");
                seen.take(&frame);
                let _ = tell.send(seen.clone());
            }
        }
    })
}

/// Watches by long poll.
pub fn polls(http: &Http, topic: Value, from: Option<Seen>) -> Watcher {
    let url = format!("{}/api/v1/live/poll", http.url());
    watcher("poll", from, async move |mut seen, tell| {
        let client = reqwest::Client::new();
        loop {
            let mut query = vec![("topic", topic.to_string()), ("wait", "20".to_owned())];
            if !seen.position.is_empty() {
                query.push(("after", seen.position.clone()));
            }
            let Ok(answer) = client.get(&url).query(&query).send().await else { return };
            assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
            let Ok(text) = answer.text().await else { return };
            let body: Value = serde_json::from_str(&text).expect("JSON");
            if !seen.revs.is_empty() {
                assert_eq!(body["reset"], false, "{body}");
            }
            body["frames"].as_array().into_iter().flatten().for_each(|frame| seen.take(frame));
            seen.at(&body);
            let _ = tell.send(seen.clone());
        }
    })
}

fn watcher<W, F>(edge: &'static str, from: Option<Seen>, watch: W) -> Watcher
where
    W: FnOnce(Seen, mpsc::UnboundedSender<Seen>) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (tell, updates) = mpsc::unbounded_channel();
    let seen = from.unwrap_or_default();
    let task = tokio::spawn(watch(seen.clone(), tell));
    Watcher { updates, seen, task, edge }
}

/// Watches over all three edges at once; each goes on from what it saw, if that is given.
pub fn all_edges(http: &Http, topic: &Value, from: Vec<Seen>) -> Vec<Watcher> {
    let mut from = from.into_iter();
    vec![
        socket(http, topic.clone(), from.next()),
        events(http, topic.clone(), from.next()),
        polls(http, topic.clone(), from.next()),
    ]
}

/// Waits until every watcher saw what is wanted.
pub async fn until_all(watchers: &mut [Watcher], what: &str, wanted: impl Fn(&Seen) -> bool) {
    for watcher in watchers {
        watcher.until(what, &wanted).await;
    }
}

/// What each saw up to the end of its connection.
pub async fn disconnect_all(watchers: Vec<Watcher>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for watcher in watchers {
        seen.push(watcher.disconnect().await);
    }
    seen
}
