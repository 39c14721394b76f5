//! What the app said lately, under marks of what it was shown. Bounded; whoever is not signed in cannot drive out those who are.

use std::collections::HashMap;

use domain::Timestamp;

use super::{Answered, Said};
use crate::access::known::Mark;

/// Longest life of "signed out", in milliseconds.
const SIGNED_OUT_MS: u64 = 2_000;
/// How long it is not asked again after it could not be, in milliseconds.
const NOTHING_MS: u64 = 1_000;
/// Answers that are kept of each kind.
const ANSWERS: usize = 10_000;

pub(super) struct Kept {
    cache_ms: u64,
    known: HashMap<Mark, Answered>,
    others: HashMap<Mark, Answered>,
}

impl Kept {
    pub(super) fn new(cache_ms: u64) -> Kept {
        Kept { cache_ms, known: HashMap::new(), others: HashMap::new() }
    }

    /// An answer that is still good.
    pub(super) fn get(&self, mark: Mark, now: Timestamp) -> Option<Answered> {
        let mut kept = [&self.known, &self.others].into_iter().filter_map(|answers| answers.get(&mark));
        kept.find(|answered| is_good(answered, self.cache_ms, now)).cloned()
    }

    pub(super) fn keep(&mut self, mark: Mark, answered: Answered, now: Timestamp) {
        let cache_ms = self.cache_ms;
        let answers = match answered.said {
            Said::Known(_) => {
                self.others.remove(&mark);
                &mut self.known
            }
            Said::SignedOut => {
                self.known.remove(&mark);
                &mut self.others
            }
            // What is known stays good for as long as it is.
            Said::Nothing => &mut self.others,
        };
        if answers.len() >= ANSWERS && !answers.contains_key(&mark) {
            answers.retain(|_, kept| is_good(kept, cache_ms, now));
            if answers.len() >= ANSWERS {
                forget_older_half(answers);
            }
        }
        answers.insert(mark, answered);
    }
}

fn is_good(answered: &Answered, cache_ms: u64, now: Timestamp) -> bool {
    let (life_ms, ends) = match &answered.said {
        Said::Known(principal) => (cache_ms, principal.expires_at),
        Said::SignedOut => (cache_ms.min(SIGNED_OUT_MS), None),
        Said::Nothing => (cache_ms.min(NOTHING_MS), None),
    };
    // A clock that went back would make it last longer.
    let is_young = now >= answered.asked_at && now < answered.asked_at.plus_ms(life_ms);
    is_young && ends.is_none_or(|at| now < at)
}

fn forget_older_half(answers: &mut HashMap<Mark, Answered>) {
    let mut numbers: Vec<u64> = answers.values().map(|kept| kept.number).collect();
    let half = numbers.len() / 2;
    let (_, middle, _) = numbers.select_nth_unstable(half);
    let middle = *middle;
    answers.retain(|_, kept| kept.number >= middle);
}

#[cfg(test)]
mod tests {
    use domain::access::Principal;

    use super::*;

    fn mark(number: u64) -> Mark {
        Mark::of_session([Some(number.to_be_bytes().as_slice()), None], &[0; 32])
    }

    fn answered(said: Said, number: u64, at: i64) -> Answered {
        Answered { said, number, asked_at: Timestamp(at) }
    }

    fn ann(expires_at: Option<i64>) -> Said {
        Said::Known(Principal {
            subject: "ann".into(),
            tenant: "default".into(),
            scopes: Vec::new(),
            is_tenant_wide: false,
            is_service: false,
            expires_at: expires_at.map(Timestamp),
        })
    }

    #[test]
    fn each_answer_is_good_for_its_time() {
        for (said, good_until) in [(ann(None), 31_000), (ann(Some(5_000)), 5_000), (Said::SignedOut, 3_000), (Said::Nothing, 2_000)]
        {
            let mut kept = Kept::new(30_000);
            kept.keep(mark(1), answered(said.clone(), 1, 1_000), Timestamp(1_000));
            let is_there = |at: i64| kept.get(mark(1), Timestamp(at)).is_some();
            assert!(is_there(1_000) && is_there(good_until - 1) && !is_there(good_until), "{said:?}");
            assert!(!is_there(999), "{said:?}: the clock went back");
            assert!(kept.get(mark(2), Timestamp(1_000)).is_none());
        }
    }

    #[test]
    fn the_newest_word_counts_and_silence_takes_nothing_away() {
        let mut kept = Kept::new(30_000);
        let mut said = |said: Said, number| {
            kept.keep(mark(1), answered(said, number, 0), Timestamp(0));
            kept.get(mark(1), Timestamp(0)).map(|kept| kept.said)
        };
        assert_eq!(said(ann(None), 1), Some(ann(None)));
        assert_eq!(said(Said::Nothing, 2), Some(ann(None)));
        assert_eq!(said(Said::SignedOut, 3), Some(Said::SignedOut));
        assert_eq!(said(ann(None), 4), Some(ann(None)));
    }

    #[test]
    fn strangers_drive_out_nobody_who_is_known() {
        let mut kept = Kept::new(30_000);
        kept.keep(mark(0), answered(ann(None), 1, 0), Timestamp(0));
        for number in 1..=2 * ANSWERS as u64 {
            kept.keep(mark(number), answered(Said::SignedOut, number + 1, 0), Timestamp(0));
        }
        assert!(kept.others.len() <= ANSWERS && kept.get(mark(2 * ANSWERS as u64), Timestamp(0)).is_some());
        assert!(kept.get(mark(0), Timestamp(0)).is_some());
        for number in 1..=2 * ANSWERS as u64 {
            kept.keep(mark(number), answered(ann(None), number + 1, 0), Timestamp(0));
        }
        assert!(kept.known.len() <= ANSWERS);
    }
}
