//! The life of the connection: connect, say who is there, join, read, and come back after a cut.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::UrlError;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::close::{Band, Close};
use wire::frame::ClientFrame;

use super::Connection;
use super::follow::{Follow, Happened};
use super::frames::Frame;
use crate::backoff::{Backoff, chance};
use crate::rest::chain;

/// From the connect to the answer to `auth`.
const OPENING: Duration = Duration::from_secs(10);
/// Silence beyond the server's heartbeat that a slow network may add.
const SLACK: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How one connection ended.
struct Ended {
    code: u16,
    why: String,
    /// What the server asked to wait.
    retry_in: Option<Duration>,
    /// Whether it had been accepted: the next failure is the first again.
    was_open: bool,
}

impl Ended {
    fn cut(why: impl Into<String>) -> Ended {
        Ended { code: 1006, why: why.into(), retry_in: None, was_open: false }
    }

    fn give_up(code: u16, why: impl Into<String>) -> Ended {
        Ended { code, why: why.into(), retry_in: None, was_open: false }
    }
}

/// Nobody reads any more.
struct Unwatched;

pub(super) async fn keep_watching(url: String, token: Option<String>, mut follow: Follow, happened: mpsc::Sender<Happened>) {
    let mut backoff = Backoff::default();
    loop {
        let connection = Connecting { url: &url, token: token.as_deref(), follow: &mut follow, happened: &happened };
        let Ok(ended) = connection.run().await else { return };
        if ended.was_open {
            backoff.reset();
        }
        if ended.code == Close::LogReplaced.code() {
            follow.forget();
        }
        // The token is a fixed text here: refreshing it is whoever made it a watch to do, with a new watch.
        if matches!(Band::of(ended.code), Band::GiveUp | Band::RefreshToken) || follow.is_all_refused() {
            let given_up = Connection::GivenUp { code: ended.code, why: ended.why };
            happened.send(Happened::Connection(given_up)).await.ok();
            return;
        }
        let wait = backoff.after_failure(chance());
        let wait = ended.retry_in.unwrap_or(wait);
        let cut = Connection::Cut { why: ended.why, retry_in_ms: wait.as_millis() as u64 };
        if happened.send(Happened::Connection(cut)).await.is_err() {
            return;
        }
        sleep(wait).await;
    }
}

struct Connecting<'a> {
    url: &'a str,
    token: Option<&'a str>,
    follow: &'a mut Follow,
    happened: &'a mpsc::Sender<Happened>,
}

impl Connecting<'_> {
    async fn run(self) -> Result<Ended, Unwatched> {
        self.tell(Connection::Connecting).await?;
        let opened = match timeout(OPENING, self.open()).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(ended)) => return Ok(ended),
            Err(_) => return Ok(Ended::cut("no answer")),
        };
        self.tell(Connection::Open).await?;
        let mut ended = self.read(opened).await?;
        ended.was_open = true;
        Ok(ended)
    }

    async fn tell(&self, connection: Connection) -> Result<(), Unwatched> {
        self.happened.send(Happened::Connection(connection)).await.map_err(|_| Unwatched)
    }

    /// Connects and says who is there. Gives the longest silence that the server allows itself.
    async fn open(&self) -> Result<(Socket, Duration), Ended> {
        let request = self.url.into_client_request().map_err(|error| Ended::give_up(4202, error.to_string()))?;
        let (mut socket, _) = connect_async(request).await.map_err(refused)?;
        send(&mut socket, &ClientFrame::Auth { token: self.token.map(str::to_owned) }).await?;
        let mut silence = Duration::from_secs(60);
        loop {
            match next_frame(&mut socket).await? {
                Frame::Hello { heartbeat_ms } => silence = Duration::from_millis(heartbeat_ms) * 2 + SLACK,
                Frame::Authenticated {} => return Ok((socket, silence)),
                // A close follows when it matters, with a code that says what to do.
                Frame::Error { message, .. } => tracing::debug!(message, "the server refused a frame"),
                _ => {}
            }
        }
    }

    async fn read(self, (mut socket, silence): (Socket, Duration)) -> Result<Ended, Unwatched> {
        for frame in self.follow.open() {
            if let Err(ended) = send(&mut socket, &frame).await {
                return Ok(ended);
            }
        }
        let mut retry_in = None;
        loop {
            let quiet_until = Instant::now() + silence;
            let frame = tokio::select! {
                frame = timeout_at(quiet_until, next_frame(&mut socket)) => frame,
                () = self.happened.closed() => return Err(Unwatched),
            };
            let frame = match frame {
                Ok(Ok(frame)) => frame,
                Ok(Err(ended)) => return Ok(Ended { retry_in, ..ended }),
                Err(_) => return Ok(Ended::cut("the server fell silent")),
            };
            if let Frame::GoingAway { retry_in_ms } = frame {
                retry_in = Some(Duration::from_millis(retry_in_ms));
                continue;
            }
            for happened in self.follow.take(frame) {
                self.happened.send(happened).await.map_err(|_| Unwatched)?;
            }
            if self.follow.is_all_refused() {
                return Ok(Ended::give_up(1000, "every topic was refused"));
            }
        }
    }
}

async fn send(socket: &mut Socket, frame: &ClientFrame) -> Result<(), Ended> {
    let text = serde_json::to_string(frame).map_err(|error| Ended::give_up(4202, error.to_string()))?;
    socket.send(Message::text(text)).await.map_err(|error| Ended::cut(chain(&error)))
}

/// The next frame of ours; pings are answered by the library. A frame that cannot be read is passed over: a newer server's.
async fn next_frame(socket: &mut Socket) -> Result<Frame, Ended> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                Ok(frame) => return Ok(frame),
                Err(error) => tracing::warn!(%error, "a frame that cannot be read"),
            },
            Some(Ok(Message::Close(Some(close)))) => {
                return Err(Ended { code: close.code.into(), why: close.reason.to_string(), retry_in: None, was_open: false });
            }
            Some(Ok(Message::Close(None))) | None => return Err(Ended::cut("the server closed the connection")),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(Ended::cut(chain(&error))),
        }
    }
}

/// The upgrade failed. A refusal by HTTP has a status of its own; anything else may pass.
fn refused(error: SocketError) -> Ended {
    match error {
        SocketError::Http(response) => {
            let status = response.status();
            let why = format!("the upgrade to a WebSocket was answered with {status}");
            match status.as_u16() {
                401 => Ended::give_up(Close::Unauthenticated.code(), why),
                403 => Ended::give_up(Close::ForbiddenOrigin.code(), why),
                _ => Ended::cut(why),
            }
        }
        SocketError::Url(UrlError::TlsFeatureNotEnabled) => Ended::give_up(4202, "this build cannot speak TLS"),
        other => Ended::cut(chain(&other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_watch_nobody_answers_says_so_and_tries_again() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = crate::Client::new(&format!("http://127.0.0.1:{port}"), None).unwrap();
        let mut watch = client.watch(vec![serde_json::json!({"tenant": true})]);
        let mut connecting = 0;
        while connecting < 3 {
            match timeout(Duration::from_secs(20), watch.next()).await.expect("in time") {
                Some(Happened::Connection(Connection::Connecting)) => connecting += 1,
                Some(Happened::Connection(Connection::Cut { .. })) => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}
