//! The whole program under test, through the real binary: real SQLite, real child processes, real Node and Python, real sockets.
//!
//! `harness` starts servers and watches them as clients do; `rest`, `live` and `faults` hold the tests by what they look at.

mod cli;
mod faults;
mod harness;
mod live;
mod rest;
mod sim;
