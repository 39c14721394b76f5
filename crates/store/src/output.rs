//! Implementations of the output store. Both keep the head and the tail of each attempt; [`trim`] says what is dropped.

mod memory;
mod sqlite;
mod trim;

pub use memory::MemoryOutput;
pub use sqlite::SqliteOutput;
