//! Who asks: the one place where tokens, keys, tickets and origins become somebody [`Known`] or a refusal.
//!
//! In open mode nobody needs a token and everybody on this machine is the user `local`; the rules on `Host` and `Origin` keep foreign
//! web pages out. In closed mode a caller brings a JWT, an API key, or a token that this server made. What a principal may do is not
//! decided here but in `domain::access`, by the engine. Tokens are never logged.

mod caller;
mod claims;
mod config;
mod jwks;
mod known;
mod live_caller;
mod origin;
mod own_tokens;
mod tickets;
mod verifier;

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::access::{Principal, Scope};
use engine::clock::SharedClock;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::problems::{ApiProblem, Kind};

pub use caller::{Address, Caller};
pub use config::{AccessConfig, Algorithm, ApiKeyConfig, BadAccess, JwtConfig, JwtKey};
pub use known::{Basis, Known};
pub use live_caller::LiveCaller;
pub(crate) use origin::guard;
pub use own_tokens::Minted;
pub use tickets::{Opened, TICKET_MS};

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
    /// What users' tokens rest on; `None` while none are accepted.
    users: Option<Mark>,
    /// What each key is known by, in their order.
    keys: Vec<Mark>,
    /// Grows with each change of the configuration.
    generation: u64,
}

impl Rules {
    fn new(config: AccessConfig, generation: u64, former: Option<&Rules>) -> Result<Rules, BadAccess> {
        config.check()?;
        let own = OwnTokens::new(&config.own_secret);
        // Who checks users' tokens may hold keys that were fetched: as long as nothing changes for it, it stays.
        let kept = former.filter(|former| former.config.jwt == config.jwt).and_then(|former| former.verifier.clone());
        let verifier = match (kept, &config.jwt) {
            (Some(kept), _) => Some(kept),
            (None, jwt) => jwt.as_ref().map(Verifier::new).transpose()?.map(Arc::new),
        };
        let users = config.jwt.as_ref().map(|jwt| Mark::of_users(jwt, &config.own_secret));
        let keys = config.keys.iter().map(|key| Mark::of_key(key, &config.own_secret)).collect();
        Ok(Rules { config, own, verifier, users, keys, generation })
    }

    /// Rights as far as their basis still gives them; `None` is nothing at all.
    fn standing(&self, known: Known) -> Option<Known> {
        match known.basis {
            Basis::Open => self.config.open.then_some(known),
            Basis::Users(mark) => (self.users == Some(mark)).then_some(known),
            Basis::Key(mark) => {
                let at = self.keys.iter().position(|key| *key == mark)?;
                let principal = narrowed(&known.principal, &self.config.keys[at])?;
                Some(Known { principal, basis: known.basis })
            }
        }
    }
}

impl Access {
    pub fn new(config: AccessConfig, clock: SharedClock) -> Result<Arc<Access>, BadAccess> {
        let rules = ArcSwap::from_pointee(Rules::new(config, 0, None)?);
        Ok(Arc::new(Access { rules, tickets: Tickets::default(), clock }))
    }

    /// Takes a new configuration; one that is refused leaves the former in force. The caller then tells live connections with `Engine::rights_changed(None)`.
    pub fn replace(&self, config: AccessConfig) -> Result<(), BadAccess> {
        let before = self.rules.load_full();
        self.rules.store(Arc::new(Rules::new(config, before.generation + 1, Some(&before))?));
        Ok(())
    }

    pub(crate) fn generation(&self) -> u64 {
        self.rules.load().generation
    }

    /// Whether rights that were given earlier still stand, undiminished.
    pub(crate) fn stands(&self, known: &Known) -> bool {
        self.rules.load().standing(known.clone()).is_some_and(|now| now == *known)
    }

    pub fn is_open(&self) -> bool {
        self.rules.load().config.open
    }

    /// In open mode, the user that everybody is.
    pub fn local(&self) -> Option<Known> {
        self.is_open().then(|| Known {
            principal: Principal {
                subject: "local".into(),
                tenant: "default".into(),
                scopes: Scope::ALL.to_vec(),
                is_tenant_wide: true,
                is_service: true,
                expires_at: None,
            },
            basis: Basis::Open,
        })
    }

    /// Who a token speaks for; in open mode it is not looked at.
    pub async fn by_token(&self, token: Option<&str>) -> Result<Known, Unknown> {
        if let Some(local) = self.local() {
            return Ok(local);
        }
        let token = token.filter(|token| !token.is_empty()).ok_or(Unknown::Missing)?;
        let rules = self.rules.load_full();
        let now = self.clock.now();
        if token.starts_with(API_KEY_PREFIX) {
            return by_key(&rules, token).ok_or(Unknown::Invalid);
        }
        match (rules.own.known(token, now), &rules.verifier, rules.users) {
            (Err(Unknown::Invalid), Some(verifier), Some(mark)) => {
                Ok(Known { principal: verifier.principal(token, now).await?, basis: Basis::Users(mark) })
            }
            (Ok(known), ..) => rules.standing(known).ok_or(Unknown::Invalid),
            (refused, ..) => refused,
        }
    }

    /// A short token for a browser: `principal`, for as long as the rights of the `service` that asks stand.
    pub fn mint(&self, principal: Principal, service: &Known) -> Result<Minted, ApiProblem> {
        self.rules.load().own.mint(&Known { principal, basis: service.basis }, self.clock.now())
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
    found.map(|(key, mark)| Known { principal: key.principal(), basis: Basis::Key(mark) })
}

impl From<Unknown> for ApiProblem {
    fn from(unknown: Unknown) -> ApiProblem {
        let detail = match unknown {
            Unknown::Missing => "Send a token in the header Authorization, as Bearer.",
            Unknown::Invalid => "The token is not one that this server accepts: get another.",
            Unknown::TooEarly => "The token is not good yet: check the clocks, or get another.",
            Unknown::Expired => return ApiProblem::new(Kind::TokenExpired, "Get a new token and ask again."),
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
