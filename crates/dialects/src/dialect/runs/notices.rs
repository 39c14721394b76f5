//! Notices of system 0: none are kept yet, so that the list is empty and nothing is unread.

use serde::{Deserialize, Serialize};

use super::error;
use crate::dialect::{Answer, Request, Step};
use crate::no_notices;

/// Notices of a page: unless told, and at most.
const LIMIT: (u64, u64) = (20, 100);

/// `GET /api/notifications?limit=&page=`
pub(super) fn list(request: &Request<'_>) -> Step {
    let number = |name: &str, usual: u64| request.query(name).map_or(Some(usual), |number| number.parse().ok().filter(|n| *n > 0));
    match number("limit", LIMIT.0).zip(number("page", 1)) {
        Some((limit, page)) => no_notices::page(page, limit.min(LIMIT.1)).into(),
        None => error(400, "limit and page must be whole numbers above 0").into(),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Read {
    id: Option<String>,
    all: bool,
}

#[derive(Serialize)]
struct Done {
    success: bool,
}

/// `PATCH /api/notifications/read {id}` or `{all: true}`
pub(super) fn read(request: &Request<'_>) -> Step {
    match serde_json::from_slice(request.body) {
        Ok(Read { all: true, .. }) => Answer::json(200, &Done { success: true }).into(),
        Ok(Read { id: Some(_), .. }) => error(404, "Notification not found").into(),
        _ => error(400, "Say {id} or {all: true}").into(),
    }
}
