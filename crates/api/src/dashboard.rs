//! The dashboard's files. What does not exist is a 404, never the page in disguise.

use assets::{Asset, Encoding};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use crate::answers::Answer;
use crate::problems::{ApiProblem, Kind};

/// Everything comes from this server; nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A file of the dashboard, or nothing at this address.
pub async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Answer {
    let path = uri.path();
    let is_ours = !path.starts_with("/api/") && (method == Method::GET || method == Method::HEAD);
    let asset = is_ours.then(|| find(path, &headers)).flatten();
    match asset {
        Some(asset) => Ok(serve(asset, &headers)),
        None => Err(nothing(path)),
    }
}

fn nothing(path: &str) -> ApiProblem {
    ApiProblem::new(
        Kind::NoSuchRoute,
        format!("There is no {}. The addresses are in /openapi.json.", domain::limits::cut(path, 200)),
    )
}

/// The smallest form that the browser takes.
fn find(path: &str, headers: &HeaderMap) -> Option<Asset> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let accepts = |name: &str| {
        accepted.split(',').any(|part| {
            let mut words = part.split(';').map(str::trim);
            words.next() == Some(name) && !words.any(|word| matches!(word, "q=0" | "q=0.0"))
        })
    };
    let encoded = [Encoding::Brotli, Encoding::Gzip].into_iter().filter(|encoding| accepts(encoding.name()));
    encoded.filter_map(|encoding| assets::get_encoded(path, encoding)).next().or_else(|| assets::get(path))
}

fn serve(asset: Asset, headers: &HeaderMap) -> Response {
    let is_known = crate::conditions::is_known(headers, &asset.etag);
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let bytes = match asset.bytes {
                std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
            };
            bytes.into_response()
        }
    };
    let out = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, asset.content_type);
    set(header::ETAG, &asset.etag);
    set(header::VARY, "Accept-Encoding");
    set(header::CACHE_CONTROL, if asset.immutable { FOR_EVER } else { "no-cache" });
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if let Some(encoding) = asset.encoding {
        set(header::CONTENT_ENCODING, encoding);
    }
    response
}
