//! The server's side of the opening handshake (RFC 6455, section 4.2). No subprotocols, no extensions.

use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use tungstenite::handshake::derive_accept_key;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// The answer that opens the socket; `None` when this is not a request for a WebSocket of version 13.
pub(crate) fn answer(headers: &HeaderMap) -> Option<Response> {
    let asks = names(headers, header::CONNECTION, "upgrade") && names(headers, header::UPGRADE, "websocket");
    let is_known = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == KEY_LENGTH)?;
    if !asks || !is_known {
        return None;
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?;
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::UPGRADE, WEBSOCKET),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    Some((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

/// Sixteen bytes in base64.
const KEY_LENGTH: usize = 24;

/// Whether a comma-separated header has this word.
fn names(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name);
    let mut words = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    words.any(|found| found.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(changes: &[(&'static str, &str)]) -> Option<Response> {
        let usual = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let mut headers: HeaderMap =
            usual.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        for (name, value) in changes {
            headers.insert(*name, value.parse().unwrap());
        }
        answer(&headers)
    }

    #[test]
    fn the_example_of_the_standard_is_answered() {
        let response = asked(&[]).unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn what_is_not_asked_for_is_not_opened() {
        for change in
            [("connection", "keep-alive"), ("upgrade", "h2c"), ("sec-websocket-version", "8"), ("sec-websocket-key", "short")]
        {
            assert!(asked(&[change]).is_none(), "{change:?}");
        }
    }
}
