//! Finds out which connections are told the very same of a batch of events, so that it is put together once for all of them.
//!
//! Each connection walks a path: from what it was told last of this batch to what it is told next. Connections that are at the same
//! step at the end were told the same.

use std::collections::HashMap;
use std::sync::Arc;

use crate::run::{Run, Told};

/// Nothing yet.
const NONE: u32 = u32::MAX;

/// Kept between batches for its room; empty between them.
#[derive(Default)]
pub(crate) struct Weave {
    told: Vec<Told>,
    /// The step before and what is told with this one.
    steps: Vec<(u32, u32)>,
    known: HashMap<(u32, u32), u32>,
    /// Where each connection is, by its slot.
    at: Vec<u32>,
    /// Slots that were told something.
    touched: Vec<u32>,
}

/// What connections at the same step were told.
pub(crate) enum Path {
    /// To be queued one by one: it is a single event, or nobody shares it.
    Each(Vec<Told>),
    Together(Arc<Run>),
}

impl Weave {
    /// Adds something to tell.
    pub(crate) fn put(&mut self, told: Told) -> u32 {
        self.told.push(told);
        self.told.len() as u32 - 1
    }

    /// Tells it to the connection with this slot.
    pub(crate) fn tell(&mut self, slot: u32, told: u32) {
        if self.at.len() <= slot as usize {
            self.at.resize(slot as usize + 1, NONE);
        }
        let before = self.at[slot as usize];
        if before == NONE {
            self.touched.push(slot);
        }
        let step = (before, told);
        // Most connections follow the same path as the one before them.
        let at = match self.steps.last() {
            Some(newest) if *newest == step => self.steps.len() as u32 - 1,
            _ => *self.known.entry(step).or_insert_with(|| {
                self.steps.push(step);
                self.steps.len() as u32 - 1
            }),
        };
        self.at[slot as usize] = at;
    }

    /// Gives each connection what it was told, and begins anew.
    pub(crate) fn finish(&mut self, mut give: impl FnMut(u32, &Path)) {
        let mut walkers: HashMap<u32, u32> = HashMap::new();
        for slot in &self.touched {
            *walkers.entry(self.at[*slot as usize]).or_default() += 1;
        }
        let mut paths: HashMap<u32, Path> = HashMap::with_capacity(walkers.len());
        for slot in std::mem::take(&mut self.touched) {
            let step = std::mem::replace(&mut self.at[slot as usize], NONE);
            let path = paths.entry(step).or_insert_with(|| {
                let events = self.events_to(step);
                match events.len() > 1 && walkers[&step] > 1 {
                    true => Path::Together(Arc::new(Run::of(events))),
                    false => Path::Each(events),
                }
            });
            give(slot, path);
        }
        self.told.clear();
        self.steps.clear();
        self.known.clear();
    }

    /// What was told on the way to a step.
    fn events_to(&self, step: u32) -> Vec<Told> {
        let mut events = Vec::new();
        let mut at = step;
        while at != NONE {
            let (before, told) = self.steps[at as usize];
            events.push(self.told[told as usize].clone());
            at = before;
        }
        events.reverse();
        events
    }
}
