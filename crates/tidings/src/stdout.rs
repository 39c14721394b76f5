//! Writing to stdout, for people and pipes: a reader that has enough (`| head`) ends the command quietly.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Writes and flushes, so that a reader sees it at once.
pub fn write(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    match out.write_fmt(text).and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("tidings: stdout cannot be written: {error}");
            std::process::exit(1);
        }
    }
}

/// As `print!`.
macro_rules! out {
    ($($part:tt)*) => { $crate::stdout::write(format_args!($($part)*)) };
}

/// As `println!`.
macro_rules! outln {
    ($($part:tt)*) => { $crate::stdout::write(format_args!("{}\n", format_args!($($part)*))) };
}
