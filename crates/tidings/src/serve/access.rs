//! Access as configured, in the words of the API.

use api::access as theirs;
use domain::access::Scope;

use crate::config::{Access, Algorithm, ApiKey, Introspect, JwtKey};

/// Scopes of a user for whom neither a token nor the app names any.
const DEFAULT_SCOPES: &[Scope] = &[Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl];

pub fn for_api(access: &Access, port: u16, own_secret: [u8; 32]) -> theirs::AccessConfig {
    let jwt = access.jwt.as_ref().map(|jwt| theirs::JwtConfig {
        algorithm: match jwt.algorithm {
            Algorithm::Hs256 => theirs::Algorithm::Hs256,
            Algorithm::Rs256 => theirs::Algorithm::Rs256,
            Algorithm::Es256 => theirs::Algorithm::Es256,
            Algorithm::EdDsa => theirs::Algorithm::EdDsa,
        },
        key: match &jwt.key {
            JwtKey::Secret(secret) => theirs::JwtKey::Secret(secret.clone()),
            JwtKey::Pem(pem) => theirs::JwtKey::Pem(pem.clone()),
            JwtKey::Jwks(url) => theirs::JwtKey::JwksUrl(url.clone()),
        },
        issuer: jwt.issuer.clone(),
        audience: jwt.audience.clone(),
        private_hosts: access.private_hosts.clone(),
        default_scopes: DEFAULT_SCOPES.to_vec(),
    });
    theirs::AccessConfig {
        open: access.is_open(),
        port,
        jwt,
        keys: access.keys.iter().map(key_for_api).collect(),
        introspect: access.introspect.as_ref().map(|app| introspect_for_api(app, &access.private_hosts)),
        origins: access.origins.clone(),
        own_secret,
    }
}

pub fn introspect_for_api(app: &Introspect, private_hosts: &[String]) -> theirs::IntrospectConfig {
    theirs::IntrospectConfig {
        url: app.url.clone(),
        cookies: app.cookies.clone(),
        cache_ms: app.cache_ms,
        private_hosts: private_hosts.to_vec(),
        default_scopes: DEFAULT_SCOPES.to_vec(),
    }
}

fn key_for_api(key: &ApiKey) -> theirs::ApiKeyConfig {
    theirs::ApiKeyConfig {
        name: key.name.clone(),
        sha256: key.sha256,
        tenant: key.tenant.as_str().into(),
        subject: key.name.as_str().into(),
        scopes: key.scopes.clone(),
        tenant_wide: key.tenant_wide,
        service: true,
    }
}
