//! The claims of a token, and the principal they make.

use domain::access::{Principal, Scope};
use domain::{Text, Timestamp, limits};
use serde::{Deserialize, Serialize};

use super::{Basis, Known, Unknown};

/// How far another clock may be ahead of ours, in seconds, for `nbf`. `exp` is exact: a live connection ends with it.
const LEEWAY_SECONDS: f64 = 5.0;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Separated by spaces (RFC 8693 section 4.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Seconds since 1970.
    pub exp: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<f64>,
    #[serde(default)]
    pub tenant_wide: bool,
    #[serde(default)]
    pub service: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// Of what this server made: what the rights rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Of a live cookie: the origin it is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Of a live cookie: what proves the ticket that it was given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Of a live cookie: the only topics it opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<serde_json::Value>,
}

/// Words of a scope claim that we know, sorted, without doubles. Others are somebody else's.
pub(super) fn scopes(text: &str) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = text.split_ascii_whitespace().filter_map(Scope::parse).collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

fn word(text: &str) -> Result<Text, Unknown> {
    let is_word = !text.is_empty() && text.len() <= limits::NAME_BYTES && !text.chars().any(char::is_control);
    if is_word { Ok(text.into()) } else { Err(Unknown::Invalid) }
}

impl Claims {
    /// The principal, if its time is now.
    pub(super) fn principal(&self, now: Timestamp, default_scopes: &[Scope]) -> Result<Principal, Unknown> {
        let seconds = now.0 as f64 / 1_000.0;
        if !self.exp.is_finite() || seconds >= self.exp {
            return Err(Unknown::Expired);
        }
        if self.nbf.is_some_and(|from| seconds + LEEWAY_SECONDS < from) {
            return Err(Unknown::TooEarly);
        }
        Ok(Principal {
            subject: word(&self.sub)?,
            tenant: self.tenant.as_deref().map_or_else(|| Ok("default".into()), word)?,
            scopes: self.scope.as_deref().map_or_else(|| default_scopes.to_vec(), scopes),
            is_tenant_wide: self.tenant_wide,
            is_service: self.service,
            expires_at: Some(Timestamp((self.exp * 1_000.0) as i64)),
        })
    }

    /// Who a token of this server's own speaks for. One that names no basis is none of them.
    pub(super) fn known(&self, now: Timestamp) -> Result<Known, Unknown> {
        let principal = self.principal(now, &[])?;
        let basis = self.basis.as_deref().and_then(Basis::parse).ok_or(Unknown::Invalid)?;
        Ok(Known::new(principal, basis))
    }

    /// Claims that make this caller again, until `exp`.
    pub(super) fn of(known: &Known, exp: Timestamp) -> Claims {
        let Known { principal, basis, .. } = known;
        Claims {
            sub: principal.subject.to_string(),
            tenant: Some(principal.tenant.to_string()),
            scope: Some(principal.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")),
            exp: exp.0 as f64 / 1_000.0,
            nbf: None,
            tenant_wide: principal.is_tenant_wide,
            service: principal.is_service,
            iss: None,
            basis: Some(basis.to_string()),
            origin: None,
            ticket: None,
            topics: Vec::new(),
        }
    }
}
