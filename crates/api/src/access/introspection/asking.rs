//! The request to the app: `GET`, the caller's cookies and `Authorization` and nothing else of it, under the rules of every request that
//! the server makes itself.

use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::{Response, StatusCode, Url, header};

use super::Said;
use super::answer::{BadAnswer, read};
use crate::access::config::{BadAccess, IntrospectConfig};
use crate::access::shown::Credentials;
use crate::outgoing::{self, BodyError};

pub(super) struct App {
    url: Url,
    client: reqwest::Client,
    default_scopes: Vec<domain::access::Scope>,
    /// Whether the last answer could be used: a change is logged, the rest only for who looks closely.
    is_well: AtomicBool,
}

/// Why an answer cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("it cannot be asked: {}", outgoing::causes(.0))]
    Http(#[from] reqwest::Error),
    #[error("it answers {0}, a redirect, which is not followed; somebody who is not signed in is told with 401")]
    Redirect(StatusCode),
    #[error("it answers {0}")]
    Status(StatusCode),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("its answer cannot be used: {0}")]
    Bad(#[from] BadAnswer),
}

impl App {
    pub(super) fn new(config: &IntrospectConfig) -> Result<App, BadAccess> {
        let url = outgoing::address("introspect", &config.url, &config.private_hosts)?;
        let client = outgoing::client(&config.private_hosts)?;
        Ok(App { url, client, default_scopes: config.default_scopes.clone(), is_well: AtomicBool::new(true) })
    }

    pub(super) async fn ask(&self, credentials: &Credentials) -> Said {
        match self.try_ask(Some(credentials)).await {
            Ok(said) => {
                if !self.is_well.swap(true, Ordering::Relaxed) {
                    tracing::info!("the app says again who asks");
                }
                said
            }
            Err(error) => {
                match self.is_well.swap(false, Ordering::Relaxed) {
                    true => tracing::warn!(%error, "the app does not say who asks"),
                    false => tracing::debug!(%error, "the app does not say who asks"),
                }
                Said::Nothing
            }
        }
    }

    async fn try_ask(&self, credentials: Option<&Credentials>) -> Result<Said, Unusable> {
        let response = match self.send(credentials).await {
            // A connection that the app closed while it was idle; nothing was answered, and asking changes nothing.
            Err(error) if !error.is_timeout() && !error.is_connect() => self.send(credentials).await,
            sent => sent,
        };
        let mut response = response.map_err(reqwest::Error::without_url)?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Ok(Said::SignedOut),
            status if status.is_redirection() => Err(Unusable::Redirect(status)),
            StatusCode::OK => {
                let body = outgoing::body(&mut response).await?;
                Ok(read(&body, &self.default_scopes)?.map_or(Said::SignedOut, Said::Known))
            }
            status => Err(Unusable::Status(status)),
        }
    }

    async fn send(&self, credentials: Option<&Credentials>) -> reqwest::Result<Response> {
        let mut request = self.client.get(self.url.clone()).header(header::ACCEPT, "application/json");
        if let Some(credentials) = credentials {
            for (name, value) in [(header::COOKIE, &credentials.cookie), (header::AUTHORIZATION, &credentials.authorization)] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        request.send().await
    }
}

/// Asks about nobody, for an operator who wants to know whether the address answers. Says what it found, or what is wrong.
pub async fn probe(config: &IntrospectConfig) -> Result<String, String> {
    let app = App::new(config).map_err(|error| error.to_string())?;
    match app.try_ask(None).await {
        Ok(Said::SignedOut) => Ok("asked about nobody, it says that nobody is signed in".to_owned()),
        Ok(Said::Known(principal)) => Err(format!("asked about nobody, it says that it is {}", principal.subject)),
        Ok(Said::Nothing) => Err("it says nothing".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
