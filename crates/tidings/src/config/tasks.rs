//! `[tasks.<name>]`: what can be started, and how it runs.

use std::path::Path;
use std::sync::Arc;

use domain::policy::{Mode, Pause, Policy, Rescue, Retry};
use domain::{Json, limits};
use engine::task::{Channel, Program, ProgressFrom, Schemas, Task};

use super::reader::{Placed, Section};
use super::schema;

/// Modes that a file may declare; a mirrored task comes with its source.
const MODES: &[Mode] = &[Mode::Process, Mode::Tracked, Mode::Worker];
/// How many of a task run at once unless told.
const CONCURRENCY: u32 = 10;
/// Most places that one task may have.
const MOST_CONCURRENCY: u32 = 10_000;
/// From a reported end to SIGTERM unless told, in milliseconds.
const EXIT_GRACE_MS: u64 = 5_000;
/// Variables of the server that a child sees unless told.
const PASSED_ON: &[&str] = &["PATH", "HOME", "LANG", "TZ"];

/// Where values come from that the file only names.
pub struct Surroundings<'a> {
    /// The folder of the file.
    pub folder: &'a Path,
    /// A variable of the server's own environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// One task, or `None` when what is wrong with it leaves nothing to run.
pub fn read(name: Placed<String>, section: Section<'_, '_>, around: &Surroundings<'_>) -> Option<Task> {
    if name.value.is_empty() || name.value.len() > limits::NAME_BYTES || name.value.chars().any(char::is_control) {
        section.wrong(
            "name",
            name.at,
            format_args!("a task's name has 1 to {} bytes and no control characters", limits::NAME_BYTES),
        );
    }
    let mode = section.word("mode", MODES, Mode::as_str).map_or(Mode::Process, |placed| placed.value);
    let channel = section.word("channel", Channel::ALL, Channel::as_str);
    let policy = Arc::new(policy(&section, mode, channel.as_ref()));
    let task = Task {
        concurrency: section.number("concurrency", 1, MOST_CONCURRENCY).unwrap_or(CONCURRENCY),
        program: program(&section, mode, channel.map(|placed| placed.value), around).map(Arc::new),
        title: section.text("title").map(|text| text.value),
        description: section.text("description").map(|text| text.value),
        example: section.parsed("example", example).map(|placed| placed.value),
        schemas: Schemas {
            input: section.parsed("input_schema", |text| schema::read(text, around.folder)).map(|placed| placed.value),
            output: section.parsed("output_schema", |text| schema::read(text, around.folder)).map(|placed| placed.value),
        },
        name: name.value.into(),
        mode,
        policy,
    };
    section.finish();
    (mode != Mode::Process || task.program.is_some()).then_some(task)
}

fn example(text: &str) -> Result<Json, String> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(Json::from_valid(text)),
        Err(error) => Err(format!("must be JSON text, for example '{{\"folder\": \"site\"}}': {error}")),
    }
}

fn policy(section: &Section<'_, '_>, mode: Mode, channel: Option<&Placed<Channel>>) -> Policy {
    let usual = Policy::default();
    let is_plain = mode == Mode::Process && channel.map_or(!section.has("channel"), |channel| channel.value == Channel::Plain);
    if let (Some(channel), true) = (channel, mode != Mode::Process) {
        section.wrong("channel", channel.at, format_args!("is for mode process; mode {mode} has no child"));
    }
    let pause = match section.word("pause", Pause::ALL, Pause::as_str) {
        None if is_plain => Pause::Freeze,
        None => Pause::Cooperative,
        Some(placed) => {
            if placed.value == Pause::Cooperative && is_plain {
                section.wrong("pause", placed.at, "cooperative needs a channel to ask on; on channel plain use freeze or none");
            }
            if placed.value == Pause::Freeze && mode != Mode::Process {
                let problem = format!("freeze is for mode process; on mode {mode} use cooperative or none");
                section.wrong("pause", placed.at, problem);
            }
            placed.value
        }
    };
    let retry = section.section("retry");
    let retries = Retry {
        attempts: retry.number("attempts", 1, limits::ATTEMPTS).unwrap_or(usual.retry.attempts),
        base_ms: retry.duration_ms("base").unwrap_or(usual.retry.base_ms),
        max_ms: retry.duration_ms("max").unwrap_or(usual.retry.max_ms),
        on_timeout: retry.flag("on_timeout").unwrap_or(usual.retry.on_timeout),
    };
    if retries.base_ms > retries.max_ms {
        retry.wrong("base", retry.at(), "is longer than max");
    }
    retry.finish();
    let rescue = section.word("rescue", Rescue::ALL, Rescue::as_str).map(|placed| placed.value);
    Policy {
        pause,
        rescue: rescue.unwrap_or(if mode == Mode::Tracked { Rescue::Lost } else { usual.rescue }),
        retry: retries,
        time_limit_ms: section.duration_ms("time_limit"),
        abort_grace_ms: section.duration_ms("abort_grace").unwrap_or(usual.abort_grace_ms),
        start_within_ms: section.duration_ms("start_within"),
    }
}

fn program(section: &Section<'_, '_>, mode: Mode, channel: Option<Channel>, around: &Surroundings<'_>) -> Option<Program> {
    let command = section.texts("command");
    let progress = section.word("progress", ProgressFrom::ALL, ProgressFrom::as_str);
    let cwd = section.text("cwd").unwrap_or_else(|| Placed { value: ".".to_owned(), at: section.at() });
    let program = Program {
        argv: command.as_ref().map(|command| command.value.clone()).unwrap_or_default(),
        cwd: around.folder.join(&cwd.value).components().collect(),
        env: environment(section, around),
        channel: channel.unwrap_or(Channel::Plain),
        progress: progress.map_or(ProgressFrom::Channel, |placed| placed.value),
        memory_bytes: section.size_bytes("memory"),
        exit_grace_ms: section.duration_ms("exit_grace").unwrap_or(EXIT_GRACE_MS),
    };
    if mode == Mode::Process {
        doubts(section, &program, cwd.at, command.as_ref().map(|command| command.at));
    }
    match (mode, command) {
        (Mode::Process, None) => {
            section.missing("command", "mode process runs a program, for example [\"node\", \"worker.js\"]");
            None
        }
        (Mode::Process, Some(command)) if command.value.first().is_none_or(String::is_empty) => {
            section.wrong("command", command.at, "must name a program first, for example [\"node\", \"worker.js\"]");
            None
        }
        (Mode::Process, Some(_)) => Some(program),
        (_, Some(command)) => {
            section.wrong("command", command.at, format_args!("is for mode process; in mode {mode} the server starts nothing"));
            None
        }
        (_, None) => None,
    }
}

/// A folder or a program that is not there now: it may come before the task starts.
fn doubts(section: &Section<'_, '_>, program: &Program, cwd_at: usize, command_at: Option<usize>) {
    if !program.cwd.is_dir() {
        section.doubtful("cwd", cwd_at, format_args!("there is no folder {}", program.cwd.display()));
        return;
    }
    let (Some(command), Some(at)) = (program.argv.first().filter(|command| !command.is_empty()), command_at) else { return };
    let path = program.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    let is_found = match command.contains('/') {
        true => program.cwd.join(command).is_file(),
        false => path.unwrap_or_default().split(':').any(|folder| Path::new(folder).join(command).is_file()),
    };
    if !is_found {
        let hint = if path.is_none() { "; PATH is not passed on, see env" } else { "" };
        section.doubtful("command", at, format_args!("{command:?} is not found{hint}"));
    }
}

/// What the child sees: the named variables that the server has, with the fixed ones over them.
fn environment(section: &Section<'_, '_>, around: &Surroundings<'_>) -> Vec<(String, String)> {
    let named = section.texts("env");
    if let Some(names) = &named
        && let Some(name) = names.value.iter().find(|name| !is_variable(name))
    {
        section.wrong("env", names.at, format_args!("{name:?} is not a variable's name; values belong into set_env"));
    }
    let names = named.map_or_else(|| PASSED_ON.iter().map(|name| (*name).to_owned()).collect(), |names| names.value);
    let mut env: Vec<(String, String)> =
        names.into_iter().filter_map(|name| Some((name.clone(), (around.variable)(&name)?))).collect();
    for (name, value) in section.text_table("set_env") {
        if !is_variable(&name) || name.starts_with("TIDINGS_") {
            section.wrong(
                "set_env",
                value.at,
                format_args!("{name:?} cannot be set: names of variables only, and none that begins with TIDINGS_"),
            );
        }
        env.retain(|(held, _)| *held != name);
        env.push((name, value.value));
    }
    env
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}
