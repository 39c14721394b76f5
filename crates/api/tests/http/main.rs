//! The HTTP side, driven through its router over a real engine, store and hub.

mod access;
mod conditions;
mod documents;
mod live;
mod open_mode;
mod refusals;
mod rig;
mod routes;
mod socket;
mod tokens;
