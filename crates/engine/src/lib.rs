//! The use cases of Tidings and the loops that drive them.
//!
//! Owns the ports ([`port`]): what the engine needs of a store, a bus, an output store, a clock and a source of chance. Knows no SQL,
//! no socket, no process; whoever wires the program hands implementations in.

pub mod clock;
pub mod port;
pub mod random;
