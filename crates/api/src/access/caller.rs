//! The caller of a request, as an argument of its handler: without one, no use case can be called.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;

use super::{Known, Shown, Unknown};
use crate::context::Context;
use crate::problems::ApiProblem;

/// Who asks, within its request limit.
pub struct Caller(pub Known);

/// Where a request comes from; `None` when nobody knows. Refused callers are counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address(pub Option<IpAddr>);

impl Address {
    pub(crate) fn of(parts: &Parts) -> Address {
        Address(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Address, Infallible> {
        Ok(Address::of(parts))
    }
}

impl FromRequestParts<Context> for Caller {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Caller, ApiProblem> {
        match context.access.who(&Shown::of_parts(&context.access, parts)).await {
            Ok(known) => {
                context.limits.check_principal(&known, context.access.is_open())?;
                Ok(Caller(known))
            }
            Err(unknown) => {
                if unknown.is_guess() {
                    context.limits.check_address(Address::of(parts))?;
                }
                Err(unknown.into())
            }
        }
    }
}

/// Who asks where nobody has to say it. A wrong token counts as a guess, none does not.
pub struct Onlooker(pub Option<Known>);

impl FromRequestParts<Context> for Onlooker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Onlooker, Infallible> {
        let known = match context.access.who(&Shown::of_parts(&context.access, parts)).await {
            Ok(known) => context.limits.check_principal(&known, context.access.is_open()).is_ok().then_some(known),
            Err(unknown) => {
                if unknown.is_guess() && unknown != Unknown::Missing {
                    let _ = context.limits.check_address(Address::of(parts));
                }
                None
            }
        };
        Ok(Onlooker(known))
    }
}
