//! The WebSocket edge, over a real socket.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::rig::{NOW, Rig, SOON, ann, closed_config, token};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

async fn serve(rig: &Rig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = rig.app.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn connect(address: SocketAddr, origin: Option<&'static str>) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/api/v1/live").into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", http::HeaderValue::from_static(origin));
    }
    Ok(Socket(tokio_tungstenite::connect_async(request).await?.0))
}

impl Socket {
    async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("an open socket");
    }

    async fn message(&mut self) -> Message {
        let message = tokio::time::timeout(SOON, self.0.next()).await.expect("a message in time");
        message.expect("an open socket").expect("a message")
    }

    /// The next frame of this type; others are passed over.
    async fn frame(&mut self, kind: &str) -> Value {
        loop {
            match self.message().await {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    if frame["type"] == kind {
                        return frame;
                    }
                }
                other => panic!("no {kind}, but {other:?}"),
            }
        }
    }

    async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.message().await {
                return frame.expect("a reason").code.into();
            }
        }
    }
}

#[tokio::test]
async fn a_watcher_gets_the_state_and_what_happens() {
    let rig = Rig::closed();
    let id = rig.submitted(&ann()).await;
    let address = serve(&rig).await;
    let mut socket = connect(address, None).await.expect("a socket");
    socket.frame("hello").await;
    socket.send(json!({"type": "auth", "token": ann()})).await;
    assert_eq!(socket.frame("authenticated").await["principal"]["subject"], "ann");
    socket.send(json!({"type": "subscribe", "id": 1, "topic": {"owner": "me"}})).await;
    assert_eq!(socket.frame("snapshot").await["jobs"][0]["id"], json!(id));
    assert_eq!(socket.frame("live").await["resumed"], false);
    let other = rig.submitted(&ann()).await;
    let update = socket.frame("update").await;
    assert_eq!((update["kind"].clone(), update["job"]["id"].clone()), (json!("submitted"), json!(other)));
    socket.send(json!({"type": "ping"})).await;
    socket.frame("pong").await;
}

#[tokio::test]
async fn who_may_not_is_told_so_by_the_close_code() {
    let rig = Rig::closed();
    let address = serve(&rig).await;
    let expired = token("ann", json!({"exp": NOW.0 / 1_000 - 60}));
    for (frame, code) in [
        (json!({"type": "auth", "token": "x"}), 4200),
        (json!({"type": "auth"}), 4200),
        (json!({"type": "auth", "token": expired}), 4100),
    ] {
        let mut socket = connect(address, None).await.expect("a socket");
        socket.send(frame.clone()).await;
        assert_eq!(socket.close_code().await, code, "{frame}");
    }
    let mut socket = connect(address, None).await.expect("a socket");
    socket.send(json!({"type": "auth", "token": "x".repeat(70_000)})).await;
    assert_eq!(socket.close_code().await, 4202);
    match connect(address, Some("https://evil.example")).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("a foreign origin got in: {:?}", other.is_ok()),
    }
}

#[tokio::test]
async fn changed_rules_and_a_stop_end_connections() {
    let rig = Rig::closed();
    let address = serve(&rig).await;
    let mut socket = connect(address, None).await.expect("a socket");
    socket.send(json!({"type": "auth", "token": ann()})).await;
    socket.frame("authenticated").await;
    rig.context.access.replace(api::AccessConfig { own_secret: [8; 32], ..closed_config() }).expect("a good configuration");
    rig.context.engine.rights_changed(None);
    let code = socket.close_code().await;
    assert!((4100..4300).contains(&code), "{code}");

    let mut socket = connect(address, None).await.expect("a socket");
    socket.frame("hello").await;
    rig.context.shutdown.cancel();
    assert_eq!(socket.close_code().await, 4000);
    rig.context.tasks.close();
    drop(socket);
    tokio::time::timeout(SOON, rig.context.tasks.wait()).await.expect("all connections end");
}
