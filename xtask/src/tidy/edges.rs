//! Which crate may use which. A crate exists because the compiler keeps a promise through it; an edge too many breaks it.

use toml::{Table, Value};

use super::Finding;
use super::tree::Tree;

/// All may use `domain`. Tests may use `store` and `bus` besides, to run against the real ones.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("engine", &["domain", "wire"]),
    ("store", &["domain", "engine", "wire"]),
    ("bus", &["domain", "engine", "wire"]),
    ("runner", &["domain", "engine", "wire"]),
    ("gateway", &["domain", "engine", "wire"]),
    ("dialects", &["domain", "wire"]),
    ("sources", &["domain", "wire", "engine", "dialects"]),
    ("client", &["domain", "wire"]),
    ("assets", &["domain"]),
    ("api", &["domain", "gateway", "dialects", "engine", "wire", "assets"]),
    (
        "tidings",
        &["domain", "wire", "engine", "store", "bus", "runner", "gateway", "dialects", "sources", "api", "assets", "client"],
    ),
];
const FOR_TESTS: &[&str] = &["domain", "store", "bus"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        let Some(name) = file.path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml")) else { continue };
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            let what = format!("no rule says whom `{name}` may use; add it to xtask/src/tidy/edges.rs and to ARCHITECTURE.md");
            findings.push(Finding::new(&file.path, 1, what));
            continue;
        };
        let manifest: Table = match file.text.parse() {
            Ok(manifest) => manifest,
            Err(problem) => {
                findings.push(Finding::new(&file.path, 1, format!("is no TOML: {problem}; mend it")));
                continue;
            }
        };
        for (key, used, is_for_tests) in used_crates(&manifest) {
            if allowed.contains(&used.as_str()) || (is_for_tests && FOR_TESTS.contains(&used.as_str())) {
                continue;
            }
            let line = file.text.lines().position(|line| names(line, &key)).map_or(1, |at| at + 1);
            let list = if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") };
            let what = format!("`{name}` must not use `{used}`; it may use {list}");
            findings.push(Finding::new(&file.path, line, what));
        }
    }
    findings
}

/// Whether this line of a manifest declares the dependency.
fn names(line: &str, key: &str) -> bool {
    line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
}

/// Our own crates in all dependency tables: as written, by our name, and whether only tests use it.
fn used_crates(manifest: &Table) -> Vec<(String, String, bool)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table).chain([manifest]);
    let mut used = Vec::new();
    for table in tables {
        for (kind, is_for_tests) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
            let declared = table.get(kind).and_then(Value::as_table);
            for (key, value) in declared.into_iter().flatten() {
                let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
                let ours = package.strip_prefix("tidings-").unwrap_or(package);
                let is_ours = ALLOWED.iter().any(|(known, _)| *known == ours) || package.starts_with("tidings-") || ours == "xtask";
                if is_ours {
                    used.push((key.clone(), ours.to_owned(), is_for_tests));
                }
            }
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(manifest: &str) -> Vec<String> {
        check(&Tree::of(&[("crates/bus/Cargo.toml", manifest)])).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn an_edge_that_is_not_allowed_is_named() {
        let found_in = |head: &str, line: &str| found(&format!("[{head}]\n{line}\n"));
        let said = ["crates/bus/Cargo.toml:2: `bus` must not use `api`; it may use domain, engine, wire"];
        assert_eq!(found_in("dependencies", "api.workspace = true"), said);
        assert_eq!(found_in("build-dependencies", "api = { workspace = true }"), said);
        assert_eq!(found_in("dependencies", "x = { package = \"tidings-api\", path = \"../api\" }"), said);
        assert_eq!(found_in("target.'cfg(unix)'.dependencies", "api.workspace = true"), said);
        assert!(found_in("dependencies", "engine.workspace = true\ntokio.workspace = true").is_empty());
    }

    #[test]
    fn tests_may_use_the_real_store() {
        assert!(found("[dev-dependencies]\nstore.workspace = true\n").is_empty());
        assert_eq!(found("[dev-dependencies]\napi.workspace = true\n").len(), 1);
        assert_eq!(found("[dependencies]\nstore.workspace = true\n").len(), 1);
    }

    #[test]
    fn a_new_crate_needs_a_rule() {
        assert_eq!(check(&Tree::of(&[("crates/novelty/Cargo.toml", "")])).len(), 1);
    }
}
