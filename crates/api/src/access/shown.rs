//! What a request shows of its caller, and what of it may be shown on to the app.
//!
//! A browser sends cookies by itself, whichever page makes it ask: they count only where the rules on origins say that a page of ours asked.
//! A bearer token is put into a request on purpose, and needs no such rule. Nothing here is ever logged.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::known::Mark;
use super::live_caller::COOKIE;
use super::{Access, Unknown, origin};

/// Bytes of cookies and `Authorization` together that are shown on. Most servers read no more of a request's head.
const SHOWN_BYTES: usize = 16 * 1024;

/// What a request shows of its caller. A WebSocket's handshake is kept as one, for as long as the socket is open.
#[derive(Clone, Default)]
pub struct Shown {
    authorization: Option<HeaderValue>,
    /// As they came, without the server's own; `None` while no app is asked.
    cookies: Option<Vec<u8>>,
    /// Whether a page of ours asked, as far as the browser says.
    is_ours: bool,
}

/// What the app is asked about. Its mark stands for it wherever something is kept for longer than the request or the connection.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(super) mark: Mark,
    pub(super) cookie: Option<HeaderValue>,
    pub(super) authorization: Option<HeaderValue>,
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Credentials) -> bool {
        self.mark == other.mark
    }
}

impl Eq for Credentials {}

/// The token of `Bearer …`.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The cookies of a request that `wanted` takes by their names, as one header would have them.
fn cookies(headers: &HeaderMap, wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let values = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    pick(values.flat_map(|value| value.split(|byte| *byte == b';')), wanted)
}

fn pick<'a>(pairs: impl Iterator<Item = &'a [u8]>, wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let pairs = pairs.map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty());
    let name = |pair: &'a [u8]| pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    pairs.filter(|pair| wanted(name(pair))).collect::<Vec<_>>().join(&b"; "[..])
}

impl Shown {
    /// What a request shows. Cookies are looked at only where an app is asked who their bearer is.
    pub fn of(access: &Access, method: &Method, headers: &HeaderMap, uri: &Uri) -> Shown {
        let rules = access.rules.load();
        let authorization = headers.get(header::AUTHORIZATION).cloned();
        if rules.app.is_none() {
            return Shown { authorization, ..Shown::default() };
        }
        let cookies = cookies(headers, |name| !name.starts_with(COOKIE.as_bytes()));
        let is_ours = origin::may_use_cookies(&rules.config.origins, method, headers, uri);
        Shown { authorization, cookies: Some(cookies).filter(|cookies| !cookies.is_empty()), is_ours }
    }

    pub(super) fn of_parts(access: &Access, parts: &Parts) -> Shown {
        Shown::of(access, &parts.method, &parts.headers, &parts.uri)
    }

    /// A token that was said in another way than in a header.
    pub(crate) fn token(token: Option<&str>) -> Shown {
        let token = token.filter(|token| !token.is_empty());
        let value = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
        Shown { authorization: value, ..Shown::default() }
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        self.authorization.as_ref().and_then(bearer).filter(|token| !token.is_empty())
    }

    /// What of it the app may be shown: of the cookies only `names`, where some are given.
    pub(super) fn for_app(&self, names: Option<&[String]>, own_secret: &[u8; 32]) -> Result<Arc<Credentials>, Unknown> {
        let wanted = |name: &[u8]| names.is_none_or(|names| names.iter().any(|wanted| wanted.as_bytes() == name));
        let cookies = self.cookies.as_ref().map(|all| pick(all.split(|byte| *byte == b';'), wanted));
        let cookies = cookies.filter(|cookies| !cookies.is_empty());
        let authorization = self.authorization.clone().filter(|value| !value.is_empty() && bearer(value) != Some(""));
        // Other schemes than Bearer a browser repeats by itself, as it does cookies.
        let is_meant = |value: &HeaderValue| self.is_ours || bearer(value).is_some();
        let (cookies, authorization, is_withheld) = match self.is_ours {
            true => (cookies, authorization, false),
            false => {
                let meant = authorization.clone().filter(is_meant);
                let is_withheld = cookies.is_some() || meant != authorization;
                (None, meant, is_withheld)
            }
        };
        let parts = [cookies.as_deref(), authorization.as_ref().map(HeaderValue::as_bytes)];
        match parts.iter().flatten().map(|part| part.len()).sum() {
            0 if is_withheld => return Err(Unknown::ForeignPage),
            0 => return Err(Unknown::Missing),
            1..=SHOWN_BYTES => {}
            _ => return Err(Unknown::Invalid),
        }
        let mark = Mark::of_session(parts, own_secret);
        let hidden = |mut value: HeaderValue| {
            value.set_sensitive(true);
            value
        };
        let cookie = cookies.and_then(|cookies| HeaderValue::from_bytes(&cookies).ok()).map(hidden);
        Ok(Arc::new(Credentials { mark, cookie, authorization: authorization.map(hidden) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cookies: &str, authorization: &str, is_ours: bool) -> Shown {
        let value = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        Shown { authorization: value(authorization), cookies: Some(cookies.as_bytes().to_vec()), is_ours }
    }

    #[test]
    fn only_what_is_meant_leaves() {
        let sid = ["sid".to_owned()];
        for (cookies, authorization, is_ours, names, expected) in [
            ("sid=1; theme=dark", "", true, None, Ok("sid=1; theme=dark |")),
            ("sid=1; theme=dark", "", true, Some(&sid[..]), Ok("sid=1 |")),
            ("theme=dark; sid=1", "Bearer x", true, Some(&sid[..]), Ok("sid=1 | Bearer x")),
            ("theme=dark", "", true, Some(&sid[..]), Err(Unknown::Missing)),
            ("", "", true, None, Err(Unknown::Missing)),
            ("sid=1", "", false, None, Err(Unknown::ForeignPage)),
            ("", "", false, None, Err(Unknown::Missing)),
            ("sid=1", "Bearer x", false, None, Ok("| Bearer x")),
            ("", "Basic YTpi", true, None, Ok("| Basic YTpi")),
            ("", "Basic YTpi", false, None, Err(Unknown::ForeignPage)),
        ] {
            let told = shown(cookies, authorization, is_ours).for_app(names, &[7; 32]).map(|credentials| {
                let text = |value: &Option<HeaderValue>| value.as_ref().map_or("", |value| value.to_str().unwrap()).to_owned();
                format!("{} | {}", text(&credentials.cookie), text(&credentials.authorization)).trim().to_owned()
            });
            assert_eq!(told.as_deref(), expected.as_ref().copied(), "{cookies} {authorization} {is_ours}");
        }
        let long = "x".repeat(SHOWN_BYTES);
        assert_eq!(shown(&format!("sid={long}"), "", true).for_app(None, &[7; 32]), Err(Unknown::Invalid));
    }

    #[test]
    fn what_is_kept_says_nothing() {
        let credentials = shown("sid=secret", "Bearer hidden", true).for_app(None, &[7; 32]).unwrap();
        let words = format!("{credentials:?}");
        assert!(!words.contains("secret") && !words.contains("hidden"), "{words}");
        let other = shown("sid=secret", "Bearer hidden", true).for_app(None, &[8; 32]).unwrap();
        assert_ne!(credentials.mark, other.mark, "another server's mark is another");
    }
}
