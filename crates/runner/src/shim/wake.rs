//! The shim's own signals: SIGCHLD wakes its poll through a pipe; those that a terminal or a service manager sends are
//! swallowed, because the end of the server, not a signal, is what ends a shim.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

static WAKE: AtomicI32 = AtomicI32::new(-1);

extern "C" fn on_child(_: libc::c_int) {
    // SAFETY: the descriptor is never closed. The write is a bare system call, so it is async-signal-safe; a full pipe is
    // as good as a written byte.
    let wake = unsafe { BorrowedFd::borrow_raw(WAKE.load(Ordering::Relaxed)) };
    rustix::io::write(wake, &[1]).ok();
}

extern "C" fn swallow(_: libc::c_int) {}

/// Installs the handlers; gives the end of the pipe that becomes readable when a child changed. Handlers, not "ignore",
/// because an ignored signal would stay ignored in the child.
pub(super) fn install() -> io::Result<OwnedFd> {
    let (read, write) = io::pipe()?;
    rustix::io::ioctl_fionbio(&read, true)?;
    rustix::io::ioctl_fionbio(&write, true)?;
    WAKE.store(write.as_raw_fd(), Ordering::Relaxed);
    std::mem::forget(write);
    handle(libc::SIGCHLD, on_child, libc::SA_NOCLDSTOP | libc::SA_RESTART)?;
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2] {
        handle(signal, swallow, libc::SA_RESTART)?;
    }
    Ok(read.into())
}

fn handle(signal: libc::c_int, handler: extern "C" fn(libc::c_int), flags: libc::c_int) -> io::Result<()> {
    // SAFETY: a zeroed sigaction is a valid one (no flags, empty mask); the handler is a function of the right type that
    // does only async-signal-safe things.
    let done = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = flags;
        libc::sigaction(signal, &action, std::ptr::null_mut())
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
