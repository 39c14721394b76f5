//! Copies of whole folders.

use std::fs;
use std::io;
use std::path::Path;

/// Makes `to` a copy of `from`; what stood in `to` is gone.
pub fn replace(from: &Path, to: &Path) -> io::Result<()> {
    empty(to)?;
    copy(from, to)
}

pub fn empty(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
