//! Request bodies: JSON only, bounded, and told precisely what is wrong with them.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::objects::Objects;
use crate::problems::{ApiProblem, Kind};

/// Bytes of a body: the largest payload and what stands around it.
pub const BODY_BYTES: usize = domain::limits::PAYLOAD_BYTES + 64 * 1024;
/// How long a body may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of a batch submit.
pub const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of the parser's words in a refusal: it may quote what was sent.
const WORDS_BYTES: usize = 300;

/// A body that must be there, of at most `MOST` bytes.
pub struct JsonBody<T, const MOST: usize = BODY_BYTES> {
    pub value: T,
    /// As it was sent: what an idempotency key is bound to.
    pub bytes: Bytes,
}

/// A body that may be left out.
pub struct OptionalBody<T> {
    pub value: T,
    pub bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned, const MOST: usize> FromRequest<S> for JsonBody<T, MOST> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiProblem> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let bytes = read(&parts.headers, body, MOST).await?;
        let value = parse(&bytes)?;
        Ok(JsonBody { value, bytes })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiProblem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, BODY_BYTES).await?;
        if bytes.is_empty() {
            return Ok(OptionalBody { value: T::default(), bytes });
        }
        check_media_type(&parts.headers)?;
        let value = parse(&bytes)?;
        Ok(OptionalBody { value, bytes })
    }
}

/// A body that somebody else reads: empty, or said to be JSON.
pub async fn optional_bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiProblem> {
    let bytes = read(headers, body, BODY_BYTES).await?;
    if !bytes.is_empty() {
        check_media_type(headers)?;
    }
    Ok(bytes)
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ApiProblem> {
    if let Some(coding) = headers.get(header::CONTENT_ENCODING).filter(|coding| *coding != "identity") {
        let coding = domain::limits::cut(&String::from_utf8_lossy(coding.as_bytes()), 80);
        let detail = format!("Content-Encoding is {coding}: send the JSON as it is.");
        return Err(ApiProblem::new(Kind::UnsupportedMediaType, detail).field("Content-Encoding"));
    }
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let found = if essence.is_empty() { "none".to_owned() } else { domain::limits::cut(essence, 80) };
    let detail = format!("Content-Type is {found}: send application/json.");
    Err(ApiProblem::new(Kind::UnsupportedMediaType, detail).field("Content-Type"))
}

async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, ApiProblem> {
    let too_large = || ApiProblem::new(Kind::TooLarge, format!("A body may have {most} bytes here: send less.")).limit(most as u64);
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    let Ok(read) = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, most)).await else {
        let detail = format!("The body was not there within {} s: send it again.", BODY_WITHIN.as_secs());
        return Err(ApiProblem::new(Kind::TooLate, detail).limit(BODY_WITHIN.as_secs()));
    };
    match read {
        Ok(bytes) => Ok(bytes),
        Err(error) if is_over_limit(&error) => Err(too_large()),
        Err(_) => Err(ApiProblem::new(Kind::BadJson, "The body broke off: send it again.")),
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Reads JSON; a refusal says where it breaks, or which field is wrong.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiProblem> {
    if bytes.is_empty() {
        return Err(ApiProblem::new(Kind::BadJson, "The body is empty: send a JSON object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let value = T::deserialize(Objects(tracked)).map_err(|error| {
        let error = serde_path_to_error::Error::new(track.path(), error);
        let path = error.path().to_string();
        refused(&path, error.inner())
    })?;
    reader.end().map_err(|error| refused("", &error))?;
    Ok(value)
}

fn refused(path: &str, error: &serde_json::Error) -> ApiProblem {
    let told = error.to_string();
    let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(what, _)| what);
    let what = in_words(told);
    let place = format!("line {}, column {}", error.line(), error.column());
    if error.classify() != serde_json::error::Category::Data {
        return ApiProblem::new(Kind::BadJson, format!("At {place}: {}.", domain::limits::cut(&what, WORDS_BYTES)));
    }
    let named = what.split('`').nth(1).filter(|_| what.contains(" field `"));
    let field = named.unwrap_or(path).trim_start_matches('.');
    let problem = ApiProblem::new(Kind::Invalid, format!("At {place}: {}.", domain::limits::cut(&what, WORDS_BYTES)));
    if field.is_empty() || field == "?" { problem } else { problem.field(&domain::limits::cut(field, 80)) }
}

/// What the parser expects, in the words of JSON instead of ours.
fn in_words(what: &str) -> String {
    let Some((found, expected)) = what.split_once(", expected ") else { return what.to_owned() };
    let expected = match expected.split(' ').next().unwrap_or(expected) {
        "struct" => "an object",
        "i16" | "i64" => "a whole number",
        "u16" | "u32" | "u64" => "a whole number, not negative",
        "f64" => "a number",
        _ => expected,
    };
    format!("{found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_refusal_names_the_field_and_speaks_json() {
        for (body, says, field) in [
            ("[]", "expected an object", None),
            ("{\"task\":\"t\",\"priority\":1.5}", "expected a whole number", Some("priority")),
            ("{\"task\":\"t\",\"subject\":\"a:b\"}", "expected an object", Some("subject")),
            ("{\"task\":\"t\",\"tags\":[\"a\",7]}", "expected a string", Some("tags[1]")),
            ("{\"task\":\"t\",\"prority\":1}", "unknown field", Some("prority")),
            ("[\"t\"]", "expected an object", None),
            ("{\"task\":\"t\",\"subject\":[\"a\",\"b\"]}", "expected an object", Some("subject")),
        ] {
            let problem = parse::<wire::body::Submit>(body.as_bytes()).expect_err(body).problem().clone();
            assert!(problem.detail.contains(says), "{body}: {}", problem.detail);
            assert_eq!(problem.field.as_deref(), field, "{body}");
        }
    }
}
