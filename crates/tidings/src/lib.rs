//! What of the binary others may hold against their own checks: how its configuration is read.

pub mod config;
