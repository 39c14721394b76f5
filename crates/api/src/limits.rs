//! How often somebody may ask. Live frames do not count; streams count once, when they are opened.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwap;
use domain::access::Principal;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::access::Address;
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

/// The limits, with what each caller has used of them. Replaced as a whole when the configuration is read again.
pub struct RequestLimits(ArcSwap<Used>);

struct Used {
    limits: RateLimits,
    principals: Option<Arc<Counted<String>>>,
    addresses: Option<Arc<Counted<Address>>>,
}

/// What callers of one kind have used of their limit.
struct Counted<K: Clone + Hash + Eq> {
    limit: RateLimit,
    limiter: DefaultKeyedRateLimiter<K>,
    checks: AtomicU32,
}

impl<K: Clone + Hash + Eq> Counted<K> {
    fn new(limit: RateLimit) -> Arc<Counted<K>> {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);
        Arc::new(Counted { limit, limiter: RateLimiter::keyed(quota), checks: AtomicU32::new(0) })
    }

    /// What was used so far, if the limit is the same; else nothing is used yet.
    fn carried(former: Option<&Arc<Counted<K>>>, limit: Option<RateLimit>) -> Option<Arc<Counted<K>>> {
        let limit = limit?;
        Some(former.filter(|former| former.limit == limit).cloned().unwrap_or_else(|| Counted::new(limit)))
    }

    fn check(&self, key: &K, what: &str) -> Result<(), ApiProblem> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_CLEANING == CHECKS_BETWEEN_CLEANING - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let per_second = self.limit.per_second;
            let detail = format!("{per_second} {what} a second are allowed: wait as long as Retry-After says.");
            ApiProblem::new(Kind::TooManyRequests, detail).limit(u64::from(per_second.get())).retry_after(wait.as_secs() + 1)
        })
    }
}

impl RequestLimits {
    pub fn new(limits: RateLimits) -> RequestLimits {
        let (principals, addresses) = (limits.principal.map(Counted::new), limits.refused_address.map(Counted::new));
        RequestLimits(ArcSwap::from_pointee(Used { limits, principals, addresses }))
    }

    /// Takes other limits. What was used of a limit that stays the same stays used.
    pub fn replace(&self, limits: RateLimits) {
        let former = self.0.load();
        let principals = Counted::carried(former.principals.as_ref(), limits.principal);
        let addresses = Counted::carried(former.addresses.as_ref(), limits.refused_address);
        self.0.store(Arc::new(Used { limits, principals, addresses }));
    }

    pub fn check_principal(&self, principal: &Principal, is_open: bool) -> Result<(), ApiProblem> {
        let used = self.0.load();
        if is_open && !used.limits.in_open_mode {
            return Ok(());
        }
        let Some(principals) = &used.principals else { return Ok(()) };
        let key = format!("{}:{}{}", principal.tenant.len(), principal.tenant, principal.subject);
        principals.check(&key, "requests")
    }

    /// Counts a refused caller.
    pub fn check_address(&self, address: Address) -> Result<(), ApiProblem> {
        match &self.0.load().addresses {
            Some(addresses) => addresses.check(&address, "refused requests of one address"),
            None => Ok(()),
        }
    }
}
