//! Implementations of the store and output ports: [`SqliteStore`] and [`SqliteOutput`] in a folder, [`MemoryStore`] and
//! [`MemoryOutput`] for tests and simulation.
//!
//! Loads, calls `domain::decide`, writes: decides nothing itself. Every implementation passes the suites of [`conformance`].

mod books;
pub mod conformance;
mod filter;
mod load;
mod memory;
mod output;
mod sqlite;

pub use memory::MemoryStore;
pub use output::{MemoryOutput, SqliteOutput};
pub use sqlite::{OpenError, SqliteOptions, SqliteStore};
