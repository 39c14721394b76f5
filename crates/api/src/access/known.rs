//! Somebody who was let in, and what that rests on.
//!
//! A right lasts as long as what gave it: an API key of the configuration, the way that users' tokens are checked, a session of the app, or
//! open mode. What this server makes for its bearer (tokens, tickets, cookies) names the same basis, and ends with it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use domain::Timestamp;
use domain::access::{Principal, Scope};
use sha2::{Digest, Sha256};

use super::config::{ApiKeyConfig, IntrospectConfig, JwtConfig, JwtKey};
use super::shown::Credentials;

/// Who asks, and what its rights rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub principal: Principal,
    pub(crate) basis: Basis,
    /// The session that the app told of, where it did.
    pub(super) session: Option<Session>,
}

/// What the app was shown of somebody, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub credentials: Arc<Credentials>,
    /// Of the answer: a higher one is of a later question.
    pub number: u64,
    pub asked_at: Timestamp,
}

impl Known {
    pub(super) fn new(principal: Principal, basis: Basis) -> Known {
        Known { principal, basis, session: None }
    }

    /// Whether it rests on what the app says of a session, which was asked for now.
    pub(crate) fn is_of_session(&self) -> bool {
        self.session.is_some()
    }

    /// What a live connection is opened with: where a session is looked after, its end is found out by asking.
    pub(crate) fn for_connection(&self) -> Principal {
        match self.session {
            Some(_) => lasting(&self.principal),
            None => self.principal.clone(),
        }
    }
}

/// What a principal may for as long as its session stands.
pub(super) fn lasting(principal: &Principal) -> Principal {
    Principal { expires_at: None, ..principal.clone() }
}

impl Deref for Known {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

/// What a right rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Nobody is asked who they are.
    Open,
    /// An API key: shown itself, or through what was made with it.
    Key(Mark),
    /// The way that users' tokens are checked.
    Users(Mark),
    /// What the app says of one session, under the rules that it is asked by.
    Session { rules: Mark, session: Mark },
}

/// Stands for a key or a set of rules, and tells nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark(u128);

impl Mark {
    fn of<'a>(own_secret: &[u8; 32], parts: impl IntoIterator<Item = &'a [u8]>) -> Mark {
        let mut digest = Sha256::new().chain_update("tidings basis").chain_update(own_secret);
        for part in parts {
            digest = digest.chain_update(part.len().to_be_bytes()).chain_update(part);
        }
        let mut half = [0; 16];
        half.copy_from_slice(&digest.finalize()[..16]);
        Mark(u128::from_be_bytes(half))
    }

    pub(super) fn of_key(key: &ApiKeyConfig, own_secret: &[u8; 32]) -> Mark {
        Mark::of(own_secret, [&b"key"[..], &key.sha256])
    }

    pub(super) fn of_users(jwt: &JwtConfig, own_secret: &[u8; 32]) -> Mark {
        let (kind, key) = match &jwt.key {
            JwtKey::Secret(secret) => ("secret", &secret[..]),
            JwtKey::Pem(pem) => ("pem", &pem[..]),
            JwtKey::JwksUrl(url) => ("jwks", url.as_bytes()),
        };
        let scopes = jwt.default_scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        let named = |name: &Option<String>| name.as_ref().map_or_else(String::new, |name| format!("={name}"));
        let (issuer, audience) = (named(&jwt.issuer), named(&jwt.audience));
        let words = ["users", jwt.algorithm.as_str(), kind, &issuer, &audience, &scopes];
        Mark::of(own_secret, words.iter().map(|word| word.as_bytes()).chain([key]))
    }

    pub(super) fn of_app(app: &IntrospectConfig, own_secret: &[u8; 32]) -> Mark {
        let scopes = app.default_scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        let cookies = app.cookies.as_ref().map_or_else(String::new, |names| format!("={}", names.join(";")));
        Mark::of(own_secret, ["app", &app.url, &cookies, &scopes].map(str::as_bytes))
    }

    /// Of what one session is known by: cookies, then `Authorization`.
    pub(super) fn of_session(shown: [Option<&[u8]>; 2], own_secret: &[u8; 32]) -> Mark {
        let [cookies, authorization] = shown.map(Option::unwrap_or_default);
        Mark::of(own_secret, [b"session", cookies, authorization])
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Open => f.write_str("open"),
            Basis::Key(mark) => write!(f, "key:{:032x}", mark.0),
            Basis::Users(mark) => write!(f, "users:{:032x}", mark.0),
            Basis::Session { rules, session } => write!(f, "session:{:032x}:{:032x}", rules.0, session.0),
        }
    }
}

impl Basis {
    /// Reads what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Option<Basis> {
        let mark = |hex: &str| u128::from_str_radix(hex, 16).ok().map(Mark);
        match text.split_once(':') {
            None => (text == "open").then_some(Basis::Open),
            Some(("key", hex)) => mark(hex).map(Basis::Key),
            Some(("users", hex)) => mark(hex).map(Basis::Users),
            Some(("session", both)) => {
                let (rules, session) = both.split_once(':')?;
                Some(Basis::Session { rules: mark(rules)?, session: mark(session)? })
            }
            Some(_) => None,
        }
    }
}

/// What remains of rights that were given by a key, as the key is configured now; `None` is nothing.
pub(super) fn narrowed(principal: &Principal, key: &ApiKeyConfig) -> Option<Principal> {
    let by = key.principal();
    let speaks_for_itself = principal.is_service || !by.is_service;
    let fits = principal.tenant == by.tenant
        && (!speaks_for_itself || principal.subject == by.subject)
        && (!principal.is_service || by.is_service)
        && (!principal.is_tenant_wide || by.is_tenant_wide || by.has(Scope::Admin));
    let held = |scope: &Scope| by.scopes.contains(scope) || (*scope != Scope::Admin && by.has(Scope::Admin));
    fits.then(|| Principal { scopes: principal.scopes.iter().copied().filter(held).collect(), ..principal.clone() })
}
