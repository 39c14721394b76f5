//! `submit`: one job, and, when asked, its end.

use std::io::Read;

use engine::clock::{Clock, SystemClock};
use serde_json::value::RawValue;
use wire::body;

use super::watch::{Target, until_ended};
use super::{client, print_pretty, subject};
use crate::cli::{About, Reach, Submit};
use crate::config::units;
use crate::exit::{Exit, Failure};
use crate::screen::{Screen, Style};
use crate::words;

pub async fn submit(reach: &Reach, args: Submit) -> Result<(), Failure> {
    let client = client(reach)?;
    let mut body = described(&args.about)?;
    body.task = args.task;
    body.input = args.input.as_deref().map(input).transpose()?;
    body.priority = args.priority;
    body.run_at = args.run_at.as_deref().map(run_at).transpose()?;
    let job = client.submit(&body, args.idempotency_key.as_deref()).await?;
    if !args.wait && !args.watch {
        return match reach.json {
            true => print_pretty(&job),
            false => {
                outln!("{}", words::line(&job.summary, words::has_colour(&std::io::stdout())));
                Ok(())
            }
        };
    }
    let style = if args.watch { Style::fitting(reach.json, false) } else { Style::Nothing };
    let mut screen = Screen::new(style);
    let id = job.summary.id.to_string();
    if style != Style::Nothing {
        screen.job("submitted", &job.summary);
    }
    let ended = until_ended(&client, Target::Jobs(vec![id.clone()]), &mut screen).await?;
    let status = ended.get(&id).map_or("", |job| &*job.status).to_owned();
    if !args.watch {
        let job = client.job(&id).await?;
        match reach.json {
            true => print_pretty(&job)?,
            false => outln!("{}", words::line(&job.summary, words::has_colour(&std::io::stdout()))),
        }
    }
    match Exit::of_status(&status) {
        Exit::Done => Ok(()),
        exit => Err(Failure::silent(exit)),
    }
}

/// A submit with what the flags say about the job.
pub fn described(about: &About) -> Result<body::Submit, Failure> {
    Ok(body::Submit {
        title: about.title.clone(),
        tags: about.tag.clone(),
        subject: about.subject.as_deref().map(subject).transpose()?,
        session: about.session.clone(),
        owner: about.owner.clone(),
        ..body::Submit::default()
    })
}

/// JSON from the argument itself, from stdin, or from a file.
pub fn input(text: &str) -> Result<Box<RawValue>, Failure> {
    let (json, from) = match (text, text.strip_prefix('@')) {
        ("-", _) => {
            let mut json = String::new();
            std::io::stdin().read_to_string(&mut json).map_err(|error| Failure::usage(format!("stdin cannot be read: {error}")))?;
            (json, "stdin".to_owned())
        }
        (_, Some(file)) => {
            let json = std::fs::read_to_string(file).map_err(|error| Failure::usage(format!("{file} cannot be read: {error}")))?;
            (json, file.to_owned())
        }
        _ => (text.to_owned(), "the input".to_owned()),
    };
    serde_json::from_str(json.trim()).map_err(|error| Failure::usage(format!("{from} is not JSON: {error}")))
}

/// A time as it stands, or a duration from now.
fn run_at(text: &str) -> Result<String, Failure> {
    if wire::time::parse(text).is_some() {
        return Ok(text.to_owned());
    }
    match units::duration_ms(text) {
        Ok(ms) => Ok(wire::time::show(domain::Timestamp(SystemClock.now().0.saturating_add_unsigned(ms)))),
        Err(_) => Err(Failure::usage(format!(
            "--run-at: {text:?} is neither a time such as 2026-01-31T09:00:00Z nor a duration such as 10m"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_json_from_the_argument_or_a_file() {
        assert_eq!(input(" {\"a\": 1} ").unwrap().get(), "{\"a\": 1}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[1]\n").unwrap();
        assert_eq!(input(&format!("@{}", file.path().display())).unwrap().get(), "[1]");
        assert!(input("{a}").unwrap_err().words.starts_with("the input is not JSON"));
        assert!(input("@/not/there").unwrap_err().words.contains("cannot be read"));
    }

    #[test]
    fn a_due_time_is_a_time_or_a_duration() {
        assert_eq!(run_at("2026-01-31T09:00:00Z").unwrap(), "2026-01-31T09:00:00Z");
        assert!(wire::time::parse(&run_at("10m").unwrap()).is_some());
        assert!(run_at("tomorrow").is_err());
    }
}
