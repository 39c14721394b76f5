//! A Redis of the measurement's own: from the system's packages, on a free port of the loopback address, without persistence.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::children::OwnChild;
use crate::outcome::Outcome;
use crate::plan::PATIENCE;

pub struct RedisServer {
    _process: OwnChild,
    pub address: String,
}

impl RedisServer {
    pub fn start(folder: &Path) -> Outcome<RedisServer> {
        let free = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no port of 127.0.0.1 is free: {error}"))?;
        let port = free.local_addr()?.port();
        drop(free);
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]).arg(folder);
        let process = OwnChild::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
            .map_err(|error| format!("{error}; `cargo xtask setup` installs redis-server"))?;
        let server = RedisServer { _process: process, address: format!("redis://127.0.0.1:{port}") };
        let begun = Instant::now();
        while server.connect().is_err() {
            if begun.elapsed() > PATIENCE {
                return Err("Redis does not answer".into());
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Ok(server)
    }

    pub fn connect(&self) -> Outcome<redis::Connection> {
        Ok(redis::Client::open(self.address.as_str())?.get_connection()?)
    }
}
