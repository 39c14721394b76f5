//! What the gate needs beside Rust: Node, Python, Chromium, Redis, and the packages of the workspace.
//!
//! On Debian as root it installs what is missing by itself. Elsewhere it says exactly what to install, and changes nothing.

use std::path::Path;
use std::process::{Command, Stdio};

struct Need {
    /// Programs of which one must be there.
    programs: &'static [&'static str],
    /// What the program is asked, to see whether it works.
    asked: &'static [&'static str],
    /// The oldest version that will do: major and minor.
    at_least: Option<(u32, u32)>,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    /// The service that these packages start by themselves. The gate starts its own and wants none: it is ended and switched off.
    service: Option<&'static str>,
    /// What to say where we cannot install it.
    advice: &'static str,
}

const VERSION: &[&str] = &["--version"];

const NEEDS: &[Need] = &[
    Need {
        programs: &["node"],
        asked: VERSION,
        at_least: Some((20, 19)),
        packages: &[],
        service: None,
        advice: "Node 20.19 or newer: https://nodejs.org (Debian 12's own is too old)",
    },
    Need {
        programs: &["npm"],
        asked: VERSION,
        at_least: None,
        packages: &["npm"],
        service: None,
        advice: "npm, which comes with Node",
    },
    Need {
        programs: &["python3"],
        asked: VERSION,
        at_least: Some((3, 11)),
        packages: &["python3"],
        service: None,
        advice: "Python 3.11 or newer",
    },
    Need {
        programs: &["python3"],
        asked: &["-c", "import ensurepip, venv"],
        at_least: None,
        packages: &["python3-venv"],
        service: None,
        advice: "Python's venv and pip (apt-get install python3-venv), for the step that drives the API document",
    },
    Need {
        programs: &["chromium", "chromium-browser", "google-chrome"],
        asked: VERSION,
        at_least: None,
        packages: &["chromium"],
        service: None,
        advice: "Chromium (apt-get install chromium), for the browser tests; set CHROMIUM if it is not /usr/bin/chromium",
    },
    Need {
        programs: &["redis-server"],
        asked: VERSION,
        at_least: None,
        packages: &["redis-server"],
        service: Some("redis-server"),
        advice: "Redis 6 or newer (apt-get install redis-server), for the tests of the channel; they start their own, so its service can stay off",
    },
];

/// Installs or names what is missing; true when nothing is left to do.
pub(crate) fn run(root: &Path) -> bool {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !is_there(need)).collect();
    let (ours, theirs): (Vec<&Need>, Vec<&Need>) = missing.into_iter().partition(|need| can_install() && !need.packages.is_empty());
    for need in &theirs {
        eprintln!("missing: {}", need.advice);
    }
    let packages: Vec<&str> = ours.iter().flat_map(|need| need.packages).copied().collect();
    if !theirs.is_empty() || (!packages.is_empty() && !install(&packages)) {
        return false;
    }
    ours.iter().filter_map(|need| need.service).for_each(switch_off);
    install_packages(root) && install_schema_driver(root)
}

/// The tool that drives the API document, in an environment of its own.
fn install_schema_driver(root: &Path) -> bool {
    let made = Command::new("python3").args(["tests/schema/drive.py", "--setup"]).current_dir(root).status();
    made.is_ok_and(|status| status.success())
}

fn is_there(need: &Need) -> bool {
    need.programs.iter().any(|program| {
        let asked = Command::new(program).args(need.asked).stderr(Stdio::null()).output();
        let Some(answer) = asked.ok().filter(|answer| answer.status.success()) else { return false };
        need.at_least.is_none_or(|least| version(&String::from_utf8_lossy(&answer.stdout)).is_some_and(|found| found >= least))
    })
}

/// Major and minor of `v20.19.2` or `Python 3.11.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = digits.split('.').map(|part| part.trim().parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// Whether we are root on a Debian.
fn can_install() -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|answer| answer.stdout.trim_ascii() == b"0");
    is_root && Path::new("/etc/debian_version").exists()
}

fn install(packages: &[&str]) -> bool {
    println!("installing {}", packages.join(", "));
    let apt = |arguments: &[&str]| {
        let ran = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
        ran.is_ok_and(|status| status.success())
    };
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&["update", "-q"]) && apt(&arguments)
}

/// Ends a service that came with a package, and keeps it from coming back. On a machine without services there is none to end.
fn switch_off(service: &str) {
    for command in [["systemctl", "disable", "--now", service].as_slice(), &["service", service, "stop"]] {
        let _ = Command::new(command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// `npm ci`, unless what is installed is newer than the lock.
fn install_packages(root: &Path) -> bool {
    let modified = |path: &str| root.join(path).metadata().and_then(|file| file.modified()).ok();
    let installed = modified("node_modules/.package-lock.json");
    if installed.is_some() && installed >= modified("package-lock.json") {
        return true;
    }
    println!("installing the packages of the workspace: npm ci");
    Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(root).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_are_read_as_programs_print_them() {
        for (text, expected) in
            [("v20.19.2\n", Some((20, 19))), ("Python 3.11.2", Some((3, 11))), ("11.4.0", Some((11, 4))), ("none", None)]
        {
            assert_eq!(super::version(text), expected, "{text}");
        }
    }
}
