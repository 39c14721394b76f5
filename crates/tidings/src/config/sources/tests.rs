//! The section of the channel in, settings or the exact words of what is wrong out.

use std::path::Path;

use super::*;
use crate::config::Config;

fn layers() -> Layers {
    Layers { folder: "/app".into(), ..Layers::default() }
}

/// The channel as configured, with what is doubtful; or all that is wrong.
fn channel(text: &str, environment: &[(&str, &str)]) -> Result<(Option<TaskStatus>, Vec<String>), Vec<String>> {
    let mut layers = layers();
    layers.environment.extend(environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let text = format!("{text}\n[tasks.x]\nmode = \"worker\"\n");
    let config = Config::read(&layers, Some((Path::new("/app/tidings.toml"), &text))).map_err(|error| error.problems)?;
    Ok((config.sources.task_status.clone(), config.warnings()))
}

#[test]
fn the_channel_is_on_when_its_section_stands() {
    let redis_of = |text: &str, environment: &[(&str, &str)]| {
        let (channel, doubts) = channel(text, environment).unwrap();
        (channel.map(|channel| channel.redis.to_string()), doubts)
    };
    let stray = [("REDIS_URL", "redis://:s3cret@app.example"), ("TIDINGS_REDIS", "")];
    let ours = [("REDIS_URL", "redis://app.example"), ("TIDINGS_REDIS", "rediss://own.example:1")];
    let section = "[sources.task_status]";
    assert_eq!(redis_of("", &ours), (None, Vec::new()), "a stray variable switches nothing on");
    assert_eq!(redis_of(section, &[]).0.unwrap(), "redis://127.0.0.1:6379");
    assert_eq!(redis_of(section, &stray).0.unwrap(), "redis://app.example:6379");
    assert_eq!(redis_of(section, &ours).0.unwrap(), "rediss://own.example:1");
    let in_file = format!("{section}\nredis = \"redis://:other@cache.example\"");
    assert_eq!(redis_of(&in_file, &[]), (Some("redis://cache.example:6379".to_owned()), Vec::new()));
    let (redis, doubts) = redis_of(&in_file, &stray);
    assert_eq!(redis.unwrap(), "redis://app.example:6379");
    assert_eq!(
        doubts,
        ["tidings.toml:2: [sources.task_status] redis: REDIS_URL wins over it: Redis is at redis://app.example:6379"]
    );
}

#[test]
fn the_channel_says_whose_its_jobs_are_and_what_silence_means() {
    let (usual, _) = channel("[sources.task_status]", &[]).unwrap();
    let usual = usual.unwrap();
    assert_eq!(
        (&*usual.owner, &*usual.tenant, &*usual.task, usual.channel.as_str()),
        ("local", "default", "task", "task_status_update")
    );
    let silence = |keys: &str| channel(&format!("[sources.task_status]\n{keys}"), &[]).map(|(channel, _)| channel.unwrap().silence);
    let of = |stale_after_ms, lost_after_ms| Ok(Some(Silence { stale_after_ms, lost_after_ms }));
    assert_eq!(silence(""), of(600_000, 3_600_000));
    assert_eq!(silence("stale_after = \"2s\"\nlost_after = \"2s\""), of(2_000, 2_000));
    assert_eq!(silence("stale_after = \"never\"\nlost_after = \"never\""), Ok(None));
    assert!(silence("lost_after = \"never\"").unwrap().unwrap().lost_after_ms > 3_000_000_000_000);
    for (keys, expected) in [
        (
            "stale_after = \"never\"",
            "1: [sources.task_status] lost_after: must not be shorter than stale_after: a job is stale before it is lost",
        ),
        (
            "lost_after = \"5m\"",
            "2: [sources.task_status] lost_after: must not be shorter than stale_after: a job is stale before it is lost",
        ),
        ("stale_after = \"1ms\"", "2: [sources.task_status] stale_after: \"1ms\" must be at least 1s, or \"never\""),
        ("owner = \"\"", "2: [sources.task_status] owner: must not be empty"),
        ("channel = \"\"", "2: [sources.task_status] channel: must not be empty"),
        ("chanel = \"x\"", "2: unknown key `chanel` in [sources.task_status]: did you mean `channel`?"),
    ] {
        let told = silence(keys).unwrap_err();
        assert!(told.iter().any(|problem| problem.ends_with(expected)), "{keys}\n{told:#?}");
    }
}

#[test]
fn the_channel_needs_an_owner_where_callers_are_asked_who_they_are() {
    let access = "[access]\nintrospect = \"https://app.example/whoami\"\n[sources.task_status]\n";
    let told = channel(access, &[]).unwrap_err();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("[sources.task_status] owner: is missing: whose jobs are they"), "{told:#?}");
    assert_eq!(&*channel(&format!("{access}owner = \"ann\""), &[]).unwrap().0.unwrap().owner, "ann");
}

#[test]
fn an_address_of_redis_that_cannot_be_read_is_refused_without_its_password() {
    let in_file = channel("[sources.task_status]\nredis = \"http://:s3cret@x\"", &[]).unwrap_err();
    let set = channel("[sources.task_status]", &[("REDIS_URL", "http://:s3cret@x")]).unwrap_err();
    let form = "is no address of a Redis: write redis://host:6379, redis://user:password@host:6379/0, rediss://… for TLS, or unix:///path/to/socket";
    assert_eq!(in_file, [format!("tidings.toml:2: [sources.task_status] redis: {form}")]);
    assert_eq!(set.len(), 1, "{set:#?}");
    assert!(set[0].ends_with(&format!("[sources.task_status] redis: REDIS_URL {form}")), "{set:#?}");
}
