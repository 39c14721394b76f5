//! `docs/reference/job.md`: the job record field by field, from the API document.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// The schemas that are shown, with what each is.
const SHOWN: &[(&str, &str)] = &[
    ("JobSummary", "A job in the log, in frames and in lists"),
    ("JobRecord", "A whole job, as `GET /jobs/{id}` shows it: the summary and these fields"),
    ("Progress", "The field `progress`"),
    ("Wish", "The field `wish`"),
    ("JobError", "The field `error`"),
    ("Limits", "The field `limits`"),
    ("Lease", "The field `lease`"),
    ("Subject", "The field `subject`"),
];

pub(super) fn page(root: &Path) -> Result<String, String> {
    let document: Value = serde_json::from_str(&super::printed::openapi(root)?).map_err(|error| error.to_string())?;
    let schemas = &document["components"]["schemas"];
    let mut page = "# The job record\n\nWritten by `cargo xtask codegen` from `docs/reference/openapi.json`. A field without a value is left out.\n".to_owned();
    for (name, what) in SHOWN {
        let fields = fields(&schemas[*name]).ok_or_else(|| format!("the API document has no schema {name}"))?;
        let _ = write!(page, "\n## {name}\n\n{what}.\n\n| Field | Type | Always there | Meaning |\n|---|---|---|---|\n");
        for (field, schema, is_required) in fields {
            let meaning = meaning(schema).replace('\n', " ").replace('|', "\\|");
            let required = if is_required { "yes" } else { "" };
            let _ = writeln!(page, "| `{field}` | {} | {required} | {meaning} |", type_of(schemas, schema));
        }
    }
    Ok(page)
}

/// A schema's own fields: of `allOf`, those that it adds.
fn fields(schema: &Value) -> Option<Vec<(&str, &Value, bool)>> {
    let own = match schema["allOf"].as_array() {
        Some(parts) => parts.iter().find(|part| part["properties"].is_object())?,
        None => schema,
    };
    let required: Vec<&str> = own["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = own["properties"].as_object()?.iter();
    Some(fields.map(|(name, schema)| (name.as_str(), schema, required.contains(&name.as_str()))).collect())
}

fn meaning(schema: &Value) -> String {
    let own = schema["description"].as_str();
    let inner = schema["oneOf"].as_array().and_then(|kinds| kinds.iter().find_map(|kind| kind["description"].as_str()));
    own.or(inner).unwrap_or_default().to_owned()
}

fn type_of(schemas: &Value, schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return match words(&schemas[name]) {
            Some(words) => words,
            None => format!("[{name}](#{})", name.to_lowercase()),
        };
    }
    if let Some(kind) = schema["oneOf"].as_array().and_then(|kinds| kinds.iter().find(|kind| kind["$ref"].is_string())) {
        return type_of(schemas, kind);
    }
    let named = match &schema["type"] {
        Value::String(name) => name.as_str(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("any"),
        _ => "any JSON",
    };
    match named {
        "array" => format!("array of {}", type_of(schemas, &schema["items"])),
        name => name.to_owned(),
    }
}

/// The words that a text may be, where the document lists them.
fn words(schema: &Value) -> Option<String> {
    let words = schema["enum"].as_array().or_else(|| schema["x-extensible-enum"].as_array())?;
    let shown: Vec<String> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
    Some(shown.join(", "))
}
