//! The WebSocket edge. What waits is drained whole: every frame is fed, then flushed once.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use futures::{SinkExt, StreamExt};
use gateway::{Connection, Edge, Frame, Peer};
use wire::close::Close;
use wire::frame::CLIENT_FRAME_BYTES;
use wire::problem::Problem;

use super::authenticator::ConnectionRights;
use crate::answers::Answer;
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};

/// Bytes of a connection's read buffer: the default of 128 KB would be most of an idle watcher's memory.
const READ_BUFFER_BYTES: usize = 4_096;
/// Bytes that are gathered before they are handed to the kernel.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// How long a peer may take nothing. Then: `too_slow`.
const LONGEST_WRITE: Duration = Duration::from_secs(30);
/// How long a goodbye may take.
const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// Follow jobs over a WebSocket. The frames are in the AsyncAPI document; the first from the client is `auth`.
#[utoipa::path(
    get, path = "/live", operation_id = "live", tag = "live",
    responses(
        (status = 101, description = "Upgraded"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn live(State(context): State<Context>, upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Answer {
    let upgrade = upgrade.map_err(|_| {
        ApiProblem::new(
            Kind::UpgradeRequired,
            "This address speaks WebSocket. /api/v1/live/events and /api/v1/live/poll speak HTTP.",
        )
    })?;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_frame_size(CLIENT_FRAME_BYTES)
        .max_message_size(CLIENT_FRAME_BYTES);
    Ok(upgrade.on_upgrade(|socket| async move {
        let _tracked = context.tasks.token();
        serve(&context, socket).await;
    }))
}

async fn serve(context: &Context, mut socket: WebSocket) {
    let authenticator = ConnectionRights::new(context.access.clone());
    let close = match context.hub.open(Peer { edge: Edge::Socket, authenticator, principal: None }) {
        Ok(connection) => talk(context, &mut socket, &connection).await,
        Err(refusal) => Some(refusal.close),
    };
    if let Some(close) = close {
        let frame = CloseFrame { code: close.code(), reason: Utf8Bytes::from_static(close.as_str()) };
        let goodbye = async {
            let _ = socket.send(Message::Close(Some(frame))).await;
            // The peer's own close ends the stream; without waiting for it, the reason might be lost.
            while let Some(Ok(_)) = socket.next().await {}
        };
        let _ = tokio::time::timeout(LONGEST_CLOSE, goodbye).await;
    }
}

/// Carries frames both ways until one side ends it. Answers how to say goodbye, or `None` when nobody is there any more.
async fn talk(context: &Context, socket: &mut WebSocket, connection: &Connection) -> Option<Close> {
    loop {
        tokio::select! {
            taken = connection.next() => match taken {
                Ok(frames) => tokio::select! {
                    biased;
                    written = tokio::time::timeout(LONGEST_WRITE, write(socket, frames)) => match written {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return None,
                        Err(_) => return Some(Close::TooSlow),
                    },
                    close = connection.closed() => return Some(close),
                },
                Err(close) => return Some(close),
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => connection.receive(text.as_bytes()).await,
                Some(Ok(Message::Binary(_))) => return Some(Close::BadFrame),
                // Pings are answered below us.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => return None,
                Some(Err(error)) => return is_too_large(&error).then_some(Close::BadFrame),
            },
            () = context.shutdown.cancelled() => return Some(Close::GoingAway),
        }
    }
}

async fn write(socket: &mut WebSocket, frames: Vec<Frame>) -> Result<(), axum::Error> {
    for frame in frames {
        // Frames are JSON, which is UTF-8: one that is not would be a defect, and is left out rather than sent.
        if let Ok(text) = Utf8Bytes::try_from(frame.json) {
            socket.feed(Message::Text(text)).await?;
        }
    }
    socket.flush().await
}

fn is_too_large(error: &axum::Error) -> bool {
    error.to_string().contains("too long") || error.to_string().contains("too large") || error.to_string().contains("too big")
}
