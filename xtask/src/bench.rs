//! `cargo xtask bench`: builds server and bench for release, runs the measurements, prints one table, and keeps it in the docs when asked.
//!
//! The figures come from `tidings-bench`; what browsers load first comes from the packages. [`machine`] says what they were taken on,
//! [`page`] keeps the table in which every row carries the commit that it was taken at.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

mod machine;
mod page;

/// The page that keeps the last figures.
const PAGE: &str = "docs/reference/performance.md";
/// The one measurement that is made here.
const SIZES: &str = "sizes";
/// Cores that others may use, before a run and during it, for its figures to be kept.
const QUIET_CORES: f64 = 0.3;
const LOOK_BEFORE: Duration = Duration::from_secs(3);

/// A row in words: name, ours, baseline, ratio, goal, reached, with.
type Row = [String; 7];

#[derive(Default)]
struct Asked<'a> {
    names: Vec<&'a str>,
    /// Handed on to the bench.
    options: Vec<&'a str>,
    folder: Option<PathBuf>,
    is_quick: bool,
    /// A development build: tries the command, measures nothing.
    is_debug: bool,
    writes: bool,
    may_be_busy: bool,
    lists: bool,
}

impl<'a> Asked<'a> {
    fn read(arguments: &[&'a str]) -> Result<Asked<'a>, String> {
        let mut asked = Asked::default();
        let mut rest = arguments.iter().copied();
        while let Some(argument) = rest.next() {
            match argument {
                "--quick" => asked.is_quick = true,
                "--debug" => asked.is_debug = true,
                "--write" => asked.writes = true,
                "--on-a-busy-machine" => asked.may_be_busy = true,
                "--list" => asked.lists = true,
                "--jobs" | "--watchers" | "--folder" => {
                    let value = rest.next().ok_or_else(|| format!("{argument} needs a value"))?;
                    if argument == "--folder" {
                        asked.folder = Some(PathBuf::from(value));
                    }
                    asked.options.extend([argument, value]);
                }
                name if !name.starts_with('-') => asked.names.push(name),
                other => {
                    return Err(format!(
                        "there is no option {other}; there are --list, --quick, --write, --on-a-busy-machine, --debug, --jobs N, --watchers N, \
                         --folder PATH"
                    ));
                }
            }
        }
        if asked.is_quick {
            asked.options.push("--quick");
        }
        match asked.writes && (asked.is_quick || asked.is_debug) {
            true => Err("--quick and --debug measure nothing that could be written".to_owned()),
            false => Ok(asked),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.contains(&name)
    }
}

/// True when everything that was asked for was measured, and written if that was asked for.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> bool {
    match try_run(root, arguments) {
        Ok(is_good) => is_good,
        Err(problem) => {
            eprintln!("bench: {problem}");
            false
        }
    }
}

fn try_run(root: &Path, arguments: &[&str]) -> Result<bool, String> {
    let asked = Asked::read(arguments)?;
    let load = machine::load_average()?;
    let bench = build(root, asked.is_debug)?;
    let mut order = measurements(&bench)?;
    order.push(SIZES.to_owned());
    if asked.lists {
        order.iter().for_each(|name| println!("{name}"));
        return Ok(true);
    }
    if let Some(unknown) = asked.names.iter().find(|name| !order.iter().any(|known| known == *name)) {
        return Err(format!("there is no measurement {unknown}; there are {}", order.join(", ")));
    }
    let before = machine::busy_cores(LOOK_BEFORE)?;
    let is_busy_before = before > QUIET_CORES;
    if asked.writes && is_busy_before && !asked.may_be_busy {
        return Err(format!(
            "others use {before:.2} cores, {QUIET_CORES} are allowed for figures that are to be kept: wait, or say --on-a-busy-machine"
        ));
    }
    let watch = machine::Watch::begin()?;
    let (mut rows, mut is_good) = (Vec::new(), true);
    if order.iter().any(|name| name != SIZES && asked.wants(name)) {
        (rows, is_good) = measure(&bench, &asked)?;
    }
    let others = watch.others()?;
    if asked.wants(SIZES) {
        match sizes(root) {
            Ok(found) => rows.extend(found),
            Err(problem) => {
                eprintln!("{SIZES}: {problem}");
                is_good = false;
            }
        }
    }
    print!("{}", page::aligned(&rows));
    println!("\nload average before {load:.2}, others used {before:.2} cores before and {others:.2} during the run");
    if asked.writes {
        let is_busy = is_busy_before || others > QUIET_CORES;
        if is_busy && !asked.may_be_busy {
            return Err(format!(
                "others used {others:.2} cores during the run: not written; say --on-a-busy-machine to keep it all the same"
            ));
        }
        let folder = asked.folder.clone().unwrap_or_else(std::env::temp_dir);
        let (machine, date, commit) = (machine::in_words(&folder)?, said_by("date", &["+%F"], root)?, commit(root)?);
        let run = page::Run { commit, date, machine, load, before, others, is_busy };
        let path = root.join(PAGE);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{PAGE}: {error}"))?;
        let text = page::with_rows(&text, &rows, &run, &order).map_err(|problem| format!("{PAGE}: {problem}"))?;
        std::fs::write(&path, text).map_err(|error| format!("{PAGE}: {error}"))?;
        println!("wrote {} rows to {PAGE}", rows.len());
    }
    Ok(is_good)
}

/// Builds server and bench; the bench's path. It finds the server beside itself.
fn build(root: &Path, is_debug: bool) -> Result<PathBuf, String> {
    let mut command = Command::new("cargo");
    command.args(["build", "-p", "tidings", "-p", "tidings-bench"]).current_dir(root);
    if !is_debug {
        command.arg("--release");
    }
    let status = command.status().map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !status.success() {
        return Err("the build failed".to_owned());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(if is_debug { "debug" } else { "release" }).join("tidings-bench"))
}

fn measurements(bench: &Path) -> Result<Vec<String>, String> {
    let listed = Command::new(bench).arg("--list").output().map_err(|error| format!("{}: {error}", bench.display()))?;
    Ok(String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect())
}

/// The rows, and whether nothing broke off. Progress is on standard error.
fn measure(bench: &Path, asked: &Asked<'_>) -> Result<(Vec<Row>, bool), String> {
    let mut command = Command::new(bench);
    command.arg("--json").args(&asked.options).args(asked.names.iter().filter(|name| **name != SIZES));
    // The server that was built with it, rather than another that the environment names.
    command.env("TIDINGS_BIN", bench.with_file_name("tidings"));
    let ran = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{}: {error}", bench.display()))?;
    let found: Value = serde_json::from_slice(&ran.stdout).map_err(|_| "the bench ended without rows")?;
    let rows = found.as_array().into_iter().flatten().map(row).collect::<Option<Vec<Row>>>().ok_or("a row has not seven cells")?;
    Ok((rows, ran.status.success()))
}

fn row(row: &Value) -> Option<Row> {
    let cells: Vec<String> = row["cells"].as_array()?.iter().filter_map(|cell| cell.as_str().map(str::to_owned)).collect();
    cells.try_into().ok()
}

/// What a browser loads first, compressed, beside its budget.
fn sizes(root: &Path) -> Result<Vec<Row>, String> {
    let built = Command::new("npm").args(["run", "--silent", "build"]).current_dir(root).stdout(Stdio::null()).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("`npm run build` failed; `cargo xtask setup` installs what it needs".to_owned());
    }
    let measured = Command::new("node").arg("packages/size.mjs").current_dir(root).output();
    let measured = measured.map_err(|error| format!("node cannot be started: {error}"))?;
    let rows: Vec<Row> = String::from_utf8_lossy(&measured.stdout).lines().filter_map(size_row).collect();
    if rows.is_empty() { Err("packages/size.mjs printed no sizes".to_owned()) } else { Ok(rows) }
}

/// Reads `ok   client: 7.4 of 8 KB`, and passes over what is said behind it. The dashboard's files are compressed by gzip, packages by brotli.
fn size_row(line: &str) -> Option<Row> {
    let (word, rest) = line.split_once(' ')?;
    let (name, size) = rest.trim().rsplit_once(": ")?;
    let (ours, most) = size.split_once(" KB")?.0.split_once(" of ")?;
    let share = ours.parse::<f64>().ok()? / most.parse::<f64>().ok()?;
    let reached = if word == "ok" { "yes" } else { "no" };
    let packed = if name.starts_with("dashboard") { "gzip" } else { "brotli" };
    let note = format!("{packed}; baseline: the budget");
    let (ours, goal) = (format!("{ours} KB"), format!("≤ {most} KB"));
    Some([format!("{SIZES}, {name}"), ours, most.to_owned(), format!("{share:.2}"), goal, reached.to_owned(), note])
}

/// The commit, with `+` when the tree holds more than it.
fn commit(root: &Path) -> Result<String, String> {
    let is_dirty = !said_by("git", &["status", "--porcelain"], root)?.is_empty();
    let short = said_by("git", &["rev-parse", "--short", "HEAD"], root)?;
    Ok(if is_dirty { format!("{short}+") } else { short })
}

fn said_by(program: &str, arguments: &[&str], root: &Path) -> Result<String, String> {
    let said = Command::new(program).args(arguments).current_dir(root).output().map_err(|error| format!("{program}: {error}"))?;
    match said.status.success() {
        true => Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned()),
        false => Err(format!("{program} {} failed", arguments.join(" "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_printed() {
        let row = size_row("OVER dashboard, first load: 132.0 of 120 KB").expect("a size");
        assert_eq!(row[..6], ["sizes, dashboard, first load", "132.0 KB", "120", "1.10", "≤ 120 KB", "no"]);
        let row =
            size_row("ok   client: 7.97 of 8 KB, and 1.25 KB when WebSockets do not work").expect("a size with more behind it");
        assert_eq!((&row[1], &row[4], &row[6]), (&"7.97 KB".into(), &"≤ 8 KB".into(), &"brotli; baseline: the budget".into()));
        assert!(size_row("> node packages/size.mjs").is_none());
    }

    #[test]
    fn what_measures_nothing_is_not_written() {
        assert!(Asked::read(&["--quick", "--write"]).is_err());
        assert!(Asked::read(&["--jobs"]).is_err());
        assert!(Asked::read(&["--fast"]).is_err());
        let asked = Asked::read(&["fanout", "--watchers", "10", "--write"]).expect("good");
        assert_eq!((asked.names, asked.options), (vec!["fanout"], vec!["--watchers", "10"]));
    }
}
