//! Older systems' clients against the real server: transcripts that are replayed, and what no transcript can show.

mod agreement;
mod background_jobs;
mod event_stream;
mod job_dashboard;
mod page;
mod pattern;
pub(crate) mod redis_channel;
mod runs;
mod sse_tasks;
mod task_status;
mod transcript;
mod web_socket;
