//! Deaths and bad surroundings, made to happen.

mod browsers;
mod trees;
