//! Older systems' contracts at their addresses: requests are taken apart here, told to a dialect, and the steps that it answers are carried
//! out with the caller's rights. What the contracts say stands in the crate `dialects`; nothing here knows one of them.

mod readings;
mod session;
mod socket;
mod steps;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use dialects::Dialect;
use dialects::addresses::{Address, Meant, Way, addresses};
use dialects::dialect::{Answer, Method, Serves};
use http::request::Parts;
use http::{StatusCode, header};

use crate::access::Caller;
use crate::answers::json_text;
use crate::body;
use crate::context::Context;
use crate::problems::ApiProblem;
use crate::queries::Pairs;
use readings::Readings;

/// Adds the addresses of the dialects that are on.
pub(crate) fn mount(router: Router<Context>, on_now: &[&'static dyn Dialect]) -> Router<Context> {
    let readings = Arc::new(Readings::default());
    addresses(on_now).into_iter().fold(router, |router, address| {
        let (path, filter) = (address.path.clone(), filter(address.way));
        let (address, readings) = (Arc::new(address), readings.clone());
        let serve = move |State(context): State<Context>, request: Request| {
            let (address, readings) = (address.clone(), readings.clone());
            async move { serve(&address, readings, context, request).await }
        };
        router.route(&path, on(filter, serve))
    })
}

fn filter(way: Way) -> MethodFilter {
    match way {
        Way::Http(Method::Get) | Way::Socket => MethodFilter::GET,
        Way::Http(Method::Post) => MethodFilter::POST,
        Way::Http(Method::Put) => MethodFilter::PUT,
        Way::Http(Method::Patch) => MethodFilter::PATCH,
        Way::Http(Method::Delete) => MethodFilter::DELETE,
    }
}

async fn serve(address: &Address, readings: Arc<Readings>, context: Context, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let query = Pairs::of(&parts.uri).map(Pairs::into_all);
    let has = |name: &str| query.as_ref().is_ok_and(|query| query.iter().any(|(key, value)| key == name && !value.is_empty()));
    let Some(meant) = address.meant(has) else { return StatusCode::NOT_FOUND.into_response() };
    let params = match RawPathParams::from_request_parts(&mut parts, &()).await {
        Ok(params) => params.iter().map(|(_, value)| value.to_owned()).collect(),
        Err(_) => return refused(meant, &ApiProblem::no_job()),
    };
    let asked = match query {
        Ok(query) => Asked { meant, params, query, readings },
        Err(problem) => return refused(meant, &problem),
    };
    let answered = match meant.route.serves {
        Serves::Socket(open) => socket::upgrade(&context, &asked, open, parts).await,
        Serves::Http(_, handle) => {
            let caller = match Caller::from_request_parts(&mut parts, &context).await {
                Ok(caller) => caller,
                Err(problem) => return refused(meant, &problem),
            };
            match body::optional_bytes(&parts.headers, body).await {
                Ok(body) => Ok(steps::carry_out(&context, caller, &asked, handle, &parts, body).await),
                Err(problem) => Err(problem),
            }
        }
    };
    answered.unwrap_or_else(|problem| refused(meant, &problem))
}

/// A request that is taken apart, and the route that it is for.
struct Asked {
    meant: Meant,
    params: Vec<String>,
    query: Vec<(String, String)>,
    readings: Arc<Readings>,
}

impl Asked {
    fn request<'a>(&'a self, context: &Context, parts: &'a Parts, body: &'a [u8]) -> dialects::dialect::Request<'a> {
        let last_event_id = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
        dialects::dialect::Request {
            params: &self.params,
            query: &self.query,
            last_event_id: last_event_id.filter(|id| !id.is_empty()),
            body,
            now: context.engine.clock().now(),
        }
    }
}

/// A refusal in the shape of the dialect, with the headers that say what to do next.
fn refused(meant: Meant, problem: &ApiProblem) -> Response {
    with_advice(response(meant.dialect.refuse(problem.problem())), problem)
}

fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match answer.body.is_empty() {
        true => status.into_response(),
        false => json_text(status, answer.body),
    }
}

/// Takes over the headers of the problem that an answer tells of, if it has the same status.
fn with_advice(mut response: Response, problem: &ApiProblem) -> Response {
    if response.status().as_u16() != problem.problem().status {
        return response;
    }
    let told = problem.clone().into_response();
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = told.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
