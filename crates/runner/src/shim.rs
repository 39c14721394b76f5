//! The shim: our own binary in a hidden role, one small single-threaded process per child.
//!
//! It starts the child, ends every descendant on order or when the server is gone, and confirms when none is left. It
//! speaks only on its control socket; output and channel bytes flow between server and child and never through it.
//! Refuses to start with anything but `--control <descriptor> [--channel <descriptor>]`.

pub(crate) mod control;
mod keeper;
mod memory;
mod start;
mod wake;

use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use rustix::io::{FdFlags, fcntl_setfd};

/// The whole life of a shim. Called by the binary before anything else is set up: no thread may run yet.
///
/// Exits with 0 once nothing of the tree is left, with 2 when it was not started by a server.
pub fn main() -> ! {
    let (control, channel) = match descriptors(std::env::args().skip(1)) {
        Some(found) => found,
        None => {
            eprintln!("this role is started by the server itself, with --control and --channel descriptors");
            std::process::exit(2);
        }
    };
    // The server does without them, and its setting would be the child's too. A kernel that knows no such setting has nothing to undo.
    let _ = rustix::thread::disable_transparent_huge_pages(false);
    keeper::keep(control, channel);
    std::process::exit(0)
}

/// Takes over the descriptors that the arguments name, and closes all others but the standard ones.
fn descriptors(mut args: impl Iterator<Item = String>) -> Option<(UnixStream, Option<OwnedFd>)> {
    let mut control = None;
    let mut channel = None;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--control" => control = Some(args.next()?.parse().ok()?),
            "--channel" => channel = Some(args.next()?.parse().ok()?),
            _ => {}
        }
    }
    close_others([control, channel]);
    let channel = match channel {
        Some(channel) => Some(take(channel)?),
        None => None,
    };
    Some((UnixStream::from(take(control?)?), channel))
}

/// What the server inherited or opened carelessly is not for its children, and must not be held open by them.
fn close_others(kept: [Option<RawFd>; 2]) {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<RawFd> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for fd in open.into_iter().filter(|fd| *fd > 2 && !kept.contains(&Some(*fd))) {
        // SAFETY: this process has only just begun and owns none of these; the listing's own, closed by now, is refused.
        unsafe { libc::close(fd) };
    }
}

/// Owns an inherited descriptor, hidden from the child until it is given on purpose. None when it is not open.
fn take(raw: RawFd) -> Option<OwnedFd> {
    if raw < 3 {
        return None;
    }
    // SAFETY: the number comes from the server that started this process and left it open for us; nothing else in this
    // process, which has only just begun, owns it.
    let fd = unsafe { OwnedFd::from_raw_fd(raw) };
    match fcntl_setfd(&fd, FdFlags::CLOEXEC) {
        Ok(()) => Some(fd),
        Err(_) => {
            // Not open: closing it would be an error too.
            std::mem::forget(fd);
            None
        }
    }
}
