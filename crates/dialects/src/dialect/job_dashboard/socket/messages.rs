//! What is said over the socket of system 3, both ways.

use serde::{Deserialize, Serialize};

use super::super::record::Record;
use super::super::words::Buckets;

pub(super) enum FromClient {
    Auth {
        token: Option<String>,
    },
    SubscribeJobs,
    UnsubscribeJobs,
    Ping,
    Pong,
    FetchNotifications,
    /// Its type, as far as it has one.
    Unknown(String),
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    token: Option<String>,
}

impl FromClient {
    pub(super) fn read(text: &str) -> FromClient {
        let Ok(message) = serde_json::from_str::<Message>(text) else { return FromClient::Unknown("not JSON with a type".into()) };
        match message.r#type.as_str() {
            "auth" => FromClient::Auth { token: message.token },
            "subscribe_jobs" => FromClient::SubscribeJobs,
            "unsubscribe_jobs" => FromClient::UnsubscribeJobs,
            "ping" => FromClient::Ping,
            "pong" => FromClient::Pong,
            "fetch_notifications" => FromClient::FetchNotifications,
            other => FromClient::Unknown(domain::limits::cut(other, 100)),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(super) enum ToClient<'a> {
    AuthRequired { message: &'static str },
    Connected { message: &'static str, timestamp: String },
    AuthFailed { message: &'static str },
    UnreadCount { unread_count: u64 },
    JobsSubscribed { message: &'static str },
    JobUpdate { job: Box<Record<'a>>, timestamp: &'a str },
    JobStatsUpdate { stats: Buckets, timestamp: String },
    NotificationsList { notifications: [(); 0] },
    Ping,
    Pong,
    Error { message: &'a str },
}

impl<'a> ToClient<'a> {
    pub(super) fn connected(timestamp: String) -> ToClient<'a> {
        ToClient::Connected { message: "WebSocket connection established", timestamp }
    }

    pub(super) fn jobs_subscribed() -> ToClient<'a> {
        ToClient::JobsSubscribed { message: "Subscribed to job updates" }
    }

    pub(super) fn job_update(job: Record<'a>, timestamp: &'a str) -> ToClient<'a> {
        ToClient::JobUpdate { job: Box::new(job), timestamp }
    }
}
