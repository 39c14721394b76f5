//! The docs name what is there: paths in backticks, and relative links.

use super::Finding;
use super::tree::Tree;

const PAGES: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
const FOLDERS: &[&str] = &["crates/", "clients/", "docs/", "packages/", "examples/", "xtask/", "fixtures/", "bench/"];
/// Made by a build, so not in the tree.
const MADE: &[&str] = &["dist", "target", "node_modules"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_page = |path: &str| PAGES.contains(&path) || (path.starts_with("docs/") && path.ends_with(".md"));
    for file in tree.files().filter(|file| is_page(&file.path)) {
        let mut is_in_block = false;
        for (at, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_in_block = !is_in_block;
            }
            if is_in_block {
                continue;
            }
            let named = line.split('`').skip(1).step_by(2).filter_map(path_in);
            let linked = links(line).filter_map(|link| resolve(&file.path, link));
            for path in named.map(str::to_owned).chain(linked) {
                if !tree.has(&path) {
                    let what = format!("`{path}` does not exist; name what is there, or write it without backticks and link");
                    findings.push(Finding::new(&file.path, at + 1, what));
                }
            }
        }
    }
    findings
}

/// The path that a text in backticks names, if it is one of ours: without a line number, an anchor, a pattern.
fn path_in(text: &str) -> Option<&str> {
    let path = text.split(['#', ':']).next().unwrap_or(text);
    let is_ours = FOLDERS.iter().any(|folder| path.starts_with(folder));
    let is_pattern = path.contains(['*', '<', '{', '…', ' ', '$']);
    let is_made = path.split('/').any(|part| MADE.contains(&part));
    (is_ours && !is_pattern && !is_made).then_some(path)
}

fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
}

/// A relative link of a page, as a path from the workspace's folder.
fn resolve(page: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().unwrap_or(link);
    if link.is_empty() || link.starts_with('/') || link.contains(':') || link.contains(' ') {
        return None;
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_is_found() {
        for (text, count) in [
            ("see `crates/store/src/lib.rs` and `crates/store/`", 0),
            ("see `crates/store/src/lib.rs:12`", 0),
            ("see `crates/stor`", 1),
            ("see `docs/gone.md#there`", 1),
            ("see `crates/<name>/src` and `packages/*/src` and `packages/client/dist/index.js`", 0),
            ("```\n`crates/gone`\n```", 0),
            ("see [that](reference/page.md) and [there](../crates/store) and [web](https://example.org/x)", 0),
            ("see [that](reference/gone.md)", 1),
        ] {
            let page = ("docs/guide.md", text);
            let tree = Tree::of(&[page, ("crates/store/src/lib.rs", ""), ("docs/reference/page.md", "")]);
            assert_eq!(check(&tree).len(), count, "{text}");
        }
    }
}
