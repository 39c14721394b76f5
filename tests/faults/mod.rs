//! Deaths and bad surroundings, made to happen.

mod browsers;
mod kills;
mod restarts;
mod trees;
