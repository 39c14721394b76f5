//! Measures the memory of a whole tree against its limit.
//!
//! Not RLIMIT_AS: V8, the JVM and the sanitizers reserve far more address space than they ever use, so a limit on addresses
//! kills healthy programs, and it counts per process, not per tree. What counts here is memory that exists: anonymous and
//! shared pages, not mapped files, which the kernel can drop at will.

use std::fs;
use std::time::Duration;

use crate::tree;

/// Between two measurements, far below the limit and near it.
const CALM: Duration = Duration::from_millis(250);
const TENSE: Duration = Duration::from_millis(50);

pub(super) struct Gauge {
    /// Bytes.
    pub(super) limit: u64,
}

pub(super) enum Reading {
    /// Look again after this time.
    Within(Duration),
    /// Bytes.
    Over(u64),
}

impl Gauge {
    /// Measures the tree below `root`.
    ///
    /// The quick sum counts a page that forked processes share once for each; only when it is over the limit, the exact
    /// one is taken, which divides such pages among their users but makes the kernel walk all page tables.
    pub(super) fn measure(&self, root: i32) -> Reading {
        let pids = tree::pids_below(root).unwrap_or_else(|| tree::descendants(root).iter().map(|process| process.pid).collect());
        let quick: u64 = pids.iter().map(|pid| resident(*pid)).sum();
        if quick > self.limit {
            let exact: u64 = pids.iter().map(|pid| proportional(*pid).unwrap_or_else(|| resident(*pid))).sum();
            if exact > self.limit {
                return Reading::Over(exact);
            }
            // Many sharers: the exact sum is all that counts, and it is dear.
            return Reading::Within(CALM);
        }
        Reading::Within(if quick > self.limit / 4 * 3 { TENSE } else { CALM })
    }
}

/// Anonymous and shared memory of one process, bytes; 0 when it is gone.
fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    sum(&status, &["RssAnon:", "RssShmem:"]).unwrap_or(0)
}

/// The same, with shared pages divided among their users. None when the kernel does not tell.
fn proportional(pid: i32) -> Option<u64> {
    sum(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?, &["Pss_Anon:", "Pss_Shmem:"])
}

/// The sum of the named lines of a `/proc` table, given there in kB. None when it has none of them.
fn sum(table: &str, names: &[&str]) -> Option<u64> {
    let values = table.lines().filter_map(|line| {
        let value = names.iter().find_map(|name| line.strip_prefix(name))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    values.map(|kilobytes| kilobytes * 1024).reduce(|a, b| a + b)
}
