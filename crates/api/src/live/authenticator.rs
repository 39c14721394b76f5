//! What the hub asks about who is at the other end of a connection.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::access::Principal;
use gateway::{AuthRefusal, Authenticator, Connection};
use tokio::time::timeout;
use wire::close::Close;

use crate::access::{Access, Address, Basis, Known, News, Shown, Unknown, Watching};
use crate::context::Context;
use crate::limits::RequestLimits;

/// How long it may take to find out who sends an `auth` frame: less than a connection has to authenticate, so that an app that does not
/// answer is told as such.
const KNOWN_WITHIN: Duration = Duration::from_secs(4);
/// An `auth` frame that the server writes itself, to give a connection its new rights.
const AUTH: &[u8] = br#"{"type":"auth"}"#;

/// One connection's way to [`Access`]. Remembers what its rights rest on, and under which rules they were given.
pub struct ConnectionRights {
    access: Arc<Access>,
    limits: Arc<RequestLimits>,
    address: Address,
    /// What the handshake showed: who an `auth` frame without a token is.
    handshake: Shown,
    held: Mutex<Held>,
    generation: AtomicU64,
    /// Somebody was let in, and the rules were not looked at again since.
    is_new: AtomicBool,
}

/// Of the newest that was let in.
#[derive(Default)]
struct Held {
    /// `None` before the first.
    basis: Option<Basis>,
    /// The app's session that it rests on, if it does.
    session: Option<Watching>,
    /// Rights that the session has now, on their way to the connection.
    changed: Option<Arc<Principal>>,
}

impl ConnectionRights {
    /// Of a connection that has yet to authenticate.
    pub fn unknown(context: &Context, address: Address, handshake: Shown) -> Arc<ConnectionRights> {
        ConnectionRights::new(context, address, handshake, Held::default())
    }

    /// Of a connection that has authenticated before it was opened.
    pub fn of(context: &Context, address: Address, known: &Known) -> Arc<ConnectionRights> {
        let held = Held { basis: Some(known.basis), session: context.access.follow(known), changed: None };
        ConnectionRights::new(context, address, Shown::default(), held)
    }

    fn new(context: &Context, address: Address, handshake: Shown, held: Held) -> Arc<ConnectionRights> {
        let (access, limits) = (context.access.clone(), context.limits.clone());
        let generation = AtomicU64::new(access.generation());
        let (held, is_new) = (Mutex::new(held), AtomicBool::new(false));
        Arc::new(ConnectionRights { access, limits, address, handshake, held, generation, is_new })
    }

    /// Whether the rules changed while an `auth` frame was being looked at: the hub may have checked the rights before they were given.
    pub fn were_overtaken(&self) -> bool {
        self.is_new.swap(false, Ordering::Relaxed) && self.generation.load(Ordering::Relaxed) != self.access.generation()
    }

    /// Waits for news of the session that the rights rest on; for ever where they rest on none. Loses nothing when it is dropped half-way.
    pub async fn news(&self) -> News {
        let news = self.held().session.as_ref().map(Watching::news);
        match news {
            Some(news) => news.await,
            None => std::future::pending().await,
        }
    }

    /// Gives a connection what the news mean for it: its end, or other rights.
    pub async fn apply(&self, news: News, connection: &Connection) {
        match news {
            News::Ended(close) => {
                self.held().session = None;
                connection.close(close);
            }
            News::Changed(principal) => {
                self.held().changed = Some(principal);
                connection.receive(AUTH).await;
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rights that were put ready for the frame that the server wrote itself.
    fn take_changed(&self) -> Option<Principal> {
        let mut held = self.held();
        let changed = held.changed.take()?;
        if let Some(session) = &mut held.session {
            session.accept(changed.clone());
        }
        Some((*changed).clone())
    }

    async fn who(&self, token: Option<&str>) -> Result<Known, Unknown> {
        let by_token;
        let shown = match token {
            Some(_) => {
                by_token = Shown::token(token);
                &by_token
            }
            None => &self.handshake,
        };
        timeout(KNOWN_WITHIN, self.access.who(shown)).await.unwrap_or(Err(Unknown::AppUnavailable))
    }
}

#[async_trait]
impl Authenticator for ConnectionRights {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthRefusal> {
        if let Some(changed) = self.take_changed() {
            return Ok(changed);
        }
        self.generation.store(self.access.generation(), Ordering::Relaxed);
        match self.who(token).await {
            Ok(known) => {
                let session = self.access.follow(&known);
                *self.held() = Held { basis: Some(known.basis), session, changed: None };
                self.is_new.store(true, Ordering::Relaxed);
                Ok(known.for_connection())
            }
            Err(unknown) => {
                if unknown.is_guess()
                    && let Err(problem) = self.limits.check_address(self.address)
                {
                    return Err(AuthRefusal::new(Close::Overloaded, problem.problem().detail.clone()));
                }
                Err(refusal(unknown))
            }
        }
    }

    fn still_valid(&self, principal: &Principal) -> bool {
        let basis = self.held().basis;
        basis.is_some_and(|basis| self.access.still_gives(principal, basis))
    }
}

fn refusal(unknown: Unknown) -> AuthRefusal {
    let (close, message) = match unknown {
        Unknown::Missing => (Close::Unauthenticated, "auth needs a token"),
        Unknown::Invalid => (Close::Unauthenticated, "the token is not one that this server accepts"),
        Unknown::TooEarly => (Close::Unauthenticated, "the token is not good yet"),
        Unknown::Expired => (Close::TokenExpired, "the token has expired"),
        Unknown::KeysUnavailable => (Close::Overloaded, "the keys that tokens are checked with cannot be had now"),
        Unknown::SignedOut => (Close::Unauthenticated, "the app says that nobody is signed in"),
        Unknown::AppUnavailable => (Close::Overloaded, "the app that knows who is signed in does not answer now"),
        Unknown::ForeignPage => (Close::ForbiddenOrigin, "a cookie counts only for pages of this server and of listed origins"),
    };
    AuthRefusal::new(close, message)
}
