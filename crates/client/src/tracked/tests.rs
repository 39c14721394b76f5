//! The order and the bounds of what waits to be reported.

use wire::body::ReportProgress;
use wire::record::Progress;

use super::outbox::{Next, Outbox};

fn percentage(outbox: &mut Outbox) -> Option<f64> {
    match outbox.take() {
        Some(Next::Progress(ReportProgress { progress, .. })) => progress.percentage,
        other => panic!("{other:?}"),
    }
}

#[test]
fn output_goes_before_progress_and_short_writes_are_joined() {
    let mut outbox = Outbox::default();
    outbox.add_progress(Progress { percentage: Some(10.0), ..Progress::default() });
    outbox.add_output("stdout", "a");
    outbox.add_output("stdout", "b\n");
    outbox.add_output("stderr", "c\n");
    match outbox.take() {
        Some(Next::Output(report)) => {
            let lines: Vec<_> = report.chunks.iter().map(|line| (line.stream.as_str(), line.text.as_str())).collect();
            assert_eq!(lines, [("stdout", "ab\n"), ("stderr", "c\n")]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(percentage(&mut outbox), Some(10.0));
    assert!(outbox.is_empty() && outbox.take().is_none());
}

#[test]
fn what_came_since_wins_over_what_is_put_back() {
    let mut outbox = Outbox::default();
    outbox.add_progress(Progress { percentage: Some(10.0), current: Some(1), ..Progress::default() });
    outbox.acknowledge(3);
    let taken = outbox.take().unwrap();
    outbox.add_progress(Progress { percentage: Some(20.0), ..Progress::default() });
    outbox.put_back(taken);
    match outbox.take() {
        Some(Next::Progress(ReportProgress { progress, acknowledge })) => {
            assert_eq!((progress.percentage, progress.current, acknowledge), (Some(20.0), Some(1), Some(3)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn output_that_waits_is_bounded_and_the_loss_is_told() {
    let mut outbox = Outbox::default();
    for _ in 0..200 {
        outbox.add_output("stdout", &"x".repeat(32 * 1024));
    }
    let mut bytes = 0;
    let mut first = None;
    while let Some(Next::Output(report)) = outbox.take() {
        let size: usize = report.chunks.iter().map(|line| line.text.len()).sum();
        assert!(size <= 256 * 1024, "{size}");
        first.get_or_insert_with(|| report.chunks[0].clone());
        bytes += size;
    }
    assert!(bytes <= 4 * 1024 * 1024 + 200, "{bytes}");
    assert!(first.unwrap().text.contains("were dropped while the server was away"));
}

#[test]
fn a_long_text_is_cut_at_characters() {
    let mut outbox = Outbox::default();
    let text = "ä".repeat(40_000);
    outbox.add_output("stdout", &text);
    match outbox.take() {
        Some(Next::Output(report)) => {
            let joined: String = report.chunks.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(joined, text);
        }
        other => panic!("{other:?}"),
    }
}
