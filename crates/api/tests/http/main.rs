//! The HTTP side, driven through its router over a real engine, store and hub.

mod access;
mod access_table;
mod conditions;
mod dialect_sockets;
mod dialects;
mod documents;
mod fake_app;
mod keys;
mod limits_table;
mod live;
mod narrowing;
mod open_mode;
mod refusals;
mod rig;
mod routes;
mod sessions;
mod sessions_live;
mod sessions_table;
mod socket;
mod tokens;
mod watchers;
