//! Schemas in, the words of TypeScript out.

use serde_json::{Value, json};

use super::*;

fn only(schema: Value) -> String {
    let task = TaskShape { name: "t".to_owned(), input: Some(schema), ..TaskShape::default() };
    let module = module(&[task]);
    let (_, definitions) = module.split_once("t: { input: TInput; output: unknown }\n}\n\n").expect("one task");
    definitions.to_owned()
}

/// The type alone, of a schema that needs no definitions.
fn shown(schema: &str) -> String {
    let text = only(serde_json::from_str(schema).expect("JSON"));
    text.trim_end().replace("export interface TInput ", "").replace("export type TInput = ", "")
}

#[test]
fn a_schema_becomes_the_type_of_what_it_allows() {
    for (schema, expected) in [
        ("{}", "unknown"),
        ("true", "unknown"),
        ("false", "never"),
        (r#"{"type": "string", "minLength": 1, "format": "uri"}"#, "string"),
        (r#"{"type": "integer", "maximum": 7}"#, "number"),
        (r#"{"type": ["string", "null"]}"#, "string | null"),
        (r#"{"type": ["number", "integer"]}"#, "number"),
        (r#"{"type": "string", "nullable": true}"#, "string | null"),
        (r#"{"type": "string", "nullable": false}"#, "string"),
        (r#"{"enum": ["a", "b'c", 7, -1.5, null, true]}"#, r"'a' | 'b\'c' | 7 | -1.5 | null | true"),
        (r#"{"enum": ["a", "a"]}"#, "'a'"),
        (r#"{"type": "string", "enum": ["a", 7, null]}"#, "'a'"),
        (r#"{"type": ["integer", "null"], "enum": [1, 1.5, null]}"#, "1 | null"),
        (r#"{"enum": ["a"], "nullable": true}"#, "'a'"),
        (r#"{"enum": []}"#, "never"),
        (r#"{"const": "a\nb\u2028"}"#, r"'a\nb\u2028'"),
        (r#"{"const": [1, {"a": [], "b": {}}]}"#, "[1, { a: []; b: { [key: string]: never } }]"),
        (r#"{"const": 9007199254740993}"#, "number"),
        // Objects.
        (r#"{"type": "object"}"#, "{\n  [key: string]: unknown\n}"),
        (r#"{"type": "object", "additionalProperties": {"type": "number"}}"#, "{\n  [key: string]: number\n}"),
        (r#"{"type": "object", "additionalProperties": false}"#, "{\n  [key: string]: never\n}"),
        (r#"{"type": "object", "properties": {"a": {}}, "additionalProperties": false}"#, "{\n  a?: unknown\n}"),
        (
            r#"{"properties": {"b": {"type": "null"}, "a-b": {"type": "boolean"}}, "required": ["b", "c"]}"#,
            "{\n  'a-b'?: boolean\n  b: null\n  c: unknown\n}",
        ),
        (
            r#"{"properties": {"a": {"type": "number"}}, "additionalProperties": {"type": "string"}}"#,
            "{\n  a?: number\n  [key: string]: unknown\n}",
        ),
        (
            r#"{"type": "object", "patternProperties": {"^x": {"type": "string"}}}"#,
            "{\n  [key: string]: unknown /* patternProperties are not told apart */\n}",
        ),
        (r#"{"properties": {"1a": {}, "": {}, "a$_1": {}}}"#, "{\n  ''?: unknown\n  '1a'?: unknown\n  a$_1?: unknown\n}"),
        (r#"{"type": ["object", "string"], "properties": {"a": {}}}"#, "{ a?: unknown } | string"),
        // Arrays.
        (r#"{"type": "array"}"#, "unknown[]"),
        (r#"{"items": {"type": ["string", "null"]}}"#, "(string | null)[]"),
        (r#"{"type": "array", "items": false}"#, "[]"),
        (r#"{"prefixItems": [{"type": "string"}, {"type": "number"}], "minItems": 1}"#, "[string, number?, ...unknown[]]"),
        (r#"{"prefixItems": [{"type": "string"}, {}], "minItems": 2, "items": false}"#, "[string, unknown]"),
        (r#"{"prefixItems": [{"type": "string"}, {}], "minItems": 9, "maxItems": 1}"#, "[string]"),
        (r#"{"prefixItems": [true], "items": {"enum": [1, 2]}}"#, "[unknown?, ...(1 | 2)[]]"),
        (r#"{"items": [{"type": "string"}]}"#, "(unknown /* a list of items is prefixItems now */)[]"),
        // Several at once.
        (r#"{"oneOf": [{"type": "string"}, {"type": "string"}, {"anyOf": [{"type": "null"}]}]}"#, "string | null"),
        (r#"{"anyOf": [{"type": "string"}, {}]}"#, "unknown"),
        (r#"{"anyOf": [{"type": "string"}, false]}"#, "string"),
        (r#"{"allOf": [{"properties": {"a": {}}}, {"required": ["b"]}]}"#, "{ a?: unknown } & { b: unknown }"),
        (r#"{"allOf": [{"type": "string"}, {}, {"pattern": "x"}]}"#, "string"),
        (r#"{"allOf": [{"type": "string"}, false]}"#, "never"),
        (
            r#"{"type": "object", "properties": {"a": {}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#,
            "{ a?: unknown } & ({ a: unknown } | { b: unknown })",
        ),
        (r#"{"items": {"allOf": [{"required": ["a"]}, {"required": ["b"]}]}}"#, "({ a: unknown } & { b: unknown })[]"),
        // What is not read makes it wider, and says so where nothing else is known.
        (r#"{"not": {"type": "string"}}"#, "unknown /* not has no type of its own */"),
        (r#"{"type": "number", "not": {"const": 1}, "if": {}, "then": {"const": 2}}"#, "number"),
        (r##"{"$dynamicRef": "#node"}"##, "unknown /* $dynamicRef is not followed */"),
        (r##"{"$ref": "#node"}"##, "unknown /* $ref #node is not followed */"),
        (r#"{"$ref": "https://example.com/*/x"}"#, "unknown /* $ref https://example.com/*\\/x is not followed */"),
        (r#"{"type": "date"}"#, "unknown /* there is no type date */"),
        (r#"{"type": 7}"#, "unknown"),
        (r#"{"items": 7}"#, "(unknown /* not a schema */)[]"),
    ] {
        assert_eq!(shown(schema), expected, "{schema}");
    }
}

#[test]
fn definitions_have_names_and_may_refer_to_themselves() {
    for (schema, expected) in [
        (
            json!({"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}, "unused": {}}}),
            "export type TInput = TInputNode\n\nexport interface TInputNode {\n  next?: TInputNode\n}\n",
        ),
        (
            json!({"properties": {"parts": {"items": {"$ref": "#"}}, "more": {"additionalProperties": {"$ref": "#"}}}}),
            "export interface TInput {\n  more?: { [key: string]: TInput }\n  parts?: TInput[]\n}\n",
        ),
        (
            json!({"properties": {"a": {"$ref": "#/properties/b"}, "b": {"type": "string"}}}),
            "export interface TInput {\n  a?: TInputB\n  b?: string\n}\n\nexport type TInputB = string\n",
        ),
        // A place whose name another one has already, and one with letters that no name may have.
        (
            json!({"prefixItems": [{"$ref": "#/$defs/a-b"}, {"$ref": "#/$defs/a b"}, {"$ref": "#/$defs/~1"}], "minItems": 3, "items": false,
                   "$defs": {"a-b": {"type": "string"}, "a b": {"type": "number"}, "/": {"type": "null"}}}),
            "export type TInput = [TInputAB, TInputAB2, TInputTask1]\n\nexport type TInputAB = string\n\nexport type TInputAB2 = number\n\n\
             export type TInputTask1 = null\n",
        ),
        // Nothing but itself, alone or in a circle.
        (json!({"$ref": "#"}), "export type TInput = unknown /* it is only said to be what it is */\n"),
        (
            json!({"anyOf": [{"$ref": "#/$defs/a"}, {"type": "string"}], "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}}),
            "export type TInput = TInputA | string\n\nexport type TInputA = unknown /* it is only said to be what it is */\n",
        ),
        // Below an `$id` of its own, `#` is another place.
        (
            json!({"items": {"$id": "https://example.com/item", "$ref": "#/$defs/a"}, "$defs": {"a": {"type": "string"}}}),
            "export type TInput = (unknown /* $ref #/$defs/a is not followed */)[]\n",
        ),
        (
            json!({"$id": "https://example.com/root", "$ref": "#/$defs/a", "$defs": {"a": {"$id": "a", "items": {"$ref": "#/$defs/b"}}, "b": {}}}),
            "export type TInput = TInputA\n\nexport type TInputA = (unknown /* $ref #/$defs/b is not followed */)[]\n",
        ),
        (json!({"$ref": "#/$defs/none"}), "export type TInput = unknown /* $ref #/$defs/none is not followed */\n"),
    ] {
        assert_eq!(only(schema.clone()), expected, "{schema}");
    }
}

#[test]
fn what_people_wrote_becomes_comments_and_nothing_else() {
    let schema = json!({
        "title": "Sale", "description": "One sale.\r\n  In euro.\u{2028}*/ export const x = 1 /*",
        "properties": {
            "old": {"type": "string", "deprecated": true, "description": "Use `name`"},
            "gone": {"deprecated": true},
            "inner": {"properties": {"a": {"title": "A", "type": "number"}}},
        },
    });
    let expected = "/**\n * Sale\n *\n * One sale.\n *   In euro.\n * *\\/ export const x = 1 /*\n */\nexport interface TInput {\n  /** @deprecated */\n  \
                    gone?: unknown\n  inner?: {\n    /** A */\n    a?: number\n  }\n  /**\n   * Use `name`\n   * @deprecated\n   */\n  old?: string\n}\n";
    assert_eq!(only(schema), expected);
}

#[test]
fn long_lists_of_words_are_broken() {
    let words: Vec<String> = (10..30).map(|number| format!("word-{number}")).collect();
    let text = only(json!({"items": {"enum": words}}));
    assert!(text.starts_with("export type TInput = (\n  | 'word-10'\n  | 'word-11'\n"), "{text}");
    assert!(text.ends_with("  | 'word-29'\n)[]\n"), "{text}");
    assert!(only(json!({"enum": words})).starts_with("export type TInput =\n  | 'word-10'\n"));
    let text = only(json!({"properties": {"a": {"enum": words}}}));
    assert!(text.starts_with("export interface TInput {\n  a?:\n    | 'word-10'\n"), "{text}");
    let many: Vec<u32> = (0..501).collect();
    assert_eq!(only(json!({"enum": many})), "export type TInput = unknown /* one of 501 values */\n");
}

#[test]
fn tasks_are_listed_by_name_and_types_never_share_one() {
    let task = |name: &str, input: Option<Value>| TaskShape { name: name.to_owned(), input, ..TaskShape::default() };
    let text = json!({"type": "string"});
    let mut tasks = vec![
        task("check_links", Some(text.clone())),
        task("check-links", Some(text)),
        task("2nd it's\n", None),
        TaskShape { title: Some("A report".into()), description: Some("Every */ month".into()), ..task("report", None) },
    ];
    let expected = r"// Written by `tidings types`; change the schemas of the tasks instead.

/** The tasks of the server by name: what each takes, and what it brings. */
export interface Tasks {
  '2nd it\'s\n': { input: unknown; output: unknown }
  'check-links': { input: CheckLinksInput; output: unknown }
  check_links: { input: CheckLinksInput2; output: unknown }
  /**
   * A report
   *
   * Every *\/ month
   */
  report: { input: unknown; output: unknown }
}

export type CheckLinksInput = string

export type CheckLinksInput2 = string
";
    assert_eq!(module(&tasks), expected);
    tasks.reverse();
    assert_eq!(module(&tasks), expected, "in whatever order they come");
    assert!(module(&[]).ends_with("export interface Tasks {}\n"));
}
