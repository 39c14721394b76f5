//! An event stream as an `EventSource` reads it (HTML standard, section 9.2).

use reqwest::Response;
use serde_json::Value;

use crate::harness::PATIENCE;

#[derive(Debug, Clone)]
pub struct Event {
    pub id: Option<String>,
    pub data: Value,
}

pub struct EventStream {
    answer: Response,
    text: String,
    /// What an `EventSource` would send with its next request.
    pub last_id: Option<String>,
    /// Comments that were seen.
    pub comments: usize,
    /// Milliseconds, as it was told last.
    pub retry: Option<u64>,
}

impl EventStream {
    pub fn new(answer: Response) -> EventStream {
        let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        assert_eq!((answer.status().as_u16(), kind), (200, Some("text/event-stream")));
        EventStream { answer, text: String::new(), last_id: None, comments: 0, retry: None }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                if let Some(event) = self.read(&block) {
                    return Some(event);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("an event, or the end");
            match chunk {
                Ok(Some(bytes)) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                _ => return None,
            }
        }
    }

    fn read(&mut self, block: &str) -> Option<Event> {
        let (mut id, mut data) = (None, String::new());
        for line in block.lines().filter(|line| !line.is_empty()) {
            match line.split_once(':').map(|(name, value)| (name, value.strip_prefix(' ').unwrap_or(value))) {
                Some(("id", value)) => id = Some(value.to_owned()),
                Some(("data", value)) => data.push_str(value),
                Some(("retry", value)) => self.retry = value.parse().ok(),
                Some(("", _)) => self.comments += 1,
                _ => panic!("what is {line:?}? An unnamed event has nothing else"),
            }
        }
        if id.is_some() {
            self.last_id.clone_from(&id);
        }
        (!data.is_empty()).then(|| Event { id, data: serde_json::from_str(&data).expect("JSON") })
    }

    /// The next event that is wanted; the others are given up.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Event {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            if wanted(&event.data) {
                return event;
            }
            seen.push(event.data);
        }
        panic!("the stream ended before {what}; it told {seen:#?}")
    }

    /// All events up to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event.data);
        }
        events
    }
}
