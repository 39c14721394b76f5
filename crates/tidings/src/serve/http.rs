//! Carries HTTP/1.1 between sockets and the router, each connection in a task of its own, until it is told to stop.
//!
//! It refuses to wait for ever: a connection whose next request does not come, or comes drop by drop, is closed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::doorway::Doorway;

/// How long the head of a request may take, counted from when the connection was opened or the answer before was written: so long is a
/// connection kept that nobody uses.
const HEAD_WITHIN: Duration = Duration::from_secs(60);
/// How long a peer may take nothing of what was sent, in milliseconds. Then its socket is closed: a stream that is not read would
/// otherwise keep its place among its user's connections for as long as the peer likes.
const STALLED_MS: u32 = 60_000;

/// Serves until `shutdown`, then until the answers that were begun are written.
pub(super) async fn serve(mut doorway: Doorway, router: Router, shutdown: CancellationToken) {
    let open = TaskTracker::new();
    while let Some((socket, address)) = shutdown.run_until_cancelled(doorway.accept()).await {
        prepare(&socket);
        open.spawn(talk(socket, address, router.clone(), shutdown.clone()));
    }
    open.close();
    open.wait().await;
}

fn prepare(socket: &TcpStream) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "a socket keeps its delay");
    }
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(socket, STALLED_MS) {
        tracing::debug!(%error, "a socket that stalls is kept");
    }
}

async fn talk(socket: TcpStream, address: SocketAddr, router: Router, shutdown: CancellationToken) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(address));
        let answer = router.clone().oneshot(request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let mut connection = pin!(server.serve_connection(TokioIo::new(socket), service).with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, %address, "a connection ended early");
    }
}
