//! Asking: submits, reads, verbs and their refusals.

mod asking;
