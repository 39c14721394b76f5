//! The whole program under test, through the real binary: real SQLite, real child processes, real Node and Python, real sockets.
//!
//! `harness` starts servers and watches them as clients do; `rest`, `live`, `dialects` and `faults` hold the tests by what they look at.

mod cli;
mod dialects;
mod faults;
mod harness;
mod live;
mod rest;
mod sim;
