//! Runs npm: installs what the lock file says when it changed, then builds.

use crate::{Missing, failed, fingerprint};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines of npm's complaint that a warning shows.
const SHOWN_LINES: usize = 8;

pub fn build(root: &Path) -> Result<(), Missing> {
    let lock = root.join("package-lock.json");
    let modules = root.join("node_modules");
    let installed = modules.join(".tidings-lock");
    let wanted = fingerprint::of(std::slice::from_ref(&lock)).map_err(failed("package-lock.json could not be read"))?;
    if fs::read_to_string(&installed).ok().as_deref() != Some(&wanted) && !newer(&modules.join(".package-lock.json"), &lock) {
        npm(root, &["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund"])?;
        fs::write(&installed, &wanted).map_err(failed("node_modules could not be marked"))?;
    }
    npm(root, &["run", "build", "--workspace", "@tidings/dashboard"])
}

/// npm writes the one when it installs the other by hand.
fn newer(one: &Path, other: &Path) -> bool {
    let at = |path: &Path| fs::metadata(path).and_then(|it| it.modified());
    matches!((at(one), at(other)), (Ok(one), Ok(other)) if one >= other)
}

fn npm(root: &Path, arguments: &[&str]) -> Result<(), Missing> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let output = Command::new(program).args(arguments).current_dir(root).stdin(Stdio::null()).output();
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Missing::NoNode,
        _ => Missing::Failed(format!("npm could not be started: {error}.")),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("npm warn"));
    let (of_npm, of_tool): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("npm "));
    let telling = if of_tool.is_empty() { of_npm } else { of_tool };
    let shown = telling[..telling.len().min(SHOWN_LINES)].join(" | ");
    Err(Missing::Failed(format!("`npm {}` failed: {shown}", arguments.join(" "))))
}
