//! The caller of a stream: besides a token, a browser's `EventSource` may bring a ticket, and from then on the cookie it got for it. A
//! cookie is good beside its own ticket only: whoever signs in after somebody else in the same browser brings another.

use axum::extract::FromRequestParts;
use domain::Topic;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use super::caller::Address;
use super::origin::{is_same_origin, party};
use super::tickets::COOKIE_MS;
use super::{Access, Basis, Known, Opened, Shown, Unknown};
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};
use crate::queries::Pairs;

/// How the names of cookies begin. A digit of the ticket's digest follows, so that streams with tickets of their own leave each other's alone,
/// and a browser holds few.
pub(super) const COOKIE: &str = "tidings_live_";
/// The routes that it is sent to.
const COOKIE_PATH: &str = "/api/v1/live";

pub struct LiveCaller {
    pub known: Known,
    /// The only topics that it may follow; empty is all.
    pub topics: Vec<Topic>,
    /// To be sent with the answer.
    pub set_cookie: Option<HeaderValue>,
}

impl LiveCaller {
    /// Refuses a topic that the ticket does not open.
    pub fn check(&self, topic: &Topic) -> Result<(), ApiProblem> {
        match self.topics.is_empty() || self.topics.contains(topic) {
            true => Ok(()),
            false => {
                Err(ApiProblem::new(Kind::BadTicket, "The ticket was made for other topics: get one for this.").field("topic"))
            }
        }
    }
}

impl Access {
    /// A ticket for the origin that asks.
    pub fn ticket(&self, opened: Opened, headers: &HeaderMap) -> Result<(String, domain::Timestamp), ApiProblem> {
        self.tickets.issue(opened, party(headers), self.clock.now())
    }

    fn redeem(&self, ticket: &str, headers: &HeaderMap) -> Result<LiveCaller, ApiProblem> {
        let now = self.clock.now();
        let origin = party(headers);
        let opened = self.tickets.redeem(ticket, |made_for| made_for == origin || is_same_origin(headers), now);
        let opened = opened.filter(|opened| self.stands(&opened.known)).ok_or_else(|| {
            ApiProblem::new(Kind::BadTicket, "It is spent, too old, or was made for another origin: get a new one.").field("ticket")
        })?;
        let hour = now.plus_ms(COOKIE_MS);
        let expires_at = opened.known.expires_at.map_or(hour, |at| at.min(hour));
        let topics = opened.topics.iter().map(wire::convert::topic_out).collect();
        let proof = proof(ticket);
        let value = self.rules.load().own.cookie(&opened.known, &origin, &proof, topics, expires_at)?;
        let seconds = expires_at.since_ms(now) / 1_000;
        let secure = if is_secure(headers) { "; Secure" } else { "" };
        let digit = &proof[..1];
        let cookie = format!("{COOKIE}{digit}={value}; Path={COOKIE_PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        Ok(LiveCaller { known: opened.known, topics: opened.topics, set_cookie: HeaderValue::from_str(&cookie).ok() })
    }

    /// Whom the cookie speaks for that was given for this ticket.
    fn by_cookie(&self, ticket: &str, headers: &HeaderMap) -> Option<Result<LiveCaller, Unknown>> {
        let proof = proof(ticket);
        let name = format!("{COOKIE}{}", &proof[..1]);
        let cookies =
            headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        let value = cookies.filter_map(|pair| pair.trim().split_once('=')).find(|(found, _)| *found == name)?.1;
        let rules = self.rules.load();
        let told = rules.own.by_cookie(value, &party(headers), &proof, self.clock.now());
        Some(told.and_then(|(known, topics)| {
            let known = rules.standing(known).ok_or(Unknown::Invalid)?;
            // Without topics it would be good for all.
            let topics = topics.iter().map(wire::convert::topic_in).collect::<Result<_, _>>().map_err(|_| Unknown::Invalid)?;
            Ok(LiveCaller { known, topics, set_cookie: None })
        }))
    }

    async fn live_caller(&self, parts: &Parts) -> Result<LiveCaller, ApiProblem> {
        let whole = |known| LiveCaller { known, topics: Vec::new(), set_cookie: None };
        if let Some(local) = self.local() {
            return Ok(whole(local));
        }
        let shown = Shown::of_parts(self, parts);
        let ticket = match shown.bearer() {
            Some(_) => None,
            None => Pairs::of(&parts.uri)?.one("ticket")?,
        };
        let Some(ticket) = ticket else { return Ok(whole(self.who(&shown).await?)) };
        // A reconnect brings the spent ticket again, and its cookie: the cookie comes first.
        if let Some(Ok(caller)) = self.by_cookie(&ticket, &parts.headers) {
            match self.with_session(caller).await {
                Ok(caller) => return Ok(caller),
                Err(Unknown::AppUnavailable) => return Err(Unknown::AppUnavailable.into()),
                Err(_) => {}
            }
        }
        let caller = self.with_session(self.redeem(&ticket, &parts.headers)?).await?;
        if let (Some(app), Some(_)) = (&self.rules.load().app, &caller.set_cookie) {
            app.keep_for_cookie(&caller.known, self.clock.now().plus_ms(COOKIE_MS));
        }
        Ok(caller)
    }

    /// Where a ticket or its cookie rests on a session of the app: what that session may now, if it has not ended.
    async fn with_session(&self, caller: LiveCaller) -> Result<LiveCaller, Unknown> {
        let Basis::Session { .. } = caller.known.basis else { return Ok(caller) };
        let app = self.rules.load().app.clone().ok_or(Unknown::Invalid)?;
        let session = app.gave(caller.known.basis).ok_or(Unknown::Invalid)?;
        let told = match &caller.known.session {
            Some(session) => app.bearer_of(session.credentials.clone()).await,
            None => app.by_mark(session).await.ok_or(Unknown::Invalid)?,
        };
        let known = told?;
        let is_same = known.subject == caller.known.subject && known.tenant == caller.known.tenant;
        if is_same { Ok(LiveCaller { known, ..caller }) } else { Err(Unknown::Invalid) }
    }
}

/// What a cookie holds of its ticket.
fn proof(ticket: &str) -> String {
    Sha256::digest(ticket).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the browser came over TLS, as far as can be told: by its origin, or by what a proxy says.
fn is_secure(headers: &HeaderMap) -> bool {
    let begins = |name: &str, word: &[u8]| headers.get(name).is_some_and(|value| value.as_bytes().starts_with(word));
    begins("origin", b"https://") || begins("x-forwarded-proto", b"https")
}

impl FromRequestParts<Context> for LiveCaller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<LiveCaller, ApiProblem> {
        match context.access.live_caller(parts).await {
            Ok(caller) => {
                context.limits.check_principal(&caller.known, context.access.is_open())?;
                Ok(caller)
            }
            Err(problem) => {
                if !problem.is(Kind::TokenExpired) && problem.problem().status != 503 {
                    context.limits.check_address(Address::of(parts))?;
                }
                Err(problem)
            }
        }
    }
}
