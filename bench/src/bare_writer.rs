//! The baseline of everything live: a process that holds the same sockets and writes the same bytes, and does nothing else.
//!
//! The bench binary in a hidden role. It answers every connection as a server would and calls it live; orders come on its standard
//! input, one a line: `accept N`, `frame TEXT` (what to write), `sweep` (one to each socket, one write each), `burst N` (N to each socket in as few
//! writes as the sockets take), `relay CHANNEL REDIS` (from then on: what is published there, one write to each socket; it answers nothing more). It answers `done`, and ends with its input.

use std::io::{BufRead, BufReader, ErrorKind, Read as _, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use crate::children::OwnChild;
use crate::frames::from_server;
use crate::outcome::Outcome;
use crate::watchers::{Wanted, Watchers, allow_many_sockets};

/// The role's end of it.
pub fn run() -> Outcome<()> {
    allow_many_sockets();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    let mut sockets: Vec<TcpStream> = Vec::new();
    let mut frame = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("accept", count) => {
                for _ in 0..count.parse::<usize>()? {
                    sockets.push(welcome(listener.accept()?.0)?);
                }
            }
            ("frame", text) => frame = from_server(text),
            ("sweep", _) => {
                for socket in &mut sockets {
                    socket.write_all(&frame)?;
                }
            }
            ("relay", from) => return relay(from, &mut sockets),
            ("burst", count) => burst(&mut sockets, &frame.repeat(count.parse()?))?,
            (other, _) => return Err(format!("there is no order {other}").into()),
        }
        writeln!(out, "done")?;
        out.flush()?;
    }
    Ok(())
}

/// Writes what is published on a channel of Redis to each socket, in the frame of the older broadcaster.
fn relay(from: &str, sockets: &mut [TcpStream]) -> Outcome<()> {
    let (channel, redis) = from.split_once(' ').ok_or("relay needs a channel and a Redis")?;
    let mut connection = redis::Client::open(redis)?.get_connection()?;
    let mut subscribed = connection.as_pubsub();
    subscribed.subscribe(channel)?;
    loop {
        let heard: serde_json::Value = serde_json::from_str(&subscribed.get_message()?.get_payload::<String>()?)?;
        let payload = serde_json::json!({
            "taskId": heard["task_id"].to_string(), "status": heard["status"], "updatedAt": heard["updated_at"], "output": heard["output"],
            "error": heard["error"], "assignee": heard["assignee"], "projectId": heard["project_id"],
        });
        let said = serde_json::json!({"type": "task_status_update", "payload": payload, "timestamp": heard["updated_at"]});
        let frame = from_server(&said.to_string());
        for socket in sockets.iter_mut() {
            socket.write_all(&frame)?;
        }
    }
}

fn welcome(mut socket: TcpStream) -> Outcome<TcpStream> {
    socket.set_nodelay(true)?;
    let mut head = Vec::new();
    let mut buffer = [0; 2_048];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let length = socket.read(&mut buffer)?;
        if length == 0 {
            return Err("a watcher hung up".into());
        }
        head.extend_from_slice(&buffer[..length]);
    }
    socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")?;
    socket.write_all(&from_server("{\"type\":\"live\",\"id\":1,\"position\":\"bare-0\",\"resumed\":false,\"truncated\":false}"))?;
    Ok(socket)
}

/// Writes all of `bytes` to each socket; one that is full is gone back to.
fn burst(sockets: &mut [TcpStream], bytes: &[u8]) -> Outcome<()> {
    let mut written = vec![0; sockets.len()];
    for socket in sockets.iter() {
        socket.set_nonblocking(true)?;
    }
    loop {
        let (mut is_done, mut has_moved) = (true, false);
        for (socket, at) in sockets.iter_mut().zip(&mut written) {
            if *at == bytes.len() {
                continue;
            }
            match socket.write(&bytes[*at..]) {
                Ok(length) => {
                    *at += length;
                    has_moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            is_done &= *at == bytes.len();
        }
        if is_done {
            break;
        }
        if !has_moved {
            std::thread::yield_now();
        }
    }
    for socket in sockets.iter() {
        socket.set_nonblocking(false)?;
    }
    Ok(())
}

/// The measurement's end of it.
pub struct BareWriter {
    process: OwnChild,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub address: SocketAddr,
}

impl BareWriter {
    pub fn start() -> Outcome<BareWriter> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = OwnChild::start(command.args(["--role", "bare-writer"]).stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let (orders, answers) = process.pipes()?;
        let mut answers = BufReader::new(answers);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| "the bare writer does not listen")?;
        Ok(BareWriter { process, orders, answers, address })
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Holds so many watchers; answers them and their number.
    pub fn hold(&mut self, count: usize) -> Outcome<(Watchers, u64)> {
        self.order(&format!("accept {count}"))?;
        let wanted = |_| Wanted { token: None, topic: serde_json::json!({}), after: None };
        let (watchers, _) = Watchers::join(self.address, count, wanted)?;
        self.done()?;
        Ok((watchers, count as u64))
    }

    /// Gives an order; [`BareWriter::done`] waits until it was carried out.
    pub fn order(&mut self, order: &str) -> Outcome<()> {
        self.orders.write_all(format!("{order}\n").as_bytes())?;
        Ok(())
    }

    pub fn done(&mut self) -> Outcome<()> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.trim() == "done" { Ok(()) } else { Err("the bare writer ended".into()) }
    }
}
