//! The few routes of Tidings that a reporter uses, with the job's wish in the hands of the test. Keeps every call. The live socket is not
//! served, so that wishes come with the answers to reports.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone)]
pub struct Call {
    /// From 1.
    pub number: usize,
    pub verb: String,
    pub body: Value,
    /// Its `Idempotency-Key`.
    pub key: String,
}

#[derive(Default)]
struct Stage {
    calls: Vec<Call>,
    status: &'static str,
    wish: (&'static str, u64),
    refusal: Option<(&'static str, u16, &'static str)>,
    refuses_results: bool,
}

#[derive(Clone)]
pub struct Fake {
    pub url: String,
    stage: Arc<Mutex<Stage>>,
    heard: watch::Sender<usize>,
}

impl Fake {
    pub async fn listen() -> Fake {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let stage = Stage { status: "running", wish: ("none", 0), ..Stage::default() };
        let fake = Fake { url, stage: Arc::new(Mutex::new(stage)), heard: watch::Sender::new(0) };
        let app = Router::new()
            .route("/api/v1/jobs", post(submitted))
            .route("/api/v1/jobs/{id}/{verb}", post(reported))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    pub fn calls(&self) -> Vec<Call> {
        self.stage().calls.clone()
    }

    pub fn bodies(&self, verb: &str) -> Vec<Value> {
        self.calls().into_iter().filter(|call| call.verb == verb).map(|call| call.body).collect()
    }

    pub fn ask(&self, kind: &'static str) -> u64 {
        let mut stage = self.stage();
        stage.wish = (kind, stage.wish.1 + 1);
        stage.wish.1
    }

    /// Answers this verb with a problem from now on.
    pub fn refuse(&self, verb: &'static str, status: u16, code: &'static str) {
        self.stage().refusal = Some((verb, status, code));
    }

    pub fn refuse_results(&self) {
        self.stage().refuses_results = true;
    }

    pub fn accept(&self) {
        self.stage().refusal = None;
    }

    /// The first call that fits, once it came.
    pub async fn seen(&self, what: &str, fits: impl Fn(&Call) -> bool) -> Call {
        let mut heard = self.heard.subscribe();
        let found = async {
            loop {
                heard.borrow_and_update();
                if let Some(call) = self.calls().into_iter().find(|call| fits(call)) {
                    return call;
                }
                heard.changed().await.expect("the fake lives");
            }
        };
        match timeout(DEADLINE, found).await {
            Ok(call) => call,
            Err(_) => panic!("still waiting for {what}; heard {:?}", self.calls()),
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().expect("no panic under the lock")
    }

    fn take(&self, verb: &str, headers: &HeaderMap, body: &Bytes) -> Response {
        let answer = {
            let mut stage = self.stage();
            let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
            let body: Value = serde_json::from_slice(body).expect("JSON");
            let number = stage.calls.len() + 1;
            stage.calls.push(Call { number, verb: verb.to_owned(), body: body.clone(), key });
            stage.answer(verb, &body)
        };
        self.heard.send_modify(|heard| *heard += 1);
        answer
    }
}

impl Stage {
    fn answer(&mut self, verb: &str, body: &Value) -> Response {
        let problem = |status: u16, code: &str| {
            let problem = json!({"type": "about:blank", "title": code, "status": status, "code": code, "detail": code});
            (StatusCode::from_u16(status).expect("a status"), Json(problem)).into_response()
        };
        match self.refusal {
            Some((refused, status, code)) if refused == verb => return problem(status, code),
            _ if self.refuses_results && body.get("result").is_some() => return problem(413, "too_large"),
            _ => {}
        }
        if verb == "submit" {
            let time = "2030-01-01T00:00:00Z";
            let lease = json!({"token": "secret", "expiresAt": time});
            let job = json!({"id": "job_1", "task": body["task"], "mode": "tracked", "status": "running", "rev": 1, "settlement": 1,
                "attempt": 1, "tenant": "default", "owner": "ann", "priority": 0, "progress": {"tick": 0}, "verbs": [], "createdAt": time,
                "startedAt": time, "updatedAt": time, "ranMs": 0, "pause": "cooperative", "limits": {"abortGraceMs": 1, "attempts": 1, "retryBaseMs": 1, "retryMaxMs": 1,
                "retryOnTimeout": false, "rescue": "lost"}, "lease": lease});
            return (StatusCode::CREATED, Json(job)).into_response();
        }
        if body["acknowledge"] == self.wish.1 && self.wish.0 != "none" {
            self.status = match self.wish.0 {
                "pause" => "paused",
                "resume" => "running",
                _ => "aborted",
            };
            self.wish.0 = "none";
        }
        let answer = json!({"status": self.status, "rev": 1, "wish": {"kind": self.wish.0, "number": self.wish.1, "by": "ann"}});
        Json(answer).into_response()
    }
}

async fn submitted(State(fake): State<Fake>, headers: HeaderMap, body: Bytes) -> Response {
    fake.take("submit", &headers, &body)
}

async fn reported(State(fake): State<Fake>, Path((_, verb)): Path<(String, String)>, headers: HeaderMap, body: Bytes) -> Response {
    fake.take(&verb, &headers, &body)
}
