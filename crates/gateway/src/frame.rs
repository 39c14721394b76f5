//! Frames as they wait in an outbox, and how those with a job's summary are put together without reading it.
//!
//! A frame is kept as the WebSocket edge sends it: an unmasked text message of RFC 6455, section 5.2. What goes to many sockets is so
//! encoded once, and the other edges leave the header out.

use std::io::Write as _;

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
    message: Bytes,
    place: u64,
    pub(crate) class: Class,
    /// Bytes of the message before the JSON.
    header: u8,
}

/// The longest header of an unmasked message.
const HEADER_ROOM: usize = 10;
/// Final fragment, text.
const TEXT: u8 = 0x81;

/// An empty frame with room for a header and this much JSON.
fn begun(json_bytes: usize) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(HEADER_ROOM + json_bytes);
    buffer.resize(HEADER_ROOM, 0);
    buffer
}

impl Frame {
    fn new(kind: &'static str, json: &str, place: u64, class: Class) -> Frame {
        let mut buffer = begun(json.len());
        buffer.extend_from_slice(json.as_bytes());
        Frame::sealed(kind, buffer, place, class)
    }

    /// Puts the header in front of the JSON of a begun frame.
    fn sealed(kind: &'static str, mut buffer: Vec<u8>, place: u64, class: Class) -> Frame {
        let length = buffer.len() - HEADER_ROOM;
        let header = match length {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => HEADER_ROOM,
        };
        let from = HEADER_ROOM - header;
        buffer[from] = TEXT;
        match header {
            2 => buffer[from + 1] = length as u8,
            4 => {
                buffer[from + 1] = 126;
                buffer[from + 2..HEADER_ROOM].copy_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                buffer[from + 1] = 127;
                buffer[from + 2..HEADER_ROOM].copy_from_slice(&(length as u64).to_be_bytes());
            }
        }
        Frame { kind, message: Bytes::from(buffer).slice(from..), place, class, header: header as u8 }
    }

    /// The whole frame.
    pub fn json(&self) -> &[u8] {
        &self.message[usize::from(self.header)..]
    }

    /// The frame as one unmasked text message of a WebSocket.
    pub fn message(&self) -> &Bytes {
        &self.message
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
        Frame::new(kind_of(frame), &frame.to_json(), NO_PLACE, class)
    }

    pub(crate) fn at(frame: &ServerFrame, place: u64, class: Class) -> Frame {
        Frame::new(kind_of(frame), &frame.to_json(), place, class)
    }

    /// The `live` of a topic that has no place in the log.
    pub(crate) fn live_beside_log(id: u32, resumed: bool) -> Frame {
        Frame::of(&ServerFrame::Live { id, position: None, resumed, reason: None, truncated: false }, Class::Control)
    }

    pub(crate) fn error(code: &str, message: impl Into<String>, id: Option<u32>) -> Frame {
        Frame::of(&ServerFrame::Error { code: code.into(), message: message.into(), id }, Class::Control)
    }

    pub(crate) fn update(epoch: &Text, event: &LoggedEvent, subs: &[u32], class: Class) -> Frame {
        let mut buffer = begun(event.summary.len() + 96);
        let _ = write!(buffer, "{{\"type\":\"update\",\"position\":\"{epoch}-{}\",\"subs\":", event.place);
        put_subs(&mut buffer, subs);
        let _ = write!(buffer, ",\"kind\":\"{}\",\"job\":", event.kind.as_str());
        buffer.extend_from_slice(&event.summary);
        buffer.push(b'}');
        Frame::sealed("update", buffer, event.place, class)
    }

    pub(crate) fn left(epoch: &Text, event: &LoggedEvent, subs: &[u32], class: Class) -> Frame {
        let mut buffer = begun(128);
        let _ = write!(buffer, "{{\"type\":\"left\",\"position\":\"{epoch}-{}\",\"subs\":", event.place);
        put_subs(&mut buffer, subs);
        let _ = write!(buffer, ",\"id\":\"{}\",\"rev\":{}", event.job, event.rev);
        buffer.extend_from_slice(if event.kind == EventKind::Deleted { b",\"kind\":\"deleted\"}" } else { b"}" });
        Frame::sealed("left", buffer, event.place, class)
    }

    /// `body` is what [`progress_body`] made.
    pub(crate) fn progress(body: &Bytes, subs: &[u32]) -> Frame {
        let mut buffer = begun(body.len() + 40);
        buffer.extend_from_slice(b"{\"type\":\"progress\",\"subs\":");
        put_subs(&mut buffer, subs);
        buffer.extend_from_slice(body);
        Frame::sealed("progress", buffer, NO_PLACE, Class::Live)
    }

    /// `jobs` is a JSON array.
    pub(crate) fn snapshot(id: u32, jobs: &Bytes, is_last: bool) -> Frame {
        let mut buffer = begun(jobs.len() + 64);
        let _ = write!(buffer, "{{\"type\":\"snapshot\",\"id\":{id},\"jobs\":");
        buffer.extend_from_slice(jobs);
        buffer.extend_from_slice(if is_last { b",\"more\":false}" } else { b",\"more\":true}" });
        Frame::sealed("snapshot", buffer, NO_PLACE, Class::Pulled)
    }
}

/// The part of a progress frame that is the same for all who get it.
pub(crate) fn progress_body(job: domain::JobId, rev: u64, tick: u64, progress: &domain::job::Progress) -> Bytes {
    let progress = wire::convert::to_json(&wire::convert::progress_out(progress, tick));
    Bytes::from(format!(",\"id\":\"{job}\",\"rev\":{rev},\"tick\":{tick},\"progress\":{progress}}}"))
}

fn put_subs(buffer: &mut Vec<u8>, subs: &[u32]) {
    buffer.push(b'[');
    for (i, sub) in subs.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(buffer, "{comma}{sub}");
    }
    buffer.push(b']');
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
