//! One connection to a Redis: it hears a channel, publishes on it, and tells when it is gone.
//!
//! It reconnects nothing: whoever holds it makes another. That Redis lives is asked with PING, since a connection on which nobody speaks
//! looks the same as one that is dead.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use tokio::sync::Notify;

use crate::address::Address;

/// How long a connection may take to be made, TLS and sign-in included.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long Redis may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(5);

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// The connection is of no use any more.
    Gone(String),
    /// Redis does not want to.
    Refused(String),
}

/// A connection that hears a channel.
pub(crate) struct Link {
    connection: MultiplexedConnection,
    channel: String,
    gone: Arc<Notify>,
}

impl Link {
    /// Connects and subscribes. From then on `hear` is called with each message, in the order of the channel; it must not wait.
    pub(crate) async fn open(
        address: &Address,
        channel: &str,
        hear: impl Fn(Vec<u8>) + Send + Sync + 'static,
    ) -> Result<Link, String> {
        let gone = Arc::new(Notify::new());
        let rung = gone.clone();
        let config = config().set_push_sender(move |push: PushInfo| -> Result<(), ()> {
            match push.kind {
                PushKind::Disconnection => rung.notify_one(),
                PushKind::Message => {
                    if let Some(Value::BulkString(message)) = push.data.into_iter().nth(1) {
                        hear(message);
                    }
                }
                _ => {}
            }
            Ok(())
        });
        let mut connection = connect(address, config).await?;
        connection.subscribe(channel).await.map_err(|error| format!("SUBSCRIBE {channel}: {}", in_words(&error)))?;
        Ok(Link { connection, channel: channel.to_owned(), gone })
    }

    /// Publishes these, in this order, and answers when Redis took all of them.
    pub(crate) async fn publish(&self, messages: &[String]) -> Result<(), LinkError> {
        let mut pipe = redis::pipe();
        for message in messages {
            pipe.cmd("PUBLISH").arg(&self.channel).arg(message);
        }
        // How many heard each of them; or why it was refused, which is told by itself and not among all.
        let taken: Result<Vec<RedisResult<u64>>, RedisError> = pipe.ignore_errors().query_async(&mut self.connection.clone()).await;
        let taken = taken.map_err(|error| LinkError::Gone(in_words(&error)))?;
        match taken.into_iter().find_map(Result::err) {
            Some(refusal) => Err(LinkError::Refused(in_words(&refusal))),
            None => Ok(()),
        }
    }

    /// Answers when the connection is gone, and why.
    pub(crate) async fn until_gone(&self) -> String {
        loop {
            tokio::select! {
                () = self.gone.notified() => return "the connection was closed".to_owned(),
                () = tokio::time::sleep(PING_EVERY) => {}
            }
            if let Err(error) = redis::cmd("PING").exec_async(&mut self.connection.clone()).await {
                return in_words(&error);
            }
        }
    }
}

/// Connects and answers what is there: whether an address works.
pub async fn probe(address: &Address) -> Result<String, String> {
    let mut connection = connect(address, config()).await?;
    redis::cmd("PING").exec_async(&mut connection).await.map_err(|error| in_words(&error))?;
    // Who may hear and publish need not be allowed to ask for this.
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.unwrap_or_default();
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.map_or_else(|| "a Redis".to_owned(), |version| format!("Redis {version}")))
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_WITHIN)).set_response_timeout(Some(ANSWER_WITHIN))
}

async fn connect(address: &Address, config: AsyncConnectionConfig) -> Result<MultiplexedConnection, String> {
    let client = Client::open(address.info()).map_err(|error| in_words(&error))?;
    client.get_multiplexed_async_connection_with_config(&config).await.map_err(|error| in_words(&error))
}

/// What went wrong. Redis' own sentences do not repeat what was sent to it.
fn in_words(error: &RedisError) -> String {
    match error.kind() {
        _ if error.is_timeout() => format!("it did not answer within {} s", ANSWER_WITHIN.as_secs()),
        ErrorKind::RESP3NotSupported => "it is older than Redis 6, and speaks no RESP3".to_owned(),
        _ => error.to_string(),
    }
}
