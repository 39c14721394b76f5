//! Many HTTP/1.1 connections that are kept open, in one thread through one epoll, each with at most one request under way: as cheap a
//! client as can be, so that it leaves the cores to what is measured. Knows answers with `Content-Length` only.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

use crate::outcome::Outcome;

/// Bytes read from a socket at once.
const READ: usize = 256 * 1024;

pub struct Crowd {
    epoll: OwnedFd,
    lines: Vec<Line>,
    events: Vec<Event>,
    buffer: Vec<u8>,
}

struct Line {
    stream: TcpStream,
    /// The beginning of an answer whose end has not come.
    begun: Vec<u8>,
}

/// A whole answer.
pub struct Answer<'a> {
    pub line: usize,
    pub status: u16,
    /// Status line and headers, without the empty line.
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl Crowd {
    pub fn open(address: SocketAddr, lines: usize) -> Outcome<Crowd> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let open = |number: usize| -> Outcome<Line> {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, EventData::new_u64(number as u64), EventFlags::IN)?;
            Ok(Line { stream, begun: Vec::new() })
        };
        let lines = (0..lines).map(open).collect::<Outcome<Vec<Line>>>()?;
        Ok(Crowd { epoll, lines, events: Vec::with_capacity(256), buffer: vec![0; READ] })
    }

    /// Sends a request on a line that waits for no answer; it must be small enough for an empty socket.
    pub fn send(&mut self, line: usize, request: &[u8]) -> Outcome<()> {
        Ok(self.lines[line].stream.write_all(request)?)
    }

    /// Reads what is there, waiting for it up to `wait`.
    pub fn answers(&mut self, wait: Duration, mut take: impl FnMut(Answer<'_>) -> Outcome<()>) -> Outcome<()> {
        self.events.clear();
        let wait = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) as _ };
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&wait)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for event in &self.events {
            let number = event.data.u64() as usize;
            let Some(line) = self.lines.get_mut(number) else { continue };
            let length = match line.stream.read(&mut self.buffer) {
                Ok(0) => return Err(format!("the server closed connection {number}").into()),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            };
            let bytes = if line.begun.is_empty() {
                &self.buffer[..length]
            } else {
                line.begun.extend_from_slice(&self.buffer[..length]);
                &line.begun
            };
            match whole(bytes)? {
                Some((status, head, body)) => {
                    take(Answer { line: number, status, head, body })?;
                    line.begun.clear();
                }
                None if line.begun.is_empty() => line.begun.extend_from_slice(&self.buffer[..length]),
                None => {}
            }
        }
        Ok(())
    }
}

/// The bytes of a POST of JSON; `headers`: whole lines, each with its end.
pub fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

/// Status, head and body.
type Whole<'a> = (u16, &'a [u8], &'a [u8]);

/// An answer, once all of it is there.
fn whole(bytes: &[u8]) -> Outcome<Option<Whole<'_>>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = &bytes[..end];
    let words = std::str::from_utf8(head)?;
    let status = words.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or("an answer has no status")?;
    let length = headers(words).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.ok_or("an answer has no Content-Length")?.1.parse()?;
    Ok(bytes.get(end + 4..end + 4 + length).map(|body| (status, head, body)))
}

/// Names and values of a head, after its first line.
pub fn headers(head: &str) -> impl Iterator<Item = (&str, &str)> {
    head.split("\r\n").skip(1).filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let bytes = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\netag: \"1\"\r\n\r\n{}";
        for end in 0..bytes.len() {
            assert!(whole(&bytes[..end]).expect("readable").is_none(), "{end} bytes");
        }
        let (status, head, body) = whole(bytes).expect("readable").expect("whole");
        assert_eq!((status, body), (201, b"{}".as_slice()));
        let found: Vec<_> = headers(std::str::from_utf8(head).expect("text")).collect();
        assert_eq!(found, [("Content-Length", "2"), ("etag", "\"1\"")]);
    }
}
