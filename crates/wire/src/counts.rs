//! Whole numbers as the API document bounds them: 64 bits with a sign, because databases and most languages hold no more. What is above is
//! refused rather than stored as something else.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

const MOST: u64 = i64::MAX as u64;

fn checked<E: Error>(number: u64) -> Result<u64, E> {
    match number {
        0..=MOST => Ok(number),
        _ => Err(E::custom(format!("the number {number} is above {MOST}, the most that is allowed"))),
    }
}

pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    checked(u64::deserialize(deserializer)?)
}

/// As [`count`], where the number may be left out or `null`.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::<u64>::deserialize(deserializer)?.map(checked).transpose()
}
