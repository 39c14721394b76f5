//! `tidings.toml`: any text gives a configuration, or lines that name file and line.

use std::path::Path;

use tidings::config::units;
use tidings::config::{Config, Layers};

use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "configuration",
    check,
    words: &[
        "listen = \"127.0.0.1:8430\"\n",
        "data = \"./data\"\n",
        "[access]\n",
        "jwt = { algorithm = \"HS256\" }\n",
        "origins = [\"https://a.example\"]\n",
        "[[access.keys]]\n",
        "name = \"a\"\n",
        "[tasks.a]\n",
        "command = [\"true\"]\n",
        "channel = \"lines\"\n",
        "pause = \"freeze\"\n",
        "mode = \"tracked\"\n",
        "time_limit = \"10m\"\n",
        "retry = { attempts = 3, base = \"1s\" }\n",
        "concurrency = 1\n",
        "env = [\"PATH\"]\n",
        "memory = \"1GiB\"\n",
        "[limits]\n",
        "[log]\n",
        "level = \"info\"\n",
        "99999999999999999999",
        "0x_",
        "1979-05-27T07:32:00Z",
        "'''",
        "\\u0000",
        "[[[[",
    ],
};

fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    check_units(text);
    // Files that it names are sought in a folder that does not exist.
    if text.contains("/") && text.contains("_file") {
        return;
    }
    let layers = Layers { folder: "/nowhere".into(), ..Layers::default() };
    match Config::read(&layers, Some((Path::new("/nowhere/tidings.toml"), text))) {
        Ok(config) => {
            assert!(config.listen.ip().is_loopback() || !config.access.is_open(), "nobody is let in unasked from afar");
            assert_eq!(config.catalog().tasks.len(), config.tasks.len());
        }
        Err(error) => {
            assert!(!error.problems.is_empty(), "a refusal says why");
            let named = |line: &String| line.starts_with("tidings.toml:") || line.starts_with("listen: ");
            assert!(error.problems.iter().all(named), "each problem names its place: {:?}", error.problems);
        }
    }
}

fn check_units(text: &str) {
    if let Ok(ms) = units::duration_ms(text) {
        assert_eq!(units::duration_ms(&format!("{ms}ms")), Ok(ms), "{text}");
    }
    if let Ok(bytes) = units::size_bytes(text) {
        assert_eq!(units::size_bytes(&format!("{bytes}B")), Ok(bytes), "{text}");
    }
}
