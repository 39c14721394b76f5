//! TypeScript types for the tasks of a server, from their JSON Schemas.
//!
//! [`reading`] turns a schema into a [`shape::Shape`], [`printing`] shows one. What a schema says beyond the subset that is read makes the type
//! wider, never another: at worst it is `unknown`, with a comment that says why. The same tasks give the same text, byte for byte.

mod printing;
mod reading;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::Value;

use printing::{comment, definition, key};
use reading::Reader;

const HEAD: &str = "// Written by `tidings types`; change the schemas of the tasks instead.\n";

/// What is known of a task.
#[derive(Debug, Clone, Default)]
pub struct TaskShape {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub input: Option<Value>,
    pub output: Option<Value>,
}

/// A module with `Tasks`, and a type for each input, output and definition.
pub fn module(tasks: &[TaskShape]) -> String {
    let mut tasks: Vec<&TaskShape> = tasks.iter().collect();
    tasks.sort_by(|a, b| a.name.cmp(&b.name));
    let mut names = Names::default();
    let mut listed = String::new();
    let mut definitions = String::new();
    for task in tasks {
        let mut typed = |schema: &Option<Value>, side: &str| match schema {
            None => "unknown".to_owned(),
            Some(schema) => {
                let name = names.fresh(&format!("{}{side}", pascal(&task.name)));
                for (name, about, shape) in Reader::all(schema, &name, &mut names) {
                    definitions.push('\n');
                    definitions.push_str(&definition(&name, &about, &shape));
                }
                name
            }
        };
        let (input, output) = (typed(&task.input, "Input"), typed(&task.output, "Output"));
        let about: Vec<&str> = [&task.title, &task.description].into_iter().flatten().map(String::as_str).collect();
        listed.push_str(&comment(&about.join("\n\n"), 1));
        listed.push_str(&format!("  {}: {{ input: {input}; output: {output} }}\n", key(&task.name)));
    }
    let about = comment("The tasks of the server by name: what each takes, and what it brings.", 0);
    let tasks = if listed.is_empty() { "{}".to_owned() } else { format!("{{\n{listed}}}") };
    format!("{HEAD}\n{about}export interface Tasks {tasks}\n{definitions}")
}

/// The names of types that are taken.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// The name, or the name with the first number from 2 on that is free.
    fn fresh(&mut self, wanted: &str) -> String {
        let numbered = (2..).map(|number| format!("{wanted}{number}"));
        let name = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !self.0.contains(name) && name != "Tasks");
        let name = name.unwrap_or_default();
        self.0.insert(name.clone());
        name
    }
}

/// `check-links` as `CheckLinks`: the words of a text as one name of a type.
fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(|word| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..])).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) { format!("Task{name}") } else { name }
}
