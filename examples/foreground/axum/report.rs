//! The slow work of this app, row by row. Knows nothing of jobs.

use std::time::Duration;

use serde::Serialize;

/// What comes out: all rows and their sum.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub rows: u64,
    pub cents: u64,
}

/// A report under way: adds up orders, `delay` apart.
pub struct Build {
    pub rows: u64,
    pub delay: Duration,
    done: u64,
    cents: u64,
}

impl Build {
    pub fn new(rows: u64, delay: Duration) -> Build {
        Build { rows, delay, done: 0, cents: 0 }
    }

    /// The number of the next row, from 1; none when all are added.
    pub fn next(&self) -> Option<u64> {
        (self.done < self.rows).then_some(self.done + 1)
    }

    pub async fn add(&mut self, row: u64) {
        tokio::time::sleep(self.delay).await;
        self.cents += row * 100;
        self.done = row;
    }

    pub fn report(self) -> Report {
        Report { rows: self.rows, cents: self.cents }
    }
}
