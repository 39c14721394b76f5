//! What the hub asks about who is at the other end of a connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::access::Principal;
use gateway::{AuthRefusal, Authenticator};
use wire::close::Close;

use crate::access::{Access, Address, Basis, Known, Unknown};
use crate::context::Context;
use crate::limits::RequestLimits;

/// One connection's way to [`Access`]. Remembers what its rights rest on, and under which rules they were given.
pub struct ConnectionRights {
    access: Arc<Access>,
    limits: Arc<RequestLimits>,
    address: Address,
    /// Of the newest that was let in; `None` before the first.
    basis: Mutex<Option<Basis>>,
    generation: AtomicU64,
    /// Somebody was let in, and the rules were not looked at again since.
    is_new: AtomicBool,
}

impl ConnectionRights {
    /// Of a connection that has yet to authenticate.
    pub fn unknown(context: &Context, address: Address) -> Arc<ConnectionRights> {
        ConnectionRights::new(context, address, None)
    }

    /// Of a connection that has authenticated before it was opened.
    pub fn of(context: &Context, address: Address, known: &Known) -> Arc<ConnectionRights> {
        ConnectionRights::new(context, address, Some(known.basis))
    }

    fn new(context: &Context, address: Address, basis: Option<Basis>) -> Arc<ConnectionRights> {
        let (access, limits) = (context.access.clone(), context.limits.clone());
        let generation = AtomicU64::new(access.generation());
        Arc::new(ConnectionRights { access, limits, address, basis: Mutex::new(basis), generation, is_new: AtomicBool::new(false) })
    }

    /// Whether the rules changed while an `auth` frame was being looked at: the hub may have checked the rights before they were given.
    pub fn were_overtaken(&self) -> bool {
        self.is_new.swap(false, Ordering::Relaxed) && self.generation.load(Ordering::Relaxed) != self.access.generation()
    }

    fn basis(&self) -> MutexGuard<'_, Option<Basis>> {
        self.basis.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authenticator for ConnectionRights {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthRefusal> {
        self.generation.store(self.access.generation(), Ordering::Relaxed);
        match self.access.by_token(token).await {
            Ok(known) => {
                *self.basis() = Some(known.basis);
                self.is_new.store(true, Ordering::Relaxed);
                Ok(known.principal)
            }
            Err(unknown) => {
                if unknown != Unknown::Expired
                    && let Err(problem) = self.limits.check_address(self.address)
                {
                    return Err(AuthRefusal::new(Close::Overloaded, problem.problem().detail.clone()));
                }
                Err(refusal(unknown))
            }
        }
    }

    fn still_valid(&self, principal: &Principal) -> bool {
        let basis = *self.basis();
        basis.is_some_and(|basis| self.access.stands(&Known { principal: principal.clone(), basis }))
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
    AuthRefusal::new(close, message)
}
