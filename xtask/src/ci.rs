//! The gate: every step that a change has to pass, in order, each with its time.
//!
//! A plain list. Every step runs even when one before it failed, so that one run tells everything.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

struct Step {
    name: &'static str,
    command: &'static [&'static str],
}

const fn step(name: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, command }
}

const STEPS: &[Step] = &[
    step("setup", &["cargo", "xtask", "setup"]),
    step("format", &["cargo", "fmt", "--all", "--check"]),
    step("tidy", &["cargo", "xtask", "tidy"]),
    step("build", &["cargo", "build", "-p", "tidings", "-p", "tidings-bench"]),
    step("clippy", &["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    step("codegen", &["cargo", "xtask", "codegen", "--check"]),
    step("tests", &["cargo", "nextest", "run", "--workspace"]),
    step("schema", &["python3", "tests/schema/drive.py"]),
    step("packages-check", &["npm", "run", "check"]),
    step("packages-test", &["npm", "run", "test"]),
    step("packages-size", &["npm", "run", "size"]),
    step("packages-published", &["npm", "run", "test:published"]),
    step("python-client", &["python3", "clients/python/tests"]),
    step("examples", &["npm", "test", "--prefix", "examples"]),
    step("browser", &["npm", "run", "test:browser"]),
    step("bench", &["target/debug/tidings-bench", "--quick"]),
];

/// What runs the tests where `cargo nextest` is not installed.
const PLAIN_TESTS: &[&str] = &["cargo", "test", "--workspace"];

enum Outcome {
    Passed,
    Failed,
}

pub(crate) fn list() -> bool {
    for step in STEPS {
        println!("{:<15} {}", step.name, step.command.join(" "));
    }
    true
}

/// Runs the named steps, or all; true when none failed.
pub(crate) fn run(root: &Path, names: &[&str]) -> bool {
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        eprintln!("there is no step `{unknown}`; `cargo xtask ci --list` names them");
        return false;
    }
    let chosen = STEPS.iter().filter(|step| names.is_empty() || names.contains(&step.name));
    let results: Vec<_> = chosen.map(|step| (step.name, run_step(root, step))).collect();
    println!();
    for (name, (outcome, took)) in &results {
        let word = match outcome {
            Outcome::Passed => "ok",
            Outcome::Failed => "FAILED",
        };
        println!("{name:<15} {word:<8} {:>7.1} s", took.as_secs_f64());
    }
    results.iter().all(|(_, (outcome, _))| !matches!(outcome, Outcome::Failed))
}

fn run_step(root: &Path, step: &Step) -> (Outcome, Duration) {
    let start = Instant::now();
    let command = if step.name == "tests" && !has_nextest(root) { PLAIN_TESTS } else { step.command };
    println!("\n== {}: {}", step.name, command.join(" "));
    // Tests run the binary that the build step made, rather than each building it again.
    let binary = root.join("target/debug/tidings");
    let status = Command::new(command[0]).args(&command[1..]).env("TIDINGS_BIN", binary).current_dir(root).status();
    if let Err(error) = &status {
        eprintln!("cannot start {}: {error}", command[0]);
    }
    let is_good = status.is_ok_and(|status| status.success());
    (if is_good { Outcome::Passed } else { Outcome::Failed }, start.elapsed())
}

fn has_nextest(root: &Path) -> bool {
    let asked = Command::new("cargo").args(["nextest", "--version"]).current_dir(root).output();
    asked.is_ok_and(|output| output.status.success())
}
