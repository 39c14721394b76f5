//! Who is at the other end, and how the hub asks about them.

use std::sync::Arc;

use async_trait::async_trait;
use domain::access::Principal;
use wire::close::Close;

/// Which kind of edge a connection serves; decides what it counts against and what it is sent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A WebSocket.
    Socket,
    /// Server-Sent Events.
    Stream,
    /// One long poll.
    Wait,
}

/// What an edge opens a connection with.
pub struct Peer {
    pub edge: Edge,
    /// Asked when an `auth` frame comes, and when rights were withdrawn.
    pub authenticator: Arc<dyn Authenticator>,
    /// Who it is, when the edge knows already. `None`: the first frame must be `auth`.
    pub principal: Option<Principal>,
}

/// Why somebody is not let in, or not any longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{close}: {message}")]
pub struct AuthRefusal {
    pub close: Close,
    /// A sentence for whoever wrote the client.
    pub message: String,
    /// The limit that was passed, where one was.
    pub limit: Option<u64>,
}

impl AuthRefusal {
    pub fn new(close: Close, message: impl Into<String>) -> AuthRefusal {
        AuthRefusal { close, message: message.into(), limit: None }
    }
}

/// Knows tokens. The edges' crate implements it.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who bears this token; `None` is an `auth` frame without one, which open mode accepts.
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthRefusal>;

    /// Whether these rights still stand, after some were withdrawn. Must not block.
    fn still_valid(&self, principal: &Principal) -> bool {
        let _ = principal;
        true
    }
}
