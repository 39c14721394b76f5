//! What a fault leaves behind, and how the writer finds out what is written.

use engine::port::Published;

use super::{Failure, RowError, Writer, read};

impl Writer<'_> {
    pub(super) fn after_failure(&mut self, failure: &Failure) {
        match failure {
            Failure::Sync(why) => {
                tracing::error!(%why, "the disk did not keep what was written: nothing more may be built on it, so this process ends; look at the disk, then start it again");
                (self.desk.on_sync_failure)(why);
                self.desk.is_astray = true;
            }
            Failure::Unknown(why) => {
                tracing::error!(%why, "the outcome of a commit is not known");
                self.desk.is_astray = true;
            }
            Failure::RolledBack(why) | Failure::Full(why) => tracing::warn!(%why, "a group of requests could not be written"),
            Failure::Constraint { .. } | Failure::NeedsDisk => {}
        }
    }

    /// After a fault whose outcome is not known: reads the books again, and tells the bus what turned out to be written.
    pub(super) fn find_way_back(&mut self) -> Result<(), String> {
        if !self.desk.is_astray {
            return Ok(());
        }
        if !self.conn.is_autocommit() {
            self.conn.execute_batch("ROLLBACK").map_err(|error| error.to_string())?;
        }
        let known = self.desk.shared.head().place;
        let found = || -> Result<_, RowError> {
            let (place, floor) = read::head(self.conn)?;
            Ok((place, floor, read::books(self.conn)?, read::events(self.conn, known, usize::MAX)?))
        };
        let (place, floor, (counters, slots), events) = found().map_err(|error| error.to_string())?;
        self.desk.cache.clear();
        self.desk.slots = slots;
        self.desk.shared.set_place(place);
        self.desk.shared.set_floor(floor);
        *self.desk.shared.counters_to_change() = counters;
        self.desk.is_astray = false;
        if !events.is_empty() {
            self.desk.bus.publish(Published::Events(events.into()));
        }
        Ok(())
    }
}
