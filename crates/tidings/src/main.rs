//! `tidings`: the server, and the commands that speak to one.
//!
//! The shim role comes before everything else: it is started once per child and must neither parse nor allocate much.

#[macro_use]
mod stdout;

mod cli;
mod commands;
mod config;
mod exit;
mod find;
mod screen;
mod serve;
mod words;

use clap::Parser;

use cli::{Cli, Command};
use exit::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    if std::env::args_os().nth(1).is_some_and(|role| role == "shim") {
        runner::shim::main();
    }
    // Two libraries that ask for a process-wide choice of cryptography get the same one.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().ok();
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.words.is_empty() {
                eprintln!("tidings: {}", failure.words);
            }
            std::process::ExitCode::from(failure.exit.code())
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = match &cli.command {
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread().enable_all().build()?,
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
    };
    let outcome = runtime.block_on(commands::run(cli));
    // A read of stdin that nobody waits for any more must not hold up the exit.
    runtime.shutdown_background();
    outcome
}
