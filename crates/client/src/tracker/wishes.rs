//! What the answers of the server ask of the work. Pure.

use super::job::Standing;
use super::stopped::Stopped;
use crate::tracked::Heard;

/// Remembers what was heard, so that each wish is obeyed once.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    newest: u64,
    /// Whether the job was paused since the newest pause was asked.
    was_paused: bool,
}

/// What follows from one more answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Stop(Stopped),
    /// Hold the work from its next safe point on, and acknowledge this pause there.
    Hold(u64),
    /// The work goes on; acknowledge this resume, if it was one.
    GoOn(Option<u64>),
}

impl Wishes {
    pub(super) fn hear(&mut self, heard: &Heard, standing: &Standing) -> Asked {
        let number = heard.wish.number;
        if heard.is_revoked {
            return Asked::Stop(Stopped::LeaseLost);
        }
        if number > self.newest {
            self.newest = number;
            self.was_paused = false;
            match &*heard.wish.kind {
                "pause" => return Asked::Hold(number),
                "resume" => return Asked::GoOn(Some(number)),
                asked @ ("abort" | "kill") => {
                    return Asked::Stop(Stopped::Aborted {
                        asked: asked.to_owned(),
                        by: heard.wish.by.as_deref().map(str::to_owned),
                    });
                }
                _ => {}
            }
        }
        match &*heard.status {
            "paused" => self.was_paused = true,
            // Whatever made it run again: nobody wants it held any more.
            "running" if self.was_paused && standing.pause.is_some() => return Asked::GoOn(None),
            _ => {}
        }
        Asked::Nothing
    }
}
