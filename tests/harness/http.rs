//! REST as a client speaks it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::eventually;

#[derive(Clone)]
pub struct Http {
    url: String,
    client: reqwest::Client,
    token: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }
}

impl Http {
    pub fn new(url: String) -> Http {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(70)).build().expect("a client");
        Http { url, client, token: None }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn with_token(&self, token: &str) -> Http {
        Http { token: Some(token.to_owned()), ..self.clone() }
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, headers, body })
    }

    pub async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(&body)).await.expect("an answer")
    }

    /// Submits, and expects a job.
    pub async fn submit(&self, body: Value) -> Value {
        self.post("/api/v1/jobs", body).await.expect(201)
    }

    pub async fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).await.expect("an answer").expect(200)
    }

    pub async fn verb(&self, id: &str, verb: &str) -> Answer {
        self.post(&format!("/api/v1/jobs/{id}/{verb}"), json!({})).await
    }

    /// A report under a lease.
    pub async fn report(&self, id: &str, lease: &str, what: &str, body: Value) -> Answer {
        let path = format!("/api/v1/jobs/{id}/{what}");
        self.send(Method::POST, &path, &[("tidings-lease", lease)], Some(&body)).await.expect("an answer")
    }

    /// The job once it has this status.
    pub async fn until_status(&self, id: &str, status: &str) -> Value {
        eventually(&format!("{id} to be {status}"), async || {
            let job = self.job(id).await;
            let ends = ["completed", "failed", "aborted", "timed_out", "lost"];
            let is = job["status"].as_str().unwrap_or_default();
            assert!(is == status || !ends.contains(&is), "{id} is {is}, not {status}: {job:#}");
            (is == status).then_some(job)
        })
        .await
    }

    /// All output of the newest attempt, as one text.
    pub async fn output(&self, id: &str) -> String {
        let range = self.get(&format!("/api/v1/jobs/{id}/output")).await.expect("an answer").expect(200);
        let chunks = range["chunks"].as_array().cloned().unwrap_or_default();
        chunks.iter().filter_map(|chunk| chunk["text"].as_str()).collect()
    }
}
