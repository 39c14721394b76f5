//! The list of notices, while none are kept. Two systems have it at the same address: the answer has the fields of both, so that whichever is
//! asked, the pages of both can read it.

use serde::Serialize;

use crate::dialect::Answer;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notices {
    notifications: [(); 0],
    total: u64,
    page: u64,
    limit: u64,
    total_pages: u64,
    unread_count: u64,
    data: NoticePage,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NoticePage {
    notifications: [(); 0],
    unread_count: u64,
    cursor: Option<()>,
    has_more: bool,
}

/// An empty page, of so many as were asked for.
pub(crate) fn page(page: u64, limit: u64) -> Answer {
    let data = NoticePage { notifications: [], unread_count: 0, cursor: None, has_more: false };
    Answer::json(200, &Notices { notifications: [], total: 0, page, limit, total_pages: 0, unread_count: 0, data })
}
