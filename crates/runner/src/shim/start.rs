//! Starts the child: own process group, the exact environment, killed by the kernel if the shim is, descriptor 3 when
//! there is a channel.

use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::control::Spec;

/// Why the child does not run.
pub(super) struct Refusal {
    /// Stable code; see `ChildSaid::SpawnFailed`.
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// Starts it; gives its pid. The channel's end is closed here in either case.
pub(super) fn start(spec: &Spec, channel: Option<OwnedFd>) -> Result<i32, Refusal> {
    let Some((program, args)) = spec.argv.split_first() else {
        return Err(Refusal { reason: "spawn_failed", message: "no program is named".to_owned() });
    };
    // `Command` makes a pipe of its own; descriptor 3 must not become one of its ends, the channel would replace it.
    let _third = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3);
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    if let Some(cwd) = &spec.cwd {
        match std::fs::metadata(cwd) {
            Ok(folder) if folder.is_dir() => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let message = format!("the folder {} cannot be entered", cwd.display());
                return Err(Refusal { reason: "permission_denied", message });
            }
            _ => {
                let message = format!("the folder {} does not exist", cwd.display());
                return Err(Refusal { reason: "cwd_missing", message });
            }
        }
        command.current_dir(cwd);
    }
    let shim = std::process::id() as i32;
    let third = channel.as_ref().map(AsRawFd::as_raw_fd);
    // SAFETY: the shim has one thread, so the forked child may do whatever the shim may; it makes system calls only.
    unsafe { command.pre_exec(move || prepare(shim, third)) };
    match command.spawn() {
        // Reaped by the keeper, with all the other descendants.
        Ok(child) => Ok(child.id() as i32),
        Err(error) => Err(refusal(program, &error)),
    }
}

/// Between fork and exec.
fn prepare(shim: i32, channel: Option<i32>) -> io::Result<()> {
    // SAFETY: plain system calls on numbers and local values.
    unsafe {
        if libc::setpgid(0, 0) != 0 {
            return Err(io::Error::last_os_error());
        }
        #[cfg(target_os = "linux")]
        {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The shim may have died before the line above took effect.
            if libc::getppid() != shim {
                libc::_exit(1);
            }
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        let given = match channel {
            Some(3) => libc::fcntl(3, libc::F_SETFD, 0),
            Some(fd) => libc::dup2(fd, 3),
            None => 0,
        };
        if given < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    let _ = shim;
    Ok(())
}

fn refusal(program: &str, error: &io::Error) -> Refusal {
    let (reason, message) = match error.raw_os_error() {
        Some(libc::ENOENT) => (
            "program_not_found",
            format!("the program {program} was not found (or, for a script, the interpreter in its first line)"),
        ),
        Some(libc::EACCES | libc::EPERM) => ("permission_denied", format!("the program {program} may not be executed")),
        Some(libc::ENOEXEC) => ("spawn_failed", format!("{program} is not a program that this machine can run")),
        Some(libc::E2BIG) => ("spawn_failed", "arguments and environment are too long for this machine".to_owned()),
        Some(libc::EAGAIN | libc::ENOMEM) => ("spawn_failed", "no process or memory is left on this machine".to_owned()),
        _ => ("spawn_failed", format!("the program {program} could not be started: {error}")),
    };
    Refusal { reason, message }
}
