//! `key` and `token`: the right to speak to a server.

use engine::clock::{Clock, SystemClock};
use serde_json::json;
use sha2::{Digest, Sha256};
use wire::body::NewToken;

use super::client;
use crate::cli::{Key, Reach, Token};
use crate::config::units;
use crate::exit::{Exit, Failure};
use crate::screen::print_json;
use domain::access::Scope;

/// Characters of a key after its beginning: 200 bits.
const KEY_LENGTH: usize = 40;
/// Scopes of a key and of a token, unless told.
const KEY_SCOPES: &[Scope] = &[Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl, Scope::JobsReport];
const TOKEN_SCOPES: &[Scope] = &[Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl];

pub fn key(reach: &Reach, command: Key) -> Result<(), Failure> {
    let Key::New { name, scope, tenant, tenant_wide } = command;
    let scopes = scopes(&scope, KEY_SCOPES)?;
    let key = format!("tdk_{}", engine::random::word(KEY_LENGTH));
    let digest = digest(&key);
    if reach.json {
        print_json(
            &json!({"key": key, "name": name, "sha256": digest, "scopes": scopes, "tenant": tenant, "tenantWide": tenant_wide}),
        );
        return Ok(());
    }
    outln!("The key, shown this once:\n\n  {key}\n\nInto tidings.toml, then SIGHUP or a restart:\n");
    outln!("{}", lines(&name, &digest, &scopes, &tenant, tenant_wide));
    outln!("A service sends it as `Authorization: Bearer {}…`, or sets TIDINGS_TOKEN for this command.", &key[..8]);
    Ok(())
}

fn digest(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An entry of `access.keys`.
fn lines(name: &str, digest: &str, scopes: &[&str], tenant: &str, tenant_wide: bool) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let scopes: Vec<String> = scopes.iter().map(|scope| quoted(scope)).collect();
    format!(
        "[[access.keys]]\nname = {}\nsha256 = {}\nscopes = [{}]\ntenant = {}\ntenant_wide = {tenant_wide}\n",
        quoted(name),
        quoted(digest),
        scopes.join(", "),
        quoted(tenant)
    )
}

fn scopes(given: &[String], usual: &[Scope]) -> Result<Vec<&'static str>, Failure> {
    if given.is_empty() {
        return Ok(usual.iter().map(|scope| scope.as_str()).collect());
    }
    let known: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let one = |word: &String| Scope::parse(word).map(Scope::as_str);
    let unknown = || Failure::usage(format!("--scope: known are {}", known.join(", ")));
    given.iter().map(one).collect::<Option<Vec<_>>>().ok_or_else(unknown)
}

pub async fn token(reach: &Reach, args: Token) -> Result<(), Failure> {
    let ms = units::duration_ms(&args.expires_in).map_err(|problem| Failure::usage(format!("--expires-in: {problem}")))?;
    let seconds = u32::try_from(ms / 1_000).ok().filter(|seconds| *seconds > 0);
    let seconds = seconds.ok_or_else(|| Failure::usage("--expires-in: must be at least 1s"))?;
    let scopes = scopes(&args.scope, TOKEN_SCOPES)?;
    let (token, expires_at) = match &args.secret_file {
        Some(file) => {
            let secret =
                std::fs::read(file).map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))?;
            sign(&args, &scopes, seconds, secret.trim_ascii_end())?
        }
        None => {
            let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            let made = client(reach)?.mint(&NewToken { subject: args.subject, scopes, expires_in: Some(seconds) }).await?;
            (made.token, made.expires_at)
        }
    };
    match reach.json {
        true => print_json(&json!({"token": token, "expiresAt": expires_at})),
        false => outln!("{token}"),
    }
    Ok(())
}

/// A JWT of HS256 (RFC 7519), with the standard `scope` claim.
fn sign(args: &Token, scopes: &[&str], seconds: u32, secret: &[u8]) -> Result<(String, String), Failure> {
    let now = SystemClock.now();
    let expires = domain::Timestamp(now.0 + i64::from(seconds) * 1_000);
    let mut claims = json!({"sub": args.subject, "scope": scopes.join(" "), "iat": now.0 / 1_000, "exp": expires.0 / 1_000});
    for (claim, value) in [("tenant", &args.tenant), ("iss", &args.issuer), ("aud", &args.audience)] {
        if let Some(value) = value {
            claims[claim] = json!(value);
        }
    }
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let token = jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_secret(secret))
        .map_err(|error| Failure::new(Exit::Failed, format!("the token cannot be signed: {error}")))?;
    Ok((token, wire::time::show(expires)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_lines_are_what_the_configuration_reads() {
        let digest = digest("tdk_abc");
        assert_eq!(digest.len(), 64);
        let lines = lines("the \"shop\"", &digest, &["jobs:read", "admin"], "default", true);
        let read: toml::Table = lines.parse().unwrap();
        let entry = &read["access"]["keys"][0];
        assert_eq!((entry["name"].as_str(), entry["tenant_wide"].as_bool()), (Some("the \"shop\""), Some(true)));
        assert_eq!(entry["scopes"][1].as_str(), Some("admin"));
    }

    #[test]
    fn scopes_are_known_words() {
        assert_eq!(scopes(&[], TOKEN_SCOPES).unwrap(), ["jobs:read", "jobs:submit", "jobs:control"]);
        assert_eq!(scopes(&["admin".into()], TOKEN_SCOPES).unwrap(), ["admin"]);
        assert_eq!(scopes(&["jobs:write".into()], TOKEN_SCOPES).unwrap_err().exit, Exit::Usage);
    }
}
