//! Checks users' JWTs with the configured key. The algorithm is the configured one: a token's header has no say in it.

use domain::Timestamp;
use domain::access::{Principal, Scope};
use jsonwebtoken::{DecodingKey, Validation};

use super::Unknown;
use super::claims::Claims;
use super::config::{Algorithm, BadAccess, JwtConfig, JwtKey};
use super::jwks::KeySet;

pub(super) struct Verifier {
    keys: Keys,
    validation: Validation,
    default_scopes: Vec<Scope>,
}

enum Keys {
    One(DecodingKey),
    Set(KeySet),
}

impl Verifier {
    pub(super) fn new(config: &JwtConfig) -> Result<Verifier, BadAccess> {
        let algorithm = config.algorithm;
        let keys = match (&config.key, algorithm) {
            (JwtKey::Secret(secret), Algorithm::Hs256) if secret.len() < 32 => return Err(BadAccess::ShortSecret(secret.len())),
            (JwtKey::Secret(secret), Algorithm::Hs256) => Keys::One(DecodingKey::from_secret(secret)),
            (_, Algorithm::Hs256) => return Err(BadAccess::WrongKey { algorithm, needs: "a secret" }),
            (JwtKey::Secret(_), _) => return Err(BadAccess::WrongKey { algorithm, needs: "a public key: a PEM or a JWK set" }),
            (JwtKey::Pem(pem), Algorithm::Rs256) => Keys::One(DecodingKey::from_rsa_pem(pem)?),
            (JwtKey::Pem(pem), Algorithm::Es256) => Keys::One(DecodingKey::from_ec_pem(pem)?),
            (JwtKey::Pem(pem), Algorithm::EdDsa) => Keys::One(DecodingKey::from_ed_pem(pem)?),
            (JwtKey::JwksUrl(url), _) => Keys::Set(KeySet::new(url, algorithm, &config.private_hosts)?),
        };
        let mut validation = Validation::new(named(algorithm));
        // Times are compared with the server's own clock, in `Claims::principal`.
        validation.validate_exp = false;
        let mut required = vec!["exp", "sub"];
        match &config.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        if let Some(issuer) = &config.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        Ok(Verifier { keys, validation, default_scopes: config.default_scopes.clone() })
    }

    pub(super) async fn principal(&self, token: &str, now: Timestamp) -> Result<Principal, Unknown> {
        let claims = match &self.keys {
            Keys::One(key) => self.read(token, key)?,
            Keys::Set(set) => {
                let header = jsonwebtoken::decode_header(token).map_err(|_| Unknown::Invalid)?;
                let keys = set.keys_for(header.kid.as_deref()).await?;
                keys.iter().find_map(|key| self.read(token, key).ok()).ok_or(Unknown::Invalid)?
            }
        };
        claims.principal(now, &self.default_scopes)
    }

    fn read(&self, token: &str, key: &DecodingKey) -> Result<Claims, Unknown> {
        jsonwebtoken::decode::<Claims>(token, key, &self.validation).map(|data| data.claims).map_err(|_| Unknown::Invalid)
    }
}

pub(super) fn named(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}
