//! What the disk asks for keeping something: one write and one sync, the floor under everything durable.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::outcome::{Outcome, median};

const SAMPLES: usize = 100;

/// The time of a sync around what `work` does: the lower of the medians before and after it, so that a disk that somebody else kept busy
/// for a moment flatters nobody.
pub fn around<T>(folder: &Path, work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Duration)> {
    let before = measure(folder)?;
    let done = work()?;
    Ok((done, before.min(measure(folder)?)))
}

/// Median time of appending a page to a file and syncing it, as a write-ahead log does.
fn measure(folder: &Path) -> Outcome<Duration> {
    let mut file = File::create(folder.join("sync-cost"))?;
    let page = [7u8; 8_192];
    let deadline = Instant::now() + Duration::from_secs(2);
    let mut samples = Vec::with_capacity(SAMPLES);
    while samples.len() < SAMPLES && Instant::now() < deadline {
        let start = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        samples.push(start.elapsed().as_secs_f64());
    }
    Ok(Duration::from_secs_f64(median(&samples)))
}
