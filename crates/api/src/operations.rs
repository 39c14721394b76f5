//! For operators: health, readiness, metrics, the API document.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::Ordering::Relaxed;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::Scope;
use domain::topic::View;
use domain::{Request, Status, Visibility};
use http::{StatusCode, header};
use wire::problem::Problem;

use crate::access::{Caller, Onlooker};
use crate::answers::{Answer, json, json_text};
use crate::context::Context;
use crate::health::{self, Readiness};
use crate::problems::{ApiProblem, Kind};

/// Tell that the process lives.
#[utoipa::path(get, path = "/healthz", operation_id = "readHealth", tag = "operations", security(()), responses((status = 200, description = "It lives")))]
pub async fn healthz() -> Response {
    json_text(StatusCode::OK, "{\"status\":\"alive\"}".to_owned())
}

/// Tell whether the server can serve: the store reads and writes, and nobody asked it to stop.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readReadiness", tag = "operations", security(()),
    responses(
        (status = 200, description = "It can", body = Readiness),
        (status = 503, description = "It cannot", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn readyz(State(context): State<Context>, Onlooker(known): Onlooker) -> Answer {
    if context.draining.is_cancelled() {
        return Err(ApiProblem::new(Kind::ShuttingDown, "Send requests elsewhere.").retry_after(2));
    }
    let store = context.engine.store();
    store.counts(&default_view()).await.map_err(engine::Error::from)?;
    // Writes nothing, but passes through the writer.
    store.commit(Request::SaveProgress { entries: Vec::new() }).await.map_err(engine::Error::from)?;
    let are_shown = context.metrics_open || known.is_some_and(|known| known.require(Scope::Admin).is_ok());
    let sources = context.sources.iter().filter(|_| are_shown).map(|ask| ask().into()).collect();
    Ok(json(&Readiness { status: "ready", sources }))
}

fn default_view() -> View {
    View { tenant: "default".into(), visibility: Visibility::Tenant }
}

/// The caller of `/metrics`: an administrator, or anybody if the operator says so.
async fn may_measure(context: &Context, caller: Result<Caller, ApiProblem>) -> Result<View, ApiProblem> {
    match (context.metrics_open, caller) {
        (true, _) => Ok(default_view()),
        (false, Ok(caller)) => {
            caller.0.require(Scope::Admin)?;
            Ok(caller.0.view())
        }
        (false, Err(problem)) => Err(problem),
    }
}

/// Metrics as Prometheus text. Jobs are counted in the caller's tenant.
#[utoipa::path(
    get, path = "/metrics", operation_id = "readMetrics", tag = "operations",
    responses(
        (status = 200, description = "Prometheus text", body = String, content_type = "text/plain"),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(State(context): State<Context>, caller: Result<Caller, ApiProblem>) -> Answer {
    let view = may_measure(&context, caller).await?;
    let counts = context.engine.store().counts(&view).await.map_err(engine::Error::from)?;
    let mut out = String::from("# HELP tidings_jobs Jobs by status.\n# TYPE tidings_jobs gauge\n");
    for status in Status::ALL {
        let _ = writeln!(out, "tidings_jobs{{status=\"{status}\"}} {}", counts.of(*status));
    }
    let head = context.engine.store().head();
    gauge(&mut out, "tidings_log_head", "Place of the newest committed event.", head.place);
    gauge(&mut out, "tidings_log_floor", "Events at or below are no longer kept.", head.floor);
    for (name, help, counter) in [
        ("tidings_released_total", "Events handed on to watchers.", &context.released.released),
        ("tidings_released_refetched_total", "Events read from the log behind a hole of the bus.", &context.released.refetched),
        (
            "tidings_released_late_total",
            "Events that only the look at the head of the log found. Healthy: 0.",
            &context.released.found_late,
        ),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", counter.load(Relaxed));
    }
    live_metrics(&mut out, context.hub.stats());
    health::write(&mut out, &context.sources);
    context.counts.write(&mut out);
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((content_type, out).into_response())
}

fn live_metrics(out: &mut String, stats: &gateway::HubStats) {
    gauge(out, "tidings_live_connections", "Open live connections of all edges.", stats.connections.load(Relaxed) as u64);
    gauge(out, "tidings_live_subscriptions", "Subscriptions of all connections.", stats.subscriptions.load(Relaxed) as u64);
    gauge(out, "tidings_live_outbox_bytes", "Bytes that wait for all connections.", stats.outbox_bytes.load(Relaxed) as u64);
    for (name, help, counter) in [
        ("tidings_live_frames_total", "Frames that edges took.", &stats.frames_out),
        ("tidings_live_bytes_total", "Bytes of frames that edges took.", &stats.bytes_out),
        ("tidings_live_conflated_total", "Progress that was overtaken before it was taken.", &stats.conflated),
        ("tidings_live_behind_total", "Times that a connection was put behind.", &stats.behind),
        ("tidings_live_cut_total", "Connections closed as too slow.", &stats.cut),
        ("tidings_live_snapshot_queries_total", "Snapshots that were read from the store.", &stats.snapshot_queries),
        ("tidings_live_ring_resumes_total", "Resumes served from memory alone.", &stats.ring_resumes),
        ("tidings_live_log_resumes_total", "Resumes that read the log.", &stats.log_resumes),
        ("tidings_live_resets_total", "Resumes that became snapshots.", &stats.resets),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", counter.load(Relaxed));
    }
}

fn gauge(out: &mut String, name: &str, help: &str, value: u64) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
}

pub async fn openapi() -> Response {
    static DOCUMENT: LazyLock<String> = LazyLock::new(crate::documents::openapi_json);
    json_text(StatusCode::OK, DOCUMENT.clone())
}
