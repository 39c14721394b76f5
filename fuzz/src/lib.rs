//! What must hold of everything that strangers send us: one function for each parser, from any bytes to nothing, which panics when a
//! promise is broken.
//!
//! They are run in two ways. `fuzz/tests/replay.rs` feeds them the kept corpus and some thousand mutations of it, with a seed, in every run
//! of the tests. `cargo xtask fuzz TARGET` lets cargo-fuzz look for inputs that reach new code (`fuzz/coverage/` is its package); what it
//! finds goes into `fuzz/corpus/TARGET/` with the mend.
//!
//! Besides that nothing panics, they ask for round trips (what is shown is read back as the same) and for bounds (what is kept of an input
//! is not larger than it may be).

mod addresses;
mod channel_lines;
mod channel_messages;
mod configuration;
mod frames;
mod live;
mod log_events;
mod percent;
mod requests;
mod world;

/// One parser and what must hold of it.
pub struct Target {
    /// Its name on the command line, and of its folder in the corpus.
    pub name: &'static str,
    pub check: fn(&[u8]),
    /// Words of its language, for mutations.
    pub words: &'static [&'static str],
}

pub const TARGETS: &[Target] = &[
    addresses::TARGET,
    channel_lines::TARGET,
    channel_messages::TARGET,
    configuration::TARGET,
    frames::TARGET,
    live::TARGET,
    log_events::TARGET,
    percent::TARGET,
    requests::TARGET,
];

/// Runs one target on one input.
pub fn check(name: &str, input: &[u8]) {
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => (target.check)(input),
        None => panic!("there is no target {name}"),
    }
}
