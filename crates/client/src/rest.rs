//! The REST routes. Collaborators: reqwest below, `wire` for every shape.
//!
//! A request is tried once: what is safe to repeat is the caller's to say ([`Error::is_passing`]); submits carry an idempotency key,
//! so that they are.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::body::{
    Action, ActionResult, AnswerJob, AttemptList, BatchMade, EventList, JobPage, Me, NewTicket, NewToken, PatchJob, ReportAnswer,
    Rerun, Submit, SubmitBatch, TaskList, Ticket, Token,
};
use wire::problem::Problem;
use wire::record::{AttemptRecord, EventRecord, JobRecord, JobSummary, OutputRange, Stats, TaskRecord};

use crate::backoff::chance;
use crate::error::Error;
use crate::list::ListQuery;

/// Bytes of a foreign answer that an error shows.
const SHOWN_OF_FOREIGN: usize = 200;

/// Waits of a client.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    pub connect: Duration,
    /// From the request to the end of the answer.
    pub answer: Duration,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning { connect: Duration::from_secs(5), answer: Duration::from_secs(30) }
    }
}

/// A server and the right to speak to it. Clones share one connection pool.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    tuning: Tuning,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.0.base)
    }
}

impl Client {
    /// `url`: where the server stands, for example `http://127.0.0.1:8430`. `token`: a JWT or an API key; none in open mode.
    pub fn new(url: &str, token: Option<String>) -> Result<Client, Error> {
        Client::tuned(url, token, Tuning::default())
    }

    pub fn tuned(url: &str, token: Option<String>, tuning: Tuning) -> Result<Client, Error> {
        let bad = || Error::BadAddress { url: url.to_owned() };
        let mut base = Url::parse(url).map_err(|_| bad())?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(bad());
        }
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        let mut builder = reqwest::Client::builder().connect_timeout(tuning.connect).timeout(tuning.answer);
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Error::Unreachable { url: url.to_owned(), why: chain(&error) })?;
        Ok(Client(Arc::new(Inner { http, base, token: token.filter(|token| !token.is_empty()), tuning })))
    }

    /// The server's address without a slash at the end.
    pub fn url(&self) -> &str {
        self.0.base.as_str().trim_end_matches('/')
    }

    pub fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }

    /// The address of the live socket.
    pub(crate) fn live_url(&self) -> String {
        let url = self.url();
        let rest = url.strip_prefix("http").unwrap_or(url);
        format!("ws{rest}/api/v1/live")
    }

    /// The job that was made, or the one that the same key made before. With `mode: tracked` it carries the lease.
    pub async fn submit(&self, body: &Submit, idempotency_key: Option<&str>) -> Result<JobRecord, Error> {
        let key = idempotency_key.map_or_else(unique_key, str::to_owned);
        self.call(Call::post("/jobs", body).header("idempotency-key", key)).await
    }

    /// All of them or none.
    pub async fn submit_batch(&self, jobs: Vec<Submit>) -> Result<Vec<JobSummary>, Error> {
        let body = SubmitBatch { jobs };
        let made: BatchMade = self.call(Call::post("/jobs/batch", &body).header("idempotency-key", unique_key())).await?;
        Ok(made.jobs)
    }

    pub async fn list(&self, query: &ListQuery) -> Result<JobPage, Error> {
        self.call(Call::get("/jobs").query(query.pairs())).await
    }

    pub async fn job(&self, id: &str) -> Result<JobRecord, Error> {
        self.call(Call::get(&at(id, ""))).await
    }

    pub async fn patch(&self, id: &str, body: &PatchJob) -> Result<JobSummary, Error> {
        self.call(Call::new(Method::PATCH, &at(id, ""), body)).await
    }

    pub async fn attempts(&self, id: &str) -> Result<Vec<AttemptRecord>, Error> {
        let list: AttemptList = self.call(Call::get(&at(id, "/attempts"))).await?;
        Ok(list.attempts)
    }

    pub async fn events(&self, id: &str) -> Result<Vec<EventRecord>, Error> {
        let list: EventList = self.call(Call::get(&at(id, "/events"))).await?;
        Ok(list.events)
    }

    /// A range of output from a byte offset; the newest attempt when none is named.
    pub async fn output(&self, id: &str, attempt: Option<u32>, offset: u64) -> Result<OutputRange, Error> {
        let mut query = vec![("offset", offset.to_string())];
        query.extend(attempt.map(|number| ("attempt", number.to_string())));
        self.call(Call::get(&at(id, "/output")).query(query)).await
    }

    /// Asks `pause`, `resume`, `abort`, `kill`, `retry` or `run-now`; answers the job as of now.
    pub async fn ask(&self, id: &str, verb: &str) -> Result<JobSummary, Error> {
        self.call(Call::post(&at(id, &format!("/{verb}")), &Empty {})).await
    }

    /// A new job with the same input, or with another.
    pub async fn rerun(&self, id: &str, body: &Rerun) -> Result<JobSummary, Error> {
        self.call(Call::post(&at(id, "/rerun"), body).header("idempotency-key", unique_key())).await
    }

    pub async fn answer(&self, id: &str, body: &AnswerJob) -> Result<JobSummary, Error> {
        self.call(Call::post(&at(id, "/answer"), body)).await
    }

    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.send(Call::new(Method::DELETE, &at(id, ""), &Empty {}).without_body()).await.map(drop)
    }

    /// One verb on many jobs.
    pub async fn act(&self, body: &Action) -> Result<ActionResult, Error> {
        self.call(Call::post("/jobs/actions", body)).await
    }

    pub async fn stats(&self) -> Result<Stats, Error> {
        self.call(Call::get("/stats")).await
    }

    pub async fn tasks(&self) -> Result<Vec<TaskRecord>, Error> {
        let list: TaskList = self.call(Call::get("/tasks")).await?;
        Ok(list.tasks)
    }

    pub async fn me(&self) -> Result<Me, Error> {
        self.call(Call::get("/me")).await
    }

    /// A single-use ticket for a browser's `EventSource`.
    pub async fn ticket(&self, body: &NewTicket) -> Result<Ticket, Error> {
        self.call(Call::post("/tickets", body)).await
    }

    /// A short token for a browser.
    pub async fn mint(&self, body: &NewToken) -> Result<Token, Error> {
        self.call(Call::post("/tokens", body)).await
    }

    /// A report under a lease: `progress`, `heartbeat`, `output`, `complete`, `fail`, `wait`.
    pub async fn report(&self, id: &str, lease: &str, what: &str, body: &impl Serialize) -> Result<ReportAnswer, Error> {
        self.call(Call::post(&at(id, &format!("/{what}")), body).header("tidings-lease", lease.to_owned())).await
    }

    async fn call<Answer: DeserializeOwned>(&self, call: Call) -> Result<Answer, Error> {
        let (status, text) = self.send(call).await?;
        serde_json::from_str(&text).map_err(|_| self.foreign(status, &text))
    }

    /// The answer's text when it is a success.
    async fn send(&self, call: Call) -> Result<(u16, String), Error> {
        let mut url = self.0.base.clone();
        url.set_path(&format!("{}/api/v1{}", self.0.base.path().trim_end_matches('/'), call.path));
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query.iter().map(|(name, value)| (*name, value.as_str())));
        }
        let mut request = self.0.http.request(call.method, url).header("accept", "application/json");
        if let Some(token) = &self.0.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| self.unanswered(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| self.unanswered(&error))?;
        if status.is_success() {
            return Ok((status.as_u16(), text));
        }
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(Error::Refused(Box::new(problem))),
            Err(_) => Err(self.foreign(status.as_u16(), &text)),
        }
    }

    fn foreign(&self, status: u16, text: &str) -> Error {
        let start: String = text.chars().take(SHOWN_OF_FOREIGN).collect();
        Error::Foreign { url: self.url().to_owned(), status, start: start.trim().replace('\n', " ") }
    }

    fn unanswered(&self, error: &reqwest::Error) -> Error {
        let url = self.url().to_owned();
        let why = chain(error);
        if error.is_connect() && why.to_ascii_lowercase().contains("connection refused") {
            return Error::NothingListens { url };
        }
        // How the TLS library calls an answer that is not TLS.
        if let Some(rest) = url.strip_prefix("https://")
            && why.contains("InvalidContentType")
        {
            return Error::SpeaksHttp { instead: format!("http://{rest}"), url };
        }
        if error.is_timeout() {
            return Error::Silent { url, seconds: self.0.tuning.answer.as_secs() };
        }
        Error::Unreachable { url, why }
    }
}

/// One request before it is sent.
struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Call {
    fn new(method: Method, path: &str, body: &impl Serialize) -> Call {
        // Our own bodies are structs with text keys: they always become JSON.
        let body = serde_json::to_string(body).ok();
        Call { method, path: path.to_owned(), query: Vec::new(), headers: Vec::new(), body }
    }

    fn get(path: &str) -> Call {
        Call::new(Method::GET, path, &Empty {}).without_body()
    }

    fn post(path: &str, body: &impl Serialize) -> Call {
        Call::new(Method::POST, path, body)
    }

    fn without_body(mut self) -> Call {
        self.body = None;
        self
    }

    fn query(mut self, query: Vec<(&'static str, String)>) -> Call {
        self.query = query;
        self
    }

    fn header(mut self, name: &'static str, value: String) -> Call {
        self.headers.push((name, value));
        self
    }
}

#[derive(Serialize)]
struct Empty {}

/// The path of a job. An id never holds a slash; what is no id is left for the server to refuse, as one segment.
fn at(id: &str, rest: &str) -> String {
    let id: String = id.chars().map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' }).collect();
    format!("/jobs/{id}{rest}")
}

fn unique_key() -> String {
    format!("{:016x}{:016x}", chance(), chance())
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An error with all that lies under it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut below = error.source();
    while let Some(source) = below {
        let next = source.to_string();
        if !words.contains(&next) {
            words = format!("{words}: {next}");
        }
        below = source.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_once_and_paths_are_kept() {
        for (given, url, live) in [
            ("http://127.0.0.1:8430/", "http://127.0.0.1:8430", "ws://127.0.0.1:8430/api/v1/live"),
            ("https://app.example/tidings/", "https://app.example/tidings", "wss://app.example/tidings/api/v1/live"),
        ] {
            let client = Client::new(given, None).unwrap();
            assert_eq!((client.url(), client.live_url().as_str()), (url, live));
        }
        for bad in ["127.0.0.1:8430", "ftp://host", "not an address", ""] {
            assert!(matches!(Client::new(bad, None), Err(Error::BadAddress { .. })), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_closed_port_is_told_in_words() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let error = Client::new(&url, None).unwrap().me().await.unwrap_err();
        assert_eq!(error.to_string(), format!("nothing listens at {url}: start it with `tidings serve`"));
    }

    #[test]
    fn what_is_no_id_stays_one_segment() {
        assert_eq!(at("job_1", "/events"), "/jobs/job_1/events");
        assert_eq!(at("../me", ""), "/jobs/---me");
    }
}
