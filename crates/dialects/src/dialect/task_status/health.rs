//! `GET /ws/health`: how many connections there are, and whether the Redis channel is heard. For operators: strangers are told nothing.

use serde::Serialize;

use super::{SOURCE, refused};
use crate::dialect::{Answer, Request, Step};

#[derive(Serialize)]
struct Healthy {
    status: &'static str,
    total_connections: u64,
    /// Of this server: there is no other.
    local_connections: u64,
    /// One that does not answer is closed, and counts no longer.
    alive_connections: u64,
    dead_connections: u64,
    redis_enabled: bool,
    redis_connected: bool,
    timestamp: String,
}

pub(super) fn health(request: &Request<'_>) -> Step {
    let timestamp = wire::time::show(request.now);
    Step::Health(Box::new(|health| match health {
        Ok(health) => {
            let redis = health.sources.iter().find(|(source, _)| source == SOURCE);
            let all = health.connections;
            let healthy = Healthy {
                status: if redis.is_some_and(|(_, is_heard)| !is_heard) { "degraded" } else { "healthy" },
                total_connections: all,
                local_connections: all,
                alive_connections: all,
                dead_connections: 0,
                redis_enabled: redis.is_some(),
                redis_connected: redis.is_some_and(|(_, is_heard)| *is_heard),
                timestamp,
            };
            Answer::json(200, &healthy).into()
        }
        Err(problem) => refused(&problem).into(),
    }))
}
