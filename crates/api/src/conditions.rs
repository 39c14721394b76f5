//! Headers that condition a request: `If-Match`, `If-None-Match`, `Idempotency-Key`, `Prefer` (RFC 9110, RFC 7240).

use std::time::Duration;

use domain::Job;
use engine::{CallerKey, Conditions};
use http::{HeaderMap, HeaderName, header};

use crate::problems::{ApiProblem, Kind};

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub const TIDINGS_LEASE: HeaderName = HeaderName::from_static("tidings-lease");
pub const PREFER: HeaderName = HeaderName::from_static("prefer");
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Longest wait that a request may ask for, in seconds: below what proxies cut at.
pub const WAIT_SECONDS: u64 = 55;

/// The validator of a job: epoch, revision and, once there was progress, its tick. Progress moves no revision, so without the tick a
/// cache would show an old percentage.
pub fn etag(epoch: &str, job: &Job) -> String {
    match job.tick {
        0 => format!("\"{epoch}.{}\"", job.rev),
        tick => format!("\"{epoch}.{}.{tick}\"", job.rev),
    }
}

/// Whether `If-None-Match` names this validator.
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// The revision that `If-Match` demands; of a tag only epoch and revision count.
fn expected_rev(headers: &HeaderMap, epoch: &str) -> Result<Option<u64>, ApiProblem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or("").trim();
    if text == "*" {
        return Ok(None);
    }
    let another = || {
        ApiProblem::new(
            Kind::RevisionChanged,
            "If-Match does not name a revision of this log: read the job again, and send its ETag.",
        )
        .field("If-Match")
    };
    let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(another)?;
    let mut parts = tag.split('.');
    match (parts.next(), parts.next().and_then(|rev| rev.parse().ok())) {
        (Some(named), Some(rev)) if named == epoch => Ok(Some(rev)),
        _ => Err(another()),
    }
}

/// The conditions of a request that changes something. `route` is its method and path.
pub fn conditions<'a>(headers: &'a HeaderMap, epoch: &str, route: &'a str, body: &'a [u8]) -> Result<Conditions<'a>, ApiProblem> {
    let key = match headers.get(IDEMPOTENCY_KEY) {
        None => None,
        Some(value) => {
            let key = value.to_str().map_err(|_| ApiProblem::invalid("Idempotency-Key", "must be visible ASCII"))?;
            Some(CallerKey { route, key, body })
        }
    };
    Ok(Conditions { expected_rev: expected_rev(headers, epoch)?, key })
}

/// How the caller would like to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    None,
    /// At once, whatever becomes of the job.
    Async,
    /// With the end, if it comes within this time.
    Wait(Duration),
}

impl Preference {
    pub fn read(headers: &HeaderMap) -> Preference {
        let mut preference = Preference::None;
        let words = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        for word in words.map(str::trim) {
            if word.eq_ignore_ascii_case("respond-async") && preference == Preference::None {
                preference = Preference::Async;
            }
            let wait = word.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("wait"));
            if let Some(seconds) = wait.and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse::<u64>().ok()) {
                preference = Preference::Wait(Duration::from_secs(seconds.min(WAIT_SECONDS)));
            }
        }
        preference
    }

    /// Value of `Preference-Applied`.
    pub fn applied(self) -> Option<String> {
        match self {
            Preference::None => None,
            Preference::Async => Some("respond-async".to_owned()),
            Preference::Wait(longest) => Some(format!("wait={}", longest.as_secs())),
        }
    }
}

/// The lease in `Tidings-Lease`.
pub fn lease(headers: &HeaderMap) -> Result<&str, ApiProblem> {
    let lease = headers.get(TIDINGS_LEASE).and_then(|value| value.to_str().ok()).filter(|lease| !lease.is_empty());
    lease.ok_or_else(|| {
        ApiProblem::new(
            Kind::NoLease,
            "Send the lease's token, from the answer to the submit or claim, in the header Tidings-Lease.",
        )
        .field("Tidings-Lease")
    })
}

#[cfg(test)]
mod tests;
