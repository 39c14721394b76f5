//! What figures were taken on, and how much of it others used. Linux tells; no paths and no names of hosts.

use std::path::Path;
use std::time::{Duration, Instant};

/// `/proc/stat` and `/proc/self/stat` count in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
}

/// The average of the last minute.
pub(super) fn load_average() -> Result<f64, String> {
    read("/proc/loadavg")?.split(' ').next().and_then(|word| word.parse().ok()).ok_or_else(|| "/proc/loadavg is odd".to_owned())
}

/// Cores that were busy during a while in which we do nothing.
pub(super) fn busy_cores(span: Duration) -> Result<f64, String> {
    let before = busy_seconds()?;
    std::thread::sleep(span);
    Ok((busy_seconds()? - before) / span.as_secs_f64())
}

/// Looks at how much others use while children of ours run.
pub(super) struct Watch {
    begun: Instant,
    busy: f64,
    ours: f64,
}

impl Watch {
    pub(super) fn begin() -> Result<Watch, String> {
        Ok(Watch { begun: Instant::now(), busy: busy_seconds()?, ours: children_seconds()? })
    }

    /// Cores that others used so far, the kernel's own work for us among them. Children of ours have ended.
    pub(super) fn others(&self) -> Result<f64, String> {
        let others = (busy_seconds()? - self.busy) - (children_seconds()? - self.ours);
        Ok((others / self.begun.elapsed().as_secs_f64().max(1e-3)).max(0.0))
    }
}

/// Seconds of all cores in which they did anything.
fn busy_seconds() -> Result<f64, String> {
    let stat = read("/proc/stat")?;
    let ticks: Vec<f64> =
        stat.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, idle, waiting for disks, interrupts, soft interrupts, stolen
    Ok(ticks.iter().take(8).enumerate().filter(|(i, _)| !matches!(i, 3 | 4)).map(|(_, ticks)| ticks).sum::<f64>() / TICKS_A_SECOND)
}

/// CPU time of children that ended and were waited for, and of theirs.
fn children_seconds() -> Result<f64, String> {
    let stat = read("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after_name.split_whitespace().skip(13).take(2).filter_map(|word| word.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_A_SECOND)
}

/// CPU, cores, memory, kernel, and the file system of a folder.
pub(super) fn in_words(folder: &Path) -> Result<String, String> {
    let (cpus, memory) = (read("/proc/cpuinfo")?, read("/proc/meminfo")?);
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown CPU", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    let gib = kib.unwrap_or(0.0) / 1_048_576.0;
    let release = read("/proc/sys/kernel/osrelease")?;
    let kernel = release.trim().split('-').next().unwrap_or_default();
    Ok(format!("{model}, {cores} cores, {gib:.0} GiB, Linux {kernel}, {}", file_system(&read("/proc/self/mounts")?, folder)))
}

/// The type of the file system that a folder lies on.
fn file_system(mounts: &str, folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let of = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
        folder.starts_with(&point).then_some((point.len(), kind))
    };
    // The longest mount point; of those at one place, the last.
    mounts
        .lines()
        .filter_map(of)
        .max_by_key(|(length, _)| *length)
        .map_or_else(|| "unknown file system".to_owned(), |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "none / overlay rw 0 0\n/dev/a / ext4 rw 0 0\ntmpfs /proc tmpfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/proc/self")), "tmpfs");
        assert_eq!(file_system(mounts, Path::new("/nowhere")), "ext4");
    }

    #[test]
    fn our_own_children_are_not_others() {
        let watch = Watch::begin().expect("Linux");
        let status = std::process::Command::new("sh").args(["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"]).status();
        assert!(status.expect("a shell").success());
        assert!(children_seconds().expect("Linux") > watch.ours);
        assert!(watch.others().expect("Linux") >= 0.0);
    }
}
