//! The table of figures, on a terminal and in the page that keeps the last ones. There, between two comments, a measurement that ran
//! replaces its rows, the others stay as they are, and each row names the commit that it was taken at; a second table tells of the runs.

use std::fmt::Write as _;

use super::Row;

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench --write` -->";
const END: &str = "<!-- figures end -->";
const HEAD: [&str; 8] = ["Name", "Ours", "Baseline", "Ratio", "Goal", "Reached", "Commit", "With"];
const RUNS: [&str; 5] = ["Commit", "Date", "Machine", "Before the run", "During the run"];

/// What the new rows were taken with.
pub(super) struct Run {
    pub commit: String,
    pub date: String,
    pub machine: String,
    /// Load average of the minute before.
    pub load: f64,
    /// Cores that others used before and during the run.
    pub before: f64,
    pub others: f64,
    pub is_busy: bool,
}

impl Run {
    fn cells(&self) -> Vec<String> {
        let busy = if self.is_busy { "; **a busy machine**" } else { "" };
        vec![
            format!("`{}`", self.commit),
            self.date.clone(),
            self.machine.clone(),
            format!("load average {:.2}, others {:.2} cores", self.load, self.before),
            format!("others {:.2} cores{busy}", self.others),
        ]
    }
}

/// The table with its columns in line.
pub(super) fn aligned(rows: &[Row]) -> String {
    let head = ["name", "ours", "baseline", "ratio", "goal", "reached", "with"].map(str::to_owned);
    let lines: Vec<&Row> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column))).collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}

/// The page with new rows. `order`: the measurements that there are, as they are to stand.
pub(super) fn with_rows(page: &str, rows: &[Row], run: &Run, order: &[String]) -> Result<String, String> {
    let missing = || format!("the comments `{BEGIN}` and `{END}` are not there");
    let (head, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (old, tail) = rest.split_once(END).ok_or_else(missing)?;
    let measured: Vec<&str> = rows.iter().map(|row| measurement(&row[0])).collect();
    let mut kept: Vec<Vec<String>> = cells_of(old, HEAD.len());
    kept.retain(|cells| order.iter().any(|name| name == measurement(&cells[0])) && !measured.contains(&measurement(&cells[0])));
    kept.extend(rows.iter().map(|row| {
        let [name, ours, baseline, ratio, goal, reached, with] = row.clone().map(|cell| cell.replace('|', "/"));
        vec![name, ours, baseline, ratio, goal, reached, format!("`{}`", run.commit), with]
    }));
    // Stable: rows of one measurement stay in their order.
    kept.sort_by_key(|cells| order.iter().position(|name| name == measurement(&cells[0])));
    let mut runs: Vec<Vec<String>> = cells_of(old, RUNS.len());
    runs.retain(|cells| cells[0] != format!("`{}`", run.commit) && kept.iter().any(|row| row[6] == cells[0]));
    runs.insert(0, run.cells());
    Ok(format!("{head}{BEGIN}\n\n{}\n{}\n{END}{tail}", table(&HEAD, &kept), table(&RUNS, &runs)))
}

/// The measurement that a row belongs to: its name up to the first comma.
fn measurement(name: &str) -> &str {
    name.split(',').next().unwrap_or(name)
}

/// Rows of the tables with so many columns, without their heads.
fn cells_of(text: &str, columns: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Option<Vec<String>> {
        let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().to_owned()).collect();
        let is_head = HEAD[..2] == cells[..2.min(cells.len())] || RUNS[..2] == cells[..2.min(cells.len())];
        let is_rule = cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| c == '-'));
        (cells.len() == columns && !is_head && !is_rule).then_some(cells)
    };
    text.lines().filter_map(cells).collect()
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, ours: &str) -> Row {
        [name, ours, "1", "2", "-", "yes", "a note"].map(str::to_owned)
    }

    fn run(commit: &str) -> Run {
        let (commit, date, machine) = (commit.to_owned(), "2026-01-02".to_owned(), "a CPU".to_owned());
        Run { commit, date, machine, load: 0.1, before: 0.0, others: 0.02, is_busy: false }
    }

    fn order() -> Vec<String> {
        ["submits", "fanout"].map(str::to_owned).to_vec()
    }

    #[test]
    fn what_did_not_run_keeps_its_row_and_its_commit() {
        let page = format!("# Title\n\n{BEGIN}\n{END}\n\nText.\n");
        let first = [row("fanout, one", "5"), row("submits", "1"), row("submits, more", "2"), row("gone", "3")];
        let page = with_rows(&page, &first[..3], &run("aaaaaaa"), &order()).expect("written");
        let page = with_rows(&page, &[row("submits", "9 | 10")], &run("bbbbbbb+"), &order()).expect("written");
        assert!(page.starts_with("# Title\n") && page.ends_with(&format!("{END}\n\nText.\n")), "{page}");
        assert!(page.contains("| submits | 9 / 10 | 1 | 2 | - | yes | `bbbbbbb+` | a note |\n| fanout, one | 5 |"), "{page}");
        assert!(page.contains("| `aaaaaaa` | a note |") && !page.contains("submits, more"), "{page}");
        assert_eq!(page.matches("| `aaaaaaa` | 2026-01-02 |").count(), 1, "{page}");
        assert_eq!(page.matches("| Name |").count(), 1, "{page}");
        let again = with_rows(&page, &[row("fanout, one", "6")], &run("bbbbbbb+"), &order()).expect("written");
        assert!(!again.contains("aaaaaaa"), "a run without rows is forgotten: {again}");
    }

    #[test]
    fn a_busy_machine_is_said() {
        let page = with_rows(&format!("{BEGIN}\n{END}"), &[row("submits", "1")], &Run { is_busy: true, ..run("c") }, &order());
        assert!(page.expect("written").contains("busy machine"));
        assert!(with_rows("no comments", &[], &run("c"), &order()).is_err());
    }

    #[test]
    fn the_page_that_is_there_can_be_written() {
        let page = include_str!("../../../docs/reference/performance.md").replace("\r\n", "\n");
        let order: Vec<String> = cells_of(&page, HEAD.len()).iter().map(|cells| measurement(&cells[0]).to_owned()).collect();
        let written = with_rows(&page, &[row("new", "1")], &run("c"), &[order, vec!["new".to_owned()]].concat()).expect("written");
        let gone: Vec<&str> = page.lines().filter(|line| !written.lines().any(|kept| kept == *line)).collect();
        assert!(gone.is_empty(), "lost: {gone:#?}");
    }

    #[test]
    fn columns_stand_in_line() {
        assert_eq!(aligned(&[row("µ", "12")]).lines().count(), 2);
        let lines = aligned(&[row("µµµµµµ", "12"), row("b", "3")]);
        let columns: Vec<Option<usize>> = lines.lines().skip(1).map(|line| line.chars().position(|c| c.is_ascii_digit())).collect();
        assert_eq!(columns, [Some(8), Some(8)]);
    }
}
