//! Runs one child program per attempt, each under a small process of ours (the shim), and gives the caller a stream of
//! what the child says plus a handle for orders.
//!
//! Collaborators: the binary calls [`shim::main`] when started in its hidden role; the engine's runner port calls
//! [`spawn`] and, at a start, [`census::Census::sweep`]. Refuses: to decide what a job becomes (it only proposes an
//! [`outcome::Outcome`]), to go through a shell, and to hand a child anything of the server's own environment.

pub mod census;
/// Open for the fuzz targets, which hold it against whatever a child may send.
#[doc(hidden)]
pub mod channel;
mod children;
mod exit;
mod handle;
mod input;
mod kill_point;
mod launch;
pub mod outcome;
mod output;
pub mod percent;
mod said;
pub mod shim;
mod spawn;
mod supervisor;
pub mod tree;

pub use children::Children;
pub use exit::Exit;
pub use handle::{ChildHandle, OrderRefused};
pub use launch::{Channel, Home, Launch, PauseKind, ProgressFrom};
pub use output::{OutputChunk, Stream};
pub use said::{ChildSaid, Level, Progress};
pub use spawn::{Started, spawn};
