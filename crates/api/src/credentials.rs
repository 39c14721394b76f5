//! Who am I, tickets for streams, tokens for browsers.

use axum::extract::State;
use domain::access::{Principal, Scope};
use domain::limits::NAME_BYTES;
use http::{HeaderMap, StatusCode};
use wire::body::{Me, NewTicket, NewToken, Ticket, Token};
use wire::problem::Problem;

use crate::access::{Caller, Opened};
use crate::answers::{Answer, json, json_text};
use crate::body::{JsonBody, OptionalBody};
use crate::context::Context;
use crate::problems::{ApiProblem, Kind};

/// Topics of one ticket: as many as one stream takes.
const TICKET_TOPICS: usize = 20;
/// Shortest, longest and usual life of a token, in seconds.
const TOKEN_SECONDS: (u32, u32, u32) = (10, 86_400, 900);

/// Tell who asks.
#[utoipa::path(
    get, path = "/me", operation_id = "readMe", tag = "access",
    responses(
        (status = 200, description = "The caller", body = Me),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn me(State(context): State<Context>, Caller(known): Caller) -> Answer {
    let principal = known.principal;
    Ok(json(&Me {
        subject: principal.subject.to_string(),
        tenant: principal.tenant.to_string(),
        scopes: principal.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        tenant_wide: principal.view().visibility == domain::Visibility::Tenant,
        open: context.access.is_open(),
        expires_at: principal.expires_at.map(wire::time::show),
    }))
}

/// Get a single-use ticket for a browser's `EventSource`.
#[utoipa::path(
    post, path = "/tickets", operation_id = "makeTicket", tag = "access", request_body = Option<NewTicket>,
    responses(
        (status = 201, description = "A ticket", body = Ticket),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ticket(
    State(context): State<Context>,
    Caller(known): Caller,
    headers: HeaderMap,
    body: OptionalBody<NewTicket>,
) -> Answer {
    known.require(Scope::JobsRead)?;
    if body.value.topics.len() > TICKET_TOPICS {
        let problem = format!("{} topics, at most {TICKET_TOPICS} are allowed", body.value.topics.len());
        return Err(ApiProblem::invalid("topics", problem).limit(TICKET_TOPICS as u64));
    }
    let topic = |value: &serde_json::Value| {
        let topic = wire::convert::topic_in(value).map_err(|why| ApiProblem::invalid("topics", why))?;
        Ok::<_, ApiProblem>(known.resolve(topic))
    };
    let topics = body.value.topics.iter().map(topic).collect::<Result<Vec<_>, _>>()?;
    let (ticket, expires_at) = context.access.ticket(Opened { known, topics }, &headers)?;
    Ok(json_text(StatusCode::CREATED, wire::convert::to_json(&Ticket { ticket, expires_at: wire::time::show(expires_at) })))
}

/// Make a short token for a browser. Only a service may; the token cannot do more than the service.
#[utoipa::path(
    post, path = "/tokens", operation_id = "makeToken", tag = "access", request_body = NewToken,
    responses(
        (status = 201, description = "A token", body = Token),
        (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn token(State(context): State<Context>, Caller(service): Caller, body: JsonBody<NewToken>) -> Answer {
    if !service.is_service {
        return Err(ApiProblem::new(Kind::NotAService, "Ask with the key of a service."));
    }
    let asked = body.value;
    if asked.subject.is_empty() || asked.subject.len() > NAME_BYTES || asked.subject.chars().any(char::is_control) {
        return Err(ApiProblem::invalid("subject", format!("must have 1 to {NAME_BYTES} bytes, without control characters")));
    }
    let scopes = token_scopes(&service, &asked.scopes)?;
    let (least, most, usual) = TOKEN_SECONDS;
    let seconds = asked.expires_in.unwrap_or(usual);
    if !(least..=most).contains(&seconds) {
        return Err(ApiProblem::invalid("expiresIn", format!("{seconds} is not between {least} and {most}")).limit(u64::from(most)));
    }
    let wanted = context.engine.clock().now().plus_ms(u64::from(seconds) * 1_000);
    let principal = Principal {
        subject: asked.subject.into(),
        tenant: service.tenant.clone(),
        scopes,
        is_tenant_wide: false,
        is_service: false,
        expires_at: Some(service.expires_at.map_or(wanted, |end| end.min(wanted))),
    };
    let minted = context.access.mint(principal, &service)?;
    let token = Token { token: minted.token, expires_at: wire::time::show(minted.expires_at) };
    Ok(json_text(StatusCode::CREATED, wire::convert::to_json(&token)))
}

fn token_scopes(service: &Principal, asked: &[String]) -> Result<Vec<Scope>, ApiProblem> {
    let mut scopes = Vec::new();
    for word in asked {
        match Scope::parse(word) {
            Some(scope) if scope != Scope::Admin => scopes.push(scope),
            _ => {
                let problem = "must be among jobs:read, jobs:submit, jobs:control and jobs:report";
                return Err(ApiProblem::invalid("scopes", problem));
            }
        }
    }
    if scopes.is_empty() {
        scopes = vec![Scope::JobsRead, Scope::JobsSubmit, Scope::JobsControl];
    }
    for scope in &scopes {
        service.require(*scope)?;
    }
    scopes.sort();
    scopes.dedup();
    Ok(scopes)
}
