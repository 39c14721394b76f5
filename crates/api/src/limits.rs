//! How often somebody may ask. Live frames do not count; streams count once, when they are opened.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::access::Principal;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::problems::{ApiProblem, Kind};

/// Requests that one caller may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub per_second: NonZeroU32,
    /// At once, after a silence.
    pub burst: NonZeroU32,
}

/// The limits in force; `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of each principal.
    pub principal: Option<RateLimit>,
    /// Of each address: requests that are refused because nobody knows who asks.
    pub refused_address: Option<RateLimit>,
    /// Whether they also hold in open mode.
    pub in_open_mode: bool,
}

const fn number(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for RateLimits {
    fn default() -> RateLimits {
        RateLimits {
            principal: Some(RateLimit { per_second: number(200), burst: number(400) }),
            refused_address: Some(RateLimit { per_second: number(5), burst: number(50) }),
            in_open_mode: false,
        }
    }
}

/// Checks between two looks at callers that are long silent.
const CHECKS_BETWEEN_CLEANING: u32 = 10_000;

pub struct RequestLimits {
    limits: RateLimits,
    principals: Option<DefaultKeyedRateLimiter<String>>,
    addresses: Option<DefaultKeyedRateLimiter<String>>,
    checks: AtomicU32,
}

fn limiter(limit: RateLimit) -> DefaultKeyedRateLimiter<String> {
    RateLimiter::keyed(Quota::per_second(limit.per_second).allow_burst(limit.burst))
}

impl RequestLimits {
    pub fn new(limits: RateLimits) -> RequestLimits {
        RequestLimits {
            limits,
            principals: limits.principal.map(limiter),
            addresses: limits.refused_address.map(limiter),
            checks: AtomicU32::new(0),
        }
    }

    pub fn check_principal(&self, principal: &Principal, is_open: bool) -> Result<(), ApiProblem> {
        if is_open && !self.limits.in_open_mode {
            return Ok(());
        }
        let Some(limiter) = &self.principals else { return Ok(()) };
        let key = format!("{}:{}{}", principal.tenant.len(), principal.tenant, principal.subject);
        self.check(limiter, &key, self.limits.principal)
    }

    /// Counts a refused caller.
    pub fn check_address(&self, address: &str) -> Result<(), ApiProblem> {
        match &self.addresses {
            Some(limiter) => self.check(limiter, &address.to_owned(), self.limits.refused_address),
            None => Ok(()),
        }
    }

    fn check(&self, limiter: &DefaultKeyedRateLimiter<String>, key: &String, limit: Option<RateLimit>) -> Result<(), ApiProblem> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_CLEANING == CHECKS_BETWEEN_CLEANING - 1 {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let per_second = limit.map_or(0, |limit| limit.per_second.get());
            let detail = format!("{per_second} requests a second are allowed: wait as long as Retry-After says.");
            ApiProblem::new(Kind::TooManyRequests, detail).limit(u64::from(per_second)).retry_after(wait.as_secs() + 1)
        })
    }
}
