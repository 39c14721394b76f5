//! What a supervisor hears on its child's channel, and what follows from it. After a reported end nothing is heard any more.

use std::io;
use std::os::fd::AsFd;

use super::Supervisor;
use crate::channel::split::Line;
use crate::channel::{Heard, MAX_LINE};
use crate::outcome::Reported;
use crate::said::ChildSaid;

/// Reads of 16 KB in a row: more than the socket holds, so a drain is complete, and few enough to stay fair.
const READS: usize = 64;

impl Supervisor {
    /// Reads a bounded share of what the channel is said to hold.
    pub(super) fn read_channel(&mut self) {
        let mut bytes = [0_u8; 16 * 1024];
        for _ in 0..READS {
            let Some(channel) = &self.channel else { return };
            let read = channel.try_read(&mut bytes);
            if !self.take(read, &bytes) {
                return;
            }
        }
    }

    /// Reads all that the channel holds, asking the kernel itself: tokio's readiness may lag behind.
    pub(super) fn drain_channel(&mut self) {
        let mut bytes = [0_u8; 16 * 1024];
        for _ in 0..READS {
            let Some(channel) = &self.channel else { return };
            let read = rustix::io::read(channel.as_ref().as_fd(), &mut bytes).map_err(io::Error::from);
            if !self.take(read, &bytes) {
                return;
            }
        }
    }

    /// False: nothing more for now.
    fn take(&mut self, read: io::Result<usize>, bytes: &[u8]) -> bool {
        match read {
            Ok(read) if read > 0 => {
                for line in self.splitter.split(&bytes[..read]) {
                    self.on_line(line);
                }
                true
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Ok(_) | Err(_) => {
                self.channel = None;
                self.talk = None;
                false
            }
        }
    }

    fn on_line(&mut self, line: Line) {
        if self.reported.is_some() || self.exited {
            return;
        }
        self.has_spoken = true;
        match line {
            Line::TooLong => self.push(ChildSaid::Garbage { text: format!("line longer than {MAX_LINE} bytes") }),
            Line::Whole(line) => {
                for heard in self.speech.hear(&line) {
                    self.on_heard(heard);
                }
            }
        }
    }

    fn on_heard(&mut self, heard: Heard) {
        if self.reported.is_some() {
            return;
        }
        match heard {
            Heard::Progress(progress) => self.push(ChildSaid::Progress(progress)),
            Heard::Log { level, text } => self.push(ChildSaid::Log { level, text }),
            Heard::Paused { wish } => self.push(ChildSaid::Paused { wish: wish.or(self.pause_wish) }),
            Heard::Resumed => self.push(ChildSaid::Resumed),
            Heard::Garbage { text } => self.push(ChildSaid::Garbage { text }),
            Heard::Completed { result } => {
                self.push(ChildSaid::Completed { result: result.clone() });
                self.on_reported(Reported::Completed { result });
            }
            Heard::Failed { message, kind, no_retry } => {
                self.push(ChildSaid::Failed { message: message.clone(), kind: kind.clone(), no_retry });
                self.on_reported(Reported::Failed { message, kind, no_retry });
            }
            Heard::Aborted => {
                self.push(ChildSaid::Aborted);
                self.on_reported(Reported::Aborted);
            }
        }
    }

    /// The child is done: its channel is closed towards it (what it still says is read and dropped), and its time to exit
    /// runs.
    fn on_reported(&mut self, reported: Reported) {
        self.reported = Some(reported);
        self.talk = None;
        self.ladder.reported();
    }
}
