//! Lets connections in as long as file descriptors are left that children and the store do not need. Then those who come wait in the
//! kernel's queue, those who are connected are served, and the log says why.

use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use axum::serve::Listener;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// Descriptors that one child takes while it is started and runs: sockets, pipes, its process, its files.
const OF_A_CHILD: u64 = 8;
/// Descriptors kept for whatever else is opened now and then: configuration, keys, requests to other servers.
const OF_THE_REST: u64 = 32;
/// Between two looks for room.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two lines about it in the log.
const SAY_EVERY: Duration = Duration::from_secs(30);

pub(super) struct Doorway {
    listener: TcpListener,
    /// How many descriptors the process may have, and how many of these are kept from connections. `None`: as many as there are.
    limit: Option<(u64, u64)>,
    said: Option<Instant>,
}

impl Doorway {
    /// `children`: how many run at once at most.
    pub(super) fn new(listener: TcpListener, children: u32) -> Doorway {
        let kept = OF_THE_REST + OF_A_CHILD * u64::from(children);
        let limit = getrlimit(Resource::Nofile).current.map(|most| (most, kept.min(most / 2)));
        Doorway { listener, limit, said: None }
    }

    /// A new descriptor gets the lowest number that is free.
    fn has_room(&self) -> bool {
        let Some((most, kept)) = self.limit else { return true };
        fcntl_dupfd_cloexec(&self.listener, 0).is_ok_and(|lowest| (lowest.as_raw_fd() as u64) < most - kept)
    }

    async fn wait_for_room(&mut self) {
        if self.has_room() {
            return;
        }
        let says = self.said.is_none_or(|said| said.elapsed() > SAY_EVERY);
        if says && let Some((most, kept)) = self.limit {
            self.said = Some(Instant::now());
            tracing::warn!(
                "too few file descriptors: of {most}, {kept} are kept for jobs and the store, and all others are in use. New connections \
                 wait until some are closed; raise the limit with ulimit -n or LimitNOFILE="
            );
        }
        while !self.has_room() {
            sleep(PAUSE).await;
        }
        if says {
            tracing::info!("new connections are accepted again");
        }
    }
}

impl Listener for Doorway {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            self.wait_for_room().await;
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted; trying again");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
