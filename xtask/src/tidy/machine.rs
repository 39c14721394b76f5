//! Nothing of one developer's machine is kept: no absolute path of a home, no package registry or mirror.

use super::Finding;
use super::tree::Tree;

const FOLDERS: &[&str] = &["/home/", "/Users/", "/root/"];
/// How addresses of package registries begin.
const REGISTRIES: &[&str] = &["://registry.", "://index.", "://static.", "://files."];
/// Settings that name a registry, in the files that configure a package manager.
const SETTINGS: &[&str] = &["registry", "replace-with", "index-url", "extra-index-url"];
const SETTINGS_FILES: &[&str] = &[".npmrc", ".yarnrc", "config.toml", "pip.conf"];
/// Written by their tools.
const LOCKS: &[&str] = &["Cargo.lock", "package-lock.json"];
/// Names these words.
const OWN_FOLDER: &str = "xtask/src/tidy/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        if LOCKS.contains(&name) || file.path.starts_with(OWN_FOLDER) {
            continue;
        }
        for (at, line) in file.text.lines().enumerate() {
            let mut refuse = |what: String| findings.push(Finding::new(&file.path, at + 1, what));
            for folder in FOLDERS.iter().filter(|folder| names_folder(line, folder)) {
                refuse(format!("`{folder}` is a path of one machine; write it from the project's folder, or take a made-up one"));
            }
            for host in REGISTRIES.iter().filter(|host| line.contains(*host)) {
                refuse(format!("`{host}` is a registry; leave it to each machine's own settings"));
            }
            let setting = line.split('=').next().map_or("", |key| key.trim().rsplit(':').next().unwrap_or(""));
            if line.contains('=') && SETTINGS_FILES.contains(&name) && SETTINGS.contains(&setting) {
                refuse(format!("`{setting}` names a registry; leave it to each machine's own settings"));
            }
        }
    }
    findings
}

/// Whether an absolute path begins with this folder; a folder of that name within another path, or in a URL, does not count.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~/*})>$".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_of_its_own_is_found() {
        for (path, text, count) in [
            ("docs/a.md", "run /home/ann/bin/x", 1),
            ("crates/a/src/a.rs", "const P: &str = \"/root/x\";", 1),
            ("docs/a.md", "see src/home/page, https://example.org/root/ and ~/root/", 0),
            ("docs/a.md", "GET https://registry.example.org/x", 1),
            ("package-lock.json", "https://registry.example.org/x", 0),
            (".npmrc", "registry=https://mirror.example/", 1),
            (".npmrc", "@scope:registry=https://mirror.example/", 1),
            (".cargo/config.toml", "replace-with = \"mirror\"", 1),
            (".npmrc", "save-exact=true", 0),
        ] {
            assert_eq!(check(&Tree::of(&[(path, text)])).len(), count, "{path}: {text}");
        }
    }
}
