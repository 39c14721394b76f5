//! The one place where our values become JSON: for the network, the log and the bus.
//!
//! [`record`] is a job as everybody sees it, [`body`] what requests carry, [`frame`] what live connections carry, [`problem`] how a
//! refusal is told, [`close`] how a connection ends, [`log`] an event as the log keeps it, [`position`] a place in it. The types are
//! twins of the domain's; [`words`] and [`topic`] only say in the API document what fields may hold. [`convert`] is the only file that knows both, beside `summary`, which writes the most frequent of them by hand.

pub mod body;
pub mod close;
pub mod convert;
mod counts;
pub mod frame;
pub mod log;
pub mod position;
pub mod problem;
pub mod record;
mod summary;
pub mod time;
pub mod topic;
pub mod words;

pub use log::LoggedEvent;
pub use position::Position;
