//! Documents that the program itself prints: its API, its frames, its configuration, its exit codes.

use std::path::Path;
use std::process::Command;

/// What `tidings …` prints, from a binary that is as new as the code.
fn printed(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--quiet", "-p", "tidings", "--"]).args(arguments).current_dir(root);
    // Only the call of cargo names this package; the program must not see it.
    command.env_remove("CARGO_MANIFEST_DIR");
    let output = command.output().map_err(|error| format!("cargo cannot be started: {error}"))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|error| error.to_string()),
        false => Err(format!("tidings {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim())),
    }
}

pub(super) fn openapi(root: &Path) -> Result<String, String> {
    printed(root, &["document", "openapi"])
}

pub(super) fn asyncapi(root: &Path) -> Result<String, String> {
    printed(root, &["document", "asyncapi"])
}

pub(super) fn configuration(root: &Path) -> Result<String, String> {
    printed(root, &["config", "reference"])
}

pub(super) fn exit_codes(root: &Path) -> Result<String, String> {
    printed(root, &["config", "reference", "--exit-codes"])
}
