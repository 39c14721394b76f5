//! The app is asked who a caller is: its cookies and `Authorization` are shown to one address of the app, which answers.
//!
//! Collaborators: [`asking`] makes the request, [`answer`] reads what comes back, [`kept`] remembers it for a while, [`followed`] keeps the
//! sessions behind live connections and asks about them again. Equal credentials are asked about once at a time, and what is kept is kept
//! under a mark of them. An app that does not answer is never taken for one that says "signed out".

mod answer;
mod asking;
mod followed;
mod kept;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::access::Principal;
use engine::clock::SharedClock;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio::sync::Semaphore;

use super::config::{BadAccess, IntrospectConfig};
use super::known::{Basis, Mark, Session};
use super::shown::{Credentials, Shown};
use super::{Known, Unknown};
use asking::App;
use followed::Followed;
use kept::Kept;

pub use asking::probe;
pub(crate) use followed::{News, Watching};

/// Requests to the app at one time. Others wait for a place.
const ASKED_AT_ONCE: usize = 64;
/// Longest wait for a place.
const PLACE_WITHIN: Duration = Duration::from_secs(10);

/// Numbers of questions. Never given twice, so that an answer under former rules cannot pass for a newer one.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// What the app said of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Known(Principal),
    SignedOut,
    /// It could not be asked, or what it said cannot be used.
    Nothing,
}

/// An answer, with its number: a higher one is of a later question.
#[derive(Debug, Clone)]
struct Answered {
    said: Said,
    number: u64,
    /// When the question was sent.
    asked_at: Timestamp,
}

type Flight = Shared<BoxFuture<'static, Option<Answered>>>;

pub(super) struct Introspection {
    config: IntrospectConfig,
    basis: Mark,
    own_secret: [u8; 32],
    app: App,
    clock: SharedClock,
    kept: Mutex<Kept>,
    /// Questions that are under way.
    flights: Mutex<HashMap<Mark, Flight>>,
    places: Semaphore,
    followed: Mutex<Followed>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Introspection {
    pub(super) fn new(
        config: &IntrospectConfig,
        own_secret: [u8; 32],
        clock: SharedClock,
    ) -> Result<Arc<Introspection>, BadAccess> {
        Ok(Arc::new(Introspection {
            app: App::new(config)?,
            basis: Mark::of_app(config, &own_secret),
            own_secret,
            clock,
            kept: Mutex::new(Kept::new(config.cache_ms)),
            flights: Mutex::default(),
            places: Semaphore::new(ASKED_AT_ONCE),
            followed: Mutex::new(Followed::new(config.cache_ms)),
            config: config.clone(),
        }))
    }

    pub(super) fn config(&self) -> &IntrospectConfig {
        &self.config
    }

    pub(super) fn basis(&self) -> Mark {
        self.basis
    }

    /// Who shows this, as the app says now or said a moment ago.
    pub(super) async fn who(self: &Arc<Self>, shown: &Shown) -> Result<Known, Unknown> {
        let credentials = shown.for_app(self.config.cookies.as_deref(), &self.own_secret)?;
        self.bearer_of(credentials).await
    }

    pub(super) async fn bearer_of(self: &Arc<Self>, credentials: Arc<Credentials>) -> Result<Known, Unknown> {
        let kept = lock(&self.kept).get(credentials.mark, self.clock.now());
        let answered = match kept {
            Some(kept) => Some(kept),
            None => self.ask(&credentials, Asked::Unless).await,
        };
        let Some(Answered { said, number, asked_at }) = answered else { return Err(Unknown::AppUnavailable) };
        match said {
            Said::Known(principal) => {
                let basis = Basis::Session { rules: self.basis, session: credentials.mark };
                Ok(Known { principal, basis, session: Some(Session { credentials, number, asked_at }) })
            }
            Said::SignedOut => Err(Unknown::SignedOut),
            Said::Nothing => Err(Unknown::AppUnavailable),
        }
    }

    /// Asks the app, or waits for the answer to the same question that is under way.
    async fn ask(self: &Arc<Self>, credentials: &Arc<Credentials>, when: Asked) -> Option<Answered> {
        let flight = {
            let mut flights = lock(&self.flights);
            // The answer may have come since it was last looked for.
            if when == Asked::Unless
                && let Some(kept) = lock(&self.kept).get(credentials.mark, self.clock.now())
            {
                return Some(kept);
            }
            let begin = || {
                let flown = tokio::spawn(self.clone().fly(credentials.clone()));
                flown.map(|answered| answered.ok().flatten()).boxed().shared()
            };
            flights.entry(credentials.mark).or_insert_with(begin).clone()
        };
        flight.await
    }

    /// One question to its end, whoever may have gone away meanwhile.
    async fn fly(self: Arc<Self>, credentials: Arc<Credentials>) -> Option<Answered> {
        let _landing = Landing { introspection: &self, mark: credentials.mark };
        let _place = tokio::time::timeout(PLACE_WITHIN, self.places.acquire()).await.ok()?.ok()?;
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let asked_at = self.clock.now();
        let said = self.app.ask(&credentials).await;
        let now = self.clock.now();
        let said = match said {
            Said::Known(principal) if principal.expires_at.is_some_and(|at| at <= now) => Said::SignedOut,
            said => said,
        };
        let answered = Answered { said, number, asked_at };
        lock(&self.kept).keep(credentials.mark, answered.clone(), now);
        lock(&self.followed).learn(credentials.mark, &answered, now);
        Some(answered)
    }
}

/// Whether an answer that is still good will do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Unless,
    Anew,
}

/// Takes a question off the list when it is over, however it ends.
struct Landing<'a> {
    introspection: &'a Introspection,
    mark: Mark,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        lock(&self.introspection.flights).remove(&self.mark);
    }
}
