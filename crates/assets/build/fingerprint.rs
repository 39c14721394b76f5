//! One short text that changes when a file's name or content does. FNV-1a, 64 bits: it notices edits, it keeps nobody out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub fn of(inputs: &[PathBuf]) -> io::Result<String> {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for input in inputs {
        add(&mut hash, input)?;
    }
    Ok(format!("{hash:016x}"))
}

fn add(hash: &mut u64, path: &Path) -> io::Result<()> {
    mix(hash, path.file_name().unwrap_or_default().as_encoded_bytes());
    if path.is_dir() {
        let mut entries = fs::read_dir(path)?.map(|entry| entry.map(|it| it.path())).collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        entries.iter().try_for_each(|entry| add(hash, entry))
    } else {
        mix(hash, &fs::read(path)?);
        Ok(())
    }
}

/// Length first, so that no two lists of parts read the same.
fn mix(hash: &mut u64, bytes: &[u8]) {
    for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
}
