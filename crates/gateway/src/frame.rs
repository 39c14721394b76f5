//! Frames as they wait in an outbox, and how those with a job's summary are put together without reading it.

use std::fmt::Write as _;

use bytes::Bytes;
use domain::Text;
use domain::event::EventKind;
use wire::LoggedEvent;
use wire::frame::ServerFrame;

const NO_PLACE: u64 = u64::MAX;

/// What may happen to a waiting frame when the outbox overflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Answers and notices of the connection itself. Stay to the end, even when it is closed.
    Control,
    /// What a subscription was read: pages, catch-ups, `live`, output. Stays while the connection is open.
    Pulled,
    /// Events as they happened, and heartbeats. Can be read again from the log.
    Live,
}

/// One frame for the client: the JSON is the same on every edge.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The frame's `type`.
    pub kind: &'static str,
    /// The whole frame.
    pub json: Bytes,
    place: u64,
    pub(crate) class: Class,
}

impl Frame {
    fn new(kind: &'static str, json: String, place: u64, class: Class) -> Frame {
        Frame { kind, json: Bytes::from(json), place, class }
    }

    /// The place of the log that a client holds with this frame, for all that it follows. [`crate::Hub::position`] makes it a text.
    /// `None`: it tells none, or on a stream of several topics some are still being joined.
    pub fn place(&self) -> Option<u64> {
        (self.place != NO_PLACE).then_some(self.place)
    }

    /// Takes the place away from [`Frame::place`]; the JSON keeps it.
    pub(crate) fn forget_place(&mut self) {
        self.place = NO_PLACE;
    }

    pub(crate) fn of(frame: &ServerFrame, class: Class) -> Frame {
        Frame::new(kind_of(frame), frame.to_json(), NO_PLACE, class)
    }

    pub(crate) fn at(frame: &ServerFrame, place: u64, class: Class) -> Frame {
        Frame::new(kind_of(frame), frame.to_json(), place, class)
    }

    /// The `live` of a topic that has no place in the log.
    pub(crate) fn live_beside_log(id: u32, resumed: bool) -> Frame {
        Frame::of(&ServerFrame::Live { id, position: None, resumed, reason: None, truncated: false }, Class::Control)
    }

    pub(crate) fn error(code: &str, message: impl Into<String>, id: Option<u32>) -> Frame {
        Frame::of(&ServerFrame::Error { code: code.into(), message: message.into(), id }, Class::Control)
    }

    pub(crate) fn update(epoch: &Text, event: &LoggedEvent, subs: &[u32], class: Class) -> Frame {
        let mut json = String::with_capacity(event.summary.len() + 96);
        let _ = write!(json, "{{\"type\":\"update\",\"position\":\"{epoch}-{}\",\"subs\":", event.place);
        put_subs(&mut json, subs);
        let _ = write!(json, ",\"kind\":\"{}\",\"job\":", event.kind.as_str());
        let mut json = json.into_bytes();
        json.extend_from_slice(&event.summary);
        json.push(b'}');
        Frame { kind: "update", json: Bytes::from(json), place: event.place, class }
    }

    pub(crate) fn left(epoch: &Text, event: &LoggedEvent, subs: &[u32], class: Class) -> Frame {
        let mut json = format!("{{\"type\":\"left\",\"position\":\"{epoch}-{}\",\"subs\":", event.place);
        put_subs(&mut json, subs);
        let _ = write!(json, ",\"id\":\"{}\",\"rev\":{}", event.job, event.rev);
        json.push_str(if event.kind == EventKind::Deleted { ",\"kind\":\"deleted\"}" } else { "}" });
        Frame::new("left", json, event.place, class)
    }

    /// `body` is what [`progress_body`] made.
    pub(crate) fn progress(body: &Bytes, subs: &[u32]) -> Frame {
        let mut json = String::with_capacity(body.len() + 40);
        json.push_str("{\"type\":\"progress\",\"subs\":");
        put_subs(&mut json, subs);
        let mut json = json.into_bytes();
        json.extend_from_slice(body);
        Frame { kind: "progress", json: Bytes::from(json), place: NO_PLACE, class: Class::Live }
    }

    /// `jobs` is a JSON array.
    pub(crate) fn snapshot(id: u32, jobs: &Bytes, is_last: bool) -> Frame {
        let mut json = Vec::with_capacity(jobs.len() + 64);
        json.extend_from_slice(format!("{{\"type\":\"snapshot\",\"id\":{id},\"jobs\":").as_bytes());
        json.extend_from_slice(jobs);
        json.extend_from_slice(if is_last { b",\"more\":false}" } else { b",\"more\":true}" });
        Frame { kind: "snapshot", json: Bytes::from(json), place: NO_PLACE, class: Class::Pulled }
    }
}

/// The part of a progress frame that is the same for all who get it.
pub(crate) fn progress_body(job: domain::JobId, rev: u64, tick: u64, progress: &domain::job::Progress) -> Bytes {
    let progress = wire::convert::to_json(&wire::convert::progress_out(progress, tick));
    Bytes::from(format!(",\"id\":\"{job}\",\"rev\":{rev},\"tick\":{tick},\"progress\":{progress}}}"))
}

fn put_subs(json: &mut String, subs: &[u32]) {
    json.push('[');
    for (i, sub) in subs.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(json, "{comma}{sub}");
    }
    json.push(']');
}

fn kind_of(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Hello { .. } => "hello",
        ServerFrame::Authenticated { .. } => "authenticated",
        ServerFrame::Snapshot { .. } => "snapshot",
        ServerFrame::Live { .. } => "live",
        ServerFrame::Update { .. } => "update",
        ServerFrame::Left { .. } => "left",
        ServerFrame::Progress { .. } => "progress",
        ServerFrame::Output { .. } => "output",
        ServerFrame::Stats { .. } => "stats",
        ServerFrame::Tasks { .. } => "tasks",
        ServerFrame::Heartbeat { .. } => "heartbeat",
        ServerFrame::GoingAway { .. } => "goingAway",
        ServerFrame::Error { .. } => "error",
        ServerFrame::Unsubscribed { .. } => "unsubscribed",
        ServerFrame::Pong => "pong",
    }
}
