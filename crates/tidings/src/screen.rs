//! What a watcher sees: bars on a terminal, lines elsewhere, JSON lines when asked, or nothing.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};

use client::Connection;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use wire::record::{JobSummary, OutputChunk, Progress};

use crate::{terminal, words};

/// Characters of the longest status.
const STATUS_WIDTH: usize = 9;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Bars,
    /// Lines on stdout, where nothing else is written.
    Lines,
    /// Lines on stderr: stdout is the job's.
    LinesAside,
    Json,
    Nothing,
}

impl Style {
    /// As the terminal allows. `aside`: stdout belongs to the job's output.
    pub fn fitting(json: bool, aside: bool) -> Style {
        if json {
            return Style::Json;
        }
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match (std::io::stderr().is_terminal() && !is_dumb, aside) {
            (true, _) => Style::Bars,
            (false, true) => Style::LinesAside,
            (false, false) => Style::Lines,
        }
    }
}

pub struct Screen {
    style: Style,
    colour: bool,
    bars: MultiProgress,
    bar_by_id: HashMap<String, ProgressBar>,
    job_by_id: HashMap<String, JobSummary>,
    /// The line that was printed last for each job, to say nothing twice.
    said: HashMap<String, String>,
    is_away: bool,
}

impl Screen {
    pub fn new(style: Style) -> Screen {
        let colour = match style {
            Style::Lines => words::has_colour(&std::io::stdout()),
            _ => words::has_colour(&std::io::stderr()),
        };
        Screen {
            style,
            colour,
            bars: MultiProgress::new(),
            bar_by_id: HashMap::new(),
            job_by_id: HashMap::new(),
            said: HashMap::new(),
            is_away: false,
        }
    }

    /// A job as of now, with what happened to it.
    pub fn job(&mut self, kind: &str, job: &JobSummary) {
        if self.style == Style::Json {
            print_json(&json!({"type": "update", "kind": kind, "job": job}));
        }
        self.job_by_id.insert(job.id.to_string(), job.clone());
        self.show(&job.id);
    }

    pub fn progress(&mut self, id: &str, progress: &Progress) {
        if self.style == Style::Json {
            print_json(&json!({"type": "progress", "id": id, "progress": progress}));
        }
        if let Some(job) = self.job_by_id.get_mut(id) {
            job.progress = progress.clone();
            self.show(id);
        }
    }

    pub fn left(&mut self, id: &str) {
        if self.style == Style::Json {
            print_json(&json!({"type": "left", "id": id}));
        }
        if let Some(bar) = self.bar_by_id.remove(id) {
            bar.finish_and_clear();
        }
    }

    fn show(&mut self, id: &str) {
        let Some(job) = self.job_by_id.get(id) else { return };
        match self.style {
            Style::Bars => self.show_bar(id),
            Style::Lines | Style::LinesAside => {
                let line = words::line(job, self.colour);
                if self.said.get(id) != Some(&line) {
                    match self.style {
                        Style::Lines => outln!("{line}"),
                        _ => eprintln!("{line}"),
                    }
                    self.said.insert(id.to_owned(), line);
                }
            }
            Style::Json | Style::Nothing => {}
        }
    }

    fn show_bar(&mut self, id: &str) {
        let job = &self.job_by_id[id];
        let is_end = client::is_end(&job.status);
        if is_end && !self.bar_by_id.contains_key(id) && self.said.contains_key(id) {
            return;
        }
        let room = Room::of(terminal::columns(&std::io::stderr()).unwrap_or(80));
        let (name, gap) = (terminal::cut(&words::name(job), room.name), STATUS_WIDTH.saturating_sub(job.status.len()));
        let status = words::status(&job.status, self.colour);
        let prefix = format!("{} {name} {status}{}", words::short_id(id), " ".repeat(gap));
        let parts = [words::progress(&job.progress), words::because(job)];
        let message = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
        let message = terminal::cut(&message, room.left(terminal::width(&prefix)));
        // Each change is drawn: a new bar is whole before it is seen.
        let bar = self.bar_by_id.entry(id.to_owned()).or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(1_000), ProgressDrawTarget::hidden());
            self.bars.add(bar.with_prefix(prefix.clone()).with_message(message.clone()))
        });
        if let Ok(style) = ProgressStyle::with_template(&format!("{{prefix}} [{{bar:{}}}] {{msg}}", room.bar)) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(message);
        bar.set_prefix(prefix);
        bar.set_position(job.progress.percentage.map_or(0, |percentage| (percentage * 10.0) as u64));
        if is_end {
            bar.finish_and_clear();
            self.bar_by_id.remove(id);
            self.bars.suspend(|| eprintln!("{}", words::line(&self.job_by_id[id], self.colour)));
            self.said.insert(id.to_owned(), String::new());
        }
    }

    /// A piece of the job's output, to stdout or stderr as the job wrote it.
    pub fn output(&mut self, attempt: u32, chunks: &[OutputChunk]) {
        if self.style == Style::Json {
            for chunk in chunks {
                print_json(
                    &json!({"type": "output", "attempt": attempt, "stream": chunk.stream, "at": chunk.at, "text": chunk.text}),
                );
            }
            return;
        }
        self.bars.suspend(|| print_output(chunks));
    }

    /// Says once that the server is away, and once that it is back.
    pub fn connection(&mut self, connection: &Connection) {
        let line = match connection {
            Connection::Cut { why, .. } if !self.is_away => {
                self.is_away = true;
                format!("the server is away ({why}); waiting for it to come back")
            }
            Connection::Open if self.is_away => {
                self.is_away = false;
                "the server is back".to_owned()
            }
            _ => return,
        };
        match self.style {
            Style::Nothing => {}
            Style::Json => print_json(&json!({"type": "connection", "message": line})),
            _ => self.bars.suspend(|| eprintln!("{line}")),
        }
    }

    /// A line for people, beside the bars.
    pub fn say(&self, line: &str) {
        self.bars.suspend(|| eprintln!("{line}"));
    }

    pub fn clear(&mut self) {
        for (_, bar) in self.bar_by_id.drain() {
            bar.finish_and_clear();
        }
    }
}

/// How the columns of a line with a bar are shared out.
struct Room {
    columns: usize,
    name: usize,
    bar: usize,
}

impl Room {
    fn of(columns: usize) -> Room {
        Room { columns, name: (columns / 4).clamp(8, 40), bar: if columns < 100 { 12 } else { 24 } }
    }

    /// Columns for the message behind a prefix and a bar: two brackets and two spaces are around the bar, and the last column stays
    /// empty, because some terminals wrap there.
    fn left(&self, prefix: usize) -> usize {
        self.columns.saturating_sub(prefix + self.bar + 5)
    }
}

/// One JSON value on one line of stdout.
pub fn print_json(value: &serde_json::Value) {
    outln!("{value}");
}

/// Output as it was written: stderr to stderr, all else to stdout.
pub fn print_output(chunks: &[OutputChunk]) {
    for chunk in chunks {
        if &*chunk.stream == "stderr" {
            std::io::stderr().write_all(chunk.text.as_bytes()).ok();
        } else {
            out!("{}", chunk.text);
        }
    }
}
