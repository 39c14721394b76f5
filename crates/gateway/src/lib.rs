//! Live sessions without a socket: who follows what, from where, and what waits for them.
//!
//! [`Hub`] is told every event of the log by the engine's release loop (it is an [`engine::port::Listener`]), and owns the connections
//! in shards. An edge (WebSocket, SSE, long poll) opens a [`Connection`], hands it what the client says, and takes [`Frame`]s from
//! it. `docs/protocol.md` says what the frames mean.
//!
//! A connection has no task of its own: whatever has to be read for it (snapshots, catch-ups, output) is read while its edge waits in
//! [`Connection::next`], so that a slow client slows nobody else. Publishers never wait. This crate opens no socket, decides nothing
//! about jobs, and keeps no state that the log could not give again.
//!
//! # Edges
//!
//! A WebSocket edge. `receive` and `next` may run at the same time; `next` loses nothing when it is dropped half-way. Writing must be
//! given up when `closed` answers, or when the peer takes nothing for 30 s.
//!
//! ```ignore
//! let connection = hub.open(Peer { edge: Edge::Socket, authenticator, principal: None })?; // Err: close with its `close`
//! let close = loop {
//!     tokio::select! {
//!         taken = connection.next_messages() => match taken {
//!             Ok(pieces) => tokio::select! {
//!                 written = write_all(&mut socket, pieces) => written?,    // whole messages, encoded
//!                 close = connection.closed() => break close,
//!             },
//!             Err(close) => break close,
//!         },
//!         message = socket.next() => match message {
//!             Some(Ok(text)) => connection.receive(text.as_bytes()).await,
//!             _ => return,                                                  // dropping the connection takes it out of the hub
//!         },
//!     }
//! };
//! socket.close(close.code(), close.as_str()).await;
//! ```
//!
//! An SSE edge has authenticated before; `authenticated` follows `hello` all the same. `id:` is [`Frame::place`] through [`Hub::position`].
//!
//! ```ignore
//! if hub.is_over(&principal, &topics, after).await { return no_content(); }   // 204 stops an EventSource
//! let connection = hub.open(Peer { edge: Edge::Stream, authenticator, principal: Some(principal) })?;
//! for (i, topic) in topics.into_iter().enumerate() {
//!     connection.subscribe(i as u32 + 1, topic, after);                        // a refusal becomes an `error` frame
//! }
//! while let Ok(frames) = connection.next().await {
//!     for frame in &frames {
//!         match frame.kind {
//!             "heartbeat" => comment(),
//!             kind => event(kind, frame.place().map(|place| hub.position(place)), frame.json()),
//!         }
//!     }
//!     if connection.is_over() { break; }                                       // all topics are jobs that ended and were sent
//! }
//! ```
//!
//! A long poll is one call.
//!
//! ```ignore
//! let connection = hub.open(Peer { edge: Edge::Wait, authenticator, principal: Some(principal) })?;
//! for … { connection.subscribe(…); }
//! let polled = connection.poll(Duration::from_secs(25)).await?;                // Err: a `Close`
//! json!({ "position": polled.position, "reset": polled.reset, "frames": polled.frames })   // each frame's json is raw JSON
//! ```

mod catch_up;
mod connection;
mod counters;
mod frame;
mod hub;
mod index;
mod join;
mod latest_progress;
mod limits;
mod outbox;
mod output_follow;
mod paced;
mod peer;
mod poll;
mod reading;
mod recall;
mod ring;
mod run;
mod session;
mod session_core;
mod shard;
mod snapshot_cache;
mod subscription;
mod sweep;
#[cfg(test)]
mod tests;
mod weave;

pub use connection::Connection;
pub use counters::HubStats;
pub use frame::Frame;
pub use hub::Hub;
pub use limits::HubLimits;
pub use peer::{AuthRefusal, Authenticator, Edge, Peer};
pub use poll::Polled;

/// Takes a lock. A panic elsewhere while it was held left nothing half-done that would matter more than going on.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
