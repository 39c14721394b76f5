//! What a measurement found, and the table of all of it.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What has to hold for a row.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// Ours over the baseline, at least.
    RatioAtLeast(f64),
    /// Ours over the baseline, at most.
    RatioAtMost(f64),
    /// Ours alone, in the unit of the row; the baseline is there to tell the machine.
    AtLeast(f64),
    AtMost(f64),
    /// Ours may be so much more than the baseline, in the unit of the row.
    OverBaselineAtMost(f64),
    /// Nothing is asked; the figure is shown to be followed.
    Unset,
}

/// One figure beside its baseline.
#[derive(Debug, Clone)]
pub struct Row {
    pub name: String,
    pub unit: &'static str,
    pub ours: f64,
    pub baseline: f64,
    pub goal: Goal,
    /// What the figures were taken with, and what else was seen.
    pub note: String,
}

impl Row {
    /// NaN when there is no baseline to speak of.
    fn ratio(&self) -> f64 {
        if self.baseline > 0.0 { self.ours / self.baseline } else { f64::NAN }
    }

    /// Whether the goal is reached, if there is one.
    fn is_reached(&self) -> Option<bool> {
        let is_reached = match self.goal {
            Goal::Unset => return None,
            Goal::RatioAtLeast(ratio) => self.ratio() >= ratio,
            Goal::RatioAtMost(ratio) => self.ratio() <= ratio,
            Goal::AtLeast(least) => self.ours >= least,
            Goal::AtMost(most) => self.ours <= most,
            Goal::OverBaselineAtMost(more) => self.ours <= self.baseline + more,
        };
        Some(is_reached)
    }

    fn goal_in_words(&self) -> String {
        match self.goal {
            Goal::RatioAtLeast(ratio) => format!("ratio ≥ {ratio}"),
            Goal::RatioAtMost(ratio) => format!("ratio ≤ {ratio}"),
            Goal::AtLeast(least) => format!("≥ {} {}", shown(least), self.unit),
            Goal::AtMost(most) => format!("≤ {} {}", shown(most), self.unit),
            Goal::OverBaselineAtMost(more) => format!("≤ baseline + {} {}", shown(more), self.unit),
            Goal::Unset => "-".to_owned(),
        }
    }

    /// The row in words, in the order of the table.
    fn cells(&self) -> [String; 7] {
        let reached = self.is_reached().map_or("-", |is_reached| if is_reached { "yes" } else { "no" });
        [
            self.name.clone(),
            format!("{} {}", shown(self.ours), self.unit),
            shown(self.baseline),
            shown(self.ratio()),
            self.goal_in_words(),
            reached.to_owned(),
            self.note.clone(),
        ]
    }
}

/// Three digits that matter, thousands apart; a whole number below ten as it is.
pub fn shown(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    match number.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{number:.0}");
            let groups: Vec<&str> =
                digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
            groups.join(",")
        }
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size.fract() == 0.0 => format!("{number:.0}"),
        size if size < 0.01 => format!("{number:.4}"),
        _ => format!("{number:.2}"),
    }
}

pub fn table(rows: &[Row]) -> String {
    let mut lines = vec![["name", "ours", "baseline", "ratio", "goal", "reached", "with"].map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
        if i == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            let _ = writeln!(out, "| {} |", rules.join(" | "));
        }
    }
    out
}

/// Figures as they were taken, and the cells of the table in words.
pub fn json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.name, "unit": row.unit, "ours": row.ours, "baseline": row.baseline, "ratio": row.ratio(),
            "reached": row.is_reached(), "cells": row.cells(),
        })
    };
    Value::Array(rows.iter().map(row).collect())
}

/// The sample below which a share of all lies; 0.5 is the median. NaN without samples.
pub fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1));
    sorted.get(at - 1).copied().unwrap_or(f64::NAN)
}

pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// How far the figures of several rounds lie apart: the least and the most. Nothing when there is only one.
pub fn spread(samples: &[f64]) -> String {
    match samples.len() {
        0 | 1 => String::new(),
        rounds => format!("{}–{} in {rounds} rounds", shown(quantile(samples, 0.0)), shown(quantile(samples, 1.0))),
    }
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let samples: Vec<f64> = (1..=100).map(f64::from).collect();
        for (share, wanted) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert_eq!(quantile(&samples, share), wanted);
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn rounds_tell_how_far_they_lie_apart() {
        assert_eq!(spread(&[2_000.0, 1_000.0, 1_500.0]), "1,000–2,000 in 3 rounds");
        assert_eq!(spread(&[1.0]), "");
    }

    #[test]
    fn goals_are_judged() {
        let row = |goal| Row { name: "x".into(), unit: "ms", ours: 2.0, baseline: 1.0, goal, note: String::new() };
        for (goal, wanted) in [
            (Goal::RatioAtLeast(2.0), Some(true)),
            (Goal::RatioAtMost(1.9), Some(false)),
            (Goal::AtLeast(2.1), Some(false)),
            (Goal::AtMost(2.0), Some(true)),
            (Goal::OverBaselineAtMost(1.0), Some(true)),
            (Goal::OverBaselineAtMost(0.5), Some(false)),
            (Goal::Unset, None),
        ] {
            assert_eq!(row(goal).is_reached(), wanted, "{goal:?}");
        }
    }

    #[test]
    fn large_numbers_are_grouped() {
        for (number, wanted) in [
            (1234567.0, "1,234,567"),
            (999.4, "999"),
            (12.34, "12.3"),
            (0.126, "0.13"),
            (0.0, "0"),
            (2.0, "2"),
            (0.00012, "0.0001"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(shown(number), wanted);
        }
    }
}
