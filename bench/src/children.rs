//! The processes that the bench started. Each ends with its owner; all of them, and the folder of the run, when the bench is told to end
//! or has taken too long. Ends nothing that it did not start.

use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::outcome::Outcome;
use crate::plan::PATIENCE;

/// Processes that were started and not yet waited for.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process of ours.
pub struct OwnChild {
    process: Child,
    has_ended: bool,
}

impl OwnChild {
    pub fn start(command: &mut Command) -> Outcome<OwnChild> {
        let name = command.get_program().to_string_lossy().into_owned();
        // Held over the start, so that an end of the bench misses no process.
        let mut running = running();
        let process = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        running.push(process.id());
        Ok(OwnChild { process, has_ended: false })
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its standard input and output, when both were asked for; once.
    pub fn pipes(&mut self) -> Outcome<(ChildStdin, ChildStdout)> {
        self.process.stdin.take().zip(self.process.stdout.take()).ok_or_else(|| "no pipes".into())
    }

    pub fn has_ended(&mut self) -> Outcome<bool> {
        // Not in between: a process that was waited for may give its number to another.
        let mut running = running();
        if !self.has_ended && self.process.try_wait()?.is_some() {
            self.has_ended = true;
            running.retain(|pid| *pid != self.process.id());
        }
        Ok(self.has_ended)
    }

    /// Signals it and waits for its end.
    pub fn end(mut self, signal: Signal) -> Outcome<()> {
        if let (false, Some(pid)) = (self.has_ended()?, Pid::from_raw(self.pid() as i32)) {
            kill_process(pid, signal)?;
        }
        let begun = Instant::now();
        while !self.has_ended()? {
            if begun.elapsed() > PATIENCE {
                return Err("a process does not end when it is told to".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for OwnChild {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut running = running();
            let _ = self.process.kill();
            let _ = self.process.wait();
            running.retain(|pid| *pid != self.process.id());
        }
    }
}

/// Ends the bench, its processes and its folder after `longest`, or when it is interrupted.
pub fn end_in_time(folder: PathBuf, longest: Duration) -> Outcome<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::Builder::new().name("end-in-time".into()).spawn(move || {
        let why = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => "interrupted".to_owned(),
                _ = terminate.recv() => "told to end".to_owned(),
                () = tokio::time::sleep(longest) => format!("not done within {} minutes", longest.as_secs() / 60),
            }
        });
        eprintln!("{why}: ending the processes of the run and removing its folder");
        // Kept until the end of this process, so that none is started any more.
        let running = running();
        for pid in running.iter().filter_map(|pid| Pid::from_raw(*pid as i32)) {
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::empty());
        }
        let _ = std::fs::remove_dir_all(folder);
        std::process::exit(1);
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_ends_with_its_owner() {
        let child = OwnChild::start(Command::new("sleep").arg("600")).expect("sleep is there");
        let pid = child.pid();
        assert!(running().contains(&pid));
        drop(child);
        assert!(!running().contains(&pid));
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}
