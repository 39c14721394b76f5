//! Patterns of transcripts: JSON in which `<kind:name>` stands for what is not known before. A name is bound where it is seen first, and
//! means the same from then on; `{name}` puts it into what is sent.

use std::collections::BTreeMap;

use serde_json::Value;

/// What names stand for.
#[derive(Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The text with the values of its names.
    pub fn filled(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    pub fn filled_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_json(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), self.filled_json(value))).collect(),
            other => other.clone(),
        }
    }

    /// Holds a value against a pattern. `is_whole`: objects have no other fields. The error says where they differ.
    pub fn check(&mut self, pattern: &Value, value: &Value, is_whole: bool) -> Result<(), String> {
        let mut bound = Vec::new();
        self.differ(pattern, value, is_whole, "", &mut bound)?;
        self.0.extend(bound);
        Ok(())
    }

    fn differ(
        &self,
        pattern: &Value,
        value: &Value,
        is_whole: bool,
        at: &str,
        bound: &mut Vec<(String, String)>,
    ) -> Result<(), String> {
        let differs = |what: String| Err(format!("{}: {what}", if at.is_empty() { "/" } else { at }));
        match (pattern, value) {
            (Value::String(text), _) if text.starts_with('<') && text.ends_with('>') => {
                let (kind, name) = text[1..text.len() - 1].split_once(':').unwrap_or((&text[1..text.len() - 1], ""));
                let found = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                if !is_of_kind(kind, value) {
                    return differs(format!("{value} is no {kind}"));
                }
                let known = bound.iter().find(|(known, _)| known == name).map(|(_, value)| value).or(self.0.get(name));
                match known {
                    Some(known) if *known != found => differs(format!("{found} is not {name}, which is {known}")),
                    _ => {
                        if !name.is_empty() {
                            bound.push((name.to_owned(), found));
                        }
                        Ok(())
                    }
                }
            }
            (Value::Object(wanted), Value::Object(found)) => {
                for (key, pattern) in wanted {
                    let Some(value) = found.get(key) else { return differs(format!("{key} is missing")) };
                    self.differ(pattern, value, is_whole, &format!("{at}/{key}"), bound)?;
                }
                match found.keys().find(|key| is_whole && !wanted.contains_key(*key)) {
                    Some(key) => differs(format!("{key} is not expected: {}", found[key])),
                    None => Ok(()),
                }
            }
            (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
                let pairs = wanted.iter().zip(found).enumerate();
                pairs
                    .into_iter()
                    .try_for_each(|(i, (pattern, value))| self.differ(pattern, value, is_whole, &format!("{at}/{i}"), bound))
            }
            (Value::Number(wanted), Value::Number(found)) if wanted.as_f64() == found.as_f64() => Ok(()),
            (Value::String(text), Value::String(found)) if self.filled(text) == *found => Ok(()),
            (wanted, found) if wanted == found => Ok(()),
            (wanted, found) => differs(format!("{found} is not {wanted}")),
        }
    }
}

fn is_of_kind(kind: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    match kind {
        "id" => text.strip_prefix("job_").is_some_and(|rest| rest.len() == 26),
        "time" => text.len() == 24 && text.ends_with('Z') && wire::time::parse(text).is_some(),
        "text" => !text.is_empty(),
        "number" => value.is_number(),
        "list" => value.is_array(),
        other => panic!("a transcript names a kind that there is not: {other}"),
    }
}

#[test]
fn a_pattern_binds_its_names_once() {
    let check = |names: &mut Names, pattern: &str, value: &str, is_whole| {
        let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        names.check(&json(pattern), &json(value), is_whole)
    };
    let mut names = Names::default();
    assert_eq!(check(&mut names, r#"{"a":"<text:x>","n":1}"#, r#"{"a":"one","n":1.0}"#, true), Ok(()));
    assert_eq!(names.filled("/{x}/{y}"), "/one/{y}");
    for (pattern, value, is_whole, says) in [
        (r#"{"a":"<text:x>"}"#, r#"{"a":"two"}"#, true, "/a: two is not x, which is one"),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, true, "/: b is not expected: 2"),
        (r#"{"a":{"c":1}}"#, r#"{"a":{}}"#, false, "/a: c is missing"),
        (r#"[1,2]"#, r#"[1]"#, false, "/: [1] is not [1,2]"),
        (r#""<time>""#, r#""yesterday""#, false, "/: \"yesterday\" is no time"),
    ] {
        assert_eq!(check(&mut names, pattern, value, is_whole), Err(says.to_owned()));
    }
    assert_eq!(check(&mut names, r#"{"a":"{x}"}"#, r#"{"a":"one","b":2}"#, false), Ok(()));
}
