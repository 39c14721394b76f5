//! `crates/domain` decides and does nothing else: it waits for nobody, reads no clock, touches no file, knows no wire format.

use super::Finding;
use super::code::{is_name, line_of, places};
use super::tree::Tree;

const FOLDER: &str = "crates/domain/src/";
const WORDS: &[&str] = &["async", "await", "tokio", "serde", "serde_json", "SystemTime", "Instant"];
const MODULES: &[&str] = &["fs", "net", "io", "process", "thread", "env"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().filter(|file| file.is_rust() && file.path.starts_with(FOLDER)) {
        let code = file.code();
        let mut refuse = |line: usize, word: &str| {
            let what = format!("`{word}` in the domain; take the value as an argument, or move it to the crate that acts");
            findings.push(Finding::new(&file.path, line, what));
        };
        for word in WORDS {
            places(code, word).into_iter().for_each(|line| refuse(line, word));
        }
        for module in MODULES {
            let path = format!("std::{module}");
            places(code, &path).into_iter().for_each(|line| refuse(line, &path));
        }
        for (at, _) in code.match_indices("std::{") {
            let group = code[at..].split_once('}').map_or("", |(group, _)| group);
            let used: Vec<&str> = group.split(|c: char| !is_name(c)).collect();
            for module in MODULES.iter().filter(|module| used.contains(module)) {
                refuse(line_of(code, at), &format!("std::{module}"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn what_acts_is_refused_in_the_domain_alone() {
        let path = "crates/domain/src/job.rs";
        for text in [
            "async fn f() {}",
            "use std::fs::File;",
            "use std::{fmt, io};",
            "let now = Instant::now();",
            "#[derive(serde::Serialize)]",
        ] {
            assert_eq!(lines(path, text), [1], "{text}");
            assert!(lines("crates/store/src/file.rs", text).is_empty());
        }
    }

    #[test]
    fn a_comment_may_speak_of_it() {
        let text = "/// No await here, no `tokio`.\nconst A: &str = \"async\"; // Instant\nuse std::{fmt, sync::Arc};";
        assert!(lines("crates/domain/src/job.rs", text).is_empty());
    }
}
