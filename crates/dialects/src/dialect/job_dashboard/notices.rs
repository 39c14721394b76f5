//! Notices of system 3: none are kept yet, so that every list is empty, nothing is unread, and no notice has an id. Answers have the fields of
//! both forms of that system, bare and in `data`.

use serde::Serialize;

use super::error;
use crate::dialect::{Answer, Request, Step};
use crate::no_notices;

/// Notices of a list unless the query says otherwise.
const USUAL: u64 = 50;

/// `GET /api/notifications?limit=&offset=` or `&cursor=`
pub(super) fn list(request: &Request<'_>) -> Step {
    let limit = request.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(USUAL);
    no_notices::page(1, limit).into()
}

#[derive(Serialize)]
struct Count {
    count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UnreadCount {
    unread_count: u64,
    data: Count,
}

/// `GET /api/notifications/unread-count`
pub(super) fn unread_count(_: &Request<'_>) -> Step {
    Answer::json(200, &UnreadCount { unread_count: 0, data: Count { count: 0 } }).into()
}

#[derive(Serialize)]
struct ReadAll {
    count: u64,
    message: &'static str,
    data: Count,
}

/// `POST /api/notifications/read-all`
pub(super) fn read_all(_: &Request<'_>) -> Step {
    Answer::json(200, &ReadAll { count: 0, message: "Marked 0 notifications as read", data: Count { count: 0 } }).into()
}

/// `PATCH /api/notifications/:id/read` and `DELETE /api/notifications/:id`
pub(super) fn one(_: &Request<'_>) -> Step {
    error(404, "NOTIFICATION_NOT_FOUND", "Notification not found").into()
}

/// `POST /api/notifications`
pub(super) fn post(_: &Request<'_>) -> Step {
    error(501, "NOTIFICATIONS_NOT_SUPPORTED", "Notices are not kept yet.").into()
}
