//! Measurements of Tidings, each beside a baseline of the same run, as one table with ratios.
//!
//! `tidings-bench [NAMES…] [--quick] [--json]`. Measures the store and the engine in process, the rest against a `tidings serve` of the
//! same build profile as a child process. Everything is bounded in count and time, stays on the loopback address and in a temporary
//! folder, but for the large file of `history`, which is kept for the next run. `docs/reference/performance.md` says what each figure means.

mod bare_answers;
mod bare_rows;
mod bare_writer;
mod broadcast;
mod children;
mod fanout;
mod frames;
mod history;
mod history_file;
mod http_crowd;
mod http_line;
mod http_submits;
mod http_worker;
mod idle_watchers;
mod noop_jobs;
mod outcome;
mod pickup;
mod plan;
mod process_cost;
mod redis_server;
mod resume;
mod server;
mod stage;
mod startup;
mod submits;
mod sync_cost;
mod token;
mod watchers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use outcome::{Outcome, Row};
use plan::Plan;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "tidings-bench", about = "Measures Tidings beside baselines and prints the ratios")]
struct Arguments {
    /// Measurements to run; all when left out
    names: Vec<String>,
    /// Small sizes: exercises everything, measures nothing
    #[arg(long)]
    quick: bool,
    /// Only name the measurements
    #[arg(long)]
    list: bool,
    /// Print the rows as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Ended jobs for `history`
    #[arg(long)]
    jobs: Option<u64>,
    /// Watchers for `fanout`, `idle_watchers` and `resume`
    #[arg(long)]
    watchers: Option<usize>,
    /// Folder for the data of the run, on the disk to be measured
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The binary takes another part: one end of a baseline
    #[arg(long, hide = true)]
    role: Option<String>,
}

type Measurement = fn(&Plan) -> Outcome<Vec<Row>>;

const MEASUREMENTS: &[(&str, Measurement)] = &[
    ("submits", submits::measure),
    ("http_submits", http_submits::measure),
    ("noop_jobs", noop_jobs::measure),
    ("http_worker", http_worker::measure),
    ("fanout", fanout::measure),
    ("broadcast", broadcast::measure),
    ("pickup", pickup::measure),
    ("idle_watchers", idle_watchers::measure),
    ("history", history::measure),
    ("resume", resume::measure),
    ("startup", startup::measure),
];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(role) = &arguments.role {
        return play(role);
    }
    if arguments.list {
        MEASUREMENTS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let unknown = arguments.names.iter().find(|name| !MEASUREMENTS.iter().any(|(known, _)| known == name));
    if let Some(name) = unknown {
        let known: Vec<&str> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        eprintln!("there is no measurement {name}; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    watchers::allow_many_sockets();
    let plan = match Plan::new(arguments.quick, arguments.jobs, arguments.watchers, arguments.folder) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("the folder for the run cannot be made: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = children::end_in_time(plan.root().to_owned(), plan.longest) {
        eprintln!("the end of the run cannot be watched over: {error}");
        return ExitCode::FAILURE;
    }
    let mut rows = Vec::new();
    let mut has_failed = false;
    for (name, measure) in MEASUREMENTS {
        if !arguments.names.is_empty() && !arguments.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        eprintln!("{name} …");
        let begun = Instant::now();
        match measure(&plan) {
            Ok(found) => rows.extend(found),
            Err(error) => {
                has_failed = true;
                eprintln!("{name} could not be measured: {error}");
            }
        }
        eprintln!("{name}: {:.1} s", begun.elapsed().as_secs_f64());
    }
    match arguments.json {
        true => println!("{}", outcome::json(&rows)),
        false => print!("{}", outcome::table(&rows)),
    }
    // A goal that was missed is a figure, not a failure; a measurement that broke off is one.
    if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One end of a baseline.
fn play(role: &str) -> ExitCode {
    let played = match role {
        "bare-writer" => bare_writer::run(),
        "bare-answers" => bare_answers::run(),
        _ => Err("there is no such role".into()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{role}: {error}");
            ExitCode::FAILURE
        }
    }
}
