//! What the engine needs from outside, one contract a file. The implementations live in `store`, `bus` and `runner`.

pub mod bus;
pub mod listener;
pub mod lookup;
pub mod output;
pub mod runner;
pub mod store;

pub use bus::{Bus, Notice, Published, Received};
pub use listener::Listener;
pub use lookup::Lookup;
pub use output::{Output, OutputError, OutputPiece, OutputRead};
pub use runner::{Child, Ended, Launch, Order, Runner, Said, Swept, Written};
pub use store::{CommitError, Due, Head, Identity, Page, ReadError, SharedStore, Snapshot, Store};
