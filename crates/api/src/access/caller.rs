//! The caller of a request, as an argument of its handler: without one, no use case can be called.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use domain::access::Principal;
use http::request::Parts;
use http::{HeaderMap, header};

use super::Unknown;
use crate::context::Context;
use crate::problems::ApiProblem;

/// Who asks, within its request limit.
pub struct Caller(pub Principal);

/// The token of `Authorization: Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(super) fn address(parts: &Parts) -> String {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(|| "unknown".to_owned(), |ConnectInfo(peer)| peer.ip().to_string())
}

impl FromRequestParts<Context> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Caller, ApiProblem> {
        match context.access.by_token(bearer(&parts.headers)).await {
            Ok(principal) => {
                context.limits.check_principal(&principal, context.access.is_open())?;
                Ok(Caller(principal))
            }
            Err(unknown) => {
                // A token that was good once is nobody's guess.
                if unknown != Unknown::Expired {
                    context.limits.check_address(&address(parts))?;
                }
                Err(unknown.into())
            }
        }
    }
}
