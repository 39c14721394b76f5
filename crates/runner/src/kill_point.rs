//! Moments at which a test wants the server dead, and that no signal from outside could hit. `docs/decisions/kill-points.md` says why
//! they are in the program itself.
//!
//! `TIDINGS_KILL_AT` names one of them; without it nothing here does anything. `before_shim`: a job is claimed, nothing was started.
//! `before_program`: its shim runs and waits. `program_ordered`: the shim was told what to start. `program_unrecorded`: the program
//! runs, and its pid is not written down yet.

use std::sync::OnceLock;

use rustix::process::{Signal, getpid, kill_process};

/// Ends this process by SIGKILL if `point` is the one that the environment names.
pub(crate) fn reach(point: &str) {
    static NAMED: OnceLock<Option<String>> = OnceLock::new();
    let named = NAMED.get_or_init(|| std::env::var("TIDINGS_KILL_AT").ok());
    if named.as_deref() == Some(point) {
        kill_process(getpid(), Signal::KILL).ok();
    }
}
