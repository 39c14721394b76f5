//! A WebSocket of a dialect: its client's messages are handed to the session, and what the session says is written to the client. The frames,
//! limits and goodbyes are those of the server's own sockets.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use dialects::dialect::{Heard, Request, Session};
use gateway::{Connection, Edge, Peer};
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, Utf8Bytes};
use wire::close::Close;

use super::Asked;
use super::session::Driver;
use crate::access::{Address, Shown};
use crate::context::Context;
use crate::live::authenticator::ConnectionRights;
use crate::live::websocket::handshake;
use crate::live::websocket::messages::Messages;
use crate::live::websocket::{LONGEST_CLOSE, LONGEST_STALL, config};
use crate::problems::{ApiProblem, Kind};

pub(super) async fn upgrade(
    context: &Context,
    asked: &Asked,
    open: fn(&Request<'_>) -> Box<dyn Session>,
    mut parts: Parts,
) -> Result<Response, ApiProblem> {
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let Some((answer, upgrade)) = handshake::answer(&parts.headers).zip(upgrade) else {
        return Err(ApiProblem::new(
            Kind::UpgradeRequired,
            "Ask it for an upgrade (RFC 6455), as a WebSocket client does by itself.",
        ));
    };
    let (session, readings) = (open(&asked.request(context, &parts, b"")), asked.readings.clone());
    let (context, address, shown) =
        (context.clone(), Address::of(&parts), Shown::of(&context.access, &parts.method, &parts.headers, &parts.uri));
    tokio::spawn(async move {
        let _tracked = context.tasks.token();
        // Who goes away before the answer is written has nothing to be told.
        if let Ok(upgraded) = upgrade.await {
            let socket = Messages::new(TokioIo::new(upgraded), config());
            serve(&context, address, shown, socket, |connection, rights| {
                Driver::new(context.clone(), connection, rights, session, readings)
            })
            .await;
        }
    });
    Ok(answer)
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    context: &Context,
    address: Address,
    shown: Shown,
    mut socket: Messages<S>,
    driver: impl FnOnce(Connection, Arc<ConnectionRights>) -> Driver,
) {
    let rights = ConnectionRights::unknown(context, address, shown);
    let goodbye = match context.hub.open(Peer { edge: Edge::Socket, authenticator: rights.clone(), principal: None }) {
        Ok(connection) => talk(&mut socket, driver(connection, rights)).await,
        Err(refusal) => Some((refusal.close.code(), refusal.close.as_str())),
    };
    if let Some((code, reason)) = goodbye {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
        let _ = tokio::time::timeout(LONGEST_CLOSE, socket.close(frame)).await;
    }
}

/// Carries words both ways until one side ends it. Answers how to say goodbye, or `None` when nobody is there any more.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Messages<S>, mut driver: Driver) -> Option<(u16, &'static str)> {
    let mut said = driver.hear(Heard::Opened).await;
    loop {
        // What was said last is written before the goodbye.
        let patience = if driver.end().is_some() { LONGEST_CLOSE } else { LONGEST_STALL };
        if let Err(goodbye) = write(socket, &driver, std::mem::take(&mut said), patience).await {
            return goodbye;
        }
        if driver.end().is_some() {
            return driver.end();
        }
        said = tokio::select! {
            happened = driver.happens() => driver.take(happened).await,
            message = socket.next() => match message {
                Ok(Message::Text(text)) => driver.hear(Heard::Text(&text)).await,
                Ok(Message::Binary(_)) => return Some((Close::BadFrame.code(), Close::BadFrame.as_str())),
                // Pings are answered below us, and so is a goodbye: the next reading sends it and ends.
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => Vec::new(),
                Err(_) => return None,
            },
        };
    }
}

/// The error is how to say goodbye; `None` when nobody is there, or takes anything.
async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Messages<S>,
    driver: &Driver,
    said: Vec<String>,
    patience: Duration,
) -> Result<(), Option<(u16, &'static str)>> {
    if said.is_empty() {
        return Ok(());
    }
    let messages = said.into_iter().map(message).collect();
    let is_last = driver.end().is_some();
    let mut writing = pin!(socket.write(messages, patience, || driver.connection.takes()));
    tokio::select! {
        biased;
        written = writing.as_mut() => written.map_err(|_| None),
        close = driver.closed(), if !is_last => Err(Some((close.code(), close.as_str()))),
    }
}

/// An unmasked text message (RFC 6455, section 5.2).
fn message(text: String) -> Bytes {
    let length = text.len();
    let mut bytes = Vec::with_capacity(length + 10);
    bytes.push(0x81);
    match length {
        0..=125 => bytes.push(length as u8),
        126..=0xffff => {
            bytes.push(126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(127);
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    Bytes::from(bytes)
}
