//! What a process has used, as Linux tells it: CPU time of its threads, resident memory.

use std::time::Duration;

use crate::outcome::Outcome;

/// CPU time of all threads that live, to the nanosecond (`/proc/<pid>/task/*/schedstat`). Threads that ended are left out.
pub fn cpu(pid: u32) -> Outcome<Duration> {
    let mut nanos = 0;
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while the list is read.
        if let Ok(stat) = std::fs::read_to_string(entry?.path().join("schedstat")) {
            nanos += stat.split_ascii_whitespace().next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(Duration::from_nanos(nanos))
}

/// CPU time of the threads of this process with this name.
pub fn cpu_of_thread(name: &str) -> Outcome<Duration> {
    let mut nanos = 0;
    for entry in std::fs::read_dir("/proc/self/task")? {
        let task = entry?.path();
        if std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name) {
            let stat = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            nanos += stat.split_ascii_whitespace().next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    Ok(Duration::from_nanos(nanos))
}

/// Resident memory in bytes.
pub fn resident_bytes(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}
