//! What the hub asks about who is at the other end of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::access::Principal;
use gateway::{AuthRefusal, Authenticator};
use wire::close::Close;

use crate::access::{Access, Unknown};

/// One connection's way to [`Access`]. Remembers which rules its rights come from.
pub struct ConnectionRights {
    access: Arc<Access>,
    generation: AtomicU64,
}

impl ConnectionRights {
    pub fn new(access: Arc<Access>) -> Arc<ConnectionRights> {
        let generation = AtomicU64::new(access.generation());
        Arc::new(ConnectionRights { access, generation })
    }
}

#[async_trait]
impl Authenticator for ConnectionRights {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthRefusal> {
        let generation = self.access.generation();
        let principal = self.access.by_token(token).await.map_err(refusal)?;
        self.generation.store(generation, Ordering::Relaxed);
        Ok(principal)
    }

    fn still_valid(&self, principal: &Principal) -> bool {
        self.access.still_valid(principal, self.generation.load(Ordering::Relaxed))
    }
}

fn refusal(unknown: Unknown) -> AuthRefusal {
    let (close, message) = match unknown {
        Unknown::Missing => (Close::Unauthenticated, "auth needs a token"),
        Unknown::Invalid => (Close::Unauthenticated, "the token is not one that this server accepts"),
        Unknown::TooEarly => (Close::Unauthenticated, "the token is not good yet"),
        Unknown::Expired => (Close::TokenExpired, "the token has expired"),
        Unknown::KeysUnavailable => (Close::Overloaded, "the keys that tokens are checked with cannot be had now"),
    };
    AuthRefusal { close, message: message.to_owned() }
}
