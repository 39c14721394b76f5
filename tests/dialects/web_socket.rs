//! A WebSocket as an older system's page has it: texts both ways, and how it is closed.

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::harness::PATIENCE;
use crate::harness::server::Server;

pub struct WebSocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl WebSocket {
    pub async fn open(server: &Server, path: &str) -> WebSocket {
        let url = format!("{}{path}", server.url().replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("a WebSocket");
        WebSocket(socket)
    }

    /// One whose client takes little at once, so that the server notices when it takes nothing.
    pub async fn open_narrow(server: &Server, path: &str) -> WebSocket {
        let narrow = TcpSocket::new_v4().expect("a socket");
        narrow.set_recv_buffer_size(4_096).expect("a small buffer");
        let address = server.url().trim_start_matches("http://").parse().expect("an address");
        let stream = MaybeTlsStream::Plain(narrow.connect(address).await.expect("a connection"));
        let url = format!("{}{path}", server.url().replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a WebSocket");
        WebSocket(socket)
    }

    /// JSON, or a text as it is.
    pub async fn say(&mut self, message: &Value) {
        let text = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        self.0.send(Message::text(text)).await.expect("the socket takes it");
    }

    /// The next message, or the close code.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message within time");
            match message.expect("a close before the end").expect("no error") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Message::Close(close) => return Err(close.map_or(0, |close| u16::from(close.code))),
                _ => {}
            }
        }
    }

    /// The next message that is wanted, and those before it.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> (Value, Vec<Value>) {
        let mut heard = Vec::new();
        loop {
            match self.hear().await {
                Ok(message) if wanted(&message) => return (message, heard),
                Ok(message) => heard.push(message),
                Err(code) => panic!("closed with {code} before {what}; heard {heard:#?}"),
            }
        }
    }

    /// Everything up to the close, and its code.
    pub async fn rest(&mut self) -> (Vec<Value>, u16) {
        let mut heard = Vec::new();
        loop {
            match self.hear().await {
                Ok(message) => heard.push(message),
                Err(code) => return (heard, code),
            }
        }
    }
}
