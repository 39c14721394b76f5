//! The decisions, put to the test as lines of text.
//!
//! A line reads `worker attempts=2: claim fail -> retrying changed +retrying`: what is submitted, the steps, and what the last one
//! brought. [`world`] plays the store, and checks at each commit what must always hold; [`rules`], [`mirrored`] and [`verbs`] are the
//! tables, [`making`] is about requests for many jobs, [`properties`] plays random steps in the same words.

mod making;
mod mirrored;
mod properties;
mod rules;
mod verbs;
mod world;
