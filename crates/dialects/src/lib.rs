//! The wire contracts of older systems, served on the same jobs: their clients work against this server unchanged.
//!
//! A dialect is a pure translation. [`dialect`] is the contract: bytes in, steps for the server to carry out, bytes out. The folder beside
//! it holds one folder per dialect. [`session`] is how live connections are driven, [`frame`] what they say, as a dialect reads it;
//! [`addresses`] puts the routes of all dialects together where two share an address. Nothing here waits, does IO or reads a clock: the time
//! is handed in, and `api` carries out the steps with the caller's rights. Nothing else knows that dialects exist, but for the source that
//! speaks over the channel of [`dialect::task_status`].
//!
//! # To add one
//!
//! A folder in `src/dialect/`, a file beside it with a type that is a [`Dialect`], its line in [`ALL`], its switch in the keys of the
//! configuration (a test asks for it), transcripts in `fixtures/dialects/<name>/`, and a page in `docs/guide/moving/`.

pub mod addresses;
pub mod dialect;
pub mod frame;
mod no_notices;
pub mod session;
mod sse;
mod told;

pub use dialect::Dialect;

/// Every dialect that there is.
pub const ALL: &[&dyn Dialect] = &[
    &dialect::background_jobs::BackgroundJobs,
    &dialect::job_dashboard::JobDashboard,
    &dialect::runs::Runs,
    &dialect::sse_tasks::SseTasks,
    &dialect::task_status::TaskStatus,
];
