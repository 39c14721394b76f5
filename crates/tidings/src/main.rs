//! `tidings`: the server, and the commands that speak to one.
//!
//! The shim role comes before everything else: it is started once per child and must neither parse nor allocate much.

#[macro_use]
mod stdout;

mod cli;
mod commands;
mod exit;
mod find;
mod moment;
mod screen;
mod serve;
mod terminal;
mod types;
mod words;

use clap::Parser;
use clap::error::ErrorKind;

use cli::{Cli, Command};
use exit::{Exit, Failure};
use tidings::config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    if std::env::args_os().nth(1).is_some_and(|role| role == "shim") {
        runner::shim::main();
    }
    // Two libraries that ask for a process-wide choice of cryptography get the same one.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().ok();
    let cli = Cli::try_parse().unwrap_or_else(|error| misread(&error));
    let json = cli.reach.json;
    match run(cli) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(json, None);
            std::process::ExitCode::from(failure.exit.code())
        }
    }
}

/// Ends with what is wrong with the command line, or with the help that was asked for.
fn misread(error: &clap::Error) -> ! {
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let json = std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json");
    if is_help || !json {
        error.exit();
    }
    let text = error.render().to_string();
    let sentence = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    Failure::usage(sentence.split_whitespace().collect::<Vec<_>>().join(" ")).tell(true, None);
    std::process::exit(Exit::Usage.code().into())
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
