//! Coverage-guided fuzzing by cargo-fuzz, on the stable compiler. Not part of the gate, which replays `fuzz/corpus` instead.
//!
//! What is found goes to `target/fuzz/`: new inputs beside the corpus, and what broke a target as a file that the run names. An input that
//! broke something belongs into `fuzz/corpus/TARGET/`, under a name that says what it is.

use std::path::Path;
use std::process::Command;

/// cargo-fuzz's package.
const PACKAGE: &str = "fuzz/coverage";
const CORPUS: &str = "fuzz/corpus";

/// Names the targets.
pub(crate) fn list(root: &Path) -> bool {
    let Ok(entries) = root.join(CORPUS).read_dir() else {
        eprintln!("{CORPUS} cannot be read");
        return false;
    };
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names.iter().for_each(|name| println!("{name}"));
    true
}

/// Runs one target for so many seconds; true when nothing broke.
pub(crate) fn run(root: &Path, target: &str, seconds: &str) -> bool {
    let known = root.join(CORPUS).join(target);
    let found = root.join("target/fuzz/found").join(target);
    if !known.is_dir() || seconds.parse::<u32>().is_err() {
        eprintln!("cargo xtask fuzz TARGET [SECONDS]: TARGET is one of");
        list(root);
        return false;
    }
    if let Err(error) = std::fs::create_dir_all(&found) {
        eprintln!("{}: {error}", found.display());
        return false;
    }
    let has_tool = Command::new("cargo").args(["fuzz", "--version"]).current_dir(root).output();
    if !has_tool.is_ok_and(|output| output.status.success()) {
        eprintln!("missing: cargo-fuzz (cargo install cargo-fuzz --version 0.13.2), which needs a C++ compiler");
        return false;
    }
    let mut command = Command::new("cargo");
    command.args(["fuzz", "run", "--fuzz-dir", PACKAGE, "--target-dir", "target/fuzz", target]).arg(&found).arg(&known);
    command.args(["--", "-max_len=4096", "-timeout=10", &format!("-max_total_time={seconds}")]);
    // The sanitizer is a flag that the stable compiler knows and hides.
    let status = command.env("RUSTC_BOOTSTRAP", "1").current_dir(root).status();
    status.is_ok_and(|status| status.success())
}
