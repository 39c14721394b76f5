//! Tokens for the callers of a measurement: JWTs with HS256 (RFC 7519, RFC 2104), since the server allows each caller few sockets.

use engine::clock::{Clock, SystemClock};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// A token for `subject` that sees the whole tenant, good for an hour.
pub fn make(secret: &[u8], subject: &str) -> String {
    let scope = "jobs:read jobs:submit jobs:control jobs:report";
    let exp = SystemClock.now().0 / 1_000 + 3_600;
    let claims = json!({"sub": subject, "scope": scope, "exp": exp, "tenant_wide": true, "service": true});
    let head = json!({"alg": "HS256", "typ": "JWT"});
    let signed = format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = base64url(&hmac(secret, signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn hmac(secret: &[u8], text: &[u8]) -> [u8; 32] {
    let mut key = [0u8; BLOCK];
    match secret.len() {
        0..=BLOCK => key[..secret.len()].copy_from_slice(secret),
        _ => key[..32].copy_from_slice(&Sha256::digest(secret)),
    }
    let inner = Sha256::new().chain_update(key.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(key.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0u32, |word, (i, byte)| word | u32::from(*byte) << (16 - 8 * i));
        for digit in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signs_as_the_standard_says() {
        let shown: String = hmac(b"Jefe", b"what do ya want for nothing?").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(shown, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    /// RFC 4648, section 10.
    #[test]
    fn writes_base64_without_padding() {
        for (text, wanted) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64url(text.as_bytes()), wanted);
        }
    }
}
