//! Asking: submits, reads, verbs and their refusals; who may.

mod access;
mod asking;
mod limits;
