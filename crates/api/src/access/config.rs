//! What the operator says about access.

use domain::Text;
use domain::access::{Principal, Scope};

/// Access as configured. `Default` is closed to everybody.
#[derive(Clone, Default)]
pub struct AccessConfig {
    /// Nobody needs a token. Only for a server that listens on a loopback address.
    pub open: bool,
    /// Port that the server listens on: in open mode `Host` must name it.
    pub port: u16,
    pub jwt: Option<JwtConfig>,
    pub keys: Vec<ApiKeyConfig>,
    /// The app that is asked who a caller is; `None` asks nobody.
    pub introspect: Option<IntrospectConfig>,
    /// Foreign web origins that may call, for example `https://app.example.com`. Never `*`.
    pub origins: Vec<String>,
    /// From `Store::identity().secret`: what tokens that this server makes are signed with.
    pub own_secret: [u8; 32],
}

/// How users' tokens are checked.
#[derive(Clone, PartialEq, Eq)]
pub struct JwtConfig {
    pub algorithm: Algorithm,
    pub key: JwtKey,
    /// The `iss` that a token must have; `None` takes any.
    pub issuer: Option<String>,
    /// The `aud` that a token must have; `None` takes any.
    pub audience: Option<String>,
    /// Hosts of key sets that may lead into private ranges.
    pub private_hosts: Vec<String>,
    /// Scopes of a token without a `scope` claim.
    pub default_scopes: Vec<Scope>,
}

/// Where the key comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum JwtKey {
    /// For HS256; at least 32 bytes.
    Secret(Vec<u8>),
    /// A public key.
    Pem(Vec<u8>),
    /// Address of a JWK set. Comes from the operator alone.
    JwksUrl(String),
}

domain::named! {
    /// The signature algorithms that are accepted. A token's own header never chooses.
    pub enum Algorithm {
        Hs256 = "HS256",
        Rs256 = "RS256",
        Es256 = "ES256",
        EdDsa = "EdDSA",
    }
}

/// How the app is asked who somebody is.
#[derive(Clone, PartialEq, Eq)]
pub struct IntrospectConfig {
    /// Comes from the operator alone.
    pub url: String,
    /// Names of the cookies that it is shown; `None` is all.
    pub cookies: Option<Vec<String>>,
    /// How long its answer counts, in milliseconds.
    pub cache_ms: u64,
    /// Hosts that may lead into private ranges.
    pub private_hosts: Vec<String>,
    /// Scopes of somebody for whom it names none.
    pub default_scopes: Vec<Scope>,
}

/// An API key: `tdk_<id>_<secret>`, of which only the hash is kept.
#[derive(Debug, Clone)]
pub struct ApiKeyConfig {
    /// For people and logs.
    pub name: String,
    /// SHA-256 of the whole key.
    pub sha256: [u8; 32],
    pub tenant: Text,
    pub subject: Text,
    pub scopes: Vec<Scope>,
    pub tenant_wide: bool,
    pub service: bool,
}

impl ApiKeyConfig {
    pub(super) fn principal(&self) -> Principal {
        let mut scopes = self.scopes.clone();
        scopes.sort();
        scopes.dedup();
        Principal {
            subject: self.subject.clone(),
            tenant: self.tenant.clone(),
            scopes,
            is_tenant_wide: self.tenant_wide,
            is_service: self.service,
            expires_at: None,
        }
    }
}

/// Why a configuration of access is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadAccess {
    #[error("the secret for HS256 has {0} bytes; it needs at least 32")]
    ShortSecret(usize),
    #[error("{algorithm} needs {needs}")]
    WrongKey { algorithm: Algorithm, needs: &'static str },
    #[error("the key cannot be read: {0}")]
    BadKey(#[from] jsonwebtoken::errors::Error),
    #[error("{key} is not an http or https address without a name and a password in it")]
    BadUrl { key: &'static str },
    #[error("{key} leads to {host}, a private address: list it in [access] private_hosts if that is meant")]
    PrivateUrl { key: &'static str, host: String },
    #[error("the client for requests of the server's own cannot be made: {0}")]
    NoClient(#[from] reqwest::Error),
    #[error("origin {0:?} must be a scheme, a host and perhaps a port, without a path, and never *")]
    BadOrigin(String),
}

impl AccessConfig {
    pub(super) fn check(&self) -> Result<(), BadAccess> {
        for origin in &self.origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '@', ' '])) {
                return Err(BadAccess::BadOrigin(origin.clone()));
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for AccessConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessConfig")
            .field("open", &self.open)
            .field("port", &self.port)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
