//! The server's configuration: what flags, environment and `tidings.toml` say, in this order, over the defaults.
//!
//! One struct per concern; every key is listed once ([`keys`]); durations and sizes are read in one place ([`units`]); the file in
//! another ([`reader`]). Refuses unknown keys, and to listen beyond this machine without access control.

mod access;
mod dialects;
mod keys;
mod reader;
mod schema;
mod sources;
mod tasks;
pub mod units;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::named;
use engine::task::{Catalog, Task};
use toml::de::DeTable;

pub use access::{Access, Algorithm, ApiKey, Introspect, JwtKey};
pub use dialects::Dialects;
pub use keys::reference;
pub use sources::{Sources, TaskStatus};

/// Where the server listens unless told.
pub const LISTEN: &str = "127.0.0.1:8430";
/// Who everybody is while access is open.
const OPEN_OWNER: &str = "local";
/// The file that is read when none is named, if it is there.
const FILE: &str = "tidings.toml";

named! {
    /// Shape of the server's log.
    pub enum LogFormat {
        Text = "text",
        Json = "json",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub format: LogFormat,
    /// A filter: a level, or levels by module.
    pub level: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Children at once, over all tasks.
    pub concurrency: u32,
    /// How long a stop waits, in milliseconds.
    pub stop_within_ms: u64,
    /// How often callers may ask.
    pub requests: api::RateLimits,
}

/// Everything that `tidings serve` goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub access: Access,
    pub log: Log,
    pub limits: Limits,
    pub tasks: BTreeMap<domain::Text, Arc<Task>>,
    /// Older systems' contracts that are served.
    pub dialects: Dialects,
    /// Other engines whose work is mirrored.
    pub sources: Sources,
    /// The file that was read; none when there is none.
    pub file: Option<PathBuf>,
    /// In the order of the file.
    warnings: Vec<String>,
}

/// What is not in the file. Kept by the server, to read the file again.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// Values of flags by their name, `--listen`.
    pub flags: BTreeMap<&'static str, String>,
    /// The server's environment.
    pub environment: BTreeMap<String, String>,
    /// The folder that relative names of flags and variables begin in.
    pub folder: PathBuf,
}

/// All that is wrong, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.join("\n"))]
pub struct ConfigError {
    pub problems: Vec<String>,
    /// What is doubtful besides.
    pub warnings: Vec<String>,
}

impl ConfigError {
    fn only(problems: Vec<String>) -> ConfigError {
        ConfigError { problems, warnings: Vec::new() }
    }
}

impl Layers {
    pub fn of_this_process(flags: BTreeMap<&'static str, String>) -> Layers {
        let text = |value: std::ffi::OsString| value.into_string().ok();
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect();
        Layers { flags, environment, folder: std::env::current_dir().unwrap_or_default() }
    }

    /// Flag or variable, with the name that errors show.
    fn over(&self, variable: &str, flag: &'static str) -> Option<(String, String)> {
        let from_flag = self.flags.get(flag).map(|value| (flag.to_owned(), value.clone()));
        let from_environment = || self.environment.get(variable).map(|value| (variable.to_owned(), value.clone()));
        from_flag.or_else(from_environment).filter(|(_, value)| !value.is_empty())
    }

    /// The file to read, and whether somebody named it.
    fn file(&self) -> (PathBuf, Option<String>) {
        match self.over("TIDINGS_CONFIG", "--config") {
            Some((layer, name)) => (self.folder.join(name), Some(layer)),
            None => (self.folder.join(FILE), None),
        }
    }
}

impl Config {
    /// Reads the file that the layers name, and puts them over it.
    pub fn load(layers: &Layers) -> Result<Config, ConfigError> {
        let (file, named) = layers.file();
        match std::fs::read_to_string(&file) {
            Ok(text) => Config::read(layers, Some((&file, &text))),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Config::read(layers, None),
            Err(error) => {
                let who = named.map(|layer| format!("{layer}: ")).unwrap_or_default();
                Err(ConfigError::only(vec![format!("{who}{} cannot be read: {error}", file.display())]))
            }
        }
    }

    /// Reads a text as if it stood in `file`.
    pub fn read(layers: &Layers, source: Option<(&Path, &str)>) -> Result<Config, ConfigError> {
        let text = source.map_or("", |(_, text)| text);
        let shown = source
            .map_or_else(|| FILE.to_owned(), |(file, _)| file.strip_prefix(&layers.folder).unwrap_or(file).display().to_string());
        let page = reader::Page::new(shown, text);
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            page.wrong(error.span().map_or(0, |span| span.start), error.message());
        }
        if !errors.is_empty() {
            return Err(ConfigError::only(page.into_found().0));
        }
        let file_folder = source.and_then(|(file, _)| file.parent()).unwrap_or(&layers.folder);
        let mut config = from_page(&page, table.get_ref(), layers, file_folder);
        config.file = source.map(|(file, _)| file.to_owned());
        let (mut problems, mut warnings) = page.into_found();
        config.put_over(layers, &mut problems);
        if config.access.is_open() && !config.listen.ip().is_loopback() {
            problems.push(format!(
                "listen: {} can be reached from other machines, and nobody would be asked who they are: configure [access] jwt, introspect or \
                 keys, or listen on 127.0.0.1",
                config.listen
            ));
        }
        if !problems.is_empty() {
            return Err(ConfigError { problems, warnings });
        }
        if config.tasks.is_empty() {
            let is_mirrored = config.sources.task_status.is_some() || config.dialects.names().contains(&"task_status");
            let mirrored = if is_mirrored { ", or mirrored (another engine does it, and tells of it)" } else { "" };
            warnings.push(format!(
                "no task is declared, so nothing is run here: jobs can be tracked (the app does the work){mirrored}"
            ));
        }
        config.warnings = warnings;
        Ok(config)
    }

    fn put_over(&mut self, layers: &Layers, problems: &mut Vec<String>) {
        let mut take = |variable: &str, flag: &'static str, put: &mut dyn FnMut(&str) -> Result<(), String>| {
            if let Some((layer, value)) = layers.over(variable, flag)
                && let Err(problem) = put(&value)
            {
                problems.push(format!("{layer}: {problem}"));
            }
        };
        take("TIDINGS_LISTEN", "--listen", &mut |text| address(text).map(|listen| self.listen = listen));
        take("TIDINGS_DATA", "--data", &mut |text| {
            self.data = layers.folder.join(text).components().collect();
            Ok(())
        });
        take("TIDINGS_ORIGINS", "--origin", &mut |text| {
            let origins: Result<Vec<String>, String> = text.split(',').map(|one| access::origin(one.trim())).collect();
            origins.map(|origins| self.access.origins = origins)
        });
        take("TIDINGS_LOG_FORMAT", "--log-format", &mut |text| {
            reader::one_of(text, LogFormat::ALL, LogFormat::as_str).map(|format| self.log.format = format)
        });
        take("TIDINGS_LOG", "--log", &mut |text| level(text).map(|level| self.log.level = level));
    }

    /// The tasks as the engine reads them.
    pub fn catalog(&self) -> Catalog {
        Catalog { tasks: self.tasks.clone(), total: self.limits.concurrency }
    }

    /// What is allowed and will probably not do what was meant.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

/// The tasks of a file alone, for whoever only wants to know what they are. What is wrong elsewhere in it is not looked at.
pub fn declared_tasks(file: &Path) -> Result<Vec<Task>, ConfigError> {
    let cannot = |error: std::io::Error| ConfigError::only(vec![format!("{} cannot be read: {error}", file.display())]);
    let text = std::fs::read_to_string(file).map_err(cannot)?;
    let page = reader::Page::new(file.display().to_string(), &text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in &errors {
        page.wrong(error.span().map_or(0, |span| span.start), error.message());
    }
    let top = reader::Section::top(&page, table.get_ref());
    let around = tasks::Surroundings { folder: file.parent().unwrap_or(Path::new("")), variable: &|_| None };
    let sections = top.named_sections("tasks");
    let declared = sections.into_iter().filter_map(|(name, section)| tasks::read(name, section, &around)).collect();
    let (problems, _) = page.into_found();
    if problems.is_empty() { Ok(declared) } else { Err(ConfigError::only(problems)) }
}

fn from_page(page: &reader::Page<'_>, table: &DeTable<'_>, layers: &Layers, file_folder: &Path) -> Config {
    let top = reader::Section::top(page, table);
    let listen = top.parsed("listen", address).map(|placed| placed.value);
    let data = top.text("data").map_or_else(|| "data".to_owned(), |text| text.value);
    let access = access::read(top.section("access"), file_folder);
    let log = top.section("log");
    let limits = top.section("limits");
    let dialects = dialects::read(top.section("dialects"));
    let sources = sources::read(top.section("sources"), layers, access.is_open().then_some(OPEN_OWNER));
    let variable = |name: &str| layers.environment.get(name).cloned();
    let around = tasks::Surroundings { folder: file_folder, variable: &variable };
    let named = top.named_sections("tasks");
    let config = Config {
        listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8430))),
        data: file_folder.join(data).components().collect(),
        access,
        log: Log {
            format: log.word("format", LogFormat::ALL, LogFormat::as_str).map_or(LogFormat::Text, |placed| placed.value),
            level: log.parsed("level", level).map_or_else(|| "info".to_owned(), |placed| placed.value),
        },
        limits: Limits {
            concurrency: limits.number("concurrency", 1, 10_000).unwrap_or(8),
            stop_within_ms: limits.duration_ms("stop_within").unwrap_or(20_000),
            requests: requests(&limits),
        },
        tasks: named
            .into_iter()
            .filter_map(|(name, section)| tasks::read(name, section, &around))
            .map(|task| (task.name.clone(), Arc::new(task)))
            .collect(),
        dialects,
        sources,
        file: None,
        warnings: Vec::new(),
    };
    for section in [log, limits, top] {
        section.finish();
    }
    config
}

/// How often callers may ask. A rate of zero is no limit.
fn requests(limits: &reader::Section<'_, '_>) -> api::RateLimits {
    const MOST: u32 = 1_000_000;
    let usual = api::RateLimits::default();
    let rate = |per_second: &'static str, burst: &'static str, usual: Option<api::RateLimit>| {
        let (per_second, burst) = (limits.number(per_second, 0, MOST), limits.number(burst, 1, MOST));
        let per_second = per_second.map_or(usual.map(|usual| usual.per_second), NonZeroU32::new)?;
        let burst = burst.and_then(NonZeroU32::new).or(usual.map(|usual| usual.burst)).unwrap_or(per_second);
        Some(api::RateLimit { per_second, burst })
    };
    api::RateLimits {
        principal: rate("requests_per_second", "requests_burst", usual.principal),
        refused_address: rate("refused_per_second", "refused_burst", usual.refused_address),
        ..usual
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric.parse().map_err(|_| format!("{text:?} is not an address: write IP and port, for example {LISTEN:?}"))
}

fn level(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{text:?} is not a log level: {error}")),
    }
}
