//! The command line: what can be said, and nothing of what it does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::exit::Failure;

#[derive(Debug, Parser)]
#[command(name = "tidings", version, about = "Runs the long operations of web apps and tells everybody how they are doing")]
#[command(after_help = crate::exit::help(), max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub reach: Reach,
    #[command(subcommand)]
    pub command: Command,
}

/// Which server, as whom, and how to answer.
#[derive(Debug, Clone, Args)]
pub struct Reach {
    /// Where the server stands [env: TIDINGS_URL] [default: http://127.0.0.1:8430]
    #[arg(long, global = true, value_name = "URL", help_heading = "Server")]
    pub url: Option<String>,
    /// A JWT or an API key; none in open mode [env: TIDINGS_TOKEN]
    #[arg(long, global = true, help_heading = "Server")]
    pub token: Option<String>,
    /// A file that holds the token: keeps it out of the list of processes [env: TIDINGS_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "token", help_heading = "Server")]
    pub token_file: Option<PathBuf>,
    /// Answer with JSON, errors too; a stream answers with one JSON value a line
    #[arg(long, global = true, help_heading = "Server")]
    pub json: bool,
}

impl Reach {
    /// The flag, the variable, or the usual place.
    pub fn url(&self) -> String {
        let from_environment = || std::env::var("TIDINGS_URL").ok().filter(|url| !url.is_empty());
        self.url.clone().or_else(from_environment).unwrap_or_else(|| format!("http://{}", crate::config::LISTEN))
    }

    /// A flag wins over a variable; none in open mode.
    pub fn token(&self) -> Result<Option<String>, Failure> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let is_flagged = self.token.is_some() || self.token_file.is_some();
        let token = if is_flagged { self.token.clone() } else { variable("TIDINGS_TOKEN") };
        if token.is_some() {
            return Ok(token);
        }
        let from_environment = || variable("TIDINGS_TOKEN_FILE").map(PathBuf::from);
        let Some(file) = self.token_file.clone().or_else(from_environment) else { return Ok(None) };
        let text = std::fs::read_to_string(&file)
            .map_err(|error| Failure::usage(format!("the token file {} cannot be read: {error}", file.display())))?;
        Ok(Some(text.trim().to_owned()))
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server
    Serve(Serve),
    /// Submit a job
    Submit(Submit),
    /// Run a command as a watched job; Ctrl-C detaches and the job goes on
    Run(Run),
    /// List jobs, newest first
    List(List),
    /// Show one job with its attempts and history
    Show {
        /// The id, at least 6 characters of its beginning or end, or the external id
        id: String,
    },
    /// Watch jobs until they end; without ids the active ones
    #[command(after_help = "Without ids it shows the active jobs, and ends when none is left but scheduled ones.\n\
                            The exit code is 0 when all that ended meanwhile are completed; Ctrl-C lets go, and the jobs go on.")]
    Watch(Watch),
    /// Print the output of a job
    Logs(Logs),
    /// Pause jobs
    Pause(Ids),
    /// Let paused jobs go on
    Resume(Ids),
    /// Stop jobs; they may clean up first
    Abort(Ids),
    /// Stop jobs at once
    Kill(Ids),
    /// Start ended jobs again, under the same id
    Retry(Ids),
    /// Start scheduled or retrying jobs now
    RunNow(Ids),
    /// Make a new job with the input of an old one
    Rerun {
        /// The id, at least 6 characters of its beginning or end, or the external id
        id: String,
        /// Another input: JSON text, `-` for stdin, or `@file`
        #[arg(allow_hyphen_values = true)]
        input: Option<String>,
    },
    /// Delete ended jobs
    Delete(Ids),
    /// List the tasks that can be started
    Tasks,
    /// Write TypeScript types for the tasks: what each takes, and what it brings
    #[command(
        after_help = "The types come from `input_schema` and `output_schema` of [tasks.*]; a task without them has `unknown`.\n\
                            In the app: const task = useTask<Tasks['check-links']['input'], Tasks['check-links']['output']>()\n\
                            and then task.startTask('check-links', { folder: 'site' })"
    )]
    Types(Types),
    /// Count jobs by status
    Stats,
    /// Make API keys
    Key {
        #[command(subcommand)]
        command: Key,
    },
    /// Make a short token for a user
    Token(Token),
    /// Check the configuration, or print its reference
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Print shell completions
    Completions {
        /// The shell to print them for
        shell: Shell,
    },
    /// Check that a server works from here, and say how to mend what does not
    Doctor(Doctor),
    /// The detached part of `run`
    #[command(hide = true)]
    RunHost,
    /// Print a generated document of the API
    #[command(hide = true)]
    Document {
        /// Which one
        which: Document,
    },
}

#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration; ./tidings.toml when it is there [env: TIDINGS_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
    /// Where to listen [env: TIDINGS_LISTEN] [default: 127.0.0.1:8430]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The folder of the embedded store [env: TIDINGS_DATA] [default: ./data]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,
    /// A foreign web origin that may call the server; may be repeated [env: TIDINGS_ORIGINS]
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Vec<String>,
    /// Log filter, for example debug [env: TIDINGS_LOG] [default: info]
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// text or json [env: TIDINGS_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// What a new job carries.
#[derive(Debug, Clone, Default, Args)]
pub struct About {
    /// What people see
    #[arg(long)]
    pub title: Option<String>,
    /// A word to find it by; may be repeated
    #[arg(long)]
    pub tag: Vec<String>,
    /// What it is about, for example document:7
    #[arg(long, value_name = "TYPE:ID")]
    pub subject: Option<String>,
    /// The page or wizard it belongs to
    #[arg(long)]
    pub session: Option<String>,
    /// Whose job it is; only a service may name another
    #[arg(long)]
    pub owner: Option<String>,
}

#[derive(Debug, Args)]
pub struct Submit {
    /// The name of a task; `tidings tasks` lists them
    pub task: String,
    /// What it is to work on: JSON text, `-` for stdin, or `@file`
    #[arg(allow_hyphen_values = true)]
    pub input: Option<String>,
    #[command(flatten)]
    pub about: About,
    /// -100 to 100; higher starts first
    #[arg(long, allow_hyphen_values = true)]
    pub priority: Option<i64>,
    /// Not before: a time of RFC 3339, or a duration from now such as 10m
    #[arg(long, value_name = "TIME")]
    pub run_at: Option<String>,
    /// Say the same submit twice with the same key, and there is one job
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Wait for the end; the exit code is the job's
    #[arg(long)]
    pub wait: bool,
    /// Wait for the end and show the progress
    #[arg(long)]
    pub watch: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub about: About,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Debug, Args)]
pub struct List {
    /// Of this status, for example running; may be repeated
    #[arg(long)]
    pub status: Vec<String>,
    /// Of this task
    #[arg(long)]
    pub task: Option<String>,
    /// Of this owner
    #[arg(long)]
    pub owner: Option<String>,
    /// Of this page or wizard
    #[arg(long)]
    pub session: Option<String>,
    /// About this, for example document:7
    #[arg(long, value_name = "TYPE:ID")]
    pub subject: Option<String>,
    /// With this tag
    #[arg(long)]
    pub tag: Option<String>,
    /// With this id at the app or engine that it comes from
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Found in title, task, tags or the beginning of the id
    #[arg(long)]
    pub text: Option<String>,
    /// Jobs at most
    #[arg(long, default_value_t = 20)]
    pub limit: u32,
    /// Where the last page ended
    #[arg(long)]
    pub cursor: Option<String>,
}

#[derive(Debug, Args)]
pub struct Types {
    /// Read the tasks of this configuration instead of asking a server
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "token", "token_file"])]
    pub config: Option<PathBuf>,
    /// Write this file, unless it says the same already; to stdout unless told
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Watch {
    /// Ids, at least 6 characters of their beginning or end, or external ids
    pub ids: Vec<String>,
    /// The active jobs of a task
    #[arg(long, conflicts_with = "ids")]
    pub task: Option<String>,
    /// The active jobs with a tag
    #[arg(long, conflicts_with = "ids")]
    pub tag: Option<String>,
    /// My active jobs; so also without any argument
    #[arg(long, conflicts_with = "ids")]
    pub mine: bool,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// The id, at least 6 characters of its beginning or end, or the external id
    pub id: String,
    /// Go on until the job ends
    #[arg(long, short)]
    pub follow: bool,
    /// Of this attempt; the newest unless told
    #[arg(long, value_name = "NUMBER", conflicts_with = "follow")]
    pub attempt: Option<u32>,
}

#[derive(Debug, Args)]
pub struct Ids {
    /// Ids, at least 6 characters of their beginning or end, or external ids
    #[arg(required = true)]
    pub ids: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key: printed once, with the lines for tidings.toml
    New {
        /// Who the key speaks for
        name: String,
        /// What it may; may be repeated; read, submit, control and report unless told
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// The tenant that it belongs to
        #[arg(long, default_value = "default")]
        tenant: String,
        /// It sees all jobs of its tenant, not only its own
        #[arg(long)]
        tenant_wide: bool,
    },
}

#[derive(Debug, Args)]
pub struct Token {
    /// The user that the token speaks for
    pub subject: String,
    /// What it may; may be repeated; read, submit and control unless told
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// How long it is good
    #[arg(long, default_value = "15m", value_name = "DURATION")]
    pub expires_in: String,
    /// Sign it here with the secret of HS256 instead of asking the server
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// With --secret-file: the tenant that it belongs to
    #[arg(long, requires = "secret_file")]
    pub tenant: Option<String>,
    /// With --secret-file: the `iss` that the server asks for
    #[arg(long, requires = "secret_file")]
    pub issuer: Option<String>,
    /// With --secret-file: the `aud` that the server asks for
    #[arg(long, requires = "secret_file")]
    pub audience: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Read the configuration and say all that is wrong with it
    Check(Serve),
    /// Print the reference as Markdown
    Reference {
        /// The page of the exit codes instead
        #[arg(long)]
        exit_codes: bool,
    },
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Where the server stands; as --url unless told
    pub server: Option<String>,
    /// The configuration of a server on this machine [env: TIDINGS_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn everything_that_can_be_said_is_explained() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let is_told = argument.get_help().is_some() || matches!(argument.get_id().as_str(), "help" | "version");
                assert!(is_told, "{}: {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Cli::command());
    }

    #[test]
    fn run_leaves_the_commands_own_flags_alone() {
        for line in [
            &["tidings", "run", "--title", "Build", "--", "make", "-j", "--json"][..],
            &["tidings", "run", "--title", "Build", "make", "-j", "--json"],
        ] {
            match Cli::try_parse_from(line).unwrap() {
                Cli { command: Command::Run(run), reach } => {
                    assert_eq!((run.command.join(" ").as_str(), reach.json), ("make -j --json", false));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The documents that are made from the code.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Document {
    Openapi,
    Asyncapi,
}
