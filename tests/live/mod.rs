//! Watching: the main job end to end, in each run mode and over each channel.

mod connection;
mod main_job;
mod rights;
mod tracked_job;
mod workers;
