//! Many watchers in one thread: WebSockets opened one after another by a few threads, then read through one epoll. The same reader
//! stands before the server and before the bare loop, so that what it costs is in both figures.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::frames::{FrameReader, from_client};
use crate::outcome::Outcome;
use crate::plan::PATIENCE;

/// Threads that open connections at the same time.
const OPENERS: usize = 8;
/// Bytes read from a socket at once.
const READ: usize = 256 * 1024;
/// What an update begins with.
const UPDATE: &[u8] = b"{\"type\":\"update\"";

/// Whom a watcher speaks for and what it follows.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub token: Option<String>,
    pub topic: Value,
    /// A position to go on from.
    pub after: Option<String>,
}

/// How a watcher became live.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    pub is_resumed: bool,
    /// Texts of the frames that came before `live`.
    pub before: Vec<Vec<u8>>,
    pub position: String,
}

/// An open WebSocket.
pub struct Socket {
    stream: TcpStream,
    frames: FrameReader,
    /// What came with the answer to the upgrade.
    rest: Vec<u8>,
}

impl Socket {
    /// Reads once and hands each text to `take`.
    pub fn wait(&mut self, take: impl FnMut(&[u8])) -> Outcome<()> {
        if self.rest.is_empty() {
            self.rest.resize(64 * 1024, 0);
            let length = self.stream.read(&mut self.rest)?;
            if length == 0 {
                return Err("the server hung up".into());
            }
            self.rest.truncate(length);
        }
        let bytes = std::mem::take(&mut self.rest);
        self.frames.feed(&bytes, take).map_err(|closed| format!("the server closed a socket that opened, with {}", closed.0).into())
    }
}

/// Watchers that are live.
pub struct Watchers {
    epoll: OwnedFd,
    sockets: Vec<Socket>,
    buffer: Vec<u8>,
    events: Vec<Event>,
    /// When the last look at the sockets found something, or gave up.
    woken: Instant,
}

/// When the reader was woken by the first of some updates, and when it had read the last.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub first: Instant,
    pub last: Instant,
}

impl Spread {
    /// Deliveries a second between the first and the last.
    pub fn rate(&self, updates: u64) -> f64 {
        (updates.saturating_sub(1)) as f64 / (self.last - self.first).as_secs_f64().max(1e-9)
    }
}

/// Lifts the bound of open files as far as the system lets it.
pub fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// Whether so many watchers fit under that bound, here and in the server, with what else is open.
fn fit(count: usize) -> Outcome<()> {
    const BESIDE: u64 = 200;
    let (wanted, most) = (count as u64 + BESIDE, getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX));
    match wanted <= most {
        true => Ok(()),
        false => Err(format!(
            "{count} watchers need {wanted} open files in one process, {most} are allowed: raise the hard limit (`ulimit -Hn`,              LimitNOFILE of systemd, nofile of limits.conf) or take fewer with --watchers"
        )
        .into()),
    }
}

impl Watchers {
    /// Opens `count` watchers and waits until each is live.
    pub fn join(address: SocketAddr, count: usize, wanted: impl Fn(usize) -> Wanted + Sync) -> Outcome<(Watchers, Vec<Joined>)> {
        Watchers::gather(count, |number| open_one(address, &wanted(number)))
    }

    /// Opens `count` sockets, each as `open` does it, and answers what it found.
    pub fn gather<F: Send>(count: usize, open: impl Fn(usize) -> Outcome<(Socket, F)> + Sync) -> Outcome<(Watchers, Vec<F>)> {
        fit(count)?;
        let share = count.div_ceil(OPENERS).max(1);
        let parts: Vec<Outcome<Vec<(Socket, F)>>> = std::thread::scope(|scope| {
            let open = |from: usize| {
                let open = &open;
                scope.spawn(move || (from..(from + share).min(count)).map(open).collect())
            };
            let threads: Vec<_> = (0..count).step_by(share).map(open).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("an opener panicked".into()))).collect()
        });
        let mut watchers = Watchers {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            sockets: Vec::with_capacity(count),
            buffer: vec![0; READ],
            events: Vec::with_capacity(1_024),
            woken: Instant::now(),
        };
        let mut how = Vec::with_capacity(count);
        for part in parts {
            for (socket, joined) in part? {
                socket.stream.set_nonblocking(true)?;
                epoll::add(&watchers.epoll, &socket.stream, EventData::new_u64(how.len() as u64), EventFlags::IN)?;
                watchers.sockets.push(socket);
                how.push(joined);
            }
        }
        Ok((watchers, how))
    }

    pub fn count(&self) -> usize {
        self.sockets.len()
    }

    /// Reads what is there, waiting for it up to `wait`; hands each text with the number of its watcher to `take`.
    pub fn read(&mut self, wait: Duration, mut take: impl FnMut(usize, &[u8])) -> Outcome<()> {
        self.events.clear();
        let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) as _ };
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&wait)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        self.woken = Instant::now();
        for event in &self.events {
            let number = event.data.u64() as usize;
            let Some(socket) = self.sockets.get_mut(number) else { continue };
            match socket.stream.read(&mut self.buffer) {
                Ok(0) => return Err(format!("the server closed watcher {number}").into()),
                Ok(length) => socket
                    .frames
                    .feed(&self.buffer[..length], |text| take(number, text))
                    .map_err(|closed| format!("the server closed watcher {number} with {}", closed.0))?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads until so many updates have come.
    pub fn updates(&mut self, wanted: u64) -> Outcome<Spread> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        let mut first = None;
        loop {
            self.read(Duration::from_millis(100), |_, text| seen += u64::from(text.starts_with(UPDATE)))?;
            let now = Instant::now();
            if seen > 0 {
                first.get_or_insert(self.woken);
            }
            if let (true, Some(first)) = (seen >= wanted, first) {
                return Ok(Spread { first, last: now });
            }
            if now > deadline {
                return Err(format!("{seen} of {wanted} updates came within {PATIENCE:?}").into());
            }
        }
    }

    /// Reads what comes within `span` and forgets it.
    pub fn settle(&mut self, span: Duration) -> Outcome<()> {
        let deadline = Instant::now() + span;
        while Instant::now() < deadline {
            self.read(Duration::from_millis(20), |_, _| {})?;
        }
        Ok(())
    }

    /// Takes part with all watchers at once, without a close frame.
    pub fn hang_up(self) {}
}

/// Whether a frame is an update.
pub fn is_update(text: &[u8]) -> bool {
    text.starts_with(UPDATE)
}

/// Opens a WebSocket.
pub fn upgrade(address: SocketAddr, path: &str) -> Outcome<Socket> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut buffer = vec![0; 64 * 1024];
    let mut head = Vec::new();
    let rest = loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Err("the server hung up before the WebSocket was open".into());
        }
        head.extend_from_slice(&buffer[..length]);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break head.split_off(end + 4);
        }
    };
    if !head.starts_with(b"HTTP/1.1 101") {
        return Err(format!("no WebSocket: {}", String::from_utf8_lossy(&head)).into());
    }
    Ok(Socket { stream, frames: FrameReader::default(), rest })
}

fn open_one(address: SocketAddr, wanted: &Wanted) -> Outcome<(Socket, Joined)> {
    let mut socket = upgrade(address, "/api/v1/live")?;
    let auth = match &wanted.token {
        Some(token) => json!({"type": "auth", "token": token}),
        None => json!({"type": "auth"}),
    };
    let mut subscribe = json!({"type": "subscribe", "id": 1, "topic": wanted.topic});
    if let Some(after) = &wanted.after {
        subscribe["after"] = json!(after);
    }
    let said = [from_client(&auth.to_string()), from_client(&subscribe.to_string())].concat();
    socket.stream.write_all(&said)?;
    let mut joined = Joined::default();
    let mut live = None;
    while live.is_none() {
        socket.wait(|text| match text.starts_with(b"{\"type\":\"live\"") || text.starts_with(b"{\"type\":\"error\"") {
            true => live = Some(text.to_vec()),
            false => joined.before.push(text.to_vec()),
        })?;
    }
    let live: Value = serde_json::from_slice(&live.unwrap_or_default())?;
    if live["type"] != "live" {
        return Err(format!("a watcher was refused: {live}").into());
    }
    joined.is_resumed = live["resumed"] == true;
    joined.position = live["position"].as_str().unwrap_or_default().to_owned();
    Ok((socket, joined))
}
