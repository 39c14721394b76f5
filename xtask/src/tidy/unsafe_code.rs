//! `unsafe` stands only where a child process is made and watched over, and each says why it is sound.

use super::Finding;
use super::code::places;
use super::tree::Tree;

const FOLDER: &str = "crates/runner/src/";
/// Lines above in which the reason may begin.
const REACH: usize = 8;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.is_rust()) {
        for line in places(file.code(), "unsafe") {
            if !file.path.starts_with(FOLDER) {
                let what = format!("`unsafe` outside {FOLDER}; use what rustix or std offer, or move the syscall there");
                findings.push(Finding::new(&file.path, line, what));
            } else if !is_explained(&file.text, line) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    "`unsafe` without a reason; say why it is sound in a `// SAFETY:` line above",
                ));
            }
        }
    }
    findings
}

/// Whether this line or the block of lines above it, up to a blank one, says why.
fn is_explained(text: &str, line: usize) -> bool {
    let above = text.lines().take(line).collect::<Vec<_>>();
    above.iter().rev().take(REACH).take_while(|line| !line.trim().is_empty()).any(|line| line.contains("SAFETY:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_needs_its_place_and_its_reason() {
        for (path, text, count) in [
            ("crates/store/src/a.rs", "// SAFETY: fine.\nunsafe { f() }", 1),
            ("crates/store/src/a.rs", "// no unsafe here\nlet unsafe_op = \"unsafe\";", 0),
            ("crates/runner/src/a.rs", "unsafe { f() }", 1),
            ("crates/runner/src/a.rs", "// SAFETY: f only reads.\nlet x =\n    unsafe { f() };", 0),
            ("crates/runner/src/a.rs", "// SAFETY: f only reads.\nf();\n\nunsafe { g() }", 1),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), count, "{path}: {text}");
        }
    }
}
