//! `[sources]`: other engines whose work is mirrored. Each stands in a section of its own, and is on when its section stands.

use domain::job::Silence;
use domain::{Text, limits};
use sources::Address;

use super::Layers;
use super::reader::{Placed, Section};
use super::units;

/// Where a Redis stands unless told.
const REDIS: &str = "redis://127.0.0.1:6379";
/// Variables that win over the file, the first that is set. The second is that of many apps; so neither switches anything on.
const REDIS_VARIABLES: &[&str] = &["TIDINGS_REDIS", "REDIS_URL"];
/// For ever, in milliseconds: a century.
const NEVER_MS: u64 = 100 * 365 * 24 * 3_600_000;
/// The shortest silence that can mean anything, in milliseconds.
const SHORTEST_MS: u64 = 1_000;

/// The sources that are on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    pub task_status: Option<TaskStatus>,
}

/// The Redis channel of task status updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskStatus {
    pub redis: Address,
    pub channel: String,
    /// Who owns the jobs that are first heard of there.
    pub owner: Text,
    pub tenant: Text,
    /// Their task.
    pub task: Text,
    /// `None`: a job that runs may be silent for ever.
    pub silence: Option<Silence>,
}

/// Reads the section. `open_owner`: who owns what comes in when nobody is named; none where callers are asked who they are.
pub fn read(section: Section<'_, '_>, layers: &Layers, open_owner: Option<&str>) -> Sources {
    let task_status = section.optional_section("task_status").and_then(|section| read_task_status(section, layers, open_owner));
    section.finish();
    Sources { task_status }
}

fn read_task_status(section: Section<'_, '_>, layers: &Layers, open_owner: Option<&str>) -> Option<TaskStatus> {
    let in_file = section.parsed("redis", str::parse::<Address>);
    let redis = redis(&section, in_file, layers);
    let channel = section.parsed("channel", |text| match text {
        "" => Err("must not be empty".to_owned()),
        text => Ok(text.to_owned()),
    });
    let [owner, tenant, task] = ["owner", "tenant", "task"].map(|key| section.parsed(key, name).map(|placed| placed.value));
    if owner.is_none() && open_owner.is_none() {
        section.missing(
            "owner",
            "whose jobs are they that are first heard of there? Only their owner sees them, and who may see the whole tenant",
        );
    }
    let silence = silence(&section);
    section.finish();
    Some(TaskStatus {
        redis: redis?,
        channel: channel.map_or_else(|| dialects::dialect::task_status::channel::CHANNEL.to_owned(), |channel| channel.value),
        owner: owner.or_else(|| open_owner.map(Text::from))?,
        tenant: tenant.unwrap_or_else(|| "default".into()),
        task: task.unwrap_or_else(|| "task".into()),
        silence,
    })
}

/// Where Redis stands. `None`: what is said of it cannot be read.
fn redis(section: &Section<'_, '_>, in_file: Option<Placed<Address>>, layers: &Layers) -> Option<Address> {
    let set = REDIS_VARIABLES.iter().find_map(|name| Some((*name, layers.environment.get(*name).filter(|text| !text.is_empty())?)));
    let Some((variable, text)) = set else {
        return match section.has("redis") {
            true => in_file.map(|address| address.value),
            false => REDIS.parse().ok(),
        };
    };
    match text.parse::<Address>() {
        Ok(address) => {
            if let Some(in_file) = in_file.filter(|in_file| in_file.value != address) {
                section.doubtful("redis", in_file.at, format_args!("{variable} wins over it: Redis is at {address}"));
            }
            Some(address)
        }
        Err(problem) => {
            section.wrong("redis", section.at(), format_args!("{variable} {problem}"));
            None
        }
    }
}

fn name(text: &str) -> Result<Text, String> {
    match text {
        "" => Err("must not be empty".to_owned()),
        text if text.len() > limits::NAME_BYTES => Err(format!("must have at most {} bytes", limits::NAME_BYTES)),
        text if text.chars().any(char::is_control) => Err("must not hold control characters".to_owned()),
        text => Ok(text.into()),
    }
}

fn silence(section: &Section<'_, '_>) -> Option<Silence> {
    let after = |key: &'static str, usual_ms: u64| {
        let said = section.parsed(key, |text| match text {
            "never" => Ok(NEVER_MS),
            text => match units::duration_ms(text)? {
                ms if ms < SHORTEST_MS => Err(format!("{text:?} must be at least 1s, or \"never\"")),
                ms => Ok(ms.min(NEVER_MS)),
            },
        });
        said.map_or((usual_ms, section.at()), |said| (said.value, said.at))
    };
    let ((stale_after_ms, _), (lost_after_ms, at)) = (after("stale_after", 10 * 60_000), after("lost_after", 3_600_000));
    if stale_after_ms > lost_after_ms {
        section.wrong("lost_after", at, "must not be shorter than stale_after: a job is stale before it is lost");
    }
    (stale_after_ms < NEVER_MS).then_some(Silence { stale_after_ms, lost_after_ms })
}

#[cfg(test)]
mod tests;
