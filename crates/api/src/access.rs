//! Who asks: the one place where tokens, keys, tickets and origins become somebody [`Known`] or a refusal.
//!
//! In open mode nobody needs a token and everybody on this machine is the user `local`; the rules on `Host` and `Origin` keep foreign
//! web pages out. In closed mode a caller brings a JWT, an API key, a token that this server made, or what the app knows it by: its session
//! cookie or a token of its own. They are looked at in this order: key, own token, JWT, app. What a principal may do is not decided here
//! but in `domain::access`, by the engine. Tokens and cookies are never logged.

mod caller;
mod claims;
mod config;
mod introspection;
mod jwks;
mod known;
mod live_caller;
mod origin;
mod own_tokens;
mod shown;
mod tickets;
mod verifier;

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::Timestamp;
use domain::access::{Principal, Scope};
use engine::clock::SharedClock;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problems::{ApiProblem, Kind};

pub use caller::{Address, Caller, Onlooker};
pub use config::{AccessConfig, Algorithm, ApiKeyConfig, BadAccess, IntrospectConfig, JwtConfig, JwtKey};
pub use introspection::probe;
pub(crate) use introspection::{News, Watching};
pub use known::{Basis, Known};
pub use live_caller::LiveCaller;
pub(crate) use origin::guard;
pub use own_tokens::Minted;
pub use shown::Shown;
pub use tickets::{Opened, TICKET_MS};

use introspection::Introspection;
use known::{Mark, narrowed};
use own_tokens::OwnTokens;
use tickets::Tickets;
use verifier::Verifier;

/// Beginning of every API key.
const API_KEY_PREFIX: &str = "tdk_";

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// No token came.
    Missing,
    /// The token is none of ours, or was changed.
    Invalid,
    Expired,
    /// Its time has not come.
    TooEarly,
    /// The keys that it is checked with cannot be had now.
    KeysUnavailable,
    /// The app says that nobody is signed in.
    SignedOut,
    /// The app does not say who it is.
    AppUnavailable,
    /// Cookies came, and nothing that says that a page of ours sent them.
    ForeignPage,
}

impl Unknown {
    /// Whether somebody may be trying things out. A token that was good once is nobody's guess, and where nothing was looked at there was
    /// none.
    pub fn is_guess(self) -> bool {
        !matches!(self, Unknown::Expired | Unknown::KeysUnavailable | Unknown::AppUnavailable)
    }
}

/// Access as it is configured now; replaced as a whole when the configuration is read again.
pub struct Access {
    rules: ArcSwap<Rules>,
    tickets: Tickets,
    clock: SharedClock,
}

struct Rules {
    config: AccessConfig,
    own: OwnTokens,
    verifier: Option<Arc<Verifier>>,
    /// Who is asked about those whom nobody here knows.
    app: Option<Arc<Introspection>>,
    /// What users' tokens rest on; `None` while none are accepted.
    users: Option<Mark>,
    /// What each key is known by, in their order.
    keys: Vec<Mark>,
    /// Grows with each change of the configuration.
    generation: u64,
}

impl Rules {
    fn new(config: AccessConfig, generation: u64, former: Option<&Rules>, clock: &SharedClock) -> Result<Rules, BadAccess> {
        config.check()?;
        let own = OwnTokens::new(&config.own_secret);
        // Who checks users' tokens may hold keys that were fetched: as long as nothing changes for it, it stays.
        let kept = former.filter(|former| former.config.jwt == config.jwt).and_then(|former| former.verifier.clone());
        let verifier = match (kept, &config.jwt) {
            (Some(kept), _) => Some(kept),
            (None, jwt) => jwt.as_ref().map(Verifier::new).transpose()?.map(Arc::new),
        };
        let kept = former.and_then(|former| former.app.clone()).filter(|app| Some(app.config()) == config.introspect.as_ref());
        let app = match (kept, &config.introspect) {
            (Some(kept), _) => Some(kept),
            (None, Some(introspect)) => Some(Introspection::new(introspect, config.own_secret, clock.clone())?),
            (None, None) => None,
        };
        let users = config.jwt.as_ref().map(|jwt| Mark::of_users(jwt, &config.own_secret));
        let keys = config.keys.iter().map(|key| Mark::of_key(key, &config.own_secret)).collect();
        Ok(Rules { config, own, verifier, app, users, keys, generation })
    }

    /// Who a token speaks for, as far as is known here; `None`: it is nothing that this server or the configured users' keys made.
    async fn by_token(&self, token: &str, now: Timestamp) -> Option<Result<Known, Unknown>> {
        if token.starts_with(API_KEY_PREFIX) {
            return Some(by_key(self, token).ok_or(Unknown::Invalid));
        }
        match self.own.known(token, now) {
            Ok(known) => return Some(self.standing(known).ok_or(Unknown::Invalid)),
            Err(Unknown::Invalid) => {}
            Err(refused) => return Some(Err(refused)),
        }
        let (verifier, mark) = self.verifier.as_ref().zip(self.users)?;
        match verifier.principal(token, now).await {
            Err(Unknown::Invalid) => None,
            told => Some(told.map(|principal| Known::new(principal, Basis::Users(mark)))),
        }
    }

    /// Rights as far as their basis still gives them; `None` is nothing at all.
    fn standing(&self, known: Known) -> Option<Known> {
        match known.basis {
            Basis::Open => self.config.open.then_some(known),
            Basis::Users(mark) => (self.users == Some(mark)).then_some(known),
            Basis::Key(mark) => {
                let at = self.keys.iter().position(|key| *key == mark)?;
                let principal = narrowed(&known.principal, &self.config.keys[at])?;
                Some(Known::new(principal, known.basis))
            }
            Basis::Session { rules, .. } => {
                let gives = self.app.as_ref().is_some_and(|app| app.basis() == rules);
                gives.then_some(known)
            }
        }
    }
}

impl Access {
    pub fn new(config: AccessConfig, clock: SharedClock) -> Result<Arc<Access>, BadAccess> {
        let rules = ArcSwap::from_pointee(Rules::new(config, 0, None, &clock)?);
        Ok(Arc::new(Access { rules, tickets: Tickets::default(), clock }))
    }

    /// Takes a new configuration; one that is refused leaves the former in force. The caller then tells live connections with `Engine::rights_changed(None)`.
    pub fn replace(&self, config: AccessConfig) -> Result<(), BadAccess> {
        let before = self.rules.load_full();
        self.rules.store(Arc::new(Rules::new(config, before.generation + 1, Some(&before), &self.clock)?));
        Ok(())
    }

    pub(crate) fn generation(&self) -> u64 {
        self.rules.load().generation
    }

    /// Whether rights that were given earlier still stand, undiminished.
    pub(crate) fn stands(&self, known: &Known) -> bool {
        self.rules.load().standing(known.clone()).is_some_and(|now| now == *known)
    }

    /// The same of rights whose session, if they rest on one, is looked after elsewhere.
    pub(crate) fn still_gives(&self, principal: &Principal, basis: Basis) -> bool {
        self.stands(&Known::new(principal.clone(), basis))
    }

    pub fn is_open(&self) -> bool {
        self.rules.load().config.open
    }

    /// In open mode, the user that everybody is.
    pub fn local(&self) -> Option<Known> {
        self.is_open().then(|| {
            let principal = Principal {
                subject: "local".into(),
                tenant: "default".into(),
                scopes: Scope::ALL.to_vec(),
                is_tenant_wide: true,
                is_service: true,
                expires_at: None,
            };
            Known::new(principal, Basis::Open)
        })
    }

    /// Who a token speaks for; in open mode it is not looked at.
    pub async fn by_token(&self, token: Option<&str>) -> Result<Known, Unknown> {
        self.who(&Shown::token(token)).await
    }

    /// Who shows this; in open mode it is not looked at.
    pub async fn who(&self, shown: &Shown) -> Result<Known, Unknown> {
        if let Some(local) = self.local() {
            return Ok(local);
        }
        let rules = self.rules.load_full();
        if let Some(token) = shown.bearer()
            && let Some(told) = rules.by_token(token, self.clock.now()).await
        {
            return told;
        }
        match &rules.app {
            Some(app) => app.who(shown).await,
            None if shown.bearer().is_some() => Err(Unknown::Invalid),
            None => Err(Unknown::Missing),
        }
    }

    /// Looks after the session of the app that a live connection rests on; `None` where it rests on something else.
    pub(crate) fn follow(&self, known: &Known) -> Option<Watching> {
        let rules = self.rules.load();
        let app = rules.app.as_ref()?;
        app.gave(known.basis)?;
        app.follow(known)
    }

    /// A short token for a browser: `principal`, for as long as the rights of the `service` that asks stand.
    pub fn mint(&self, principal: Principal, service: &Known) -> Result<Minted, ApiProblem> {
        self.rules.load().own.mint(&Known::new(principal, service.basis), self.clock.now())
    }
}

/// Compares with every key, so that the time taken tells nothing.
fn by_key(rules: &Rules, token: &str) -> Option<Known> {
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let mut found = None;
    for (key, mark) in rules.config.keys.iter().zip(&rules.keys) {
        if bool::from(key.sha256.ct_eq(&digest)) {
            found = Some((key, *mark));
        }
    }
    found.map(|(key, mark)| Known::new(key.principal(), Basis::Key(mark)))
}

impl From<Unknown> for ApiProblem {
    fn from(unknown: Unknown) -> ApiProblem {
        let detail = match unknown {
            Unknown::Missing => "Send a token in the header Authorization, as Bearer.",
            Unknown::Invalid => "The token is not one that this server accepts: get another.",
            Unknown::TooEarly => "The token is not good yet: check the clocks, or get another.",
            Unknown::Expired => return ApiProblem::new(Kind::TokenExpired, "Get a new token and ask again."),
            Unknown::SignedOut => "The app says that nobody is signed in: sign in there and ask again.",
            Unknown::ForeignPage => {
                let detail = "A cookie counts only with an Origin, a Sec-Fetch-Site or a Referer that names a page of this server or of \
                              a listed origin. Whoever is no browser sends a token.";
                return ApiProblem::new(Kind::ForbiddenOrigin, detail).field("Origin");
            }
            Unknown::AppUnavailable => {
                let detail = "The app that knows who is signed in does not answer now: try again in a moment.";
                return ApiProblem::new(Kind::IdentityUnavailable, detail).retry_after(2);
            }
            Unknown::KeysUnavailable => {
                let detail = "The keys that tokens are checked with cannot be had now: try again in a moment.";
                return ApiProblem::new(Kind::Unavailable, detail).retry_after(5);
            }
        };
        ApiProblem::new(Kind::Unauthenticated, detail)
    }
}

/// Makes the cryptography of tokens ready. To be called once, before the first token is looked at; calling it again does nothing.
pub fn install_crypto() {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
