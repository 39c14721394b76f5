//! Which web pages may call: rules on `Host`, `Origin` and `Sec-Fetch-Site`, and CORS (Fetch standard) as their other face.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::Rules;
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};

/// Headers of an answer that a foreign page may read.
const EXPOSED: &str = "ETag, Location, Retry-After, Idempotency-Replayed, Preference-Applied";
/// Headers that a foreign page may send.
const ALLOWED: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, Tidings-Lease";
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE";

/// What a request's origin is to this server.
#[derive(Debug, PartialEq, Eq)]
enum Relation {
    /// The server's own page, or no page at all.
    Own,
    /// A foreign page that is listed.
    Listed,
}

/// The origin that tickets and cookies are bound to: `own` for the server's own pages and for callers without one.
pub(super) fn party(headers: &HeaderMap) -> String {
    match origin(headers) {
        Some(origin) if !is_own(origin, host(headers, None)) => origin.to_owned(),
        _ => "own".to_owned(),
    }
}

/// Whether a browser says that its page and this server are one origin, as it sees them. Behind a proxy that rewrites `Host`, a page's
/// POST carries an `Origin` that is not told as own, and its stream carries none.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    origin(headers).is_none() && headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

/// Whether a request may act by what the browser sends of its own accord, cookies above all: only a page of this server or of a listed
/// origin may make it. `Origin` says so with everything but a plain read; where it is absent, `Sec-Fetch-Site` does (Fetch Metadata), and
/// for browsers that send neither, `Referer`. A caller that says nothing of all this is no browser, and has no business with cookies.
pub(super) fn may_use_cookies(listed: &[String], method: &Method, headers: &HeaderMap, uri: &Uri) -> bool {
    let host = host(headers, Some(uri));
    let is_ours = |origin: &str| is_own(origin, host) || listed.iter().any(|listed| listed == origin);
    if let Some(origin) = origin(headers) {
        return is_ours(origin);
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        // Typed into the address bar. A handshake is a read by its method alone.
        let is_read = method.is_safe() && !headers.contains_key(header::SEC_WEBSOCKET_KEY);
        return site == "same-origin" || (site == "none" && is_read);
    }
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    referer.and_then(origin_of).is_some_and(is_ours)
}

/// The origin of an address: its scheme and authority.
fn origin_of(address: &str) -> Option<&str> {
    let scheme = address.find("://")? + 3;
    let end = address[scheme..].find(['/', '?', '#']).map_or(address.len(), |end| scheme + end);
    address.get(..end)
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(|value| value.to_str().unwrap_or("null"))
}

fn host<'a>(headers: &'a HeaderMap, uri: Option<&'a Uri>) -> Option<&'a str> {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    named.or_else(|| uri.and_then(|uri| uri.authority()).map(|authority| authority.as_str()))
}

fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

fn is_own(origin: &str, host: Option<&str>) -> bool {
    matches!((authority(origin), host), (Some(named), Some(host)) if named.eq_ignore_ascii_case(host))
}

/// Host without port, and the port if there is one.
fn split(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.eq_ignore_ascii_case(name))
}

fn check_host(rules: &Rules, host: Option<&str>) -> Result<(), ApiProblem> {
    let port = rules.config.port;
    let fits = host
        .map(split)
        .is_some_and(|(host, named)| is_loopback(host) && named.map_or(port == 80, |named| named.parse() == Ok(port)));
    match fits || !rules.config.open {
        true => Ok(()),
        false => {
            let detail = format!("Without access control the server answers only to localhost:{port} and 127.0.0.1:{port}.");
            Err(ApiProblem::new(Kind::ForbiddenHost, detail).field("Host"))
        }
    }
}

fn check_origin(rules: &Rules, headers: &HeaderMap, host: Option<&str>) -> Result<Relation, ApiProblem> {
    let refused = |detail: &str| Err(ApiProblem::new(Kind::ForbiddenOrigin, detail).field("Origin"));
    let Some(origin) = origin(headers) else {
        let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
        return match site {
            None | Some(b"same-origin" | b"none") => Ok(Relation::Own),
            _ if !rules.config.open => Ok(Relation::Own),
            _ => refused("A page of another site may not call a server without access control."),
        };
    };
    if rules.config.open {
        return match authority(origin).map(split) {
            Some((host, _)) if is_loopback(host) => Ok(Relation::Listed),
            _ => refused("Without access control only pages of this machine may call the server."),
        };
    }
    if is_own(origin, host) {
        return Ok(Relation::Own);
    }
    match rules.config.origins.iter().any(|listed| listed == origin) {
        true => Ok(Relation::Listed),
        false => refused("The operator must list this origin under access.origins."),
    }
}

/// Whether a path is held to the rules on origins. Pages and assets may be linked to from anywhere; health says nothing.
fn is_guarded(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/dialects/") || matches!(path, "/metrics" | "/ws" | "/ws/health")
}

/// The middleware before everything: refuses foreign hosts and origins, answers preflights, adds the CORS headers.
pub(crate) async fn guard(State(context): State<Context>, request: Request, next: Next) -> Response {
    let rules = context.access.rules.load_full();
    let path = request.uri().path();
    if matches!(path, "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let headers = request.headers();
    let host = host(headers, Some(request.uri()));
    if let Err(problem) = check_host(&rules, host) {
        return problem.into_response();
    }
    if !is_guarded(path) {
        return next.run(request).await;
    }
    let relation = match check_origin(&rules, headers, host) {
        Ok(relation) => relation,
        Err(problem) => return problem.into_response(),
    };
    let listed = (relation == Relation::Listed).then(|| headers.get(header::ORIGIN).cloned()).flatten();
    let is_live = path.starts_with("/api/v1/live");
    let is_preflight = request.method() == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match is_preflight {
        true => preflight(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = listed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        if is_live || rules.app.is_some() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
    response
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
