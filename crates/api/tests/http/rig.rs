//! A server without a socket: requests go into the router, answers come out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::access::{Algorithm, ApiKeyConfig, JwtConfig, JwtKey};
use api::{Access, AccessConfig, Context, RateLimits, RequestLimits};
use axum::Router;
use axum::body::Body;
use domain::Timestamp;
use domain::access::Scope;
use domain::policy::{Mode, Policy};
use engine::clock::ManualClock;
use engine::port::{Bus, SharedStore};
use engine::task::{Catalog, Task};
use engine::{Engine, Parts, Release};
use gateway::{Hub, HubLimits};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const SECRET: &[u8] = b"a secret of the app that has at least 32 bytes";
pub const KEY: &str = "tdk_shop_0123456789abcdef";
pub const NOW: Timestamp = Timestamp(1_795_372_200_000);
/// Longest wait for something that must happen.
pub const SOON: Duration = Duration::from_secs(10);

pub struct Rig {
    pub app: Router,
    pub context: Context,
    pub clock: Arc<ManualClock>,
    stop: CancellationToken,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn closed_config() -> AccessConfig {
    AccessConfig {
        open: false,
        port: 8430,
        jwt: Some(JwtConfig {
            algorithm: Algorithm::Hs256,
            key: JwtKey::Secret(SECRET.to_vec()),
            issuer: None,
            audience: None,
            private_hosts: Vec::new(),
            default_scopes: Vec::new(),
        }),
        keys: vec![ApiKeyConfig {
            name: "shop".into(),
            sha256: Sha256::digest(KEY).into(),
            tenant: "default".into(),
            subject: "shop".into(),
            scopes: vec![Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl, Scope::JobsReport],
            tenant_wide: true,
            service: true,
        }],
        introspect: None,
        origins: vec!["https://app.example.com".into()],
        own_secret: [7; 32],
    }
}

fn worker_task(name: &str) -> (domain::Text, Arc<Task>) {
    let task = Task {
        name: name.into(),
        mode: Mode::Worker,
        policy: Arc::new(Policy::default()),
        concurrency: 10,
        program: None,
        title: None,
        description: None,
        example: None,
        schemas: Default::default(),
    };
    (name.into(), Arc::new(task))
}

impl Rig {
    pub fn open() -> Rig {
        Rig::with(AccessConfig { open: true, port: 8430, own_secret: [7; 32], ..AccessConfig::default() }, RateLimits::default())
    }

    pub fn closed() -> Rig {
        Rig::with(closed_config(), Limits::none())
    }

    pub fn with(config: AccessConfig, limits: RateLimits) -> Rig {
        Rig::with_hub(config, limits, HubLimits::default())
    }

    pub fn with_hub(config: AccessConfig, limits: RateLimits, hub_limits: HubLimits) -> Rig {
        api::install_crypto();
        let clock = ManualClock::at(NOW);
        let bus: Arc<dyn Bus> = Arc::new(bus::InProcess::default());
        let store: SharedStore = store::MemoryStore::new(clock.clone(), bus.clone());
        let output = store::MemoryOutput::new();
        let tasks = BTreeMap::from([worker_task("review"), worker_task("mail")]);
        let engine = Engine::new(Parts {
            store: store.clone(),
            output: output.clone(),
            bus: bus.clone(),
            clock: clock.clone(),
            catalog: Catalog { tasks, total: 4 },
        });
        let hub = Hub::new(store.clone(), output, engine.clone(), clock.clone(), hub_limits);
        let stop = CancellationToken::new();
        let release = Release::new(store, vec![engine.clone(), hub.clone()]);
        tokio::spawn(release.run(bus, stop.clone()));
        let context = Context {
            engine,
            hub,
            access: Access::new(config, clock.clone()).expect("a good configuration"),
            limits: Arc::new(RequestLimits::new(limits)),
            counts: Arc::default(),
            released: Arc::default(),
            dialects: dialects::ALL.into(),
            sources: Arc::default(),
            metrics_open: false,
            draining: CancellationToken::new(),
            shutdown: CancellationToken::new(),
            tasks: Default::default(),
        };
        Rig { app: api::router(context.clone()), context, clock, stop }
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(&body)
    }

    /// A path that begins with `//` is taken from the root, others from `/api/v1`.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let uri =
            path.strip_prefix('/').filter(|rest| rest.starts_with('/')).map_or_else(|| format!("/api/v1{path}"), str::to_owned);
        let request = http::request::Builder::new().method(method).uri(uri);
        Call { app: self.app.clone(), request, host: "127.0.0.1:8430".into(), body: Vec::new() }
    }

    /// Submits a job of a worker's task for the caller, and answers its id.
    pub async fn submitted(&self, token: &str) -> String {
        let made = self.post("/jobs", json!({"task": "review"})).token(token).send().await;
        made.expect(StatusCode::CREATED).text("id")
    }

    /// Submits a tracked job, and answers its id and lease.
    pub async fn tracked(&self, token: &str) -> (String, String) {
        let made = self.post("/jobs", json!({"task": "import", "mode": "tracked"})).token(token).send().await;
        let made = made.expect(StatusCode::CREATED);
        (made.text("id"), made.json["lease"]["token"].as_str().expect("a lease").to_owned())
    }
}

pub struct Call {
    app: Router,
    request: http::request::Builder,
    host: String,
    body: Vec<u8>,
}

impl Call {
    pub fn header(mut self, name: &str, value: &str) -> Call {
        self.request = self.request.header(name, value);
        self
    }

    pub fn host(mut self, host: &str) -> Call {
        self.host = host.to_owned();
        self
    }

    pub fn token(self, token: &str) -> Call {
        if token.is_empty() { self } else { self.header("authorization", &format!("Bearer {token}")) }
    }

    pub fn json(self, body: &Value) -> Call {
        self.raw(body.to_string().as_bytes()).header("content-type", "application/json")
    }

    pub fn raw(mut self, body: &[u8]) -> Call {
        self.body = body.to_vec();
        self
    }

    pub fn build(self) -> (Router, Request<Body>) {
        let request = self.request.header("host", self.host).body(Body::from(self.body)).expect("a request");
        (self.app, request)
    }

    /// The status of the answer, whose body may have no end.
    pub async fn status(self) -> StatusCode {
        let (app, request) = self.build();
        app.oneshot(request).await.expect("the router never fails").status()
    }

    pub async fn send(self) -> Reply {
        let (app, request) = self.build();
        let told = format!("{} {}", request.method(), request.uri());
        let response = app.oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body");
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { told, status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&bytes).into_owned(), json }
    }
}

#[derive(Debug)]
pub struct Reply {
    pub told: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub json: Value,
}

impl Reply {
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Reply {
        assert_eq!(self.status, status, "{}: {}", self.told, self.body);
        self
    }

    /// A problem of this code, told as RFC 9457 wants it.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Reply {
        assert_eq!((self.status.as_u16(), self.json["code"].as_str()), (status, Some(code)), "{}: {}", self.told, self.body);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.told);
        assert_eq!(self.json["status"], status, "{}", self.told);
        assert_eq!(self.json["type"], format!("https://tidings.dev/problems/{code}"));
        assert!(self.json["detail"].as_str().is_some_and(|detail| detail.len() > 10 && detail.ends_with('.')), "{}", self.body);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    #[track_caller]
    pub fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap_or_else(|| panic!("{} has no {field}: {}", self.told, self.body)).to_owned()
    }
}

/// A user's token; `change` is put over its claims.
pub fn token(subject: &str, change: Value) -> String {
    signed(subject, change, SECRET)
}

pub fn signed(subject: &str, change: Value, secret: &[u8]) -> String {
    let mut claims = json!({
        "sub": subject,
        "scope": "jobs:read jobs:submit jobs:control jobs:report",
        "exp": NOW.0 / 1_000 + 600,
    });
    for (name, value) in change.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    api::install_crypto();
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token")
}

/// Ann's claims under a signature that is not ours.
pub fn forged() -> String {
    signed("ann", json!({}), b"another secret that has also at least 32 bytes")
}

/// Ann's claims under no signature: the header says so in this word.
pub fn unsigned(word: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let header = json!({"alg": word, "typ": "JWT"}).to_string();
    let mut encoded = String::new();
    for chunk in header.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digit = |place: usize| DIGITS[(bits >> (18 - 6 * place)) as usize & 63] as char;
        encoded.extend((0..=chunk.len()).map(digit));
    }
    let claims = ann().split('.').nth(1).expect("claims").to_owned();
    format!("{encoded}.{claims}.")
}

pub fn ann() -> String {
    token("ann", json!({}))
}

/// Request limits for tests.
pub struct Limits;

impl Limits {
    pub fn none() -> RateLimits {
        RateLimits { principal: None, refused_address: None, in_open_mode: false }
    }
}
