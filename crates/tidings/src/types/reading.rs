//! A JSON Schema (2020-12) as types. Read are `type`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`, `enum`, `const`,
//! `oneOf`, `anyOf`, `allOf`, `$ref` within the schema, `nullable`, `title`, `description`, `deprecated`.
//!
//! Keywords that only forbid more (`minimum`, `pattern`, `not`, `if`, …) are let be: the type is wider then, and still right. `properties`
//! without a `type` are taken to mean an object, as nearly everybody does who writes them so, and `items` an array.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::shape::{About, Member, Rest, Shape};
use super::{Names, pascal, printing};

/// Whole numbers up to here are exact in JavaScript.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// Values of an `enum` or `const` that are shown one by one.
const LITERALS: usize = 500;

/// A name, what it means, and its type.
pub type Definition = (String, About, Shape);

pub struct Reader<'s, 'n> {
    root: &'s Value,
    /// Of the whole schema; definitions are named after it.
    name: &'s str,
    names: &'n mut Names,
    /// What was referred to, by its place in the schema, with the name that its type has.
    named: BTreeMap<String, String>,
    /// Referred to and not read yet.
    waiting: VecDeque<String>,
}

impl<'s, 'n> Reader<'s, 'n> {
    /// The type of a schema under its name, and after it those of all places that it refers to.
    pub fn all(root: &'s Value, name: &'s str, names: &'n mut Names) -> Vec<Definition> {
        let mut reader = Reader { root, name, names, named: BTreeMap::new(), waiting: VecDeque::new() };
        reader.named.insert(String::new(), name.to_owned());
        reader.waiting.push_back(String::new());
        let mut definitions = Vec::new();
        while let Some(place) = reader.waiting.pop_front() {
            let Some(schema) = root.pointer(&place) else { continue };
            let shape = match reader.is_itself(&place) {
                true => Shape::unknown("it is only said to be what it is"),
                false => reader.shape(schema, is_moved(root, &place)),
            };
            definitions.push((reader.named[&place].clone(), about(schema), shape));
        }
        definitions
    }

    /// Whether a type would be defined by itself alone: not by way of a property or an item.
    fn is_itself(&self, place: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut looked_at: Vec<&Value> = self.root.pointer(place).into_iter().collect();
        while let Some(schema) = looked_at.pop() {
            if let Some(target) = reference(schema) {
                if target == place {
                    return true;
                }
                looked_at.extend(self.root.pointer(&target).filter(|_| seen.insert(target)));
            }
            let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|kind| schema.get(kind)?.as_array());
            looked_at.extend(parts.flatten());
        }
        false
    }

    /// `is_moved`: it stands in a part with an `$id` of its own, where `#` means another place.
    fn shape(&mut self, schema: &Value, is_moved: bool) -> Shape {
        let fields = match schema {
            Value::Bool(true) => return Shape::Unknown(None),
            Value::Bool(false) => return Shape::Never,
            Value::Object(fields) => fields,
            _ => return Shape::unknown("not a schema"),
        };
        let mut all = vec![self.own(fields, is_moved)];
        if let Some(target) = fields.get("$ref") {
            all.push(self.referred(target, is_moved));
        }
        for dynamic in ["$dynamicRef", "$recursiveRef"].into_iter().filter(|word| fields.contains_key(*word)) {
            all.push(Shape::unknown(format!("{dynamic} is not followed")));
        }
        for (word, is_any) in [("anyOf", true), ("oneOf", true), ("allOf", false)] {
            let Some(parts) = fields.get(word).and_then(Value::as_array) else { continue };
            let shapes = parts.iter().map(|part| self.shape(part, is_moved || has_id(part))).collect();
            all.push(if is_any { Shape::union(shapes) } else { Shape::intersection(shapes) });
        }
        let whole = Shape::intersection(all);
        let is_listed = fields.contains_key("enum") || fields.contains_key("const");
        if fields.get("nullable") == Some(&Value::Bool(true)) && !is_listed {
            return Shape::union(vec![whole, Shape::word("null")]);
        }
        match whole {
            Shape::Unknown(None) => fields
                .keys()
                .find(|word| LIMITS.contains(&word.as_str()))
                .map_or(Shape::Unknown(None), |word| Shape::unknown(format!("{word} has no type of its own"))),
            whole => whole,
        }
    }

    /// What the keywords say that look at the value itself.
    fn own(&mut self, fields: &Map<String, Value>, is_moved: bool) -> Shape {
        let kinds = kinds(fields);
        if let Some(values) = values(fields) {
            let fitting: Vec<&Value> =
                values.into_iter().filter(|value| kinds.as_ref().is_none_or(|kinds| is_of(value, kinds))).collect();
            return match fitting.len() {
                0..=LITERALS => Shape::union(fitting.into_iter().map(literal).collect()),
                many => Shape::unknown(format!("one of {many} values")),
            };
        }
        match kinds {
            None => Shape::Unknown(None),
            Some(kinds) => Shape::union(kinds.into_iter().map(|kind| self.of_kind(kind, fields, is_moved)).collect()),
        }
    }

    fn of_kind(&mut self, kind: &str, fields: &Map<String, Value>, is_moved: bool) -> Shape {
        match kind {
            "string" | "boolean" | "null" | "number" => Shape::word(kind),
            "integer" => Shape::word("number"),
            "object" => self.object(fields, is_moved),
            "array" => self.array(fields, is_moved),
            other => Shape::unknown(format!("there is no type {other}")),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, is_moved: bool) -> Shape {
        let required: BTreeSet<&str> =
            fields.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let empty = Map::new();
        let properties = fields.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let mut members: Vec<Member> = properties
            .iter()
            .map(|(name, schema)| Member {
                name: name.clone(),
                is_required: required.contains(name.as_str()),
                about: about(schema),
                shape: self.shape(schema, is_moved || has_id(schema)),
            })
            .collect();
        let untyped = required.into_iter().filter(|name| !properties.contains_key(*name));
        members.extend(untyped.map(|name| Member {
            name: name.to_owned(),
            is_required: true,
            about: About::default(),
            shape: Shape::Unknown(None),
        }));
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let has_patterns = fields.contains_key("patternProperties");
        let rest = match fields.get("additionalProperties") {
            _ if has_patterns => Rest::Of(Box::new(Shape::unknown("patternProperties are not told apart"))),
            // Keys that are not named must fit beside those that are: no narrower type would be sure to.
            Some(Value::Object(_) | Value::Bool(true)) if !members.is_empty() => Rest::Of(Box::new(Shape::Unknown(None))),
            Some(Value::Bool(false)) if !members.is_empty() => Rest::Untold,
            Some(schema) => Rest::Of(Box::new(self.shape(schema, is_moved || has_id(schema)))),
            None if members.is_empty() => Rest::Of(Box::new(Shape::Unknown(None))),
            None => Rest::Untold,
        };
        Shape::Object(members, rest)
    }

    fn array(&mut self, fields: &Map<String, Value>, is_moved: bool) -> Shape {
        let mut of = |schema: &Value| self.shape(schema, is_moved || has_id(schema));
        let items = match fields.get("items") {
            Some(Value::Array(_)) => return Shape::Array(Box::new(Shape::unknown("a list of items is prefixItems now"))),
            items => items.map(&mut of),
        };
        let Some(places) = fields.get("prefixItems").and_then(Value::as_array).filter(|places| !places.is_empty()) else {
            return match items {
                Some(Shape::Never) => Shape::Tuple(Vec::new(), 0, None),
                items => Shape::Array(Box::new(items.unwrap_or(Shape::Unknown(None)))),
            };
        };
        let bound = |word: &str| fields.get(word).and_then(Value::as_u64).map(|bound| bound as usize);
        let most = bound("maxItems").unwrap_or(usize::MAX);
        let shapes: Vec<Shape> = places.iter().take(most).map(&mut of).collect();
        let required = bound("minItems").unwrap_or(0).min(shapes.len());
        let rest = items.unwrap_or(Shape::Unknown(None));
        let has_rest = most > places.len() && rest != Shape::Never;
        Shape::Tuple(shapes, required, has_rest.then(|| Box::new(rest)))
    }

    fn referred(&mut self, target: &Value, is_moved: bool) -> Shape {
        let Some(text) = target.as_str() else { return Shape::unknown("$ref is no text") };
        let place = place(text).filter(|place| !is_moved && self.root.pointer(place).is_some());
        let Some(place) = place else { return Shape::unknown(format!("$ref {text} is not followed")) };
        if let Some(name) = self.named.get(&place) {
            return Shape::word(name);
        }
        let last = place.rsplit('/').next().unwrap_or_default();
        let name = self.names.fresh(&format!("{}{}", self.name, pascal(last)));
        self.named.insert(place.clone(), name.clone());
        self.waiting.push_back(place);
        Shape::word(name)
    }
}

/// Keywords that narrow what is not typed here.
const LIMITS: &[&str] = &["not", "if", "dependentSchemas", "patternProperties", "propertyNames", "contains", "format", "pattern"];

/// `#/$defs/a%20b` as the JSON Pointer `/$defs/a b`; `None` for an anchor, or another document.
fn place(reference: &str) -> Option<String> {
    let pointer = reference.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'))?;
    (!pointer.contains('%')).then(|| pointer.to_owned())
}

fn reference(schema: &Value) -> Option<String> {
    place(schema.get("$ref")?.as_str()?)
}

fn has_id(schema: &Value) -> bool {
    schema.get("$id").is_some_and(Value::is_string)
}

/// Whether a part of the schema with an `$id` of its own stands on the way to a place.
fn is_moved(root: &Value, place: &str) -> bool {
    let ends = place.char_indices().filter(|(at, c)| *c == '/' && *at > 0).map(|(at, _)| at).chain([place.len()]);
    ends.filter(|end| *end > 0).any(|end| root.pointer(&place[..end]).is_some_and(has_id))
}

fn about(schema: &Value) -> About {
    let text = |word: &str| schema.get(word).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let lines: Vec<&str> = [text("title"), text("description")].into_iter().flatten().collect();
    About { text: lines.join("\n\n"), is_deprecated: schema.get("deprecated") == Some(&Value::Bool(true)) }
}

/// The types that a schema names or means; `None` when it means any.
fn kinds(fields: &Map<String, Value>) -> Option<Vec<&str>> {
    match fields.get("type") {
        Some(Value::String(kind)) => return Some(vec![kind]),
        Some(Value::Array(kinds)) => return Some(kinds.iter().filter_map(Value::as_str).collect()),
        _ => {}
    }
    let has = |words: &[&str]| words.iter().any(|word| fields.contains_key(*word));
    if has(&["properties", "required", "additionalProperties"]) {
        return Some(vec!["object"]);
    }
    has(&["items", "prefixItems"]).then(|| vec!["array"])
}

fn values(fields: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (fields.get("const"), fields.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

fn is_of(value: &Value, kinds: &[&str]) -> bool {
    let own = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(number) => {
            let is_whole = number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0);
            return kinds.contains(&"number") || (is_whole && kinds.contains(&"integer"));
        }
    };
    kinds.contains(&own)
}

fn literal(value: &Value) -> Shape {
    match value {
        Value::String(text) => Shape::word(printing::quoted(text)),
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() >= EXACT) => Shape::word("number"),
        Value::Null | Value::Bool(_) | Value::Number(_) => Shape::word(value.to_string()),
        Value::Array(values) => Shape::Tuple(values.iter().map(literal).collect(), values.len(), None),
        Value::Object(fields) if fields.is_empty() => Shape::Object(Vec::new(), Rest::Of(Box::new(Shape::Never))),
        Value::Object(fields) => {
            let members = fields.iter().map(|(name, value)| Member {
                name: name.clone(),
                is_required: true,
                about: About::default(),
                shape: literal(value),
            });
            Shape::Object(members.collect(), Rest::Untold)
        }
    }
}
