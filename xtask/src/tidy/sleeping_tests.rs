//! Tests do not sleep and hope: they wait for a named signal, or move a clock that was handed in.

use super::Finding;
use super::code::places;
use super::tree::Tree;

const CALLS: &[&str] = &["thread::sleep", "time::sleep", "sleep("];
/// The helpers that look again and again until a condition holds or a deadline passes; they alone may pause between two looks.
const DEADLINE_HELPERS: &[&str] = &["crates/gateway/src/tests/rig.rs", "crates/runner/tests/children/stage.rs"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let tests = |path: &str| is_test(path) && !DEADLINE_HELPERS.contains(&path);
    for file in tree.files().filter(|file| file.is_rust() && tests(&file.path)) {
        let mut lines: Vec<usize> = CALLS.iter().flat_map(|call| places(file.code(), call)).collect();
        lines.sort();
        lines.dedup();
        let what = format!(
            "a test sleeps; wait for a signal, or for a condition by a helper with a deadline ({})",
            DEADLINE_HELPERS.join(", ")
        );
        findings.extend(lines.into_iter().map(|line| Finding::new(&file.path, line, what.as_str())));
    }
    findings
}

/// In a folder `tests`, or a sibling `tests.rs`.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_found_in_tests_alone() {
        for (path, text, count) in [
            ("tests/live/a.rs", "std::thread::sleep(d);", 1),
            ("crates/a/src/b/tests.rs", "tokio::time::sleep(d).await;", 1),
            ("crates/a/src/b/tests/c.rs", "use tokio::time::sleep;\nsleep(d).await;", 2),
            ("crates/a/src/b/tests/c.rs", "// no thread::sleep\nlet c = \"time.sleep(1)\";", 0),
            ("crates/a/src/b.rs", "tokio::time::sleep(d).await;", 0),
            (DEADLINE_HELPERS[0], "tokio::time::sleep(d).await;", 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), count, "{path}: {text}");
        }
    }
}
