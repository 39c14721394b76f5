//! What the app answers, and the principal it makes. Two forms are read: our own words (`subject`, `scopes`, `tenantWide`, `expiresAt`), and
//! those of OAuth 2.0 token introspection (RFC 7662, section 2.2: `active`, `sub`, `scope`, `exp`).

use domain::access::{Principal, Scope};
use domain::{Text, Timestamp, limits};
use serde::Deserialize;

use crate::access::claims;

#[derive(Deserialize)]
struct Body {
    /// `false`: nobody is signed in, whatever else is there.
    active: Option<bool>,
    #[serde(alias = "sub")]
    subject: Option<Name>,
    tenant: Option<Name>,
    scopes: Option<Vec<String>>,
    /// Separated by spaces.
    scope: Option<String>,
    #[serde(alias = "tenant_wide", rename = "tenantWide")]
    tenant_wide: Option<bool>,
    /// RFC 3339.
    #[serde(rename = "expiresAt")]
    expires_at: Option<String>,
    /// Seconds since 1970.
    exp: Option<f64>,
}

/// A name, or a number that is used as one: many apps number their users.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(i64),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum BadAnswer {
    #[error("it is no JSON of the form that is expected: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it names no subject")]
    NoSubject,
    #[error("{0} must have 1 to {max} bytes, without control characters", max = limits::NAME_BYTES)]
    Name(&'static str),
    #[error("expiresAt is no time: write it as 2026-11-22T18:30:00Z, or exp in seconds since 1970")]
    Time,
}

fn name(what: &'static str, name: Name) -> Result<Text, BadAnswer> {
    let text = match name {
        Name::Text(text) => text,
        Name::Number(number) => number.to_string(),
    };
    let is_name = !text.is_empty() && text.len() <= limits::NAME_BYTES && !text.chars().any(char::is_control);
    if is_name { Ok(text.into()) } else { Err(BadAnswer::Name(what)) }
}

/// Who it is; `None` is nobody.
pub(super) fn read(bytes: &[u8], default_scopes: &[Scope]) -> Result<Option<Principal>, BadAnswer> {
    let body: Body = serde_json::from_slice(bytes)?;
    if body.active == Some(false) {
        return Ok(None);
    }
    let expires_at = match (body.expires_at, body.exp) {
        (Some(text), _) => Some(wire::time::parse(&text).ok_or(BadAnswer::Time)?),
        (None, Some(seconds)) if seconds.is_finite() => Some(Timestamp((seconds * 1_000.0) as i64)),
        (None, Some(_)) => return Err(BadAnswer::Time),
        (None, None) => None,
    };
    let named = body.scopes.map(|scopes| scopes.join(" ")).or(body.scope);
    Ok(Some(Principal {
        subject: name("subject", body.subject.ok_or(BadAnswer::NoSubject)?)?,
        tenant: body.tenant.map_or_else(|| Ok("default".into()), |tenant| name("tenant", tenant))?,
        scopes: named.map_or_else(|| default_scopes.to_vec(), |words| claims::scopes(&words)),
        is_tenant_wide: body.tenant_wide.unwrap_or(false),
        // A service is known by a key of its own.
        is_service: false,
        expires_at,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &[Scope] = &[Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl];

    fn told(text: &str) -> String {
        match read(text.as_bytes(), USUAL) {
            Ok(None) => "nobody".to_owned(),
            Ok(Some(who)) => {
                let scopes = who.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
                let wide = if who.is_tenant_wide { " wide" } else { "" };
                let until = who.expires_at.map(|at| format!(" until {}", at.0)).unwrap_or_default();
                assert!(!who.is_service);
                format!("{} of {}: {scopes}{wide}{until}", who.subject, who.tenant)
            }
            Err(error) => format!("bad: {error}"),
        }
    }

    #[test]
    fn both_forms_are_read() {
        const MAY: &str = "jobs:read jobs:submit jobs:control";
        for (text, expected) in [
            (r#"{"subject":"ann"}"#, format!("ann of default: {MAY}")),
            (r#"{"sub":"ann","tenant":null,"scopes":null}"#, format!("ann of default: {MAY}")),
            (r#"{"subject":7,"tenant":3,"email":"x@y"}"#, format!("7 of 3: {MAY}")),
            (
                r#"{"subject":"ann","scopes":["jobs:report","jobs:read","jobs:read","x"],"tenantWide":true,"expiresAt":"2026-01-01T00:00:00Z"}"#,
                "ann of default: jobs:read jobs:report wide until 1767225600000".to_owned(),
            ),
            (
                r#"{"active":true,"sub":"ann","scope":"admin other:thing","exp":1767225600,"client_id":"c"}"#,
                "ann of default: admin until 1767225600000".to_owned(),
            ),
            (r#"{"subject":"ann","scopes":[]}"#, "ann of default: ".to_owned()),
            (r#"{"active":false}"#, "nobody".to_owned()),
            (r#"{"active":false,"sub":"ann"}"#, "nobody".to_owned()),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        let long = format!(r#"{{"sub":"{}"}}"#, "x".repeat(201));
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "<html>",
            r#"{"active":true}"#,
            r#"{"active":"false","sub":"ann"}"#,
            r#"{"subject":""}"#,
            r#"{"subject":"a\nb"}"#,
            r#"{"subject":{"id":1}}"#,
            r#"{"subject":"ann","sub":"bob"}"#,
            r#"{"subject":"ann","tenant":""}"#,
            r#"{"subject":"ann","scopes":"jobs:read"}"#,
            r#"{"subject":"ann","tenantWide":"yes"}"#,
            r#"{"subject":"ann","expiresAt":"tomorrow"}"#,
            r#"{"subject":"ann","exp":"soon"}"#,
            &long,
        ] {
            assert!(told(text).starts_with("bad: "), "{text}: {}", told(text));
        }
    }
}
