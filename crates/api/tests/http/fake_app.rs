//! An app on loopback that knows who its sessions belong to, and can be made to fail in every way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use api::AccessConfig;
use api::access::IntrospectConfig;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::rig::{Limits, Rig, closed_config};

/// How the app behaves.
#[derive(Clone)]
pub enum Manner {
    /// Answers by the session; 401 to who has none.
    Knows,
    Answers(u16, String),
    Redirects,
    /// Says nothing until it is let go.
    Hangs,
}

pub struct Inner {
    /// By the cookie or the `Authorization` that it is shown.
    sessions: Mutex<BTreeMap<String, Value>>,
    manner: Mutex<Manner>,
    asked: AtomicUsize,
    seen: Mutex<Vec<HeaderMap>>,
    pub is_asked: Notify,
    pub go: Notify,
}

#[derive(Clone)]
pub struct FakeApp {
    pub inner: Arc<Inner>,
    pub url: String,
}

async fn whoami(State(app): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    app.asked.fetch_add(1, Ordering::SeqCst);
    app.seen.lock().expect("a list").push(headers.clone());
    app.is_asked.notify_waiters();
    let manner = app.manner.lock().expect("a manner").clone();
    match manner {
        Manner::Knows => {}
        Manner::Answers(status, body) => return (StatusCode::from_u16(status).expect("a status"), body).into_response(),
        Manner::Redirects => return (StatusCode::FOUND, [(header::LOCATION, "/known")]).into_response(),
        Manner::Hangs => app.go.notified().await,
    }
    let shown = [header::COOKIE, header::AUTHORIZATION].into_iter().filter_map(|name| headers.get(name)?.to_str().ok());
    let sessions = app.sessions.lock().expect("sessions");
    let found = shown.flat_map(|value| value.split("; ")).find_map(|value| sessions.get(value).cloned());
    match found {
        Some(session) => axum::Json(session).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl FakeApp {
    /// An app with a session of ann's, `sid=a`, and one of bob's, `sid=b`.
    pub async fn start() -> FakeApp {
        let inner = Arc::new(Inner {
            sessions: Mutex::default(),
            manner: Mutex::new(Manner::Knows),
            asked: AtomicUsize::new(0),
            seen: Mutex::default(),
            is_asked: Notify::new(),
            go: Notify::new(),
        });
        let known = || std::future::ready(axum::Json(json!({"subject": "trick"})));
        let routes = Router::new().route("/whoami", axum::routing::any(whoami)).route("/known", axum::routing::any(known));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/whoami", listener.local_addr().expect("an address"));
        let service = routes.with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        let app = FakeApp { inner, url };
        app.signs_in("sid=a", json!({"subject": "ann"}));
        app.signs_in("sid=b", json!({"subject": "bob"}));
        app
    }

    pub fn signs_in(&self, shown: &str, session: Value) {
        self.inner.sessions.lock().expect("sessions").insert(shown.to_owned(), session);
    }

    pub fn signs_out(&self, shown: &str) {
        self.inner.sessions.lock().expect("sessions").remove(shown);
    }

    pub fn behaves(&self, manner: Manner) {
        *self.inner.manner.lock().expect("a manner") = manner;
    }

    pub fn fails(&self) {
        self.behaves(Manner::Answers(500, "out of order".into()));
    }

    pub fn asked(&self) -> usize {
        self.inner.asked.load(Ordering::SeqCst)
    }

    /// What it was sent last.
    pub fn seen(&self) -> HeaderMap {
        self.inner.seen.lock().expect("a list").last().cloned().expect("it was asked")
    }

    /// Waits until it was asked more often than so many times.
    pub async fn asked_beyond(&self, count: usize) {
        let beyond = async {
            loop {
                let told = self.inner.is_asked.notified();
                if self.asked() > count {
                    return;
                }
                told.await;
            }
        };
        tokio::time::timeout(crate::rig::SOON, beyond).await.expect("it is asked");
    }

    pub fn introspect(&self) -> IntrospectConfig {
        IntrospectConfig {
            url: self.url.clone(),
            cookies: None,
            cache_ms: 30_000,
            private_hosts: vec!["127.0.0.1".into()],
            default_scopes: vec![Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl],
        }
    }

    pub fn config(&self) -> AccessConfig {
        AccessConfig { introspect: Some(self.introspect()), ..closed_config() }
    }

    /// A server that asks this app.
    pub fn rig(&self) -> Rig {
        Rig::with(self.config(), Limits::none())
    }
}
