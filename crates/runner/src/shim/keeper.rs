//! The one loop of a shim: orders from the server, deaths of descendants, and what time brings.
//!
//! "Nothing is left" is not guessed from `/proc`: as a subreaper, the shim is the parent of every orphan below it, so the
//! kernel's answer that it has no children is the proof.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::RecvFlags;
use rustix::process::{WaitOptions, wait};

use super::control::{self, Order, Report, Spec};
use super::memory::{Gauge, Reading};
use super::{start, wake};
use crate::channel::split::{Line, Splitter};
use crate::exit::Exit;
use crate::tree::{self, Process, Signal};

/// From the end of the main child to SIGKILL for what it left running; SIGTERM comes at once.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);
/// Between two rounds of SIGKILL, at first and at most.
const KILL_PAUSE: Duration = Duration::from_millis(2);
const KILL_PAUSE_MAX: Duration = Duration::from_millis(200);

enum Phase {
    Running,
    /// The main child ended; the rest of the tree was asked to.
    Ending {
        kill_at: Instant,
    },
    Killing {
        next: Instant,
        pause: Duration,
    },
}

struct Keeper {
    control: UnixStream,
    orders: Splitter,
    /// Whether the server may still be there.
    heard: bool,
    me: i32,
    child: i32,
    phase: Phase,
    /// Those stopped by a freeze, parents first.
    frozen: Vec<Process>,
    gauge: Option<(Gauge, Instant)>,
}

/// Runs from the spec to the end of the tree.
pub(super) fn keep(control: UnixStream, channel: Option<OwnedFd>) {
    rustix::process::setsid().ok();
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).ok();
    let Ok(woken) = wake::install() else { return };
    let mut keeper = Keeper {
        control,
        orders: Splitter::new(control::MAX_LINE),
        heard: true,
        me: std::process::id() as i32,
        child: 0,
        phase: Phase::Running,
        frozen: Vec::new(),
        gauge: None,
    };
    let Some((spec, orders)) = keeper.spec() else { return };
    match start::start(&spec, channel) {
        Ok(pid) => {
            let start_time = tree::process(pid).map_or(0, |process| process.start_time);
            keeper.child = pid;
            keeper.report(&Report::Spawned { pid, start_time, boot_id: tree::boot_id() });
        }
        Err(refusal) => {
            keeper.report(&Report::SpawnFailed { reason: refusal.reason.to_owned(), message: refusal.message });
            keeper.report(&Report::Gone);
            return;
        }
    }
    let_go();
    keeper.gauge = spec.memory_bytes.map(|limit| (Gauge { limit }, Instant::now()));
    drop(spec);
    for order in orders {
        keeper.obey(&order);
    }
    keeper.run(&woken);
}

/// Output must end when the child's tree closes it, so the shim drops its copies. Nor does it keep a folder busy.
fn let_go() {
    std::env::set_current_dir("/").ok();
    let Ok(null) = std::fs::File::options().read(true).write(true).open("/dev/null") else { return };
    rustix::stdio::dup2_stdin(&null).ok();
    rustix::stdio::dup2_stdout(&null).ok();
    rustix::stdio::dup2_stderr(&null).ok();
}

impl Keeper {
    /// Waits for the spec; gives it with the orders that came right behind it. None: the server is gone.
    fn spec(&mut self) -> Option<(Spec, Vec<Line>)> {
        let mut lines = loop {
            let lines = self.receive(RecvFlags::empty());
            if !self.heard {
                return None;
            }
            if !lines.is_empty() {
                break lines.into_iter();
            }
        };
        match lines.next() {
            Some(Line::Whole(line)) => match serde_json::from_slice(&line) {
                Ok(spec) => Some((spec, lines.collect())),
                Err(error) => {
                    let message = format!("the launch could not be read: {error}");
                    self.report(&Report::SpawnFailed { reason: "spawn_failed".to_owned(), message });
                    self.report(&Report::Gone);
                    None
                }
            },
            _ => None,
        }
    }

    fn run(&mut self, woken: &OwnedFd) {
        loop {
            if self.reap() {
                self.report(&Report::Gone);
                return;
            }
            self.act_on_time();
            let wait =
                self.until_next().map(|wait| Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) });
            let control = if self.heard { PollFlags::IN } else { PollFlags::empty() };
            let ready = {
                let mut fds = [PollFd::new(woken, PollFlags::IN), PollFd::new(&self.control, control)];
                // Without a server there is nothing to hear, and a hung-up socket would wake the poll for ever.
                let watched = if self.heard { 2 } else { 1 };
                poll(&mut fds[..watched], wait.as_ref()).ok();
                [!fds[0].revents().is_empty(), watched == 2 && !fds[1].revents().is_empty()]
            };
            if ready[0] {
                let mut bytes = [0_u8; 64];
                while rustix::io::read(woken, &mut bytes).is_ok_and(|read| read == bytes.len()) {}
            }
            if ready[1] {
                for order in self.receive(RecvFlags::DONTWAIT) {
                    self.obey(&order);
                }
                if !self.heard {
                    self.kill();
                }
            }
        }
    }

    /// Reads what the server sent; notes when it is gone.
    fn receive(&mut self, flags: RecvFlags) -> Vec<Line> {
        let mut bytes = [0_u8; 16 * 1024];
        match rustix::net::recv(&self.control, &mut bytes[..], flags) {
            Ok((0, _)) => self.heard = false,
            Ok((read, _)) => return self.orders.split(&bytes[..read]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.heard = false,
        }
        Vec::new()
    }

    fn report(&mut self, report: &Report) {
        if self.heard && self.control.write_all(&control::line(report)).is_err() {
            self.heard = false;
            self.kill();
        }
    }

    fn obey(&mut self, line: &Line) {
        let Line::Whole(line) = line else { return };
        let Ok(order) = serde_json::from_slice::<Order>(line) else { return };
        match (order, &self.phase) {
            (Order::Kill, _) => self.kill(),
            (Order::Freeze, Phase::Running) => {
                let me = self.me;
                self.frozen.extend(tree::stop_all(|| tree::descendants(me)));
                self.report(&Report::Frozen);
            }
            (Order::Thaw, _) => {
                self.thaw();
                self.report(&Report::Thawed);
            }
            (Order::Terminate, Phase::Running) => self.terminate(),
            (Order::Freeze | Order::Terminate, _) => {}
        }
    }

    fn thaw(&mut self) {
        tree::continue_all(&std::mem::take(&mut self.frozen));
    }

    /// SIGTERM first, then thaw: it is the first thing that a frozen process meets.
    fn terminate(&mut self) {
        for process in tree::descendants(self.me) {
            process.signal(Signal::TERM);
        }
        self.thaw();
    }

    fn kill(&mut self) {
        if !matches!(self.phase, Phase::Killing { .. }) {
            self.phase = Phase::Killing { next: Instant::now(), pause: KILL_PAUSE };
            self.act_on_time();
        }
    }

    /// Collects the dead. True: no descendant is left.
    fn reap(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid.as_raw_nonzero().get() == self.child => {
                    let exit = match (status.exit_status(), status.terminating_signal()) {
                        (Some(code), _) => Exit::Code(code),
                        (None, Some(signal)) => Exit::Signal(signal),
                        (None, None) => continue,
                    };
                    self.report(&Report::Exited(exit));
                    self.gauge = None;
                    if matches!(self.phase, Phase::Running) {
                        self.phase = Phase::Ending { kill_at: Instant::now() + LEFTOVER_GRACE };
                        self.terminate();
                    }
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    fn act_on_time(&mut self) {
        let now = Instant::now();
        match self.phase {
            Phase::Running => self.measure(now),
            Phase::Ending { kill_at } if now >= kill_at => self.kill(),
            Phase::Killing { next, pause } if now >= next => {
                let me = self.me;
                tree::kill_all(|| tree::descendants(me));
                let pause = (pause * 2).min(KILL_PAUSE_MAX);
                self.phase = Phase::Killing { next: Instant::now() + pause, pause };
            }
            _ => {}
        }
    }

    fn measure(&mut self, now: Instant) {
        let Some((gauge, next)) = &mut self.gauge else { return };
        if now < *next {
            return;
        }
        match gauge.measure(self.me) {
            Reading::Within(pause) => *next = now + pause,
            Reading::Over(bytes) => {
                self.gauge = None;
                self.report(&Report::OutOfMemory { bytes });
                self.kill();
            }
        }
    }

    /// None: only an order or a death can bring something.
    fn until_next(&self) -> Option<Duration> {
        let next = match &self.phase {
            Phase::Running => self.gauge.as_ref().map(|(_, next)| *next),
            Phase::Ending { kill_at } => Some(*kill_at),
            Phase::Killing { next, .. } => Some(*next),
        };
        next.map(|next| next.saturating_duration_since(Instant::now()))
    }
}
