//! The WebSocket edge. What waits is drained whole, and written as it was encoded for everybody.

pub(crate) mod handshake;
pub(crate) mod messages;

use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::extract::{Request, State};
use bytes::Bytes;
use gateway::{Connection, Edge, Peer};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes};
use wire::close::Close;
use wire::frame::CLIENT_FRAME_BYTES;
use wire::problem::Problem;

use super::authenticator::ConnectionRights;
use crate::access::{Address, Shown};
use crate::answers::Answer;
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};
use messages::Messages;

/// Bytes that are read at once. An idle watcher keeps as many: what clients say is short.
const READ_BUFFER_BYTES: usize = 512;
/// Bytes of a message that is read at all. What is larger than a frame may be, but not than this, is refused in words; what is larger
/// still is not read to its end, and a peer that only writes may find the connection reset before it reads why.
const LARGEST_READ_BYTES: usize = 2 * CLIENT_FRAME_BYTES;
/// How long a peer may take nothing. Then: `too_slow`.
pub(crate) const LONGEST_STALL: Duration = Duration::from_secs(30);
/// How long a goodbye may take.
pub(crate) const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// Follow jobs over a WebSocket. The frames are in the AsyncAPI document; the first from the client is `auth`.
#[utoipa::path(
    get, path = "/live", operation_id = "live", tag = "live",
    responses(
        (status = 101, description = "Upgraded"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn live(State(context): State<Context>, address: Address, mut request: Request) -> Answer {
    let answer = handshake::answer(request.headers()).zip(request.extensions_mut().remove::<OnUpgrade>());
    let Some((answer, upgrade)) = answer else {
        return Err(ApiProblem::new(
            Kind::UpgradeRequired,
            "This address speaks WebSocket. /api/v1/live/events and /api/v1/live/poll speak HTTP.",
        ));
    };
    let shown = Shown::of(&context.access, request.method(), request.headers(), request.uri());
    tokio::spawn(async move {
        let _tracked = context.tasks.token();
        // Who goes away before the answer is written has nothing to be told.
        if let Ok(upgraded) = upgrade.await {
            let rights = ConnectionRights::unknown(&context, address, shown);
            serve(&context, rights, Messages::new(TokioIo::new(upgraded), config())).await;
        }
    });
    Ok(answer)
}

pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_frame_size(Some(LARGEST_READ_BYTES))
        .max_message_size(Some(LARGEST_READ_BYTES))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(context: &Context, rights: Arc<ConnectionRights>, mut socket: Messages<S>) {
    let close = match context.hub.open(Peer { edge: Edge::Socket, authenticator: rights.clone(), principal: None }) {
        Ok(connection) => talk(context, &mut socket, &connection, &rights).await,
        Err(refusal) => Some(refusal.close),
    };
    if let Some(close) = close {
        let frame = CloseFrame { code: close.code().into(), reason: Utf8Bytes::from_static(close.as_str()) };
        let _ = tokio::time::timeout(LONGEST_CLOSE, socket.close(frame)).await;
    }
}

/// Carries frames both ways until one side ends it. Answers how to say goodbye, or `None` when nobody is there any more.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    context: &Context,
    socket: &mut Messages<S>,
    connection: &Connection,
    rights: &ConnectionRights,
) -> Option<Close> {
    let mut shutdown = pin!(context.shutdown.cancelled());
    loop {
        tokio::select! {
            taken = connection.next_messages() => match taken {
                Ok(pieces) => match write(socket, connection, rights, pieces).await {
                    Ok(()) => {}
                    Err(goodbye) => return goodbye,
                },
                Err(close) => return Some(close),
            },
            message = socket.next() => match message {
                Ok(Message::Text(text)) => {
                    connection.receive(text.as_bytes()).await;
                    if rights.were_overtaken() {
                        context.engine.rights_changed(None);
                    }
                }
                Ok(Message::Binary(_)) => return Some(Close::BadFrame),
                // Pings are answered below us, and so is a goodbye: the next reading sends it and ends.
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {}
                Err(Error::Capacity(_)) => {
                    let message = format!("a frame has at most {CLIENT_FRAME_BYTES} bytes (64 KB)");
                    connection.refuse(Close::BadFrame, message);
                    if let Ok(last) = connection.next_messages().await {
                        let _ = socket.write(last, LONGEST_CLOSE, || {}).await;
                    }
                    return Some(Close::BadFrame);
                }
                Err(error) => return reason(&error),
            },
            news = rights.news() => rights.apply(news, connection).await,
            () = shutdown.as_mut() => return Some(Close::GoingAway),
        }
    }
}

/// Writes what was taken; the error is how to say goodbye. Most of it the kernel takes at once, and nothing needs to be waited for.
async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Messages<S>,
    connection: &Connection,
    rights: &ConnectionRights,
    pieces: Vec<Bytes>,
) -> Result<(), Option<Close>> {
    let mut writing = pin!(socket.write(pieces, LONGEST_STALL, || connection.takes()));
    let written = match futures::poll!(writing.as_mut()) {
        Poll::Ready(written) => written,
        Poll::Pending => loop {
            tokio::select! {
                biased;
                written = writing.as_mut() => break written,
                close = connection.closed() => return Err(Some(close)),
                news = rights.news() => rights.apply(news, connection).await,
            }
        },
    };
    written.map_err(|error| match error {
        Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
            connection.close(Close::TooSlow);
            Some(Close::TooSlow)
        }
        _ => None,
    })
}

/// What to say to a peer that could not be read; `None` when it is gone.
fn reason(error: &Error) -> Option<Close> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) | Error::Utf8(_) => Some(Close::BadFrame),
        _ => None,
    }
}
