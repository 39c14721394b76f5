//! The TypeScript types of what the server sends, made by `packages/typegen` from the API documents.

use std::path::Path;
use std::process::Command;

fn printed(root: &Path, file: &str) -> Result<String, String> {
    let output = Command::new("node").args(["packages/typegen/generate.mjs", "--print", file]).current_dir(root).output();
    let output = output.map_err(|error| format!("node cannot be started: {error}"))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|error| error.to_string()),
        false => {
            let why = String::from_utf8_lossy(&output.stderr);
            Err(format!("packages/typegen cannot print {file}; is `npm ci` done?\n{}", why.trim()))
        }
    }
}

pub(super) fn openapi(root: &Path) -> Result<String, String> {
    printed(root, "openapi")
}

pub(super) fn asyncapi(root: &Path) -> Result<String, String> {
    printed(root, "asyncapi")
}
