//! How far the log was published, kept in a file of the data folder.
//!
//! It is behind the truth for at most a second: what was published in that time is published again after a kill. It is never ahead. The
//! file is replaced as a whole, and is on the disk before it takes the place of the old one.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Text;
use engine::port::Head;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// How often it is written at most.
const WRITE_EVERY: Duration = Duration::from_secs(1);

#[derive(Serialize, Deserialize)]
struct Stored {
    epoch: Text,
    place: u64,
}

/// Where publishing begins, and why there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    /// Switched on for the first time: at the head.
    Anew,
    /// Where it stopped.
    GoesOn,
    /// The log is another one, or the file cannot be read: at the head.
    Elsewhere(String),
}

#[derive(Debug)]
pub(crate) struct Cursor {
    file: PathBuf,
    epoch: Text,
    place: u64,
    /// The place that the file holds.
    written: u64,
    written_at: Instant,
    /// One write at a time, also when nobody waits for an earlier one any more.
    writing: Arc<Mutex<()>>,
}

impl Cursor {
    /// Reads it, or begins at the head of the log and writes that down, so that nothing from now on is passed over.
    pub(crate) fn open(file: &Path, epoch: Text, head: Head) -> io::Result<(Cursor, Begins)> {
        let found = match std::fs::read(file) {
            Ok(bytes) => Some(serde_json::from_slice::<Stored>(&bytes).map_err(|error| error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let (place, written_at, writing) = (head.place, Instant::now(), Arc::default());
        let mut cursor = Cursor { file: file.to_owned(), epoch, place, written: place, written_at, writing };
        let begins = match found {
            Some(Ok(stored)) if stored.epoch == cursor.epoch && stored.place <= head.place => {
                (cursor.place, cursor.written) = (stored.place, stored.place);
                return Ok((cursor, Begins::GoesOn));
            }
            Some(Ok(_)) => Begins::Elsewhere("the log is another one".to_owned()),
            Some(Err(problem)) => Begins::Elsewhere(format!("{} cannot be read: {problem}", file.display())),
            None => Begins::Anew,
        };
        cursor.writer()()?;
        Ok((cursor, begins))
    }

    /// Everything at or below was published.
    pub(crate) fn place(&self) -> u64 {
        self.place
    }

    pub(crate) fn epoch(&self) -> &Text {
        &self.epoch
    }

    /// Moves on. The file follows with [`Cursor::keep`].
    pub(crate) fn advance(&mut self, place: u64) {
        self.place = place;
    }

    /// The log became another one.
    pub(crate) fn begin_again(&mut self, epoch: Text, head: Head) {
        (self.epoch, self.place, self.written) = (epoch, head.place, u64::MAX);
    }

    /// When the file is to be written next; `None` when it holds the truth.
    pub(crate) fn due(&self) -> Option<Instant> {
        (self.written != self.place).then(|| self.written_at + WRITE_EVERY)
    }

    /// Writes the file if it is time to.
    pub(crate) async fn keep(&mut self) -> io::Result<()> {
        match self.due() {
            Some(due) if due <= Instant::now() => self.keep_now().await,
            _ => Ok(()),
        }
    }

    /// Writes the file, unless it holds the truth.
    pub(crate) async fn keep_now(&mut self) -> io::Result<()> {
        if self.written == self.place {
            return Ok(());
        }
        // Also when it fails: it is not tried at every event.
        self.written_at = Instant::now();
        let place = self.place;
        tokio::task::spawn_blocking(self.writer()).await.map_err(io::Error::other)??;
        self.written = place;
        Ok(())
    }

    fn writer(&self) -> impl FnOnce() -> io::Result<()> + Send + 'static {
        let text = wire::convert::to_json(&Stored { epoch: self.epoch.clone(), place: self.place });
        let (file, writing) = (self.file.clone(), self.writing.clone());
        move || {
            let _one_at_a_time = writing.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let beside = file.with_extension("new");
            let mut written = File::create(&beside)?;
            written.write_all(text.as_bytes())?;
            written.sync_all()?;
            std::fs::rename(&beside, &file)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(place: u64) -> Head {
        Head { place, floor: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_where_it_stopped_and_is_written_once_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sources/x.json");
        let open = |epoch: &str, place| Cursor::open(&file, epoch.into(), head(place)).unwrap();
        let (mut cursor, begins) = open("a", 7);
        assert_eq!((cursor.place(), begins), (7, Begins::Anew));
        assert_eq!(open("a", 9).0.place(), 7, "it was written at once: what comes now is not passed over");

        for place in 8..=12 {
            cursor.advance(place);
            cursor.keep().await.unwrap();
        }
        assert_eq!(open("a", 12).0.place(), 7, "not written at every step");
        tokio::time::advance(WRITE_EVERY).await;
        cursor.keep().await.unwrap();
        assert_eq!((open("a", 12).0.place(), cursor.due()), (12, None));
        cursor.advance(13);
        cursor.keep_now().await.unwrap();
        let (goes_on, begins) = open("a", 20);
        assert_eq!((goes_on.place(), begins), (13, Begins::GoesOn));

        for (epoch, place) in [("b", 20), ("a", 12)] {
            cursor.writer()().unwrap();
            let (other, begins) = open(epoch, place);
            assert!(matches!(begins, Begins::Elsewhere(_)), "{epoch} {place}: {begins:?}");
            assert_eq!(other.place(), place);
        }
        std::fs::write(&file, b"").unwrap();
        assert!(matches!(open("a", 3).1, Begins::Elsewhere(why) if why.contains("cannot be read")));
    }
}
