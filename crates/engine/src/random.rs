//! The one file that draws random numbers.

use domain::job::LeaseProof;
use domain::{JobId, Timestamp};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Random bytes from the operating system, which has them from the moment a server can run.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        // Without chance there are no secrets: going on would be worse than ending.
        panic!("the operating system gives no random bytes: {error}");
    }
    bytes
}

/// A random word of base 32: five bits a character.
pub fn word(length: usize) -> String {
    let mut out = String::with_capacity(length);
    while out.len() < length {
        for byte in bytes::<32>() {
            if out.len() < length {
                out.push(char::from(ALPHABET[usize::from(byte & 31)]));
            }
        }
    }
    out
}

/// A new job id: a UUID of version 7 for this moment, so that ids sort by age.
pub fn job_id(now: Timestamp) -> JobId {
    let ms = u64::try_from(now.0).unwrap_or(0);
    let uuid = uuid::Builder::from_unix_timestamp_millis(ms, &bytes::<10>()).into_uuid();
    JobId(uuid.as_u128())
}

/// A number below `bound`, for spreading things out. Not for secrets.
pub fn below(bound: u64) -> u64 {
    if bound == 0 { 0 } else { u64::from_be_bytes(bytes::<8>()) % bound }
}

/// A new lease token with what it is known by.
pub fn lease() -> (String, LeaseProof) {
    let token = format!("lease_{}", word(32));
    let proof = lease_proof(&token);
    (token, proof)
}

/// What a lease token is known by.
pub fn lease_proof(token: &str) -> LeaseProof {
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let mut first = [0u8; 16];
    first.copy_from_slice(&digest[..16]);
    LeaseProof(u128::from_be_bytes(first))
}
