//! WebSocket watchers as bare sockets (RFC 6455): a thousand of them in one thread, some with a receive buffer so small and an owner so
//! idle that the server cannot get rid of what it has for them. Each holds what it is sent to the log's order: one event after the
//! other, none twice, none left out.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::net::{AddressFamily, SocketType, sockopt};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::harness::PATIENCE;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// One event as it reached one watcher.
#[derive(Clone, Copy)]
pub struct Arrival {
    pub watcher: usize,
    pub place: u64,
    pub at: Instant,
}

pub struct RawWatcher {
    stream: TcpStream,
    rest: Vec<u8>,
    /// Place in the log of the newest event that it holds; what comes must be the next.
    pub place: u64,
    pub position: String,
    /// How it was joined: none until it is live.
    pub resumed: Option<bool>,
    /// The code with which the server closed it; 0 when it hung up without one.
    pub closed: Option<u16>,
}

impl RawWatcher {
    /// Connects and waits until it is live. `receive`: bytes of its receive buffer, none for the system's choice.
    pub fn open(address: SocketAddr, topic: &Value, after: Option<&str>, receive: Option<usize>) -> RawWatcher {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        if let Some(bytes) = receive {
            sockopt::set_socket_recv_buffer_size(&socket, bytes).expect("its buffer is made small");
        }
        rustix::net::connect(&socket, &address).expect("a connection");
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true).expect("a socket option");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket option");
        let mut watcher = RawWatcher { stream, rest: Vec::new(), place: 0, position: String::new(), resumed: None, closed: None };
        watcher.shake_hands(address);
        let mut subscribe = json!({"type": "subscribe", "id": 1, "topic": topic});
        if let Some(after) = after {
            subscribe["after"] = json!(after);
            watcher.at(after.to_owned());
        }
        for frame in [json!({"type": "auth"}), subscribe] {
            watcher.say(&frame.to_string());
        }
        while watcher.resumed.is_none() {
            watcher.read(&mut |_| {});
            assert_eq!(watcher.closed, None, "closed before it was live");
        }
        watcher.stream.set_nonblocking(true).expect("a socket option");
        watcher
    }

    fn shake_hands(&mut self, address: SocketAddr) {
        let request = format!(
            "GET /api/v1/live HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).expect("it takes the request");
        let mut bytes = [0; 4096];
        let end = loop {
            let read = self.stream.read(&mut bytes).expect("an answer");
            assert!(read > 0, "hung up before the WebSocket was open");
            self.rest.extend_from_slice(&bytes[..read]);
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        assert!(self.rest.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&self.rest));
        self.rest.drain(..end);
    }

    /// Sends a text frame. Its mask is zero, so that the text stays as it is.
    fn say(&mut self, text: &str) {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
        let head = match length {
            Some(length) => vec![0x80 | TEXT, 0x80 | length, 0, 0, 0, 0],
            None => [&[0x80 | TEXT, 0x80 | 126][..], &(text.len() as u16).to_be_bytes(), &[0; 4]].concat(),
        };
        self.stream.write_all(&[&head, text.as_bytes()].concat()).expect("it takes a frame");
    }

    /// Reads once what is there; tells the place of each event.
    pub fn read(&mut self, take: &mut impl FnMut(u64)) {
        let mut bytes = vec![0; 256 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.closed = self.closed.or(Some(0)),
            Ok(read) => self.rest.extend_from_slice(&bytes[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.closed = self.closed.or(Some(0)),
            Err(error) => panic!("a watcher cannot read: {error}"),
        }
        let whole = std::mem::take(&mut self.rest);
        let mut used = 0;
        while let Some((kind, head, length)) = head_of(&whole[used..]) {
            let Some(payload) = whole.get(used + head..used + head + length) else { break };
            match kind {
                TEXT => self.hear(payload, take),
                CLOSE => self.closed = Some(payload.first_chunk().map_or(0, |code| u16::from_be_bytes(*code))),
                _ => {}
            }
            used += head + length;
        }
        self.rest = whole[used..].to_vec();
    }

    fn hear(&mut self, frame: &[u8], take: &mut impl FnMut(u64)) {
        if frame.starts_with(b"{\"type\":\"update\"") {
            // Not the whole frame is parsed: a thousand watchers share this thread.
            let start = frame.windows(12).position(|twelve| twelve == b"\"position\":\"").expect("a position") + 12;
            let length = frame[start..].iter().position(|byte| *byte == b'"').expect("its end");
            let before = self.place;
            self.at(String::from_utf8_lossy(&frame[start..start + length]).into_owned());
            assert_eq!(self.place, before + 1, "an event was left out, or came twice");
            take(self.place);
        } else if frame.starts_with(b"{\"type\":\"live\"") {
            let frame: Value = serde_json::from_slice(frame).expect("JSON");
            self.resumed = frame["resumed"].as_bool();
            self.at(frame["position"].as_str().expect("a position").to_owned());
        } else if frame.starts_with(b"{\"type\":\"error\"") {
            panic!("{}", String::from_utf8_lossy(frame));
        }
    }

    fn at(&mut self, position: String) {
        self.place = position.rsplit_once('-').and_then(|(_, place)| place.parse().ok()).expect("a place in the log");
        self.position = position;
    }
}

/// Kind, bytes of the head, bytes of the payload of a frame from a server.
fn head_of(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let kind = bytes.first()? & 0x0f;
    match bytes.get(1)? & 0x7f {
        126 => Some((kind, 4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)))),
        127 => Some((kind, 10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?)),
        length => Some((kind, 2, usize::from(length))),
    }
}

/// Watchers that are read by one thread.
pub struct Crowd {
    epoll: OwnedFd,
    pub watchers: Vec<RawWatcher>,
    /// Whether each is read.
    reads: Vec<bool>,
}

impl Crowd {
    pub fn of(watchers: Vec<RawWatcher>) -> Crowd {
        let mut crowd =
            Crowd { epoll: epoll::create(CreateFlags::CLOEXEC).expect("an epoll"), reads: vec![false; watchers.len()], watchers };
        crowd.read_these(0..crowd.watchers.len());
        crowd
    }

    /// These are no longer read.
    pub fn stand_still(&mut self, which: Range<usize>) {
        for number in which {
            epoll::delete(&self.epoll, &self.watchers[number].stream).expect("it was read");
            self.reads[number] = false;
        }
    }

    pub fn read_these(&mut self, which: Range<usize>) {
        for number in which {
            let data = EventData::new_u64(number as u64);
            epoll::add(&self.epoll, &self.watchers[number].stream, data, EventFlags::IN).expect("it can be read");
            self.reads[number] = true;
        }
    }

    /// Reads until `is_done` says so of all that are read, and tells each arrival to `take`.
    pub fn read_until(&mut self, what: &str, mut take: impl FnMut(Arrival), is_done: impl Fn(&[RawWatcher]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut events: Vec<Event> = Vec::with_capacity(1_024);
        while !is_done(&self.watchers) {
            assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
            events.clear();
            let wait = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("the crowd cannot be waited for: {error}"),
            }
            for event in &events {
                let number = event.data.u64() as usize;
                let watcher = &mut self.watchers[number];
                watcher.read(&mut |place| take(Arrival { watcher: number, place, at: Instant::now() }));
                if watcher.closed.is_some() && self.reads[number] {
                    epoll::delete(&self.epoll, &watcher.stream).expect("it was read");
                    self.reads[number] = false;
                }
            }
        }
    }

    /// Reads until the sender of `until` is dropped or says true; what arrived at those in `counted` is counted in `arrived` and kept.
    pub fn read_while(
        mut self,
        counted: Range<usize>,
        arrived: &watch::Sender<u64>,
        stop: &watch::Receiver<bool>,
    ) -> (Crowd, Vec<Arrival>) {
        let mut kept = Vec::new();
        while !*stop.borrow() {
            let before = kept.len();
            let until = Instant::now() + Duration::from_millis(5);
            let keep = |arrival: Arrival| {
                if counted.contains(&arrival.watcher) {
                    kept.push(arrival);
                }
            };
            self.read_until("a moment", keep, |_| Instant::now() >= until);
            if kept.len() > before {
                arrived.send_modify(|count| *count += (kept.len() - before) as u64);
            }
        }
        (self, kept)
    }
}
