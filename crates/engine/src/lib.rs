//! The use cases of Tidings and the loops that drive them.
//!
//! Owns the ports ([`port`]): what the engine needs of a store, a bus, an output store, a clock and a source of chance. Knows no SQL,
//! no socket, no process; whoever wires the program hands implementations in.

mod act;
mod ask;
mod book;
mod bounds;
mod claim;
pub mod clock;
mod engine;
mod error;
mod host;
mod observe;
mod orphans;
pub mod port;
pub mod random;
mod read;
mod release;
mod report;
mod submit;
pub mod task;
mod timers;

pub use ask::Asked;
pub use claim::Claimed;
pub use engine::{CallerKey, Conditions, Engine, Parts};
pub use error::Error;
pub use host::Host;
pub use observe::{Observed, Source};
pub use read::{OUTPUT_READ_BYTES, output_range, summaries};
pub use release::{Release, ReleaseStats};
pub use submit::{Made, Terms, Undeclared};
