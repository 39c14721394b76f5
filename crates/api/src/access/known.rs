//! Somebody who was let in, and what that rests on.
//!
//! A right lasts as long as what gave it: an API key of the configuration, the way that users' tokens are checked, or open mode. What
//! this server makes for its bearer (tokens, tickets, cookies) names the same basis, and ends with it.

use std::fmt;
use std::ops::Deref;

use domain::access::{Principal, Scope};
use sha2::{Digest, Sha256};

use super::config::{ApiKeyConfig, JwtConfig, JwtKey};

/// Who asks, and what its rights rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub principal: Principal,
    pub(crate) basis: Basis,
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
}

/// Stands for a key or a set of rules, and tells nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Open => f.write_str("open"),
            Basis::Key(mark) => write!(f, "key:{:032x}", mark.0),
            Basis::Users(mark) => write!(f, "users:{:032x}", mark.0),
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
