//! The private file in which a `plain` child finds its input; it lives as long as the child's tree.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Removes the file when dropped.
#[derive(Debug)]
pub(crate) struct InputFile {
    path: PathBuf,
}

impl InputFile {
    /// Writes `<folder>/<name>.json`, readable by this user only; the folder is made when missing.
    pub(crate) fn write(folder: &Path, name: &str, input: &[u8]) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // The child may start in another folder.
        let path = folder.canonicalize()?.join(format!("{name}.json"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let written = Self { path };
        file.write_all(input)?;
        Ok(written)
    }

    /// None when the path is not UTF-8.
    pub(crate) fn path(&self) -> Option<&str> {
        self.path.to_str()
    }
}

impl Drop for InputFile {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}
