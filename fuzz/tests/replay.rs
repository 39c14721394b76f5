//! The kept corpus and a number of its mutations, through every target, on a plain machine with Rust only.
//!
//! `FUZZ_ROUNDS` (mutations of each target) and `FUZZ_SEED` change a run; a failure prints both, and the input as a Rust text.

use std::path::PathBuf;

use fuzz::{TARGETS, Target};

/// Mutations of each target unless told.
const ROUNDS: u64 = 3_000;
/// Bytes of a mutated input.
const LONGEST: usize = 4_096;

/// A small generator of numbers: the same seed, the same run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `bound`, which is above zero.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds something to begin with", folder.display());
    files.iter().map(|file| std::fs::read(file).expect("a file that can be read")).collect()
}

/// One to five small changes of a known input.
fn mutate(chance: &mut Chance, known: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = chance.one_of(known).clone();
    for _ in 0..=chance.below(5) {
        let at = chance.below(input.len() + 1);
        let until = at + chance.below((input.len() - at).min(16) + 1);
        match chance.below(7) {
            0 if at < input.len() => input[at] ^= 1 << chance.below(8),
            1 if at < input.len() => input[at] = *chance.one_of(&[0, b'"', b'{', b'[', b'-', b'9', b'\\', b'\n', b'%', 0xff]),
            2 => drop(input.drain(at..until)),
            3 => input.truncate(at),
            4 => drop(input.splice(at..until, chance.one_of(words).bytes())),
            5 => {
                let other = chance.one_of(known);
                let from = chance.below(other.len() + 1);
                drop(input.splice(at..at, other[from..].iter().copied()));
            }
            _ => {
                let part = input[at..until].repeat(1 + chance.below(40));
                drop(input.splice(at..at, part));
            }
        }
        input.truncate(LONGEST);
    }
    input
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let (seed, rounds) = (number("FUZZ_SEED", 1), number("FUZZ_ROUNDS", ROUNDS));
    let known = corpus(target);
    let mut chance = Chance(seed);
    let mutations = (0..rounds).map(|_| mutate(&mut chance, &known, target.words)).collect::<Vec<_>>();
    for input in known.iter().chain(&mutations) {
        let told = std::panic::catch_unwind(|| (target.check)(input));
        assert!(told.is_ok(), "{name} (FUZZ_SEED={seed} FUZZ_ROUNDS={rounds}): b\"{}\"", input.escape_ascii());
    }
}

macro_rules! replays {
    ($($name:ident),+) => {
        $(#[test] fn $name() { replay(stringify!($name)); })+

        #[test]
        fn every_target_is_replayed() {
            let mut names = vec![$(stringify!($name)),+];
            names.sort_unstable();
            let mut known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            known.sort_unstable();
            assert_eq!(names, known);
        }
    };
}

replays!(addresses, channel_lines, channel_messages, configuration, frames, live, log_events, percent, requests);
