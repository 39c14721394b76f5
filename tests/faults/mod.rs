//! Deaths and bad surroundings, made to happen.

mod trees;
