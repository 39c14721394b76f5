//! A live connection's frames through the gateway: each line of an input is one message. What comes back are frames of the protocol, and a
//! connection that was refused is closed with a code.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::access::{Principal, Scope};
use gateway::{AuthRefusal, Authenticator, Edge, Peer};
use wire::close::Close;
use wire::frame::ServerFrame;

use crate::Target;
use crate::world::visit;

pub(crate) const TARGET: Target = Target {
    name: "live",
    check,
    words: &[
        "{\"type\":\"auth\"}\n",
        "{\"type\":\"auth\",\"token\":\"x\"}\n",
        "{\"type\":\"ping\"}\n",
        "{\"type\":\"unsubscribe\",\"id\":1}\n",
        "{\"type\":\"subscribe\",\"id\":1,\"topic\":{\"tenant\":true}}\n",
        "{\"type\":\"subscribe\",\"id\":2,\"topic\":{\"stats\":true}}\n",
        "\"after\":\"k3x9-1\"",
        "{\"type\":\"subscribe\",\"id\":3,\"topic\":{\"output\":\"job_00000000000000000000000000\"},\"after\":\"1:0\"}\n",
        "4294967295",
        "4294967296",
        "-1",
        "{\"tasks\":true}",
        "{\"owner\":\"me\"}",
    ],
};

/// How long a connection may have nothing to send, on a clock that jumps over waits: less than a heartbeat.
const QUIET: Duration = Duration::from_secs(5);
/// Bytes of a refusal's words.
const WORDS: usize = 1_000;

/// Lets in whoever has no token, as open mode does.
struct Open;

#[async_trait]
impl Authenticator for Open {
    async fn authenticate(&self, token: Option<&str>) -> Result<Principal, AuthRefusal> {
        if token.is_some() {
            return Err(AuthRefusal::new(Close::Unauthenticated, "no token is known here"));
        }
        Ok(Principal {
            subject: "local".into(),
            tenant: "default".into(),
            scopes: Scope::ALL.to_vec(),
            is_tenant_wide: true,
            is_service: true,
            expires_at: None,
        })
    }
}

fn check(input: &[u8]) {
    visit(async |world| {
        let peer = Peer { edge: Edge::Socket, authenticator: Arc::new(Open), principal: None };
        let connection = world.hub.open(peer).expect("there is room for one");
        for message in input.split(|byte| *byte == b'\n').filter(|message| !message.is_empty()).take(50) {
            connection.receive(message).await;
        }
        // Until it has nothing to say, or is closed.
        for _ in 0..200 {
            let Ok(Ok(frames)) = tokio::time::timeout(QUIET, connection.next()).await else { break };
            for frame in frames {
                let text = std::str::from_utf8(frame.json()).expect("a frame is text");
                let read: ServerFrame = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
                if let ServerFrame::Error { code, message, .. } = read {
                    assert!(!code.is_empty() && message.len() < WORDS, "a refusal is a sentence: {text}");
                }
            }
        }
    });
}
