//! The WebSocket edge, over a real socket.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::rig::{Rig, SOON, ann, closed_config};

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

pub async fn serve(rig: &Rig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = rig.app.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

pub async fn connect(address: SocketAddr, origin: Option<&'static str>) -> Result<Socket, Error> {
    let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
    connect_with(address, &headers).await
}

/// Connects with these headers in the handshake.
pub async fn connect_with(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}/api/v1/live").into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    Ok(Socket(tokio_tungstenite::connect_async(request).await?.0))
}

impl Socket {
    pub async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("an open socket");
    }

    pub async fn message(&mut self) -> Message {
        let message = tokio::time::timeout(SOON, self.0.next()).await.expect("a message in time");
        message.expect("an open socket").expect("a message")
    }

    /// The next frame of this type; others are passed over.
    pub async fn frame(&mut self, kind: &str) -> Value {
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

    /// All frames up to the one that is wanted.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|frame| !wanted(frame)) {
            match self.message().await {
                Message::Text(text) => heard.push(serde_json::from_str(&text).expect("JSON")),
                other => panic!("{other:?} after {heard:#?}"),
            }
        }
        heard
    }

    pub async fn close_code(&mut self) -> u16 {
        self.close_reason().await.0
    }

    /// The code of the close that comes next; nothing before it may speak of this job.
    pub async fn close_code_without(&mut self, job: &str) -> u16 {
        loop {
            match self.message().await {
                Message::Close(frame) => return frame.expect("a reason").code.into(),
                message => assert!(!message.to_string().contains(job), "{message}"),
            }
        }
    }

    /// The close that comes next, other messages passed over: its code and its name.
    pub async fn close_reason(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.message().await {
                let frame = frame.expect("a reason");
                return (frame.code.into(), frame.reason.to_string());
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
