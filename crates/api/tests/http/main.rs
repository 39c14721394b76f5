//! The HTTP side, driven through its router over a real engine, store and hub.

mod access;
mod access_table;
mod conditions;
mod documents;
mod keys;
mod limits_table;
mod live;
mod narrowing;
mod open_mode;
mod refusals;
mod rig;
mod routes;
mod socket;
mod tokens;
mod watchers;
