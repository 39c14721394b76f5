//! A JWK set (RFC 7517) fetched from the operator's address and kept for a while.
//!
//! No redirects, 10 s, 1 MB. An unknown key id fetches again, but not more often than every [`AGAIN`]; a set that cannot be fetched
//! leaves the former one in force.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};

use super::Unknown;
use super::config::{Algorithm, BadAccess};
use crate::outgoing;

/// How long a set is used without asking again.
const FRESH: Duration = Duration::from_secs(600);
/// Shortest time between two fetches.
const AGAIN: Duration = Duration::from_secs(30);

pub(super) struct KeySet {
    url: reqwest::Url,
    algorithm: Algorithm,
    client: reqwest::Client,
    kept: Mutex<Kept>,
    /// Held while the set is fetched.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    keys: Vec<(Option<String>, DecodingKey)>,
    /// When the keys were fetched; `None` while there are none.
    fetched: Option<Instant>,
    /// When it was last tried.
    tried: Option<Instant>,
}

impl Kept {
    fn knows(&self, kid: Option<&str>) -> bool {
        self.fetched.is_some() && (kid.is_none() || self.keys.iter().any(|(known, _)| known.as_deref() == kid))
    }

    fn wants_fetch(&self, kid: Option<&str>) -> bool {
        let is_fresh = self.fetched.is_some_and(|at| at.elapsed() < FRESH);
        let may_try = self.tried.is_none_or(|at| at.elapsed() >= AGAIN);
        may_try && !(is_fresh && self.knows(kid))
    }
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("it answered {0}")]
    Status(u16),
    #[error(transparent)]
    Body(#[from] outgoing::BodyError),
    #[error("it is no key set: {0}")]
    NotASet(#[from] serde_json::Error),
    #[error("it holds no key for {0}")]
    NoKey(Algorithm),
}

impl KeySet {
    pub(super) fn new(url: &str, algorithm: Algorithm, private_hosts: &[String]) -> Result<KeySet, BadAccess> {
        let url = outgoing::address("jwks_url", url, private_hosts)?;
        let client = outgoing::client(private_hosts)?;
        Ok(KeySet { url, algorithm, client, kept: Mutex::default(), fetching: Default::default() })
    }

    /// The keys that a token with this key id may be signed with. Whoever brings a key id that is known waits for nobody else's fetch.
    pub(super) async fn keys_for(&self, kid: Option<&str>) -> Result<Arc<[DecodingKey]>, Unknown> {
        if self.kept().wants_fetch(kid) {
            let is_known = self.kept().knows(kid);
            let turn = match is_known {
                true => self.fetching.try_lock().ok(),
                false => Some(self.fetching.lock().await),
            };
            if turn.is_some() && self.kept().wants_fetch(kid) {
                let tried = Some(Instant::now());
                self.kept().tried = tried;
                match self.fetch().await {
                    Ok(keys) => *self.kept() = Kept { keys, fetched: tried, tried },
                    Err(error) => tracing::warn!(%error, "the key set for tokens could not be fetched"),
                }
            }
        }
        let kept = self.kept();
        if kept.fetched.is_none() {
            return Err(Unknown::KeysUnavailable);
        }
        let fitting = kept.keys.iter().filter(|(known, _)| kid.is_none() || known.is_none() || known.as_deref() == kid);
        Ok(fitting.map(|(_, key)| key.clone()).collect())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self) -> Result<Vec<(Option<String>, DecodingKey)>, FetchError> {
        let mut response = self.client.get(self.url.clone()).send().await?;
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let body = outgoing::body(&mut response).await?;
        let set: JwkSet = serde_json::from_slice(&body)?;
        let usable = set.keys.iter().filter(|key| self.fits(key));
        let keys: Vec<_> = usable.filter_map(|key| Some((key.common.key_id.clone(), DecodingKey::from_jwk(key).ok()?))).collect();
        if keys.is_empty() { Err(FetchError::NoKey(self.algorithm)) } else { Ok(keys) }
    }

    fn fits(&self, key: &Jwk) -> bool {
        let meant = match self.algorithm {
            Algorithm::Hs256 => return false,
            Algorithm::Rs256 => KeyAlgorithm::RS256,
            Algorithm::Es256 => KeyAlgorithm::ES256,
            Algorithm::EdDsa => KeyAlgorithm::EdDSA,
        };
        let family = super::verifier::named(self.algorithm).family();
        let is_of_family = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == family);
        let is_for_signatures = key.common.public_key_use.as_ref().is_none_or(|use_| *use_ == PublicKeyUse::Signature);
        is_of_family && is_for_signatures && key.common.key_algorithm.is_none_or(|named| named == meant)
    }
}
