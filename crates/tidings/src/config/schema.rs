//! JSON Schemas of tasks: read from a file beside the configuration or from the text itself. Refuses what could not be read where it stands:
//! nothing is ever fetched.

use std::path::Path;

use domain::Json;
use serde_json::Value;

/// Bytes of one schema. Above: refused.
const MOST_BYTES: usize = 64 * 1024;

/// A text that begins with `{` is the schema; any other names its file.
pub fn read(text: &str, folder: &Path) -> Result<Json, String> {
    if text.trim_start().starts_with('{') {
        return checked(text);
    }
    if text.is_empty() {
        return Err("names no file: write the name of a JSON Schema, for example \"check-links/input.schema.json\"".to_owned());
    }
    let file = folder.join(text);
    let read = std::fs::read_to_string(&file).map_err(|error| {
        format!(
            "{} cannot be read: {error}; the name is relative to this file, and a schema in its place begins with {{",
            file.display()
        )
    })?;
    checked(read.trim_start_matches('\u{feff}')).map_err(|problem| format!("{}: {problem}", file.display()))
}

fn checked(text: &str) -> Result<Json, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("has {} bytes, at most {MOST_BYTES} (64 KB) are allowed", text.len()));
    }
    let schema: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    if !schema.is_object() {
        return Err("must be a JSON object, for example {\"type\": \"object\"}".to_owned());
    }
    references(&schema, &schema)?;
    Ok(Json::from_valid(schema.to_string()))
}

/// Every `$ref` that is one leads to a place of this very schema.
fn references(root: &Value, part: &Value) -> Result<(), String> {
    match part {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let Some(place) = reference.strip_prefix('#') else {
                    return Err(format!("$ref {reference:?} leads out of the schema, and nothing is fetched; put it below $defs"));
                };
                // An anchor is found by nobody here, and does no harm.
                if (place.is_empty() || place.starts_with('/')) && root.pointer(place).is_none() {
                    return Err(format!("$ref {reference:?} leads nowhere{}", nearest_definition(root)));
                }
            }
            // What stands there is a value, and no schema.
            let schemas = fields.iter().filter(|(key, _)| !["const", "enum", "default", "examples"].contains(&key.as_str()));
            schemas.map(|(_, part)| part).try_for_each(|part| references(root, part))
        }
        Value::Array(parts) => parts.iter().try_for_each(|part| references(root, part)),
        _ => Ok(()),
    }
}

fn nearest_definition(root: &Value) -> String {
    let names: Vec<String> =
        root["$defs"].as_object().into_iter().flat_map(|defs| defs.keys()).map(|name| format!("#/$defs/{name}")).collect();
    if names.is_empty() { "; it has no $defs".to_owned() } else { format!("; there are {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_stands_in_its_place_or_in_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("good.json"), "\u{feff}{\"type\": \"object\"}\n").expect("a file");
        std::fs::write(folder.path().join("bad.json"), "{\"$ref\": \"#/$defs/Page\"}").expect("a file");
        let read = |text: &str| read(text, folder.path()).map(|schema| schema.as_str().to_owned());
        for (text, expected) in [
            ("good.json", Ok("{\"type\":\"object\"}")),
            (" {\"type\": \"null\"}", Ok("{\"type\":\"null\"}")),
            ("{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"$ref\": \"#\"}}}", Ok("\"#/$defs/a\"")),
            ("{\"$ref\": \"#anchor\"}", Ok("#anchor")),
            ("{\"const\": {\"$ref\": \"a value\"}}", Ok("a value")),
            ("", Err("names no file: write the name of a JSON Schema")),
            ("none.json", Err("none.json cannot be read: No such file or directory")),
            ("none.json", Err("a schema in its place begins with {")),
            (".", Err("cannot be read")),
            ("bad.json", Err("bad.json: $ref \"#/$defs/Page\" leads nowhere; it has no $defs")),
            ("{\"$ref\": \"#/$defs/b\", \"$defs\": {\"a\": {}}}", Err("leads nowhere; there are #/$defs/a")),
            ("{\"items\": {\"$ref\": \"https://example.com/a.json\"}}", Err("leads out of the schema, and nothing is fetched")),
            ("{\"items\": ", Err("is not JSON: EOF")),
        ] {
            match (read(text), expected) {
                (Ok(schema), Ok(part)) => assert!(schema.contains(part), "{text}: {schema}"),
                (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
                (got, expected) => panic!("{text}: {got:?}, not {expected:?}"),
            }
        }
        let long = format!("{{\"title\": \"{}\"}}", "x".repeat(MOST_BYTES));
        assert!(read(&long).expect_err("too long").contains("at most 65536 (64 KB) are allowed"));
    }
}
