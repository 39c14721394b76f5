//! Where things are: the binary under test, the examples, the workspace.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Root of the workspace.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}

/// The binary under test: `TIDINGS_BIN`, or a fresh build.
pub fn binary() -> PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(find_binary).clone()
}

fn find_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("TIDINGS_BIN") {
        return PathBuf::from(path);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo).args(["build", "--quiet", "-p", "tidings"]).current_dir(root()).status();
    assert!(built.is_ok_and(|status| status.success()), "cargo build -p tidings failed");
    // The test runs from <target>/<profile>/deps.
    let here = std::env::current_exe().unwrap_or_default();
    let folder = here.ancestors().nth(2).map(PathBuf::from).unwrap_or_default();
    folder.join("tidings")
}
