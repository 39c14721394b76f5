//! The rules that a machine can check. Each module is one rule: it looks at the tree and says, line by line, what is wrong and what to
//! do instead.

use std::fmt;
use std::path::Path;
use std::time::Instant;

use tree::Tree;

mod chance;
mod code;
mod doc_paths;
mod edges;
mod leftovers;
mod lengths;
mod machine;
mod pure_domain;
mod sleeping_tests;
mod tree;
mod unsafe_code;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    /// From 1.
    line: usize,
    /// What is wrong; what to do instead.
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

const RULES: &[fn(&Tree) -> Vec<Finding>] = &[
    edges::check,
    pure_domain::check,
    chance::check,
    unsafe_code::check,
    leftovers::check,
    sleeping_tests::check,
    lengths::check,
    doc_paths::check,
    machine::check,
];

/// Prints each finding and a summary; true when there is none.
pub(crate) fn run(root: &Path) -> bool {
    let start = Instant::now();
    let tree = match Tree::read(root) {
        Ok(tree) => tree,
        Err(problem) => {
            eprintln!("tidy: {problem}");
            return false;
        }
    };
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    for (path, lines) in lengths::long_files(&tree) {
        println!("note: {path} has {lines} lines; {} is what a file should stay under", lengths::GOOD);
    }
    println!("tidy: {} files, {} findings, {} ms", tree.files().count(), findings.len(), start.elapsed().as_millis());
    findings.is_empty()
}
