//! Carries what waits for a time over a jump of the clock, in a transaction of its own.

use engine::clock::Reading;

use super::{Failure, Group, Writer, read};
use crate::books::Mark;
use crate::load::Marks;

impl Writer<'_> {
    /// After a jump of the clock, before anything is decided by the new time: what was left of every length of time is left of it still.
    pub(super) fn follow_jump(&mut self, Reading { now, jumped_ms }: Reading) -> Result<(), Failure> {
        let by_ms = jumped_ms.saturating_sub(self.desk.jumped_ms);
        if by_ms == 0 {
            return Ok(());
        }
        let group = self.in_transaction(true, |writer| {
            let jobs = read::waiting_for_time(writer.conn)?;
            let marks: Marks = jobs.iter().map(|job| (job.id, Mark::of(job))).collect();
            let mut group = Group::begin(writer.desk.shared.head().place);
            writer.write(&domain::decide::follow_jump(jobs, by_ms, now), &marks, &mut group)?;
            Ok(group)
        });
        self.told(group)?;
        self.desk.jumped_ms = jumped_ms;
        Ok(())
    }
}
