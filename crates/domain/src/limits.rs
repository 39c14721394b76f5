//! Every bound, with its unit and what happens there. A refusal names the constant's meaning and its value.

/// Bytes of an input or a result. Above: refused with `too_large`.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// Arrays and objects of a payload that may stand in each other. Deeper: refused.
pub const JSON_DEPTH: usize = 128;
/// Bytes of a job's metadata. Above: refused.
pub const METADATA_BYTES: usize = 16 * 1024;
/// Tags of one job. Above: refused.
pub const TAGS: usize = 50;
/// Bytes of one tag. Above: refused.
pub const TAG_BYTES: usize = 100;
/// Bytes of a title. Above: refused.
pub const TITLE_BYTES: usize = 300;
/// Bytes of a link. Above: refused.
pub const LINK_BYTES: usize = 1_000;
/// Bytes of a task's name, an owner, a session, a batch, an external id, a subject's type or id. Above: refused.
pub const NAME_BYTES: usize = 200;
/// Bytes of a progress or wish message. Above: cut at a character border.
pub const MESSAGE_BYTES: usize = 500;
/// Bytes of an error's message that are kept. Above: cut at a character border.
pub const ERROR_BYTES: usize = 8 * 1024;
/// Bytes of a job's summary in the log and in frames. What makes it longer (error text, message, tags) is shortened in it.
pub const SUMMARY_BYTES: usize = 4 * 1024;
/// Jobs of one owner that wait to start. Above: a submit is refused with `too_many_pending`.
pub const PENDING_PER_OWNER: u64 = 100_000;
/// Jobs in one batch submit. Above: refused.
pub const BATCH_JOBS: usize = 1_000;
/// Priorities run from minus this to this; higher starts first.
pub const PRIORITY: i16 = 100;
/// Interruptions by a deploy that cost no attempt, per settlement. Further ones count.
pub const FREE_INTERRUPTIONS: u32 = 3;
/// Most attempts that a retry policy may allow.
pub const ATTEMPTS: u32 = 100;

/// How long a lease lasts without a heartbeat, in milliseconds.
pub const LEASE_MS: u64 = 30_000;
/// How often a holder renews its lease, in milliseconds.
pub const HEARTBEAT_MS: u64 = 10_000;
/// How often the clock loop looks for what is due at the latest, in milliseconds.
pub const SWEEP_MS: u64 = 1_000;
/// Shortest and longest lease that a reporter may ask for, in milliseconds.
pub const LEASE_RANGE_MS: (u64, u64) = (1_000, 3_600_000);
/// How far a source's time may be ahead of ours, in milliseconds. What is further ahead counts as the time of its arrival, so that a clock that is
/// wrong by years does not silence all that comes after.
pub const SOURCE_AHEAD_MS: u64 = 5 * 60_000;
/// How long an answer is kept for its idempotency key, in milliseconds.
pub const IDEMPOTENCY_MS: u64 = 24 * 3_600_000;
/// How long an event is kept in the log, in milliseconds. Who resumes from before is given a snapshot.
pub const EVENTS_KEPT_MS: u64 = 7 * 24 * 3_600_000;
/// Bytes of an idempotency key. Above: refused.
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;

/// Active jobs in one snapshot; more: `truncated`.
pub const SNAPSHOT_ACTIVE: usize = 1_000;
/// Ended jobs in one snapshot, newest first; more: `truncated`.
pub const SNAPSHOT_ENDED: usize = 100;
/// Rows of one list page, at most and unless told.
pub const PAGE: (usize, usize) = (200, 50);

/// Checks the relations between the bounds; called once at the start of the server.
pub fn assert_consistent() {
    const {
        assert!(HEARTBEAT_MS * 3 <= LEASE_MS, "a lease must survive two missed heartbeats");
        assert!(SWEEP_MS * 10 <= LEASE_MS, "the sweep must be much finer than a lease");
        assert!(PAGE.1 <= PAGE.0);
    }
}

/// Cuts a text to at most `bytes` bytes at a character border, with an ellipsis in place of what is gone.
pub fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
