//! The processes of this machine as `/proc` shows them: who descends from whom, and signals that cannot hit a stranger who
//! got a recycled pid.
//!
//! Used by the shim (its own descendants) and the census (what is left of earlier shims). Without `/proc` every list is
//! empty, and only the process group of the child can be reached.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

pub use rustix::process::Signal;

/// One process at one moment. `pid` and `start_time` together name it for ever, within one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Process {
    pub pid: i32,
    pub parent: i32,
    /// Process group.
    pub group: i32,
    /// The letter of `/proc/<pid>/stat`, that of its first thread: `R` runs, `S` sleeps, `D` waits in the kernel, `T`
    /// stopped, `t` traced, `Z` zombie.
    pub state: char,
    /// Threads that were not collected yet, the first included even when it has ended.
    pub threads: u32,
    /// Clock ticks from boot to its start.
    pub start_time: u64,
}

impl Process {
    /// Ended, and only waiting for its parent to ask. A zombie with other threads lives: only its first thread ended.
    pub fn is_dead(&self) -> bool {
        self.state == 'X' || (self.state == 'Z' && self.threads <= 1)
    }

    pub fn is_stopped(&self) -> bool {
        matches!(self.state, 'T' | 't')
    }

    /// Whether this very process still lives.
    pub fn lives(&self) -> bool {
        process(self.pid).is_some_and(|now| now.start_time == self.start_time && !now.is_dead())
    }

    /// Sends `signal` to this very process. False: it is gone, or not ours to signal.
    pub fn signal(&self, signal: Signal) -> bool {
        let Some(pid) = rustix::process::Pid::from_raw(self.pid) else { return false };
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
            match pidfd_open(pid, PidfdFlags::empty()) {
                Ok(fd) => return self.lives() && pidfd_send_signal(fd, signal).is_ok(),
                Err(rustix::io::Errno::NOSYS) => {}
                Err(_) => return false,
            }
        }
        self.lives() && rustix::process::kill_process(pid, signal).is_ok()
    }
}

/// The process with this pid now, zombies included.
pub fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold spaces and parentheses itself.
    let fields: Vec<_> = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().collect();
    Some(Process {
        pid,
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
        start_time: fields.get(19)?.parse().ok()?,
    })
}

/// Every process that can be seen, zombies included.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| process(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// The living processes below `root`, parents before their children; `root` itself is not among them.
pub fn descendants(root: i32) -> Vec<Process> {
    below(&all(), &[root])
}

/// The living ones of `processes` below any of `roots`, parents before their children.
pub fn below(processes: &[Process], roots: &[i32]) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in processes {
        children.entry(process.parent).or_default().push(*process);
    }
    let mut found = Vec::new();
    let mut seen: HashSet<i32> = roots.iter().copied().collect();
    let mut open = roots.to_vec();
    while let Some(parent) = open.pop() {
        for child in children.get(&parent).into_iter().flatten().filter(|child| seen.insert(child.pid)) {
            found.push(*child);
            open.push(child.pid);
        }
    }
    found.retain(|process| !process.is_dead());
    found
}

/// The pids below `root`, found without a look at strangers; dead ones may be among them and a newborn may be missed, so
/// this serves for measuring only. None where the kernel does not offer it.
pub fn pids_below(root: i32) -> Option<Vec<i32>> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        let threads = match fs::read_dir(format!("/proc/{parent}/task")) {
            Ok(threads) => threads,
            Err(_) if parent != root => continue,
            Err(_) => return None,
        };
        for thread in threads.flatten() {
            match fs::read_to_string(thread.path().join("children")) {
                Ok(text) => open.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok())),
                Err(error) if parent == root && error.kind() == ErrorKind::NotFound => return None,
                Err(_) => {}
            }
        }
        if parent != root {
            found.push(parent);
        }
    }
    Some(found)
}

/// How long to wait in all for the kernel to stop processes that were told to.
const STOP_WAIT: Duration = Duration::from_secs(1);
/// Rounds after which a tree that keeps growing is left for the next order.
const STOP_ROUNDS: usize = 200;
/// Looks at the process list that must find nobody new: one alone can miss a program that forks and exits all the time.
const CALM_ROUNDS: usize = 3;

/// Stops every process that `find` lists, and their groups, again and again until nobody new turns up. Gives those that
/// this call stopped (not those that were stopped before), parents first.
///
/// Groups, because a program that forks and exits faster than it can be looked up is never where it was seen, but stays in
/// its group. They must hold nobody that `find` would not list in the end; so it is below a shim, which leads a session of
/// its own. A process in state `D` (a `vfork` parent, a hanging disk) cannot show as stopped, but will be before it returns
/// to its own code, and makes no children: it counts as stopped.
pub fn stop_all(find: impl Fn() -> Vec<Process>) -> Vec<Process> {
    let mut known = HashSet::new();
    let mut groups = HashSet::new();
    let mut stopped: Vec<Process> = Vec::new();
    let mut calm = 0;
    let deadline = Instant::now() + STOP_WAIT;
    for round in 0..STOP_ROUNDS {
        let fresh: Vec<_> = find().into_iter().filter(|process| known.insert((process.pid, process.start_time))).collect();
        calm = if fresh.is_empty() { calm + 1 } else { 0 };
        if known.is_empty() || calm == CALM_ROUNDS {
            break;
        }
        groups.extend(fresh.iter().map(|process| process.group));
        // Whoever turns up later was stopped with its group.
        for process in fresh.into_iter().filter(|process| round > 0 || !process.is_stopped()) {
            if process.signal(Signal::STOP) {
                stopped.push(process);
            }
        }
        stop_groups(&groups);
        let running = |process: &Process| {
            self::process(process.pid)
                .is_some_and(|now| now.start_time == process.start_time && !now.is_dead() && !now.is_stopped() && now.state != 'D')
        };
        while stopped.iter().any(running) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    stopped
}

fn stop_groups(groups: &HashSet<i32>) {
    let mine = rustix::process::getpgrp().as_raw_nonzero().get();
    for group in groups.iter().filter(|group| **group > 1 && **group != mine) {
        if let Some(group) = rustix::process::Pid::from_raw(*group) {
            rustix::process::kill_process_group(group, Signal::STOP).ok();
        }
    }
}

/// Stops every process that `find` lists, then kills them. Those that come to light later need another call.
pub fn kill_all(find: impl Fn() -> Vec<Process>) {
    stop_all(&find);
    for process in find() {
        process.signal(Signal::KILL);
    }
}

/// Lets `stopped` run again, children before their parents, so that no parent sees a stopped child.
pub fn continue_all(stopped: &[Process]) {
    for process in stopped.iter().rev() {
        process.signal(Signal::CONT);
    }
}

/// Id of this boot of the machine; empty where there is none.
pub fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
