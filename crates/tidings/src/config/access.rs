//! `[access]`: who may speak to the server. Nothing configured is open mode, for this machine alone.

use std::path::{Path, PathBuf};

use domain::access::Scope;
use domain::named;

use super::reader::{Section, one_of};
use super::units;

named! {
    /// The one algorithm that tokens may be signed with.
    pub enum Algorithm {
        Hs256 = "HS256",
        Rs256 = "RS256",
        Es256 = "ES256",
        EdDsa = "EdDSA",
    }
}

/// Bytes of a secret for HS256, at least (RFC 7518 section 3.2).
const SECRET_BYTES: usize = 32;

/// How long what the app said may count, in milliseconds. The longest is also the usual.
const CACHE_MS: std::ops::RangeInclusive<u64> = 1_000..=30_000;

/// What checks a token's signature.
#[derive(Clone, PartialEq, Eq)]
pub enum JwtKey {
    Secret(Vec<u8>),
    /// A public key.
    Pem(Vec<u8>),
    /// Where the keys are published.
    Jwks(String),
}

impl std::fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            JwtKey::Secret(_) => "Secret",
            JwtKey::Pem(_) => "Pem",
            JwtKey::Jwks(_) => "Jwks",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwt {
    pub algorithm: Algorithm,
    pub key: JwtKey,
    /// The `iss` that is asked for; none: any.
    pub issuer: Option<String>,
    /// The `aud` that is asked for; none: any.
    pub audience: Option<String>,
}

/// A key of a service, known by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The subject that it speaks for.
    pub name: String,
    pub sha256: [u8; 32],
    pub scopes: Vec<Scope>,
    pub tenant: String,
    pub tenant_wide: bool,
}

/// How the app is asked who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspect {
    pub url: String,
    /// Names of the cookies that it is shown; none: all.
    pub cookies: Option<Vec<String>>,
    /// How long its answer counts.
    pub cache_ms: u64,
}

impl Introspect {
    /// The address without its query, which may hold a secret.
    pub fn shown(&self) -> &str {
        self.url.split(['?', '#']).next().unwrap_or_default()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    pub jwt: Option<Jwt>,
    pub keys: Vec<ApiKey>,
    pub introspect: Option<Introspect>,
    /// Foreign web origins, `https://app.example`.
    pub origins: Vec<String>,
    /// Hosts that the server itself may ask although they lead into private ranges.
    pub private_hosts: Vec<String>,
    /// Whether metrics and health details are shown to everybody.
    pub metrics_open: bool,
}

impl Access {
    /// Whether nobody is asked who they are.
    pub fn is_open(&self) -> bool {
        self.jwt.is_none() && self.keys.is_empty() && self.introspect.is_none()
    }
}

pub fn read(section: Section<'_, '_>, folder: &Path) -> Access {
    let private_hosts = section.texts("private_hosts").map(|texts| texts.value).unwrap_or_default();
    let access = Access {
        jwt: section.optional_section("jwt").and_then(|jwt| read_jwt(jwt, folder)),
        keys: section.listed_sections("keys").into_iter().filter_map(read_key).collect(),
        origins: section
            .texts("origins")
            .map(|texts| {
                let checked = texts.value.iter().map(|text| origin(text)).collect::<Result<Vec<_>, _>>();
                checked.unwrap_or_else(|problem| {
                    section.wrong("origins", texts.at, problem);
                    Vec::new()
                })
            })
            .unwrap_or_default(),
        introspect: read_introspect(&section, &private_hosts),
        private_hosts,
        metrics_open: section
            .parsed("metrics", |text| one_of(text, &[true, false], |open| if open { "open" } else { "closed" }))
            .is_some_and(|open| open.value),
    };
    section.finish();
    access
}

fn read_introspect(section: &Section<'_, '_>, private_hosts: &[String]) -> Option<Introspect> {
    let url = section.parsed("introspect", |text| {
        let url = reqwest::Url::parse(text).map_err(|_| format!("{text:?} is not an address"))?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        match matches!(url.scheme(), "http" | "https") && is_plain {
            true => Ok(url),
            false => Err(format!("{text:?} must begin with https:// or http://, and hold no name or password")),
        }
    });
    let cookies = section.texts("introspect_cookies").map(|texts| {
        let is_name =
            |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"=;,\"".contains(&byte));
        if texts.value.is_empty() || !texts.value.iter().all(is_name) {
            section.wrong(
                "introspect_cookies",
                texts.at,
                "must be names of cookies, for example [\"sid\"]; left out, all are shown",
            );
        }
        texts.value
    });
    let cache = section.parsed("introspect_cache", |text| match units::duration_ms(text)? {
        ms if CACHE_MS.contains(&ms) => Ok(ms),
        _ => Err(format!("{text:?} must be from 1s to 30s")),
    });
    let Some(url) = url else {
        for key in ["introspect_cookies", "introspect_cache"] {
            if section.has(key) && !section.has("introspect") {
                section.wrong(key, section.at(), "says nothing without introspect");
            }
        }
        return None;
    };
    let host = url.value.host_str().unwrap_or_default();
    if url.value.scheme() == "http" && !private_hosts.iter().any(|listed| listed == host.trim_matches(['[', ']'])) {
        section.doubtful(
            "introspect",
            url.at,
            "cookies and tokens go to this address unencrypted; use https:// outside your own network",
        );
    }
    Some(Introspect {
        cookies: cookies.filter(|names| !names.is_empty()),
        cache_ms: cache.map_or(*CACHE_MS.end(), |ms| ms.value),
        url: url.value.into(),
    })
}

/// A web origin: scheme and host, with a port where it is not the usual one.
pub fn origin(text: &str) -> Result<String, String> {
    let bad = || format!("{text:?} is not a web origin: write scheme, host and port only, for example \"https://app.example\"");
    let url = reqwest::Url::parse(text).map_err(|_| bad())?;
    let plain = url.origin().ascii_serialization();
    match matches!(url.scheme(), "http" | "https") && plain == text.trim_end_matches('/') {
        true => Ok(plain),
        false => Err(bad()),
    }
}

fn read_jwt(section: Section<'_, '_>, folder: &Path) -> Option<Jwt> {
    let algorithm = section.word("algorithm", Algorithm::ALL, Algorithm::as_str).map_or(Algorithm::Hs256, |placed| placed.value);
    let file = |key: &'static str| {
        section.parsed(key, |name| {
            let path = folder.join(PathBuf::from(name));
            std::fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
        })
    };
    let secret = file("secret_file");
    let pem = file("public_key_file");
    let jwks = section.parsed("jwks_url", |text| match text.starts_with("https://") || text.starts_with("http://") {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} must begin with https:// or http://")),
    });
    let (issuer, audience) = (section.text("issuer"), section.text("audience"));
    let jwt = Jwt {
        algorithm,
        key: match (algorithm, secret, pem, jwks) {
            (Algorithm::Hs256, Some(secret), None, None) => {
                let bytes = secret.value.trim_ascii_end().to_vec();
                if bytes.len() < SECRET_BYTES {
                    let problem = format!("holds {} bytes; HS256 needs at least {SECRET_BYTES}", bytes.len());
                    section.wrong("secret_file", secret.at, problem);
                }
                JwtKey::Secret(bytes)
            }
            (Algorithm::Hs256, ..) => {
                section.missing("secret_file", "HS256 needs a secret, and neither a public key nor jwks_url");
                return None;
            }
            (_, None, Some(pem), None) => JwtKey::Pem(pem.value),
            (_, None, None, Some(url)) => JwtKey::Jwks(url.value),
            _ => {
                section.missing("public_key_file", &format!("{algorithm} needs either public_key_file or jwks_url, and no secret"));
                return None;
            }
        },
        issuer: issuer.map(|text| text.value),
        audience: audience.map(|text| text.value),
    };
    section.finish();
    Some(jwt)
}

fn read_key(section: Section<'_, '_>) -> Option<ApiKey> {
    let name = section.text("name");
    let sha256 = section.parsed("sha256", digest);
    let scopes = section.texts("scopes").map(|texts| {
        let scopes: Result<Vec<Scope>, String> = texts.value.iter().map(|word| one_of(word, Scope::ALL, Scope::as_str)).collect();
        scopes.unwrap_or_else(|problem| {
            section.wrong("scopes", texts.at, problem);
            Vec::new()
        })
    });
    let mut scopes = scopes.unwrap_or_else(|| vec![Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl, Scope::JobsReport]);
    scopes.sort_unstable();
    scopes.dedup();
    let tenant = section.text("tenant").map_or_else(|| "default".to_owned(), |text| text.value);
    let tenant_wide = section.flag("tenant_wide").unwrap_or(false);
    if name.is_none() {
        section.missing("name", "whoever the key speaks for");
    }
    if sha256.is_none() {
        section.missing("sha256", "`tidings key new NAME` makes a key and prints it");
    }
    section.finish();
    Some(ApiKey { name: name?.value, sha256: sha256?.value, scopes, tenant, tenant_wide })
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let bad = || "must be 64 hex digits".to_owned();
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return Err(bad());
    }
    for (place, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).map_err(|_| bad())?;
    }
    Ok(digest)
}
