//! `serve` and `config check`: the configuration, and then the server.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cli::{Reach, Serve};
use crate::config::{Config, Layers};
use crate::exit::{Exit, Failure};
use crate::screen::print_json;
use crate::serve::ServeError;

pub async fn serve(args: Serve) -> Result<(), Failure> {
    let layers = layers(args);
    let config = Config::load(&layers)?;
    crate::serve::run(config, layers).await.map_err(|error| match error {
        ServeError::Config(error) => error.into(),
        error => Failure::new(Exit::Failed, error.to_string()),
    })
}

pub fn check(reach: &Reach, args: Serve) -> Result<(), Failure> {
    let loaded = Config::load(&layers(args));
    if reach.json {
        let (errors, warnings) = match &loaded {
            Ok(config) => (Vec::new(), config.warnings()),
            Err(error) => (error.problems.clone(), error.warnings.clone()),
        };
        print_json(&json!({"ok": errors.is_empty(), "errors": errors, "warnings": warnings}));
        return loaded.map(drop).map_err(|_| Failure::silent(Exit::Usage));
    }
    let warnings = loaded.as_ref().map_or_else(|error| error.warnings.clone(), Config::warnings);
    for warning in warnings {
        outln!("warning: {warning}");
    }
    let config = loaded?;
    let file = config.file.as_ref().map_or_else(|| "no file, all defaults".to_owned(), |file| file.display().to_string());
    let access = if config.access.is_open() { "open to everybody on this machine" } else { "configured" };
    outln!(
        "{file}: good. Listens on {}, data in {}, access {access}, {} tasks",
        config.listen,
        config.data.display(),
        config.tasks.len()
    );
    Ok(())
}

pub fn layers(args: Serve) -> Layers {
    let origins = (!args.origin.is_empty()).then(|| args.origin.join(","));
    let given = [
        ("--config", args.config),
        ("--listen", args.listen),
        ("--data", args.data),
        ("--origin", origins),
        ("--log", args.log),
        ("--log-format", args.log_format),
    ];
    let flags: BTreeMap<&'static str, String> = given.into_iter().filter_map(|(flag, value)| Some((flag, value?))).collect();
    Layers::of_this_process(flags)
}
