//! The system clock and the random source are read in one file each, so that a test can hold both.

use super::Finding;
use super::code::{Language, places};
use super::tree::Tree;

struct Source {
    calls: &'static [&'static str],
    language: Language,
    /// Folder that the rule is about.
    within: &'static str,
    /// The one file that may.
    place: &'static str,
    instead: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        calls: &["SystemTime::now", "Timestamp::now(", "Zoned::now(", "Utc::now("],
        language: Language::Rust,
        within: "crates/",
        place: "crates/engine/src/clock.rs",
        instead: "ask the `Clock` that is handed in",
    },
    Source {
        calls: &["Uuid::now_v7", "Uuid::new_v4", "getrandom::", "rand::", "fastrand::"],
        language: Language::Rust,
        within: "crates/",
        place: "crates/engine/src/random.rs",
        instead: "ask the `Random` that is handed in",
    },
    Source {
        calls: &["Date.now", "new Date()", "performance.now", "Math.random", "crypto.randomUUID", "crypto.getRandomValues"],
        language: Language::Script,
        within: "packages/client/src/",
        place: "packages/client/src/environment.ts",
        instead: "ask the `Environment` that is handed in",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in SOURCES {
        let concerned = |path: &str| path.starts_with(source.within) && path != source.place;
        for file in tree.files().filter(|file| concerned(&file.path) && file.language() == Some(source.language)) {
            for call in source.calls {
                let what = format!("`{call}` outside {}; {}", source.place, source.instead);
                findings.extend(places(file.code(), call).into_iter().map(|line| Finding::new(&file.path, line, what.as_str())));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_one_place() {
        for (path, text, count) in [
            ("crates/store/src/a.rs", "let now = std::time::SystemTime::now();", 1),
            ("crates/store/src/a.rs", "let now = jiff::Timestamp::now();\nlet id = Uuid::now_v7();", 2),
            ("crates/store/src/a.rs", "let id = rand::random(); // strand::x", 1),
            ("crates/store/src/a.rs", "let since = Instant::now(); // not SystemTime::now", 0),
            ("crates/engine/src/clock.rs", "SystemTime::now()", 0),
            ("crates/engine/src/clock.rs", "getrandom::fill(&mut bytes)", 1),
            ("crates/engine/src/random.rs", "getrandom::fill(&mut bytes)", 0),
            ("bench/src/main.rs", "SystemTime::now()", 0),
            ("packages/client/src/rest.ts", "const at = Date.now()", 1),
            ("packages/client/src/environment.ts", "const at = Date.now()", 0),
            ("packages/dashboard/src/clock.ts", "const at = Date.now()", 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), count, "{path}: {text}");
        }
    }
}
