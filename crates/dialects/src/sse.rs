//! Bytes of an event stream (HTML standard, section 9.2): events without a name, comments, the time until a client comes back.

/// One event. JSON of ours has no line breaks.
pub(crate) fn event(id: Option<&str>, data: &str) -> String {
    match id {
        Some(id) => format!("id: {id}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    }
}

/// What keeps proxies from closing a stream, and is no event.
pub(crate) fn keep_alive() -> String {
    ": keep-alive\n\n".to_owned()
}

/// What an `EventSource` waits before it connects again.
pub(crate) fn retry(ms: u64) -> String {
    format!("retry: {ms}\n\n")
}
