//! The project's own commands: `cargo xtask tidy`, `cargo xtask codegen [--check]`, `cargo xtask setup`, `cargo xtask ci [STEP…]`,
//! `cargo xtask bench [NAME…]`.
//!
//! [`tidy`] refuses what a machine can refuse, [`codegen`] writes what is derived from the code, [`setup`] installs what the gate needs, [`ci`] runs the whole gate,
//! [`fuzz`] looks for inputs that break a parser, [`bench`] measures.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod bench;
mod ci;
mod codegen;
mod fuzz;
mod setup;
mod tidy;

const USAGE: &str = "\
cargo xtask tidy              checks the rules of the house
cargo xtask codegen           writes the generated docs; --check only tells whether they are fresh
cargo xtask setup             installs what the gate needs, or says what to install
cargo xtask ci [STEP…]        runs the gate, or some of its steps; --list names them
cargo xtask bench [NAME…]     measures beside baselines and prints one table; --list names the measurements, --write keeps the table in
                              docs/reference/performance.md, --quick tries everything small
cargo xtask fuzz TARGET [S]   looks for inputs that break a parser, for S seconds (120); without TARGET it names them
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = root();
    let is_good = match args.as_slice() {
        ["tidy"] => tidy::run(&root),
        ["codegen"] => codegen::write(&root),
        ["codegen", "--check"] => codegen::check(&root),
        ["setup"] => setup::run(&root),
        ["ci", "--list"] => ci::list(),
        ["fuzz"] => fuzz::list(&root),
        ["fuzz", target] => fuzz::run(&root, target, "120"),
        ["fuzz", target, seconds] => fuzz::run(&root, target, seconds),
        ["bench", arguments @ ..] => bench::run(&root, arguments),
        ["ci", steps @ ..] => ci::run(&root, steps),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The workspace's folder: the parent of this package's when cargo runs it, else where it was called.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package.as_deref().and_then(Path::parent).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
