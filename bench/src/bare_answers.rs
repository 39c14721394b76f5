//! The baseline of requests: an HTTP server of the same library that reads a request, stores nothing, and answers with the same bytes.
//!
//! The bench binary in a hidden role. Its first line of input is the answer, as JSON; it ends with its input.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};

use crate::children::OwnChild;
use crate::http_crowd::headers;
use crate::outcome::Outcome;

/// The role's end of it.
pub fn run() -> Outcome<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let answer: Value = serde_json::from_str(&line)?;
    let mut headers = HeaderMap::new();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value.as_str().unwrap_or_default())?);
    }
    let status = StatusCode::from_u16(answer["status"].as_u64().unwrap_or_default() as u16)?;
    let body = Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned());
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let answer = Arc::new((status, headers, body));
    let handler = move |_asked: Bytes| {
        let answer = answer.clone();
        async move { (answer.0, answer.1.clone(), answer.2.clone()) }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        Ok(axum::serve(listener, Router::new().fallback(post(handler))).await?)
    })
}

/// The measurement's end of it.
pub struct BareAnswers {
    _process: OwnChild,
    /// It ends when this is closed.
    _input: ChildStdin,
    pub address: SocketAddr,
}

impl BareAnswers {
    /// A server that answers everything as it was answered here.
    pub fn like(status: u16, head: &[u8], body: &[u8]) -> Outcome<BareAnswers> {
        // What the library writes by itself is left to it.
        let own = ["content-length", "date", "connection"];
        let head = String::from_utf8_lossy(head);
        let kept = headers(&head).filter(|(name, _)| !own.iter().any(|own| name.eq_ignore_ascii_case(own)));
        let kept: serde_json::Map<String, Value> = kept.map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let answer = json!({"status": status, "headers": kept, "body": String::from_utf8_lossy(body)});
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = OwnChild::start(command.args(["--role", "bare-answers"]).stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let (mut input, output) = process.pipes()?;
        writeln!(input, "{answer}")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| "the bare server does not listen")?;
        Ok(BareAnswers { _process: process, _input: input, address })
    }
}
