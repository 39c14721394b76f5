//! Asking: submits, reads, verbs and their refusals; who may.

pub mod access;
mod asking;
mod bad_frames;
mod bad_input;
mod introspection;
mod limits;
