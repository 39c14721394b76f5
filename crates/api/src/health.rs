//! How the sources of mirrored jobs are, for `/readyz` and `/metrics`. Whoever wires the program hands in how to ask; nothing here knows a source.

use std::fmt::Write as _;
use std::sync::Arc;

use domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// How one source is.
#[derive(Debug, Clone)]
pub struct SourceHealth {
    pub name: &'static str,
    pub is_connected: bool,
    /// Since when it is, or is not; `None` before the first try.
    pub since: Option<Timestamp>,
    /// What is wrong.
    pub problem: Option<String>,
    pub counts: SourceCounts,
}

/// What a source counted since the server started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceCounts {
    /// Messages that came in.
    pub received: u64,
    /// Of these, put down to their job.
    pub taken: u64,
    /// Of these, not understood, or about something that cannot be.
    pub refused: u64,
    /// Of these, the server's own, or about jobs that run here.
    pub passed_over: u64,
    /// Of these, dropped because too many waited.
    pub dropped: u64,
    /// Of these, waiting to be looked at now.
    pub waiting: u64,
    /// Messages that went out.
    pub published: u64,
    /// Committed events that were not looked at yet for what is to go out.
    pub behind: u64,
}

/// Asks how a source is now.
pub type AskSource = Arc<dyn Fn() -> SourceHealth + Send + Sync>;

/// Whether the server can serve.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// `ready`.
    pub status: &'static str,
    /// How the sources of mirrored jobs are: for administrators, or for all if `[access] metrics` is open. A source that is away does not keep
    /// the server from serving.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceRecord>,
}

/// How a source is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceRecord {
    pub name: &'static str,
    pub connected: bool,
    /// Since when it is, or is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(flatten)]
    pub counts: SourceCounts,
}

impl From<SourceHealth> for SourceRecord {
    fn from(health: SourceHealth) -> SourceRecord {
        SourceRecord {
            name: health.name,
            connected: health.is_connected,
            since: health.since.map(wire::time::show),
            problem: health.problem,
            counts: health.counts,
        }
    }
}

/// Prometheus text of all sources.
pub(crate) fn write(out: &mut String, sources: &[AskSource]) {
    let now: Vec<SourceHealth> = sources.iter().map(|ask| ask()).collect();
    if now.is_empty() {
        return;
    }
    type Value = fn(&SourceHealth) -> u64;
    let series: [(&str, &str, &str, Value); 9] = [
        ("connected", "gauge", "Whether a source is connected.", |source| source.is_connected.into()),
        ("waiting", "gauge", "Messages that came in and were not looked at yet.", |source| source.counts.waiting),
        ("behind", "gauge", "Committed events that were not looked at yet for what is to go out.", |source| source.counts.behind),
        ("received_total", "counter", "Messages that came in.", |source| source.counts.received),
        ("taken_total", "counter", "Messages that were put down to their job.", |source| source.counts.taken),
        ("refused_total", "counter", "Messages that were not understood.", |source| source.counts.refused),
        ("passed_over_total", "counter", "Own messages, and those about jobs that run here.", |source| source.counts.passed_over),
        ("dropped_total", "counter", "Messages dropped because too many waited. Healthy: 0.", |source| source.counts.dropped),
        ("published_total", "counter", "Messages that went out.", |source| source.counts.published),
    ];
    for (name, kind, help, value) in series {
        let _ = writeln!(out, "# HELP tidings_source_{name} {help}\n# TYPE tidings_source_{name} {kind}");
        for source in &now {
            let _ = writeln!(out, "tidings_source_{name}{{source=\"{}\"}} {}", source.name, value(source));
        }
    }
}
