//! Real programs under real shims: how they start, talk, pause, end, and what is left when somebody is killed.

mod channels;
mod crashes;
mod ending;
mod pausing;
mod plain;
mod stage;
