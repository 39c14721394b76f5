//! Deaths and bad surroundings, made to happen.

mod bad_programs;
mod browsers;
mod child_steps;
mod deleted_output;
mod kills;
mod raw_watchers;
mod redis;
mod restarts;
mod standing_watchers;
mod surroundings;
mod trees;
