//! Tokens and live cookies that this server makes: JWTs with HS256 and keys derived from the store's secret, so that they outlive a
//! restart. A cookie is signed with another key than a token: neither passes for the other.

use domain::Timestamp;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use sha2::{Digest, Sha256};

use super::claims::Claims;
use super::{Known, Unknown};
use crate::problems::{ApiProblem, Kind};

/// The `iss` of what this server makes.
const ISSUER: &str = "tidings";
/// Longest life of a token of a principal whose rights do not end, in milliseconds.
const LONGEST_MS: u64 = 24 * 3_600_000;

pub(super) struct OwnTokens {
    token: Pair,
    cookie: Pair,
}

struct Pair {
    sign: EncodingKey,
    check: DecodingKey,
}

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct Minted {
    pub token: String,
    pub expires_at: Timestamp,
}

impl Pair {
    fn derive(purpose: &str, secret: &[u8; 32]) -> Pair {
        let key = Sha256::new().chain_update(purpose).chain_update(secret).chain_update(purpose).finalize();
        Pair { sign: EncodingKey::from_secret(&key), check: DecodingKey::from_secret(&key) }
    }

    fn write(&self, claims: &Claims) -> Result<String, ApiProblem> {
        jsonwebtoken::encode(&Header::default(), claims, &self.sign).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            ApiProblem::new(Kind::Defect, "The token could not be made. The log of the server says why.")
        })
    }

    fn read(&self, token: &str) -> Result<Claims, Unknown> {
        let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        jsonwebtoken::decode::<Claims>(token, &self.check, &validation).map(|data| data.claims).map_err(|_| Unknown::Invalid)
    }
}

impl OwnTokens {
    pub(super) fn new(secret: &[u8; 32]) -> OwnTokens {
        OwnTokens { token: Pair::derive("tidings token", secret), cookie: Pair::derive("tidings live cookie", secret) }
    }

    pub(super) fn mint(&self, known: &Known, now: Timestamp) -> Result<Minted, ApiProblem> {
        let expires_at = known.expires_at.unwrap_or(now.plus_ms(LONGEST_MS));
        let claims = Claims { iss: Some(ISSUER.to_owned()), ..Claims::of(known, expires_at) };
        Ok(Minted { token: self.token.write(&claims)?, expires_at })
    }

    /// Who a token speaks for, if its basis still stands.
    pub(super) fn known(&self, token: &str, now: Timestamp) -> Result<Known, Unknown> {
        self.token.read(token)?.known(now)
    }

    /// `ticket`: what proves the ticket that it is given for.
    pub(super) fn cookie(
        &self,
        known: &Known,
        origin: &str,
        ticket: &str,
        topics: Vec<serde_json::Value>,
        expires_at: Timestamp,
    ) -> Result<String, ApiProblem> {
        let claims = Claims {
            iss: Some(ISSUER.to_owned()),
            origin: Some(origin.to_owned()),
            ticket: Some(ticket.to_owned()),
            topics,
            ..Claims::of(known, expires_at)
        };
        self.cookie.write(&claims)
    }

    /// Who a live cookie speaks for, if its basis still stands, and for which topics only.
    pub(super) fn by_cookie(
        &self,
        cookie: &str,
        origin: &str,
        ticket: &str,
        now: Timestamp,
    ) -> Result<(Known, Vec<serde_json::Value>), Unknown> {
        let claims = self.cookie.read(cookie)?;
        if claims.origin.as_deref() != Some(origin) || claims.ticket.as_deref() != Some(ticket) {
            return Err(Unknown::Invalid);
        }
        Ok((claims.known(now)?, claims.topics))
    }
}
