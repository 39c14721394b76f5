//! The routes, and the layers around them.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{Method, Uri};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Context;
use crate::jobs::{actions, changes, claims, listing, output, reading, reports, submit, verbs};
use crate::live::{poll, sse, websocket};
use crate::problems::{ApiProblem, Kind};
use crate::{access, credentials, dashboard, dialects, documents, metering, operations, overview};

/// Where the API stands.
pub const PREFIX: &str = "/api/v1";

/// Every documented route.
pub(crate) fn documented() -> OpenApiRouter<Context> {
    let api = OpenApiRouter::new()
        .routes(routes!(submit::submit, listing::list))
        .routes(routes!(submit::submit_batch))
        .routes(routes!(actions::act))
        .routes(routes!(reading::read, changes::patch, changes::delete))
        .routes(routes!(reading::attempts))
        .routes(routes!(reading::events))
        .routes(routes!(output::output, reports::write_output))
        .routes(routes!(verbs::pause))
        .routes(routes!(verbs::resume))
        .routes(routes!(verbs::abort))
        .routes(routes!(verbs::kill))
        .routes(routes!(verbs::retry))
        .routes(routes!(verbs::run_now))
        .routes(routes!(verbs::rerun))
        .routes(routes!(verbs::answer))
        .routes(routes!(reports::progress))
        .routes(routes!(reports::heartbeat))
        .routes(routes!(reports::complete))
        .routes(routes!(reports::fail))
        .routes(routes!(reports::wait))
        .routes(routes!(claims::claim))
        .routes(routes!(websocket::live))
        .routes(routes!(sse::events))
        .routes(routes!(sse::job))
        .routes(routes!(poll::poll))
        .routes(routes!(overview::stats))
        .routes(routes!(overview::tasks))
        .routes(routes!(credentials::me))
        .routes(routes!(credentials::ticket))
        .routes(routes!(credentials::token));
    OpenApiRouter::with_openapi(documents::base())
        .nest(PREFIX, api)
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
}

/// The whole HTTP side. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, so that addresses are known.
pub fn router(context: Context) -> Router {
    let (documented, _) = documented().split_for_parts();
    dialects::mount(documented, &context.dialects)
        .route("/openapi.json", get(operations::openapi))
        .fallback(dashboard::file)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(context.clone(), access::guard))
        .layer(from_fn_with_state(context.clone(), metering::meter))
        .with_state(context)
}

async fn wrong_method(method: Method, uri: Uri) -> impl IntoResponse {
    let path = domain::limits::cut(uri.path(), 200);
    ApiProblem::new(Kind::MethodNotAllowed, format!("{path} does not take {method}; Allow names what it takes."))
}
