//! How types read: two spaces, single quotes, no semicolons at the ends of lines, short things on one line.

use super::shape::{About, Member, Rest, Shape};

/// Columns that a line has at most where it can be broken.
const COLUMNS: usize = 100;

/// A type with its name: an interface where it is an object.
pub fn definition(name: &str, about: &About, shape: &Shape) -> String {
    let head = about_comment(about, 0);
    match shape {
        Shape::Object(members, rest) => format!("{head}export interface {name} {}\n", block(members, rest, 0)),
        shape => format!("{head}{}\n", after(&format!("export type {name} ="), shape, 0)),
    }
}

/// A name as the key of an object.
pub fn key(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$');
    let is_identifier = is_plain && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_identifier { name.to_owned() } else { quoted(name) }
}

/// A text as a literal.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A comment of one or several lines; empty where there is nothing to say.
pub fn comment(text: &str, depth: usize) -> String {
    let text = harmless(text);
    let text = text.trim();
    let indent = "  ".repeat(depth);
    if text.is_empty() {
        return String::new();
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match lines[..] {
        [line] => format!("{indent}/** {line} */\n"),
        _ => {
            let lines: String = lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n").collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}

fn about_comment(about: &About, depth: usize) -> String {
    let deprecated = if about.is_deprecated { "\n@deprecated" } else { "" };
    comment(&format!("{}{deprecated}", about.text), depth)
}

/// A text that ends no comment and begins no line of its own.
fn harmless(text: &str) -> String {
    let breaks = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    breaks.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>().replace("*/", "*\\/")
}

/// A type that begins in a line with `column` columns before it.
fn show(shape: &Shape, depth: usize, column: usize) -> String {
    match shape {
        Shape::Unknown(None) => "unknown".to_owned(),
        Shape::Unknown(Some(why)) => format!("unknown /* {} */", harmless(why).replace('\n', " ")),
        Shape::Never => "never".to_owned(),
        Shape::Word(word) => word.clone(),
        Shape::Object(members, rest) => {
            let line = line(members, rest);
            let short = line.filter(|line| column + line.len() <= COLUMNS);
            short.unwrap_or_else(|| block(members, rest, depth))
        }
        Shape::Array(item) => format!("{}[]", grouped(item, depth, column, true)),
        Shape::Tuple(places, required, rest) => tuple(places, *required, rest.as_deref(), depth, column),
        Shape::Union(shapes) => {
            let parts: Vec<String> = shapes.iter().map(|shape| show(shape, depth, column)).collect();
            let line = parts.join(" | ");
            if !line.contains('\n') && column + line.len() <= COLUMNS {
                return line;
            }
            let indent = "  ".repeat(depth + 1);
            shapes.iter().map(|shape| format!("\n{indent}| {}", show(shape, depth + 1, indent.len() + 2))).collect()
        }
        Shape::Intersection(shapes) => {
            let parts: Vec<String> = shapes.iter().map(|shape| grouped(shape, depth, column, false)).collect();
            parts.join(" & ")
        }
    }
}

/// As [`show`], in parentheses where it would otherwise be read with what stands beside it.
fn grouped(shape: &Shape, depth: usize, column: usize, of_array: bool) -> String {
    let text = show(shape, depth, column);
    let is_loose = match shape {
        Shape::Union(_) => true,
        Shape::Intersection(_) => of_array,
        Shape::Unknown(why) => of_array && why.is_some(),
        _ => false,
    };
    match is_loose {
        true if text.starts_with('\n') => format!("({text}\n{})", "  ".repeat(depth)),
        true => format!("({text})"),
        false => text,
    }
}

fn tuple(places: &[Shape], required: usize, rest: Option<&Shape>, depth: usize, column: usize) -> String {
    let mut parts = Vec::new();
    for (number, place) in places.iter().enumerate() {
        match number < required {
            true => parts.push(show(place, depth, column)),
            false => parts.push(format!("{}?", grouped(place, depth, column, true))),
        }
    }
    parts.extend(rest.map(|rest| format!("...{}[]", grouped(rest, depth, column, true))));
    format!("[{}]", parts.join(", "))
}

/// An object on one line, unless something in it has to be explained.
fn line(members: &[Member], rest: &Rest) -> Option<String> {
    if members.iter().any(|member| member.about != About::default()) {
        return None;
    }
    let mut parts: Vec<String> = members.iter().map(|member| field(member, 0)).collect();
    parts.extend(index(rest, 0));
    let line = if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join("; ")) };
    (!line.contains('\n')).then_some(line)
}

fn block(members: &[Member], rest: &Rest, depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let mut lines: Vec<String> = members
        .iter()
        .map(|member| format!("{}{indent}{}\n", about_comment(&member.about, depth + 1), field(member, depth + 1)))
        .collect();
    lines.extend(index(rest, depth + 1).map(|line| format!("{indent}{line}\n")));
    if lines.is_empty() { "{}".to_owned() } else { format!("{{\n{}{}}}", lines.concat(), "  ".repeat(depth)) }
}

fn field(member: &Member, depth: usize) -> String {
    let head = format!("{}{}:", key(&member.name), if member.is_required { "" } else { "?" });
    after(&head, &member.shape, depth)
}

fn index(rest: &Rest, depth: usize) -> Option<String> {
    match rest {
        Rest::Untold => None,
        Rest::Of(shape) => Some(after("[key: string]:", shape, depth)),
    }
}

fn after(head: &str, shape: &Shape, depth: usize) -> String {
    let text = show(shape, depth, depth * 2 + head.len() + 1);
    if text.starts_with('\n') { format!("{head}{text}") } else { format!("{head} {text}") }
}
