//! The live side against a store of the tests' own, with Tokio's paused time: a wait of a millisecond ends when nobody has anything
//! left to do.

mod connections;
mod followers;
mod joins;
mod orderings;
mod rig;
mod slow_clients;
