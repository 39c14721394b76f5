//! Job ids: UUIDs of version 7, shown as `job_` and 26 characters of Crockford's base 32 (the TypeID form).

use std::fmt;

const PREFIX: &str = "job_";
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

/// The id of a job. Grows with the time of its making, so that ids sort by age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct JobId(pub u128);

impl JobId {
    /// Reads the shown form. Upper case is accepted; anything else that is not an id is `None`.
    pub fn parse(text: &str) -> Option<JobId> {
        let digits = text.strip_prefix(PREFIX)?.as_bytes();
        if digits.len() != DIGITS || digits[0] > b'7' {
            return None;
        }
        let mut value: u128 = 0;
        for digit in digits {
            let digit = digit.to_ascii_lowercase();
            let place = ALPHABET.iter().position(|known| *known == digit)?;
            value = (value << 5) | place as u128;
        }
        Some(JobId(value))
    }

    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    pub fn from_bytes(bytes: [u8; 16]) -> JobId {
        JobId(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = [0u8; DIGITS];
        let mut rest = self.0;
        for place in shown.iter_mut().rev() {
            *place = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        f.write_str(PREFIX)?;
        f.write_str(std::str::from_utf8(&shown).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(value: u128) {
            prop_assert_eq!(JobId::parse(&JobId(value).to_string()), Some(JobId(value)));
        }

        #[test]
        fn shown_ids_sort_as_their_values(a: u128, b: u128) {
            prop_assert_eq!(a.cmp(&b), JobId(a).to_string().cmp(&JobId(b).to_string()));
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = JobId::parse(&text);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "job_",
            "job_0",
            "run_00000000000000000000000000",
            "job_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "job_0000000000000000000000000u",
        ] {
            assert_eq!(JobId::parse(text), None, "{text}");
        }
    }
}
