//! Reads one file of configuration: typed values out of tables, every problem with file and line, unknown keys with a hint.
//!
//! Nothing stops at the first problem: what is wrong is written down and read as absent, so that one run tells everything.

use std::cell::RefCell;
use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::units;

/// The file under reading, and what was found wrong with it.
pub struct Page<'t> {
    /// Its name as messages show it.
    name: String,
    text: &'t str,
    /// Each with its line.
    problems: RefCell<Vec<(usize, String)>>,
    /// What is allowed and will probably not do what was meant; each with its line.
    doubts: RefCell<Vec<(usize, String)>>,
    /// Every key that was asked for, with names of entries as `<name>`: what the reference is held against.
    asked: RefCell<BTreeSet<String>>,
}

impl<'t> Page<'t> {
    pub fn new(name: impl Into<String>, text: &'t str) -> Page<'t> {
        Page { name: name.into(), text, problems: RefCell::default(), doubts: RefCell::default(), asked: RefCell::default() }
    }

    pub fn wrong(&self, at: usize, problem: impl std::fmt::Display) {
        self.problems.borrow_mut().push(self.placed(at, problem));
    }

    fn placed(&self, at: usize, words: impl std::fmt::Display) -> (usize, String) {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, format!("{}:{line}: {words}", self.name))
    }

    /// Problems and doubts, each in the order of their lines.
    pub fn into_found(self) -> (Vec<String>, Vec<String>) {
        let sorted = |mut found: Vec<(usize, String)>| {
            found.sort_by_key(|(line, _)| *line);
            found.into_iter().map(|(_, words)| words).collect()
        };
        (sorted(self.problems.into_inner()), sorted(self.doubts.into_inner()))
    }

    #[cfg(test)]
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().iter().cloned().collect()
    }
}

/// A value with its place, for problems that show only later.
pub struct Placed<T> {
    pub value: T,
    pub at: usize,
}

/// One table of the file.
pub struct Section<'p, 't> {
    page: &'p Page<'t>,
    table: Option<&'p DeTable<'t>>,
    /// As messages show it: `[tasks.x]`, empty at the top.
    shown: String,
    /// As the list of keys has it: `tasks.<name>.`, empty at the top.
    generic: String,
    at: usize,
    asked: RefCell<Vec<&'static str>>,
}

impl<'p, 't> Section<'p, 't> {
    pub fn top(page: &'p Page<'t>, table: &'p DeTable<'t>) -> Section<'p, 't> {
        Section { page, table: Some(table), shown: String::new(), generic: String::new(), at: 0, asked: RefCell::default() }
    }

    /// Where the table begins.
    pub fn at(&self) -> usize {
        self.at
    }

    fn inner(&self, name: &str, generic: &str, value: Option<&'p Spanned<DeValue<'t>>>) -> Section<'p, 't> {
        let path = self.shown.trim_matches(['[', ']']);
        let shown = if path.is_empty() { format!("[{name}]") } else { format!("[{path}.{name}]") };
        let table = value.and_then(|value| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.page.wrong(value.span().start, format_args!("{shown}: must be a table, not {}", article(value.get_ref())));
            }
            table
        });
        let at = value.map_or(self.at, |value| value.span().start);
        Section { page: self.page, table, shown, generic: format!("{}{generic}", self.generic), at, asked: RefCell::default() }
    }

    /// A table inside; empty when it is absent.
    pub fn section(&self, name: &'static str) -> Section<'p, 't> {
        self.inner(name, &format!("{name}."), self.look(name))
    }

    /// As [`Section::section`]; `None` when it is absent.
    pub fn optional_section(&self, name: &'static str) -> Option<Section<'p, 't>> {
        self.look(name).map(|value| self.inner(name, &format!("{name}."), Some(value)))
    }

    /// The tables inside a table whose keys are names of the user's.
    pub fn named_sections(&self, name: &'static str) -> Vec<(Placed<String>, Section<'p, 't>)> {
        let outer = self.section(name);
        let entries = outer.table.into_iter().flat_map(|table| table.iter());
        let mut sections = Vec::new();
        for (key, value) in entries {
            let inner = outer.inner(key.get_ref(), "<name>.", Some(value));
            sections.push((Placed { value: key.get_ref().to_string(), at: key.span().start }, inner));
        }
        sections
    }

    /// The tables of an array.
    pub fn listed_sections(&self, name: &'static str) -> Vec<Section<'p, 't>> {
        let Some(value) = self.look(name) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(name, value.span().start, format_args!("must be a list of tables, not {}", article(value.get_ref())));
            return Vec::new();
        };
        list.iter().map(|entry| self.inner(name, &format!("{name}[]."), Some(entry))).collect()
    }

    fn look(&self, key: &'static str) -> Option<&'p Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().push(key);
        self.table?.get(key)
    }

    fn value(&self, key: &'static str) -> Option<&'p Spanned<DeValue<'t>>> {
        self.page.asked.borrow_mut().insert(format!("{}{key}", self.generic));
        self.look(key)
    }

    /// Writes down what is wrong with a key.
    pub fn wrong(&self, key: &str, at: usize, problem: impl std::fmt::Display) {
        let space = if self.shown.is_empty() { "" } else { " " };
        self.page.wrong(at, format_args!("{}{space}{key}: {problem}", self.shown));
    }

    /// Writes down what is allowed and yet doubtful.
    pub fn doubtful(&self, key: &str, at: usize, doubt: impl std::fmt::Display) {
        let words = self.page.placed(at, format_args!("{} {key}: {doubt}", self.shown));
        self.page.doubts.borrow_mut().push(words);
    }

    /// Writes down that a key is missing. One that is there and was refused is not missing.
    pub fn missing(&self, key: &str, why: &str) {
        if !self.has(key) {
            self.wrong(key, self.at, format_args!("is missing: {why}"));
        }
    }

    /// Whether the key is there, readable or not.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    pub fn text(&self, key: &'static str) -> Option<Placed<String>> {
        let value = self.value(key)?;
        let at = value.span().start;
        match value.get_ref().as_str() {
            Some(text) => Some(Placed { value: text.to_owned(), at }),
            None => {
                self.wrong(key, at, format_args!("must be a text, not {}", article(value.get_ref())));
                None
            }
        }
    }

    /// A text that `read` turns into a value or refuses.
    pub fn parsed<T>(&self, key: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<Placed<T>> {
        let text = self.text(key)?;
        match read(&text.value) {
            Ok(value) => Some(Placed { value, at: text.at }),
            Err(problem) => {
                self.wrong(key, text.at, problem);
                None
            }
        }
    }

    /// One of some words.
    pub fn word<T: Copy>(&self, key: &'static str, all: &[T], as_str: fn(T) -> &'static str) -> Option<Placed<T>> {
        self.parsed(key, |text| one_of(text, all, as_str))
    }

    pub fn duration_ms(&self, key: &'static str) -> Option<u64> {
        self.parsed(key, units::duration_ms).map(|placed| placed.value)
    }

    pub fn size_bytes(&self, key: &'static str) -> Option<u64> {
        self.parsed(key, units::size_bytes).map(|placed| placed.value)
    }

    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, value.span().start, format_args!("must be true or false, not {}", article(value.get_ref())));
        }
        flag
    }

    /// A whole number within bounds.
    pub fn number(&self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let value = self.value(key)?;
        let read = |number: &toml::de::DeInteger<'_>| i64::from_str_radix(number.as_str(), number.radix()).ok();
        let number = value.get_ref().as_integer().and_then(read).and_then(|number| u32::try_from(number).ok());
        match number {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.wrong(key, value.span().start, format_args!("must be a whole number from {least} to {most}"));
                None
            }
        }
    }

    pub fn texts(&self, key: &'static str) -> Option<Placed<Vec<String>>> {
        let value = self.value(key)?;
        let at = value.span().start;
        let texts = value
            .get_ref()
            .as_array()
            .and_then(|list| list.iter().map(|entry| entry.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<String>>>());
        if texts.is_none() {
            self.wrong(key, at, "must be a list of texts, for example [\"a\", \"b\"]");
        }
        Some(Placed { value: texts?, at })
    }

    /// A table whose keys are the user's and whose values are texts.
    pub fn text_table(&self, key: &'static str) -> Vec<(String, Placed<String>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(key, value.span().start, "must be a table of texts, for example { LANG = \"C.UTF-8\" }");
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, value) in table {
            match value.get_ref().as_str() {
                Some(text) => {
                    let placed = Placed { value: text.to_owned(), at: value.span().start };
                    pairs.push((name.get_ref().to_string(), placed));
                }
                None => self.wrong(&format!("{key}.{}", name.get_ref()), value.span().start, "must be a text"),
            }
        }
        pairs
    }

    /// Refuses every key that nobody asked for.
    pub fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.into_iter().flat_map(|table| table.iter()) {
            let name: &str = key.get_ref();
            if asked.contains(&name) {
                continue;
            }
            let place = if self.shown.is_empty() { String::new() } else { format!(" in {}", self.shown) };
            let hint = match nearest(name, &asked) {
                Some(meant) => format!(": did you mean `{meant}`?"),
                None => {
                    let mut known = asked.clone();
                    known.sort_unstable();
                    known.dedup();
                    format!(": known are {}", known.join(", "))
                }
            };
            self.page.wrong(key.span().start, format_args!("unknown key `{name}`{place}{hint}"));
        }
    }
}

/// One of some words, or a sentence with all of them.
pub fn one_of<T: Copy>(text: &str, all: &[T], as_str: fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|candidate| as_str(*candidate) == text);
    found.ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|one| as_str(*one)).collect();
        let hint = nearest(text, &words).map(|word| format!("; did you mean {word:?}?")).unwrap_or_default();
        format!("{text:?} is none of {}{hint}", words.join(", "))
    })
}

fn article(value: &DeValue<'_>) -> String {
    match value.type_str() {
        "string" => "a text".to_owned(),
        "integer" | "float" => "a number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        other => format!("a {other}"),
    }
}

/// The known word that was most likely meant: at most a third of it differs.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let best = known.iter().map(|candidate| (distance(word, candidate), *candidate)).min()?;
    (best.0 <= (best.1.len() / 3).max(1)).then_some(best.1)
}

/// Levenshtein's distance, over bytes: keys are ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
