//! Sources: what other engines say of the work that they run, fed in as mirrored jobs, and what is said here told back to them.
//!
//! One module for each source: [`task_status`] is the Redis channel of task status updates. Beside it stands what a source needs:
//! [`address`] of a Redis, the [`link`] to it, the [`backlog`] of what came in, the [`cursor`] into the log of what went out, and the [`health`] that
//! operators see. The bytes are translated by `dialects`; what a word means for a job is decided by `domain`; this crate moves them, in
//! order, within bounds, and says when it cannot. It never decides about a job, and never waits for Redis where anything else would wait for it.

pub mod address;
mod backlog;
mod cursor;
pub mod health;
mod link;
mod seldom;
pub mod task_status;

pub use address::Address;
pub use health::Health;
pub use link::probe;
pub use task_status::TaskStatus;
