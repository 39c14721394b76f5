//! `tidings types`: from a server that runs and from its file, and what the server shows of schemas.

use serde_json::json;

use super::run;
use crate::harness::files;
use crate::harness::server::Server;

const CONFIG: &str = r#"
[tasks.check-links]
mode = "worker"
title = "Check links"
input_schema = "input.json"
output_schema = '{"type": "object", "properties": {"broken": {"items": {"type": "string"}}}, "required": ["broken"]}'

[tasks.other]
mode = "worker"
"#;

const EXPECTED: &str = "// Written by `tidings types`; change the schemas of the tasks instead.

/** The tasks of the server by name: what each takes, and what it brings. */
export interface Tasks {
  /** Check links */
  'check-links': { input: CheckLinksInput; output: CheckLinksOutput }
  other: { input: unknown; output: unknown }
}

export interface CheckLinksInput {
  folder: string
}

export interface CheckLinksOutput {
  broken: string[]
}
";

#[tokio::test]
async fn types_come_from_the_server_or_from_its_file() {
    let input = r#"{"type": "object", "properties": {"folder": {"type": "string"}}, "required": ["folder"]}"#;
    let server = Server::start_with(CONFIG, &[("input.json", input)]).await;
    let config = server.folder().join("tidings.toml").display().to_string();
    let (code, out, error) = run(&server, &["types"]).await;
    assert_eq!((code, out.as_str()), (0, EXPECTED), "{error}");

    let file = server.folder().join("tasks.ts").display().to_string();
    for told in ["wrote ", "nothing new for "] {
        let (code, out, error) = run(&server, &["types", "--out", &file]).await;
        assert_eq!((code, out.starts_with(told)), (0, true), "{out}{error}");
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), EXPECTED);
    }
    let (code, _, error) = run(&server, &["types", "--out", &format!("{file}/none")]).await;
    assert_eq!((code, error.contains("tasks.ts/none cannot be written")), (1, true), "{error}");

    let record = &server.http.get("/api/v1/tasks").await.expect("an answer").expect(200)["tasks"][0];
    assert_eq!((&record["inputSchema"]["required"], &record["outputSchema"]["type"]), (&json!(["folder"]), &json!("object")));
    let topic = "/api/v1/live/poll?topic=%7B%22tasks%22:true%7D&wait=5";
    let polled = server.http.get(topic).await.expect("an answer").expect(200);
    let record = &polled["frames"][0]["tasks"][0];
    assert_eq!((&record["name"], record.get("inputSchema")), (&json!("check-links"), None), "too long for each count: {polled}");

    let mut server = server;
    server.kill();
    let (code, _, error) = run(&server, &["types"]).await;
    assert_eq!(code, 8, "{error}");
    // The secret of another machine is not asked for.
    let elsewhere = format!("[access.jwt]\nsecret_file = \"not-here\"\n{CONFIG}");
    for text in [CONFIG, &elsewhere] {
        std::fs::write(&config, text).expect("the configuration");
        let (code, out, error) = run(&server, &["types", "--config", &config]).await;
        assert_eq!((code, out.as_str()), (0, EXPECTED), "{error}");
    }
    std::fs::write(&config, "[tasks.x]\nmode = \"worker\"\ninput_schema = \"gone.json\"").expect("the configuration");
    let (code, _, error) = run(&server, &["types", "--config", &config]).await;
    assert_eq!(code, 2);
    assert!(error.contains("tidings.toml:3: [tasks.x] input_schema: ") && error.contains("gone.json cannot be read"), "{error}");
}

/// The examples have something to show.
#[tokio::test]
async fn the_examples_have_types() {
    let server = Server::prepare("", &[]);
    let config = files::root().join("examples/tidings.toml").display().to_string();
    let (code, out, error) = run(&server, &["types", "--config", &config]).await;
    assert_eq!(code, 0, "{error}");
    for part in [
        "'check-links': { input: CheckLinksInput; output: CheckLinksOutput }",
        "  broken: CheckLinksOutputBroken[]\n",
        "compress: { input: CompressInput; output: unknown }",
        "  groupBy?: 'region' | 'product' | 'month'\n",
        "  frequent: { count: number; word: string }[]\n",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(!out.contains("/* "), "nothing was left unread: {out}");
}
