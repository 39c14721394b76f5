//! The text files of the working copy that git knows or would add.

use std::cell::OnceCell;
use std::path::Path;
use std::process::Command;

use super::code::{self, Language};

pub(super) struct File {
    /// From the workspace's folder, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    code: OnceCell<String>,
}

impl File {
    /// The text with comments and the insides of strings blanked out, line for line; the text itself where the language is unknown.
    pub(super) fn code(&self) -> &str {
        self.code.get_or_init(|| match self.language() {
            Some(language) => code::only(&self.text, language),
            None => self.text.clone(),
        })
    }

    pub(super) fn language(&self) -> Option<Language> {
        match self.path.rsplit_once('.')?.1 {
            "rs" => Some(Language::Rust),
            "ts" | "tsx" | "js" | "mjs" => Some(Language::Script),
            _ => None,
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.language() == Some(Language::Rust)
    }
}

#[derive(Default)]
pub(super) struct Tree {
    files: Vec<File>,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Tree, String> {
        let asked = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed =
            Command::new("git").args(asked).current_dir(root).output().map_err(|error| format!("cannot run git: {error}"))?;
        if !listed.status.success() {
            return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr).trim()));
        }
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort();
        paths.dedup();
        // What is listed but gone, or no text, has no lines to look at.
        let files = paths.into_iter().filter_map(|path| Some((path, std::fs::read(root.join(path)).ok()?)));
        Ok(Tree { files: files.map(|(path, bytes)| file(path, String::from_utf8(bytes).unwrap_or_default())).collect() })
    }

    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Tree {
        Tree { files: files.iter().map(|(path, text)| file(path, (*text).to_owned())).collect() }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether it is a file, or a folder that holds one.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.iter().any(|file| file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

fn file(path: &str, text: String) -> File {
    File { path: path.to_owned(), text, code: OnceCell::new() }
}
