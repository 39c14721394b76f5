//! Files stay short. A longer one is let be only by a line in `xtask/lengths.txt`, and must not grow.

use super::Finding;
use super::tree::{File, Tree};

/// Lines that a file should stay under. Above: a note.
pub(super) const GOOD: usize = 400;
/// Lines that a file may have at the most. Above: a finding.
const MOST: usize = 800;
/// One line a file: its path and how many lines it may have.
const RATCHET: &str = "xtask/lengths.txt";
const EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "css", "py", "sql", "sh"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let (ratchet, mut findings) = ratchet(tree);
    for file in tree.files().filter(|file| is_source(file)) {
        let lines = file.text.lines().count();
        match ratchet.iter().find(|entry| entry.path == file.path) {
            Some(entry) if lines > entry.allowed => {
                let what = format!("grew to {lines} lines, {RATCHET} allows {}; divide it by what its parts do", entry.allowed);
                findings.push(Finding::new(&file.path, entry.allowed + 1, what));
            }
            Some(entry) if lines <= GOOD => {
                findings.push(Finding::new(RATCHET, entry.line, format!("{} is short again; remove its line", file.path)));
            }
            None if lines > MOST => {
                let what = format!("has {lines} lines, {MOST} are the most; divide it by what its parts do");
                findings.push(Finding::new(&file.path, MOST + 1, what));
            }
            _ => {}
        }
    }
    for entry in ratchet.iter().filter(|entry| tree.get(&entry.path).is_none()) {
        findings.push(Finding::new(RATCHET, entry.line, format!("{} does not exist; remove its line", entry.path)));
    }
    findings
}

/// Files over [`GOOD`] lines, the longest first.
pub(super) fn long_files(tree: &Tree) -> Vec<(&str, usize)> {
    let counted = tree.files().filter(|file| is_source(file)).map(|file| (file.path.as_str(), file.text.lines().count()));
    let mut long: Vec<_> = counted.filter(|(_, lines)| *lines > GOOD).collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long
}

struct Entry {
    path: String,
    allowed: usize,
    /// In the ratchet's file, from 1.
    line: usize,
}

fn ratchet(tree: &Tree) -> (Vec<Entry>, Vec<Finding>) {
    let mut entries = Vec::new();
    let mut findings = Vec::new();
    let text = tree.get(RATCHET).map_or("", |file| file.text.as_str());
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(' ').map(|(path, allowed)| (path, allowed.trim().parse())) {
            Some((path, Ok(allowed))) => entries.push(Entry { path: path.to_owned(), allowed, line: at + 1 }),
            _ => findings.push(Finding::new(RATCHET, at + 1, "cannot be read; write a path, a space, and a number of lines")),
        }
    }
    (entries, findings)
}

fn is_source(file: &File) -> bool {
    let extension = file.path.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.contains(&extension) && !file.path.starts_with("fixtures/") && !file.path.contains("/generated/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_found_unless_the_ratchet_lets_them_be() {
        let path = "crates/a/src/a.rs";
        for (lines, allowed, count) in
            [(800, "", 0), (801, "", 1), (801, "801", 0), (802, "801", 1), (500, "500", 0), (300, "500", 1)]
        {
            let ratchet = if allowed.is_empty() { String::new() } else { format!("# head\n{path} {allowed}\n") };
            let tree = Tree::of(&[(path, &"x\n".repeat(lines)), (RATCHET, &ratchet)]);
            assert_eq!(check(&tree).len(), count, "{lines} lines, allowed `{allowed}`");
        }
        assert_eq!(check(&Tree::of(&[(RATCHET, "gone.rs 500\nnonsense\n")])).len(), 2);
        assert_eq!(long_files(&Tree::of(&[(path, &"x\n".repeat(401))])), [(path, 401)]);
    }
}
