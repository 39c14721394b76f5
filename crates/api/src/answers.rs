//! Answers as bytes: JSON that was encoded below goes out as it is.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::problems::ApiProblem;

/// What every handler answers.
pub type Answer = Result<Response, ApiProblem>;

/// JSON text that is already encoded.
pub fn json_text(status: StatusCode, text: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], text).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub fn json<T: Serialize>(value: &T) -> Response {
    json_text(StatusCode::OK, wire::convert::to_json(value))
}

pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Puts a header whose value is ours, or was checked to be one.
pub fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
