//! An ordinary axum app with two slow routes. The lines marked `tidings` made them tracked jobs; without them it is what it was, and work
//! that ended when the browser left.
//!
//! ```text
//! GET  /                page.html, which finds its report again after a reload
//! POST /reports         {rows?, delayMs?, session?}: the report as JSON, when it is done
//! GET  /reports/stream  ?rows=&delayMs=&session=: the app's own events: `progress`, then `done` or `failed`
//! ```
//!
//! Environment: PORT (8443), TIDINGS_URL (http://127.0.0.1:8430), TIDINGS_TOKEN (none in open mode), LEASE_MS (30000). OWNER stands for the
//! signed-in user, whom a real app takes from its own session, never from the request.

mod report;

use std::convert::Infallible;
use std::env;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use client::wire::record::Progress; // tidings
use client::{Client, Habits, Job, ShutDown, Stopped, TrackError, TrackOptions, Tracker}; // tidings
use futures::Stream;
use report::{Build, Report};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    rows: Option<u64>,
    delay_ms: Option<u64>,
    session: Option<String>,
}

async fn reports(State(tidings): State<Tracker>, Json(order): Json<Order>) -> Result<Json<Report>, Refusal> {
    let mut build = build(&order)?;
    let about = about(order, &build);
    // tidings: the closure and the two lines at its head
    let work = async move |job: Job| {
        while let Some(row) = build.next() {
            job.checkpoint().await?;
            job.progress_of(progress(row, &build));
            build.add(row).await;
        }
        Ok::<_, Stopped>(build.report())
    };
    Ok(Json(tidings.track("report", about, work).await?)) // tidings
}

async fn stream(
    State(tidings): State<Tracker>,
    Query(order): Query<Order>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let mut build = build(&order)?;
    let about = about(order, &build);
    let (sender, mut news) = mpsc::unbounded_channel();
    // A browser that left takes nothing more; the work goes on.
    let send = move |name: &str, data: Value| sender.send(Event::default().event(name).data(data.to_string())).ok();
    let send_step = send.clone();
    // tidings: the closure and the two lines at its head
    let work = async move |job: Job| {
        while let Some(row) = build.next() {
            job.checkpoint().await?;
            job.progress_of(progress(row, &build));
            send_step("progress", shown(&progress(row, &build)));
            build.add(row).await;
        }
        Ok::<_, Stopped>(build.report())
    };
    let tracking = tidings.track("report", about, work); // tidings
    tokio::spawn(async move {
        match tracking.await {
            Ok(report) => send("done", json!(report)),
            Err(error) => send("failed", json!({"error": error.to_string()})),
        }
    });
    Ok(Sse::new(futures::stream::poll_fn(move |context| news.poll_recv(context).map(|event| event.map(Ok)))))
}

fn progress(row: u64, build: &Build) -> Progress {
    let percentage = (100 * row / build.rows) as f64;
    let message = format!("order {row}").into();
    Progress {
        percentage: Some(percentage),
        current: Some(row),
        total: Some(build.rows),
        message: Some(message),
        ..Progress::default()
    }
}

/// What the app's own events say.
fn shown(Progress { percentage, current, total, message, .. }: &Progress) -> Value {
    json!({"percentage": percentage, "current": current, "total": total, "message": message})
}

/// What the job is about, and where a page that comes back finds it.
fn about(order: Order, build: &Build) -> TrackOptions {
    TrackOptions {
        owner: env::var("OWNER").ok(),
        session: order.session,
        subject: Some(("report".to_owned(), build.rows.to_string())),
        title: Some(format!("Report of {} orders", build.rows)),
        input: Some(json!({"rows": build.rows, "delayMs": build.delay.as_millis() as u64})),
        ..TrackOptions::default()
    }
}

fn build(order: &Order) -> Result<Build, Refusal> {
    let (rows, delay_ms) = (order.rows.unwrap_or(20), order.delay_ms.unwrap_or(100));
    if !(1..=10_000).contains(&rows) || delay_ms > 10_000 {
        let words = "rows is from 1 to 10000, delayMs from 0 to 10000";
        return Err(Refusal(StatusCode::BAD_REQUEST, words.to_owned()));
    }
    Ok(Build::new(rows, Duration::from_millis(delay_ms)))
}

struct Refusal(StatusCode, String);

impl From<TrackError<Stopped>> for Refusal {
    fn from(error: TrackError<Stopped>) -> Refusal {
        let status = match &error {
            TrackError::Work(_) | TrackError::Stopped { .. } => StatusCode::CONFLICT,
            TrackError::NotBegun(_) => StatusCode::SERVICE_UNAVAILABLE,
            TrackError::Panicked(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refusal(status, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let said = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
    let url = said("TIDINGS_URL", "http://127.0.0.1:8430");
    let client = Client::new(&url, env::var("TIDINGS_TOKEN").ok())?; // tidings
    let lease = Some(Duration::from_millis(said("LEASE_MS", "30000").parse()?));
    let tidings = Tracker::with_habits(client, Habits { lease, ..Habits::default() }); // tidings
    let page = include_str!("../page.html").replace("TIDINGS_URL", &url);
    let app = Router::new()
        .route("/", get(async || Html(page)))
        .route("/reports", post(reports))
        .route("/reports/stream", get(stream))
        .with_state(tidings.clone());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", said("PORT", "8443"))).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut asked = signal(SignalKind::terminate())?;
    let stop = async move {
        asked.recv().await;
        tidings.shut_down(ShutDown { reason: "the app was restarted".to_owned(), ..ShutDown::default() }).await; // tidings
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    Ok(())
}
