//! Nothing half done is kept: no stub, no debug print, no note to oneself.

use super::Finding;
use super::code::places;
use super::tree::Tree;

/// In code.
const CALLS: &[(&str, &str)] = &[
    ("todo!", "finish it, or leave it out"),
    ("unimplemented!", "finish it, or leave it out"),
    ("dbg!", "remove it, or trace it"),
];
/// In code and comments.
const NOTES: &[&str] = &["FIXME", "XXX"];
const EXTENSIONS: &[&str] = &["rs", "ts", "tsx", "js", "mjs", "css", "html", "py", "sh", "sql", "toml", "yml", "yaml", "json"];
/// Names these words.
const OWN_FOLDER: &str = "xtask/src/tidy/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| !file.path.starts_with(OWN_FOLDER)) {
        if file.is_rust() {
            for (call, instead) in CALLS {
                let what = format!("`{call}`; {instead}");
                findings.extend(places(file.code(), call).into_iter().map(|line| Finding::new(&file.path, line, what.as_str())));
            }
        }
        let extension = file.path.rsplit_once('.').map_or("", |(_, extension)| extension);
        if EXTENSIONS.contains(&extension) {
            for note in NOTES {
                let what = format!("`{note}`; mend it now, or write down what is missing where readers of the docs find it");
                findings.extend(places(&file.text, note).into_iter().map(|line| Finding::new(&file.path, line, what.as_str())));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_done_is_found() {
        for (path, text, count) in [
            ("crates/a/src/a.rs", "fn f() { todo!() }", 1),
            ("crates/a/src/a.rs", "let x = dbg!(y);", 1),
            ("crates/a/src/a.rs", "unimplemented!(\"later\")", 1),
            ("crates/a/src/a.rs", "// No `todo!` stays.", 0),
            ("crates/a/src/a.rs", "// FIXME: later", 1),
            ("packages/a/a.ts", "// XXX later", 1),
            ("examples/a.sh", "mktemp /tmp/XXXXXX", 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), count, "{path}: {text}");
        }
    }
}
