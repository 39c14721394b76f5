//! What each command does. Everything but `serve` speaks to a server through `client`, as any program would.

mod access;
mod doctor;
mod jobs;
mod logs;
mod run;
mod run_host;
mod serve;
mod show;
mod submit;
mod types;
mod verbs;
mod watch;

use clap::CommandFactory;
use client::Client;

use crate::cli::{Cli, Command, Config, Document, Reach};
use crate::exit::{Exit, Failure};
use crate::{config, exit, find};

pub async fn run(cli: Cli) -> Result<(), Failure> {
    let reach = cli.reach;
    let ask = |ids, verb| verbs::ask(&reach, ids, verb);
    match cli.command {
        Command::Serve(args) => serve::serve(args).await,
        Command::Submit(args) => submit::submit(&reach, args).await,
        Command::Run(args) => run::run(&reach, args).await,
        Command::List(args) => jobs::list(&reach, args).await,
        Command::Show { id } => show::show(&reach, &id).await,
        Command::Watch(args) => watch::watch(&reach, args).await,
        Command::Logs(args) => logs::logs(&reach, args).await,
        Command::Pause(args) => ask(args.ids, "pause").await,
        Command::Resume(args) => ask(args.ids, "resume").await,
        Command::Abort(args) => ask(args.ids, "abort").await,
        Command::Kill(args) => ask(args.ids, "kill").await,
        Command::Retry(args) => ask(args.ids, "retry").await,
        Command::RunNow(args) => ask(args.ids, "run-now").await,
        Command::Rerun { id, input } => verbs::rerun(&reach, &id, input.as_deref()).await,
        Command::Delete(args) => verbs::delete(&reach, args.ids).await,
        Command::Tasks => jobs::tasks(&reach).await,
        Command::Types(args) => types::types(&reach, args).await,
        Command::Stats => jobs::stats(&reach).await,
        Command::Key { command } => access::key(&reach, command),
        Command::Token(args) => access::token(&reach, args).await,
        Command::Config { command: Config::Check(args) } => serve::check(&reach, args),
        Command::Config { command: Config::Reference { exit_codes } } => {
            out!("{}", if exit_codes { exit::reference() } else { config::reference() });
            Ok(())
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "tidings", &mut std::io::stdout());
            Ok(())
        }
        Command::Doctor(args) => doctor::doctor(reach, args).await,
        Command::RunHost => run_host::host().await,
        Command::Document { which } => {
            let text = match which {
                Document::Openapi => api::openapi_json(),
                Document::Asyncapi => api::asyncapi_json(),
            };
            out!("{}", text.trim_end());
            Ok(())
        }
    }
}

/// The server that was named, as whoever was named.
fn client(reach: &Reach) -> Result<Client, Failure> {
    Ok(Client::new(&reach.url(), reach.token()?)?)
}

/// The ids that are meant, in order.
async fn job_ids(client: &Client, texts: &[String]) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::new();
    for text in texts {
        ids.push(find::job_id(client, text).await?);
    }
    Ok(ids)
}

/// Prints a value as JSON over several lines.
fn print_pretty(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    outln!("{text}");
    Ok(())
}

/// `TYPE:ID` of a subject.
fn subject(text: &str) -> Result<wire::record::Subject, Failure> {
    match text.split_once(':') {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() => Ok(wire::record::Subject { kind: kind.into(), id: id.into() }),
        _ => Err(Failure::usage(format!("{text:?} is no subject: write TYPE:ID, for example document:7"))),
    }
}
